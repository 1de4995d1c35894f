"""A request body as the events of each tracker session, in columns: the part of ingest that is hot.

An event that is canonical already is checked by one typed decode, and its bytes go on as they are: such a
line is what ClickHouse takes apart. Whatever is not goes through `parse` and `fold`, and its line is the
canonical JSON, a tab, and the bytes that were sent. Both ways give equal canonical events.

Of a key that stands twice the last value holds. ClickHouse would take the first, so such an event is not
canonical and is rewritten. It is told by its colons, of which it has more than fields.
"""

import math
import re
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Union

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import astuple

from api.events import catalogue, fold, redact
from api.events.catalogue import EVENTS, canonical_gametype
from api.events.parse import parse
from api.events.refusal import Refused, RejectCode
from api.ingest.bodies import TooManyEvents, split

__all__ = ["NO_SEQ", "Decoded", "Rejection", "SessionEvents", "TooManyEvents", "decode"]

NO_SEQ: Final = -1
_NAN: Final = math.nan
_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_ONE_LINE: Final = bytes.maketrans(b"\n\r\t", b"   ")
_NO_BREAKS: Final = bytes.maketrans(b"\n\r", b"  ")
# As they are sent, in the usual spelling: made canonical once.
_GAMETYPES: Final[dict[str | int, str]] = {
    **{word: canonical_gametype(word) for word in (*catalogue.GAMETYPES, *catalogue.GAMETYPES.values())},
    **{number: canonical_gametype(number) for number in range(7)},
}
_KEY_OR_STRING: Final = re.compile(rb'"[^"]*"(\s*:)?')


class Rejection(msgspec.Struct):
    """An event that was not taken: its place in the body from 0, why, and its bytes, cut if too large."""

    index: int
    code: RejectCode
    reason: str
    original: bytes


@dataclass(slots=True)
class SessionEvents:
    """The events of one tracker session in a body, as columns of equal length.

    indexes: places in the body from 0. seqs: NO_SEQ where there is none. lines: canonical JSON without line
    breaks or tabs, and where it was rewritten a tab and the original. timestamps: seconds as sent, relative
    or Unix, nan where there is none. maps and gametypes: "" where the event does not say.
    """

    session_id: str
    indexes: list[int] = field(default_factory=list)
    seqs: list[int] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    timestamps: list[float] = field(default_factory=list)
    maps: list[str] = field(default_factory=list)
    gametypes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Decoded:
    """All of a body: events by session, in order of appearance, and what was not taken.

    total counts both. unknown counts the events of each type that is not in the catalogue; they are kept.
    """

    sessions: list[SessionEvents]
    rejected: list[Rejection]
    total: int
    unknown: dict[str, int]


class _Head(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """What ingest itself must know of an event beside its type."""

    session_id: Annotated[str, Meta(max_length=fold.MAX_SESSION)] | UnsetType | None = UNSET
    seq: Annotated[int, Meta(ge=0, le=fold.MAX_SEQ)] | UnsetType | None = UNSET
    timestamp: Annotated[float, Meta(ge=0, le=fold.YEAR_2100)] | UnsetType | None = UNSET
    map: str | UnsetType | None = UNSET
    gametype: Annotated[str, Meta(min_length=2)] | Annotated[int, Meta(ge=0, le=6)] | UnsetType | None = UNSET


def _json_type(name: str) -> object:
    """The type that a canonical field must have, to be no business of `fold`."""
    kind = catalogue.ALL_FIELDS[name].kind
    least, most = fold.MEMBERS if name.endswith("_smf_id") else fold.INTEGERS
    bound = fold.NUMBER_BOUND
    types: dict[catalogue.Kind, object] = {
        "string": str,
        "boolean": bool,
        "number": Annotated[float, Meta(ge=-bound, le=bound)],
        "integer": Annotated[int, Meta(ge=least, le=most)],
    }
    if name in ("mod", "hitloc"):  # the engine's numbers, as strings, are shorter than any word
        return Annotated[str, Meta(min_length=3)]
    if name == "sent_at":
        return Annotated[float, Meta(ge=0, le=fold.YEAR_2100)]
    return types[kind]


def _struct(name: str, event_type: catalogue.EventType) -> type[msgspec.Struct]:
    """What takes canonical events of this type, and nothing else."""
    players = [f"{prefix}_{part}" for prefix in event_type.prefixes for part in catalogue.PLAYER_PARTS]
    names = dict.fromkeys([*catalogue.COMMON, *players, *event_type.fields])
    columns = [
        (each, _json_type(each) | UnsetType | None, UNSET)
        for each in names
        if each != "type" and each not in _Head.__struct_fields__
    ]
    return msgspec.defstruct(
        name, columns, bases=(_Head,), gc=False, forbid_unknown_fields=True, tag_field="type", tag=name
    )


# A struct with the fields of one type is decoded twice as fast as one with all of them.
_STRUCTS: Final = {name: _struct(name, event_type) for name, event_type in EVENTS.items()}
_EVENT: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder(Union[tuple(_STRUCTS.values())])  # noqa: UP007
# What people typed stands in these alone, as long as an event is canonical: only there can a code be.
_SAYING: Final = frozenset(
    struct for name, struct in _STRUCTS.items() if not catalogue.TYPED.isdisjoint(EVENTS[name].fields)
)


def decode(body: bytes, *, max_events: int, max_event_bytes: int) -> Decoded:
    """The events of a body in any of the known forms. Raises TooManyEvents, and nothing else."""
    sessions: dict[str, SessionEvents] = {}
    rejected: list[Rejection] = []
    unknown: dict[str, int] = {}
    pieces = split(body, max_events)
    session: SessionEvents | None = None
    # Looked for once in the body, as far as no form hides them: a look into each event costs a tenth of it.
    hidden = b"%" in body
    escapes = hidden or b"\\" in body
    blanks = hidden or b"\t" in body or b"\r" in body
    for index, piece in enumerate(pieces):
        try:
            if len(piece) > max_event_bytes:
                raise _too_large(piece, max_event_bytes)
            event = _canonical(piece, escapes)
            if event is None or event.__class__ in _SAYING:
                masked = redact.codes(piece)
                if masked is not piece:
                    piece = masked
                    event = _canonical(piece, escapes)
            if event is None:
                # No field that is canonical holds an address.
                piece = redact.addresses(piece)
                type_, event, line = _rewritten(piece)
                if type_ not in EVENTS:
                    unknown[type_] = unknown.get(type_, 0) + 1
            else:
                line = piece.translate(_ONE_LINE) if blanks or b"\n" in piece else piece
        except Refused as refused:
            original = redact.addresses(redact.codes(piece))[:max_event_bytes]
            rejected.append(Rejection(index, refused.code, refused.reason, original))
            continue
        session_id = event.session_id or ""
        if session is None or session_id != session.session_id:
            session = sessions.get(session_id)
            if session is None:
                session = sessions[session_id] = SessionEvents(session_id)
        seq, timestamp, gametype = event.seq, event.timestamp, event.gametype
        session.indexes.append(index)
        session.seqs.append(NO_SEQ if seq is UNSET or seq is None else seq)
        session.lines.append(line)
        session.timestamps.append(_NAN if timestamp is UNSET or timestamp is None else timestamp)
        session.maps.append(event.map or "")
        if gametype is UNSET or gametype is None:
            session.gametypes.append("")
        else:
            session.gametypes.append(_GAMETYPES.get(gametype) or canonical_gametype(gametype))
    return Decoded(list(sessions.values()), rejected, len(pieces), unknown)


def _too_large(piece: bytes, limit: int) -> Refused:
    return Refused("too_large", f"the event has {len(piece)} bytes, the limit is {limit}: send less in one")


def _canonical(piece: bytes, escapes: bool) -> _Head | None:
    """The event, if its bytes are canonical JSON as they stand."""
    try:
        event: _Head = _EVENT.decode(piece)
    except _UNREADABLE:
        return None
    if event.seq is not UNSET and not event.session_id:
        return None
    if escapes and b"\\" in piece:
        return None
    fields = astuple(event)
    keys = len(fields) + 1 - fields.count(UNSET)  # and the type
    if piece.count(b":") != keys and _keys(piece) != keys:
        return None
    return event


def _keys(piece: bytes) -> int:
    """How many keys stand in a flat object without backslashes, repeated ones included."""
    found = _KEY_OR_STRING.findall(piece)
    return len(found) - found.count(b"")


def _rewritten(piece: bytes) -> tuple[str, _Head, bytes]:
    """The event's type, the event and its line, of whatever can be understood. Raises Refused."""
    event, sound = parse(piece)
    folded = fold.fold(event)
    known: dict[str, Any] = folded
    timestamp = known.get("timestamp")
    head = _Head(
        session_id=known.get("session_id"),
        seq=known.get("seq"),
        timestamp=None if timestamp is None else float(timestamp),
        map=known.get("map"),
        gametype=known.get("gametype"),
    )
    if sound and fold.same(event, folded):
        return known["type"], head, piece.translate(_ONE_LINE)
    return known["type"], head, msgspec.json.encode(folded) + b"\t" + piece.translate(_NO_BREAKS)
