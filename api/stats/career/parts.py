"""What a player's kills and deaths are made of: when, how far away, and how both stood."""

import asyncio
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from api.players.identities import Identity, Known
from api.stats.drilldown import BAND
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "player_parts")
_CAREER = queries("clickhouse", "career")
_STANCES: Final = ["stance", "stance_of_other"]


class Hour(msgspec.Struct):
    """An hour of the week."""

    weekday: Annotated[int, Meta(description="1 is Monday")]
    hour: Annotated[int, Meta(description="of the day, UTC")]
    playtime: Annotated[float, Meta(description="seconds")]
    kills: int
    deaths: int


class Activity(msgspec.Struct):
    """When a player plays, by hour of the week, UTC.

    The time played in a match is laid out as one piece that ends when the player was last seen in it.
    """

    player: Identity
    hours: Annotated[list[Hour], Meta(description="those in which there is something, Monday first")]
    busiest: Annotated[Hour | None, Meta(description="that with the most time played")]


class Band(msgspec.Struct):
    """Kills and deaths at a distance."""

    since: Annotated[int, Meta(description="the band's nearer end, in game units")]
    until: Annotated[int, Meta(description="its farther end, not in it")]
    kills: int
    kill_headshots: int
    deaths: Annotated[int, Meta(description="by enemies")]


class Farthest(msgspec.Struct):
    """A player's longest kill; the earliest of several."""

    distance: Annotated[int, Meta(description="game units")]
    time: datetime
    match: Annotated[str | None, Meta(description="its id")]


class Distances(msgspec.Struct):
    """Kills of enemies and deaths by them, by how far apart they were, where both places are known."""

    player: Identity
    bands: Annotated[list[Band], Meta(description="without gaps, from 0 on")]
    farthest: Farthest | None


class Stance(msgspec.Struct):
    """Kills and deaths in a stance."""

    stance: str
    kills: int
    kill_headshots: int
    deaths: int


class Stances(msgspec.Struct):
    """Kills and deaths by how the player stood, and by how the enemy did."""

    player: Identity
    own: Annotated[list[Stance], Meta(description="deaths are of every cause")]
    of_others: Annotated[list[Stance], Meta(description="deaths are by enemies")]


class Part(msgspec.Struct):
    """A part of somebody's kills and deaths."""

    kind: str
    part: str
    kills: int
    kill_headshots: int
    deaths: int


class _Played(msgspec.Struct):
    part: str
    played: int


class _Farthest(msgspec.Struct):
    distance: int
    time: datetime
    match_key: int


async def activity(clickhouse: ClickHouse, who: Known) -> Activity:
    """Return when a player plays."""
    fights, played = await asyncio.gather(
        _parts(clickhouse, who.keys, ["hour"]),
        clickhouse.rows(_CAREER["hours"], _Played, keys=who.keys),
    )
    times = {row.part: row.played / 1000 for row in played}
    fought = {row.part: row for row in fights}
    hours = [_hour(part, times.get(part, 0), fought.get(part)) for part in sorted({*times, *fought})]
    busiest = max(hours, key=lambda hour: hour.playtime, default=None)
    return Activity(who.identity, hours, busiest if busiest and busiest.playtime else None)


async def distances(clickhouse: ClickHouse, who: Known) -> Distances:
    """Return how far away a player kills and dies."""
    rows, farthest = await asyncio.gather(
        _parts(clickhouse, who.keys, ["distance"]), longest_kill(clickhouse, who.keys)
    )
    return Distances(who.identity, bands_of(rows), farthest)


async def stances(clickhouse: ClickHouse, who: Known) -> Stances:
    """Return how a player, and whom they fight, stand."""
    rows = await _parts(clickhouse, who.keys, _STANCES)
    return Stances(who.identity, stances_of(rows, "stance"), stances_of(rows, "stance_of_other"))


async def fights(clickhouse: ClickHouse, keys: list[int]) -> list[Part]:
    """Return somebody's distances and stances in one go."""
    return await _parts(clickhouse, keys, ["distance", *_STANCES])


async def longest_kill(clickhouse: ClickHouse, keys: list[int]) -> Farthest | None:
    """Return somebody's longest kill, None without one."""
    row = await clickhouse.one(_SQL["farthest"], _Farthest, keys=keys)
    return (
        Farthest(row.distance, row.time, f"{row.match_key:016x}" if row.match_key else None) if row else None
    )


def bands_of(rows: list[Part]) -> list[Band]:
    """Return the bands of distances among some parts, without gaps up to the farthest."""
    found = {int(row.part): row for row in rows if row.kind == "distance"}
    return [
        Band(
            since,
            since + BAND,
            found[since].kills if since in found else 0,
            found[since].kill_headshots if since in found else 0,
            found[since].deaths if since in found else 0,
        )
        for since in range(0, max(found, default=-BAND) + BAND, BAND)
    ]


def stances_of(rows: list[Part], kind: str) -> list[Stance]:
    """Return the stances of a kind among some parts, that with the most kills first."""
    found = [Stance(row.part, row.kills, row.kill_headshots, row.deaths) for row in rows if row.kind == kind]
    return sorted(found, key=lambda stance: (-stance.kills, -stance.deaths, stance.stance))


async def _parts(clickhouse: ClickHouse, keys: list[int], kinds: list[str]) -> list[Part]:
    return await clickhouse.rows(_SQL["parts"], Part, keys=keys, kinds=kinds)


def _hour(part: str, playtime: float, row: Part | None) -> Hour:
    weekday, hour = part.split()
    return Hour(int(weekday), int(hour), playtime, row.kills if row else 0, row.deaths if row else 0)
