"""Players: a list to look through, and all that is known of one."""

import asyncio
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from api import paging
from api.errors import NotFound
from api.paging import Cursor
from api.players.identities import Bots, Flagged, Identity, identities, parse, person
from api.servers import reported
from api.stats.career import hits, matches, rivals, summary
from api.stats.career.history import PlayerWeapon, weapons_of
from api.stats.career.hits import HitLocations, Means
from api.stats.career.matches import RecentMatch
from api.stats.career.rivals import Rival
from api.stats.career.summary import NameUsed, Summary, names_used
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "players")
_RECENT_MATCHES = 10

Sort = Literal["kills", "deaths", "kd", "kill_headshots", "first_seen", "last_seen"]
_SORT_COLUMNS: dict[Sort, str] = {"first_seen": "first_seen_ms", "last_seen": "last_seen_ms"}


class PlayerLine(msgspec.Struct):
    """A player in the list."""

    player: Identity
    kills: int
    deaths: int
    kd: Annotated[float, Meta(description="kills per death; without a death, kills")]
    kill_headshots: int
    first_seen: datetime
    last_seen: datetime


class Players(msgspec.Struct):
    """A page of players."""

    players: list[PlayerLine]
    next_cursor: str | None


class PlayerMap(msgspec.Struct):
    """A player's record on a map."""

    map: str
    kills: int
    deaths: int
    kd: float
    last_seen: datetime


class Player(Summary, kw_only=True):
    """All that is known of a player, in one answer; more stands below its address."""

    names: Annotated[list[NameUsed], Meta(description="the latest first")]
    weapons: list[PlayerWeapon]
    maps: list[PlayerMap]
    hit_locations: HitLocations
    means: Means
    nemeses: Annotated[list[Rival], Meta(description="who killed this player most")]
    victims: Annotated[list[Rival], Meta(description="whom this player killed most")]
    recent_matches: list[RecentMatch]


class _Place(msgspec.Struct):
    player: int
    value: float


class _Line(msgspec.Struct):
    player: int
    kills: int
    deaths: int
    kd: float
    kill_headshots: int
    first_seen: datetime
    last_seen: datetime


async def find(
    clickhouse: ClickHouse,
    q: str,
    sort: Sort,
    bots: Bots,
    after: Cursor,
    limit: int,
    flagged: Flagged = "exclude",
) -> Players:
    """Return a page of the players one of whose names holds `q`, the highest of `sort` first."""
    rows = await clickhouse.rows(
        _SQL["list"],
        _Place,
        q=q,
        sort=_SORT_COLUMNS.get(sort, sort),
        bots=bots,
        flagged=flagged,
        after_value=after.value,
        after_id=after.id,
        limit=limit + 1,
    )
    shown = rows[:limit]
    players = [row.player for row in shown]
    people, lines = await asyncio.gather(identities(clickhouse, players), _lines(clickhouse, players))
    end = Cursor(shown[-1].value, shown[-1].player) if len(rows) > limit else None
    return Players(
        [_line(lines[player], people[player]) for player in players], paging.encode(end) if end else None
    )


async def _lines(clickhouse: ClickHouse, players: list[int]) -> dict[int, _Line]:
    rows = await clickhouse.rows(_SQL["lines"], _Line, players=players) if players else []
    return {row.player: row for row in rows}


def _line(row: _Line, identity: Identity) -> PlayerLine:
    return PlayerLine(
        identity, row.kills, row.deaths, row.kd, row.kill_headshots, row.first_seen, row.last_seen
    )


async def player(clickhouse: ClickHouse, public_id: str) -> Player:
    """Return all that is known of a player, under any of their keys. Raises NotFound for an unknown one."""
    who = await person(clickhouse, parse(public_id))
    (found, recent, opponents, (located, meant)), (weapons, maps, names) = await asyncio.gather(
        asyncio.gather(
            summary.counted(clickhouse, [who]),
            matches.recent(clickhouse, who.keys, _RECENT_MATCHES),
            rivals.top_rows(clickhouse, who.keys),
            hits.hits(clickhouse, who.keys),
        ),
        asyncio.gather(
            weapons_of(clickhouse, who.keys),
            clickhouse.rows(_SQL["maps"], PlayerMap, keys=who.keys),
            names_used(clickhouse, who.keys),
        ),
    )
    if who.player not in found:
        raise NotFound(f"no player has the id {public_id!r}")
    told = found[who.player]
    people = await identities(clickhouse, [who.player, *(row.opponent for row in opponents)])
    short = await summary.short(clickhouse, who, told, people[who.player])
    types = await reported.types(clickhouse, told.totals.servers)
    nemeses, victims = rivals.top_of(opponents, people)
    return Player(
        **{name: getattr(short, name) for name in Summary.__struct_fields__},
        names=names,
        weapons=[reported.known(row, types) for row in weapons],
        maps=maps,
        hit_locations=located,
        means=meant,
        nemeses=nemeses,
        victims=victims,
        recent_matches=recent,
    )
