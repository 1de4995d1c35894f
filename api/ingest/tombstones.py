"""Tombstones: events of somebody who was erased, from before that moment, stay nobody's whenever they arrive.

The writer holds them against every line of a block. They change only while all writers are kept out and no
block is unfinished, so a block that is inserted again is the same again.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import msgspec

from api.events import catalogue
from api.events.fold import MILLISECONDS, YEAR_2020
from api.events.parse import readable
from api.ingest.payload import Run
from api.keyed import Keyed
from api.stores.postgres import Connection, fetch
from api.stores.sql import queries

_SQL = queries("postgres", "tombstones")

_NOT_SHOWN: Final = re.compile(r"\^[0-9]|[\x00-\x1f\x7f]")
_DAY_MS: Final = 86_400_000
_NAME_WORDS: Final = 4
_SIGNS: Final = ".,:;!?'\"()<>-"
_ROLES: Final = (("attacker", "killer", "player"), ("victim", "target"))
_IDENTITY: Final = ("name", "guid", "smf_id")
# What a person wrote, or what was written about one.
FREE_TEXTS: Final = ("message", "vote_string", "fail_reason", "smf_member_name", "smf_member_id")
# Fields whose words are the game's own, whoever is called the same.
GAME_WORDS: Final = frozenset(catalogue.FIELDS.keys() - set(FREE_TEXTS)) | {
    f"{prefix}_{part}"
    for prefix in catalogue.PREFIXES
    for part in catalogue.PLAYER_PARTS
    if part not in _IDENTITY
}
_KNOWN: Final = catalogue.ALL_FIELDS.keys() | set(catalogue.COMMON)
_STRINGS: Final = re.compile(rb'"((?:[^"\\]|\\.)*)"|=([^&\s]*)')

_decoder = msgspec.json.Decoder(dict[str, Any])


class Tombstone(msgspec.Struct, frozen=True):
    """Somebody who was erased; `until_ms` in unix milliseconds."""

    hash: bytes
    stand_in: str
    until_ms: int


def shown(name: str) -> str:
    """Return a name as `display_name` of clickhouse/migrations/0001_functions.sql does."""
    return _NOT_SHOWN.sub("", name).strip(" ")


def identity(name: str, guid: str, bot: bool) -> tuple[str, str] | None:
    """Return by what a player is known, as `player_key` does: a kind and a text; None for nobody."""
    if bot and name:
        return "bot", shown(name)
    if guid and not guid.startswith("unauth"):
        return "client", guid
    return ("name", shown(name)) if name else None


class Tombstones:
    """All tombstones, asked under this installation's key."""

    def __init__(self, hashes: Keyed, stones: Iterable[Tombstone]) -> None:
        self._hashes = hashes
        self._stones = {stone.hash: stone for stone in stones}
        # The same few players are asked for again and again.
        self.of = lru_cache(maxsize=10_000)(self._of)

    def _of(self, kind: str, text: str) -> Tombstone | None:
        return self._stones.get(self._hashes.hash(kind, text))

    def hold(self, runs: Iterable[Run]) -> Iterator[Run]:
        """Return runs in which nobody is named who was erased."""
        if not self._stones:
            yield from runs
            return
        for run in runs:
            lines = run.lines.split(b"\n")
            held = [self._line(line, run) for line in lines]
            yield run if held == lines else msgspec.structs.replace(run, lines=b"\n".join(held))

    def _line(self, line: bytes, run: Run) -> bytes:
        event = _decoder.decode(line.partition(b"\t")[0])
        at = happened_ms(event.get("timestamp"), run)
        found = self._erased(event, at)
        return line if found is None else msgspec.json.encode(found) + b"\t"

    def _erased(self, event: dict[str, Any], at: int) -> dict[str, Any] | None:
        """Return an event without those who were erased, None when it names none of them."""
        kept = {name: value for name, value in event.items() if not self._names(name, value, event, at)}
        for prefixes in _ROLES:
            stone = self._held(_first(event, prefixes), at)
            if stone is not None:
                for prefix in prefixes:
                    for part in _IDENTITY:
                        kept.pop(f"{prefix}_{part}", None)
                kept[f"{prefixes[0]}_guid"] = stone.stand_in
        if kept.items() == event.items():
            return None
        # What else it says, nobody can vouch for.
        return {k: v for k, v in kept.items() if k in _KNOWN and k not in FREE_TEXTS}

    def _names(self, field: str, value: object, event: dict[str, Any], at: int) -> bool:
        """Tell whether a field says who somebody is that was erased."""
        if field in GAME_WORDS:
            return False
        if isinstance(value, int) and (field.endswith("_smf_id") or field == "smf_member_id"):
            return self._held(("member", str(value)), at) is not None
        prefix, _, part = field.rpartition("_")
        if part == "name" and prefix in catalogue.PREFIXES and isinstance(value, str):
            guid = str(event.get(f"{prefix}_guid") or "")
            return self._held(identity(value, guid, bool(event.get(f"{prefix}_bot"))), at) is not None
        return any(
            self._held(who, at) is not None
            for text in _texts(value)
            for who in (("client", text), *(("said", words) for words in spoken(text)))
        )

    def _held(self, who: tuple[str, str] | None, at: int) -> Tombstone | None:
        stone = self.of(*who) if who else None
        return stone if stone is not None and at <= stone.until_ms else None

    def names_someone(self, original: bytes) -> bool:
        """Tell whether bytes that could not be read as an event name somebody who was erased."""
        if not self._stones:
            return False
        for found in _STRINGS.finditer(original):
            text = readable(found[1] or unquote_to_bytes(found[2] or b""))
            if any(
                self.of(kind, shown(text)) or self.of(kind, text)
                for kind in ("said", "name", "client", "bot")
            ):
                return True
        return False


def _texts(value: object) -> Iterator[str]:
    """Return every text in the value of a field."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def spoken(text: str) -> Iterator[str]:
    """Return what may be a name in what people wrote: words, with the signs around them or not."""
    words = text.split()
    for first in range(len(words)):
        for last in range(first + 1, min(first + _NAME_WORDS, len(words)) + 1):
            said = shown(" ".join(words[first:last]))
            yield said
            bare = said.strip(_SIGNS)
            if bare != said:
                yield bare


def _first(event: dict[str, Any], prefixes: Iterable[str]) -> tuple[str, str] | None:
    """Return by what the first player of a role is known, each part from the first that has it."""

    def part(name: str) -> str:
        return next((str(event[f"{p}_{name}"]) for p in prefixes if event.get(f"{p}_{name}")), "")

    return identity(part("name"), part("guid"), bool(part("bot")))


def happened_ms(timestamp: float | None, run: Run) -> int:
    """Return when an event happened, in unix milliseconds, by the rules of the view on `ingest_batches`."""
    if timestamp is None:
        return run.received_ms
    if timestamp >= MILLISECONDS:
        sent = int(timestamp)
    elif timestamp < YEAR_2020:
        sent = run.anchor_ms + round(timestamp * 1000)
    else:
        sent = round(timestamp * 1000)
    believed = YEAR_2020 * 1000 <= sent <= run.received_ms + _DAY_MS
    return sent if believed else run.received_ms


async def read(connection: Connection, hashes: Keyed) -> Tombstones:
    """Return the tombstones that stand now."""
    return Tombstones(hashes, await fetch(connection, _SQL["all"], Tombstone))
