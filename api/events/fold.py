"""An event as sent, folded into its canonical form: one name for each thing, numbers as numbers."""

import math
import re
from collections.abc import Callable, Iterable
from operator import is_
from typing import Final

import msgspec

from api.events import catalogue
from api.events.catalogue import ALIASES, FIELD_ALIASES, GAMETYPES, POSITIONS
from api.events.refusal import Refused, RejectCode, shown

MAX_TYPE: Final = 64
MAX_SESSION: Final = 128
MAX_SEQ: Final = 2**62
MAX_DEPTH: Final = 32
# Sums of a great many numbers below this stay finite, in 32-bit floats as well.
NUMBER_BOUND: Final = 1e15
INTEGERS: Final = (-(2**31), 2**31 - 1)
MEMBERS: Final = (0, 2**32 - 1)
YEAR_2020: Final = 1_577_836_800
YEAR_2100: Final = 4_102_444_800
MILLISECONDS: Final = 1e11

_TYPE: Final = re.compile(r"[a-z0-9_.:-]+")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_WHOLE: Final = re.compile(r"[+-]?\d{1,20}", re.ASCII)
_UNSOUND: Final = re.compile("[\0\ud800-\udfff]")
_BETWEEN: Final = re.compile(r"[,\s]+")
_BOOLEANS: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_OTHER_NAMES: Final = (*FIELD_ALIASES, *POSITIONS)
_OTHER_NAMES_SET: Final = frozenset(_OTHER_NAMES)

# In these, `player` died.
_TOLD_BY_THE_DEAD: Final = frozenset(("player_death", "player_crushed", "player_telefragged"))
_VICTIM_NAMES: Final = {f"player_{part}": f"victim_{part}" for part in catalogue.PLAYER_PARTS}

_Fold = Callable[[str, object], object]


def fold(event: dict[str, object]) -> dict[str, object]:
    """The canonical event. A value that is canonical already is passed on as the same object.

    Fields that are not in the catalogue stay. Raises Refused.
    """
    names = "".join(event)
    if _text(names) is not names:
        event = {_text(name): value for name, value in event.items()}
    if not _OTHER_NAMES_SET.isdisjoint(event):
        event = _with_own_names(event)
    folded: dict[str, object] = {}
    for name, value in event.items():
        rule = _RULES.get(name)
        folded[name] = rule(name, value) if rule else _sound(value, 2)
    if not folded.get("type"):
        raise Refused("no_type", "no type: send the event's name as type")
    if folded.get("seq") is not None and not folded.get("session_id"):
        raise Refused("bad_session", f"seq {shown(folded['seq'])} without session_id: send both or neither")
    return _with_victim(folded) if folded["type"] in _TOLD_BY_THE_DEAD else folded


def _with_victim(event: dict[str, object]) -> dict[str, object]:
    """The event with whom it calls player as the victim, unless it names a victim."""
    if any(event.get(name) for name in ("victim_name", "victim_guid")):
        return event
    return {_VICTIM_NAMES.get(name, name): value for name, value in event.items()}


def relative(timestamp: float) -> bool:
    """Whether a timestamp (seconds) counts from the map load: whatever is before 2020 does."""
    return timestamp < YEAR_2020


def anchor(received_at: float, timestamps: Iterable[float]) -> float:
    """The Unix time (s) of relative zero: as if the last relative timestamp (s) was just now.

    nan and Unix timestamps are passed over; without a relative one it is received_at itself.
    """
    return received_at - max((each for each in timestamps if relative(each)), default=0.0)


def _with_own_names(event: dict[str, object]) -> dict[str, object]:
    """Aliases under their fields' own names. What stands under its own name already wins."""
    renamed = {name: value for name, value in event.items() if name not in _OTHER_NAMES_SET}
    for name in _OTHER_NAMES:
        if event.get(name) is None:
            continue
        values = _position(name, event[name]) if name in POSITIONS else {FIELD_ALIASES[name]: event[name]}
        for own, value in values.items():
            if renamed.get(own) is None:
                renamed[own] = value
    return renamed


def _position(name: str, value: object) -> dict[str, object]:
    parts = value
    if isinstance(value, str):
        text = value.strip(" \t()[]")
        parts = _BETWEEN.split(text) if text else None
    if parts is None:
        return {}
    if not isinstance(parts, list) or len(parts) != 3:
        raise Refused("bad_field", f"{name} is {shown(value)}: send [x, y, z]")
    return {axis: _number(name, part) for axis, part in zip(POSITIONS[name], parts, strict=True)}


def _text(text: str) -> str:
    """Text without NULs and halves of surrogate pairs, which UTF-8 cannot say."""
    if text.isascii():
        return text.replace("\0", "") if "\0" in text else text
    if not _UNSOUND.search(text):
        return text
    return _UNSOUND.sub(lambda found: "" if found[0] == "\0" else "\ufffd", text)


def _sound(value: object, depth: int) -> object:
    """A value of an unknown field, such that every JSON reader takes it."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list | dict):
        if depth > MAX_DEPTH:
            raise Refused("too_deep", f"values are nested more than {MAX_DEPTH} deep: send flat objects")
        return _sound_parts(value, depth + 1)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return _digits(value)
    return value


def _sound_parts(value: list[object] | dict[str, object], depth: int) -> object:
    if isinstance(value, list):
        parts = [_sound(part, depth) for part in value]
        return value if all(map(is_, parts, value)) else parts
    fields = {_text(name): _sound(part, depth) for name, part in value.items()}
    return value if same(fields, value) else fields


def same(one: dict[str, object], other: dict[str, object]) -> bool:
    """Whether two dicts have the same keys in the same order and the very same objects under them."""
    return list(one) == list(other) and all(map(is_, one.values(), other.values()))


def _digits(value: int) -> str:
    # Python writes out no number of more than some thousand digits; in hexadecimal it does.
    return str(value) if value.bit_length() < 10_000 else hex(value)


def _string(name: str, value: object) -> object:
    if isinstance(value, str):
        return _text(value)
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _digits(value)
    return msgspec.json.encode(_sound(value, 2)).decode()


def _number(name: str, value: object, code: RejectCode = "bad_field") -> int | float | None:
    number = _spelled_out(value)
    if number is None:
        return None
    if not isinstance(number, int | float) or not -NUMBER_BOUND <= number <= NUMBER_BOUND:
        raise Refused(code, f"{name} is {shown(value)}: send a finite number")
    return number


def _spelled_out(value: object) -> object:
    """Numbers in strings as numbers, an empty string as nothing; what is no number as a string."""
    if isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        return value
    text = value.strip(" \t\r\n\0")
    if not text:
        return None
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def _whole(name: str, value: object, least: int, most: int, code: RejectCode) -> int | None:
    number = _spelled_out(value)
    if number is None:
        return None
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if not isinstance(number, int) or not least <= number <= most:
        raise Refused(code, f"{name} is {shown(value)}: send a whole number from {least} to {most}")
    return number


def _integer(name: str, value: object) -> int | None:
    return _whole(name, value, *INTEGERS, "bad_field")


def _member(name: str, value: object) -> int | None:
    return _whole(name, value, *MEMBERS, "bad_field")


def _seq(name: str, value: object) -> int | None:
    return _whole(name, value, 0, MAX_SEQ, "bad_seq")


def _boolean(name: str, value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    number = _spelled_out(value)
    if isinstance(number, str):
        number = _BOOLEANS.get(number.lower(), number)
    if number is None or number in (0, 1):
        return None if number is None else bool(number)
    raise Refused("bad_field", f"{name} is {shown(value)}: send true or false")


def _seconds(name: str, value: object, code: RejectCode) -> int | float | None:
    number = _number(name, value, code)
    if number is not None and number >= MILLISECONDS:
        number /= 1000
    if number is None or 0 <= number <= YEAR_2100:
        return number
    raise Refused(code, f"{name} is {shown(value)}: send seconds from 0 to the year 2100")


def _timestamp(name: str, value: object) -> int | float | None:
    return _seconds(name, value, "bad_timestamp")


def _sent_at(name: str, value: object) -> int | float | None:
    return _seconds(name, value, "bad_field")


def _type(name: str, value: object) -> str | None:
    if value is None:
        return None
    word = _text(value).strip().lower() if isinstance(value, str) else None
    if word is None or len(word) > MAX_TYPE or (word and not _TYPE.fullmatch(word)):
        raise Refused("bad_type", f"{name} is {shown(value)}: send a word of at most {MAX_TYPE} letters")
    word = ALIASES.get(word, word)
    return value if word == value and isinstance(value, str) else word


def _session(name: str, value: object) -> object:
    """A session's id. A whole number is taken for its digits, as urlencoded senders cannot say else."""
    session = _string(name, value) if isinstance(value, str | int) and not isinstance(value, bool) else value
    if session is None or (isinstance(session, str) and len(session) <= MAX_SESSION):
        return session
    reason = f"{name} is {shown(value)}: send a string of at most {MAX_SESSION} characters"
    raise Refused("bad_session", reason)


def _word(words: dict[int, str]) -> _Fold:
    """A rule for what old senders give as the engine's number. No word is as short as these numbers."""

    def rule(name: str, value: object) -> object:
        number = value
        if isinstance(value, str) and len(value) <= 2 and _WHOLE.fullmatch(value):
            number = int(value)
        if isinstance(number, int | float) and not isinstance(number, bool) and number in words:
            return words[int(number)]
        return _string(name, value)

    return rule


_BY_KIND: Final[dict[catalogue.Kind, _Fold]] = {
    "string": _string,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
}
_RULES: Final[dict[str, _Fold]] = {
    **{name: _BY_KIND[field.kind] for name, field in catalogue.ALL_FIELDS.items()},
    **{f"{prefix}_smf_id": _member for prefix in catalogue.PREFIXES},
    "type": _type,
    "session_id": _session,
    "seq": _seq,
    "timestamp": _timestamp,
    "sent_at": _sent_at,
    "mod": _word(catalogue.MEANS_OF_DEATH),
    "hitloc": _word(catalogue.HIT_LOCATIONS),
    "gametype": _word({int(number): word for number, word in GAMETYPES.items() if number.isdigit()}),
}
