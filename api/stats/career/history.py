"""What a player did day by day, week by week, month by month; and with which weapons."""

import asyncio
from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from api import paging
from api.paging import Cursor
from api.players.identities import Identity, Known
from api.servers import reported
from api.stats.periods import EVER
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "career")
_PLAYERS = queries("clickhouse", "players")

Span = Literal["day", "week", "month"]


class PeriodLine(msgspec.Struct):
    """What a player did in a period; null is what no server reports that they were ever seen on."""

    since: Annotated[date, Meta(description="its first day, UTC; a week begins on Monday")]
    matches: Annotated[int, Meta(description="that began in it")]
    playtime: Annotated[float, Meta(description="seconds, of those matches")]
    kills: int
    deaths: int
    kd: float
    kill_headshots: int
    shots: int | None
    hits: int | None
    accuracy: Annotated[float | None, Meta(description="null where no shots were reported")]
    damage_dealt: float | None


class Periods(msgspec.Struct):
    """A page of what a player did by day, week or month, the latest first; empty ones are left out."""

    player: Identity
    by: Span
    periods: list[PeriodLine]
    next_cursor: str | None


class PlayerWeapon(msgspec.Struct):
    """What a player did with a weapon, and suffered from it; null is what no server of theirs reports."""

    weapon: str
    kills: int
    deaths: int
    kill_headshots: int
    shots: int | None
    hits: int | None
    accuracy: float | None
    damage: float | None


class PlayerWeapons(msgspec.Struct):
    """A player's weapons, the most kills first, up to 100."""

    player: Identity
    weapons: list[PlayerWeapon]


async def periods(clickhouse: ClickHouse, who: Known, by: Span, after: Cursor, limit: int) -> Periods:
    """Return a page of a player's periods."""
    last = EVER.until
    until = date.fromordinal(max(1, int(after.value))) if after.value < last.toordinal() else last
    rows, told = await asyncio.gather(
        clickhouse.rows(
            _SQL["periods"], PeriodLine, keys=who.keys, by=by, until=until.isoformat(), limit=limit + 1
        ),
        reported.types_for(clickhouse, who.keys),
    )
    shown = [reported.known(row, told) for row in rows[:limit]]
    end = Cursor(float(shown[-1].since.toordinal()), 0) if len(rows) > limit else None
    return Periods(who.identity, by, shown, paging.encode(end) if end else None)


async def weapons(clickhouse: ClickHouse, who: Known) -> PlayerWeapons:
    """Return a player's weapons."""
    rows, told = await asyncio.gather(
        weapons_of(clickhouse, who.keys), reported.types_for(clickhouse, who.keys)
    )
    return PlayerWeapons(who.identity, [reported.known(row, told) for row in rows])


async def weapons_of(clickhouse: ClickHouse, keys: list[int]) -> list[PlayerWeapon]:
    """Return somebody's weapons, the most kills first; what nobody reports is 0."""
    return await clickhouse.rows(_PLAYERS["weapons"], PlayerWeapon, keys=keys)
