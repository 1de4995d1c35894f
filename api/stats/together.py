"""What some members did together: matches in which enough of them fought on one side."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec

from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL: Final = queries("clickhouse", "together")
# So many of them make it a match of theirs.
LEAST: Final = 3
_LATEST: Final = 20
_FOR_EVER: Final = 2**62


class Spell(msgspec.Struct, frozen=True):
    """From when to when a member belonged to them; one without an end still does."""

    member: int
    since: datetime
    until: datetime | None = None


class Together(msgspec.Struct, frozen=True):
    """A match of theirs; `side` is allies or axis, `outcome` 1 if it was won, -1 if lost, 0 if neither."""

    id: str
    server_id: int
    map: str
    gametype: str
    started_at: datetime
    side: Literal["allies", "axis"]
    outcome: int
    together: int
    kills: int
    deaths: int


class Record(msgspec.Struct, frozen=True):
    """All matches of theirs; `kills` and `deaths` are those of the ones who were together in them."""

    matches: int = 0
    won: int = 0
    lost: int = 0
    kills: int = 0
    deaths: int = 0
    latest: list[Together] = []

    @property
    def undecided(self) -> int:
        """Return how many had no winner: drawn, or without a reported end."""
        return self.matches - self.won - self.lost


class _Row(Together, frozen=True):
    matches: int = 0
    won: int = 0
    lost: int = 0
    all_kills: int = 0
    all_deaths: int = 0


async def record(clickhouse: ClickHouse, spells: Sequence[Spell], least: int = LEAST) -> Record:
    """Return what came of the matches in which at least `least` of them fought on one side.

    Who had not joined when a match began, or had left, is none of them; whoever is flagged neither. Where
    that many fought on either side, it was among themselves, and counts for nothing.
    """
    if not spells:
        return Record()
    rows = await clickhouse.rows(
        _SQL["matches"],
        _Row,
        members=[spell.member for spell in spells],
        since_ms=[_ms(spell.since) for spell in spells],
        until_ms=[_FOR_EVER if spell.until is None else _ms(spell.until) for spell in spells],
        least=least,
        limit=_LATEST,
    )
    if not rows:
        return Record()
    first = rows[0]
    return Record(first.matches, first.won, first.lost, first.all_kills, first.all_deaths, list(rows))


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
