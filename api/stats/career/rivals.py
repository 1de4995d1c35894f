"""Whom a player met: who killed whom, and how often."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from api import paging
from api.errors import Unprocessable
from api.paging import Cursor
from api.players.identities import Identity, Known, Person, identities
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_TOP_SQL = queries("clickhouse", "players")
_SQL = queries("clickhouse", "rivals")
_TOGETHER = queries("clickhouse", "career")
TOP: Final = 10

Sort = Literal["duels", "kills", "deaths", "last"]
_COLUMNS: dict[Sort, str] = {"last": "last_ms"}


class Rival(msgspec.Struct):
    """Another player, seen from this one's side."""

    player: Identity
    kills: Annotated[int, Meta(description="of the other by this player")]
    deaths: Annotated[int, Meta(description="of this player by the other")]
    kill_headshots: int
    last_time: datetime


class Rivals(msgspec.Struct):
    """A page of everybody whom a player killed or was killed by."""

    player: Identity
    rivals: list[Rival]
    next_cursor: str | None


class Pair(msgspec.Struct):
    """Two players, seen from the first."""

    player: Identity
    other: Identity
    kills: Annotated[int, Meta(description="of the other by the player")]
    deaths: Annotated[int, Meta(description="of the player by the other")]
    kill_headshots: int
    death_headshots: int
    last_time: Annotated[datetime | None, Meta(description="null where they never killed each other")]
    matches: Annotated[int, Meta(description="in which both were")]
    same_side: Annotated[int, Meta(description="of those, on the same side at the end")]
    won: Annotated[int, Meta(description="of those, on different sides, won by the player")]
    lost: int


class TopRow(msgspec.Struct):
    """An opponent, and their place among those who killed most and were killed most."""

    opponent: int
    kills: int
    deaths: int
    kill_headshots: int
    last_time: datetime
    nemesis: int
    victim: int


class _Row(msgspec.Struct):
    opponent: int
    kills: int
    deaths: int
    kill_headshots: int
    last_time: datetime
    value: float


class _Duel(msgspec.Struct):
    kills: int
    deaths: int
    kill_headshots: int
    death_headshots: int
    last_time: datetime


class _Together(msgspec.Struct):
    matches: int
    won: int
    lost: int
    same_side: int


async def top_rows(clickhouse: ClickHouse, keys: list[int], limit: int = TOP) -> list[TopRow]:
    """Return who killed somebody most, and whom they killed most, for `top_of`."""
    return await clickhouse.rows(_TOP_SQL["rivals"], TopRow, keys=keys, limit=limit)


def top_of(
    rows: list[TopRow], people: Mapping[int, Identity], limit: int = TOP
) -> tuple[list[Rival], list[Rival]]:
    """Return who killed somebody most, and whom they killed most; `people` knows all opponents."""
    nemeses = [row for row in rows if row.nemesis <= limit and row.deaths]
    victims = [row for row in rows if row.victim <= limit and row.kills]
    return (
        [_rival(row, people) for row in sorted(nemeses, key=lambda row: row.nemesis)],
        [_rival(row, people) for row in sorted(victims, key=lambda row: row.victim)],
    )


async def closest(clickhouse: ClickHouse, who: Person) -> tuple[Rival | None, Rival | None]:
    """Return who killed a player most, and whom the player killed most."""
    rows = await top_rows(clickhouse, who.keys, 1)
    nemeses, victims = top_of(rows, await identities(clickhouse, [row.opponent for row in rows]), 1)
    return nemeses[0] if nemeses else None, victims[0] if victims else None


async def rivals(clickhouse: ClickHouse, who: Known, sort: Sort, after: Cursor, limit: int) -> Rivals:
    """Return a page of whom a player met, the highest of `sort` first."""
    rows = await clickhouse.rows(
        _SQL["list"],
        _Row,
        keys=who.keys,
        sort=_COLUMNS.get(sort, sort),
        after_value=after.value,
        after_id=after.id,
        limit=limit + 1,
    )
    shown = rows[:limit]
    people = await identities(clickhouse, [row.opponent for row in shown])
    end = Cursor(shown[-1].value, shown[-1].opponent) if len(rows) > limit else None
    return Rivals(who.identity, [_rival(row, people) for row in shown], paging.encode(end) if end else None)


async def pair(clickhouse: ClickHouse, who: Known, other: Known) -> Pair:
    """Return what two players did to each other. Raises Unprocessable for one and the same."""
    if who.player == other.player:
        raise Unprocessable(f"both ids are those of player {who.identity.id}; a pair takes two")
    both = {"keys": who.keys, "others": other.keys}
    duel, together = await asyncio.gather(
        clickhouse.one(_SQL["pair"], _Duel, **both), clickhouse.one(_TOGETHER["together"], _Together, **both)
    )
    met = duel is not None and duel.kills + duel.deaths > 0
    return Pair(
        player=who.identity,
        other=other.identity,
        kills=duel.kills if duel else 0,
        deaths=duel.deaths if duel else 0,
        kill_headshots=duel.kill_headshots if duel else 0,
        death_headshots=duel.death_headshots if duel else 0,
        last_time=duel.last_time if duel and met else None,
        matches=together.matches if together else 0,
        same_side=together.same_side if together else 0,
        won=together.won if together else 0,
        lost=together.lost if together else 0,
    )


def _rival(row: TopRow | _Row, people: Mapping[int, Identity]) -> Rival:
    return Rival(people[row.opponent], row.kills, row.deaths, row.kill_headshots, row.last_time)
