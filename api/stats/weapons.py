"""Weapons: what was done with each."""

import asyncio
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from api.errors import NotFound
from api.players.identities import Bots, Identity, identities
from api.servers import reported
from api.stats.drilldown import BAND
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "weapons")


class Weapon(msgspec.Struct):
    """A weapon in everybody's hands, bots' included; null is what no server reports."""

    weapon: Annotated[str, Meta(description="as the game names it", examples=["M1 Garand"])]
    kills: int
    team_kills: int
    kill_headshots: Annotated[int, Meta(description="kills at head or helmet")]
    shots: int | None
    hits: int | None
    accuracy: Annotated[float | None, Meta(description="null where no server reports shots")]
    damage: Annotated[float | None, Meta(description="dealt to enemies, in health points")]
    reloads: int | None
    in_hand: Annotated[
        float | None,
        Meta(
            description="seconds in living hands, of matches that are over; null where no server tells of "
            "weapons changed and of spawns"
        ),
    ]
    kills_a_minute: Annotated[
        float | None,
        Meta(description="kills in these matches for each minute in hand; null below one minute"),
    ]


class Weapons(msgspec.Struct):
    """Weapons, the deadliest first."""

    weapons: list[Weapon]


class WeaponUser(msgspec.Struct):
    """A player's kills with a weapon."""

    player: Identity
    kills: int
    kill_headshots: int


class KillsOnMap(msgspec.Struct):
    """Kills with a weapon on a map."""

    map: str
    kills: int


class KillsFrom(msgspec.Struct):
    """Kills of enemies with a weapon at a distance."""

    since: Annotated[int, Meta(description="the band's nearer end, in game units")]
    until: Annotated[int, Meta(description="its farther end, not in it")]
    kills: int
    kill_headshots: int


class LongestKill(msgspec.Struct):
    """The longest kill with a weapon; the earliest of several."""

    distance: Annotated[int, Meta(description="game units")]
    time: datetime
    match: Annotated[str | None, Meta(description="its id")]


class WeaponPage(Weapon, kw_only=True):
    """A weapon, who kills most with it, where, and from how far, where both places are known."""

    players: list[WeaponUser]
    maps: list[KillsOnMap]
    distances: Annotated[list[KillsFrom], Meta(description="without gaps, from 0 on")]
    longest_kill: LongestKill | None


class _Reach(msgspec.Struct):
    since: int
    kills: int
    kill_headshots: int


class _Farthest(msgspec.Struct):
    distance: int
    time: datetime
    match_key: int


class _User(msgspec.Struct):
    player: int
    kills: int
    kill_headshots: int


async def all_weapons(clickhouse: ClickHouse) -> Weapons:
    """Return every weapon."""
    rows, told = await asyncio.gather(
        clickhouse.rows(_SQL["list"], Weapon, weapon=""), reported.types(clickhouse)
    )
    return Weapons([reported.known(row, told) for row in rows])


async def weapon(clickhouse: ClickHouse, name: str, bots: Bots, limit: int) -> WeaponPage:
    """Return one weapon with its best players. Raises NotFound for one that nobody used."""
    found, users, maps, (reach, farthest), told = await asyncio.gather(
        clickhouse.one(_SQL["list"], Weapon, weapon=name),
        _users(clickhouse, name, bots, limit),
        clickhouse.rows(_SQL["maps"], KillsOnMap, weapon=name),
        asyncio.gather(
            clickhouse.rows(_SQL["reach"], _Reach, weapon=name),
            clickhouse.one(_SQL["farthest"], _Farthest, weapon=name),
        ),
        reported.types(clickhouse),
    )
    if not name or found is None:
        raise NotFound(f"no weapon called {name[:60]!r} was seen")
    return WeaponPage(
        **msgspec.structs.asdict(reported.known(found, told)),
        players=users,
        maps=maps,
        distances=_bands(reach),
        longest_kill=_longest(farthest) if farthest else None,
    )


def _bands(rows: list[_Reach]) -> list[KillsFrom]:
    found = {row.since: row for row in rows}
    none = _Reach(0, 0, 0)
    return [
        KillsFrom(since, since + BAND, row.kills, row.kill_headshots)
        for since in range(0, max(found, default=-BAND) + BAND, BAND)
        for row in [found.get(since, none)]
    ]


def _longest(row: _Farthest) -> LongestKill:
    return LongestKill(row.distance, row.time, f"{row.match_key:016x}" if row.match_key else None)


async def _users(clickhouse: ClickHouse, name: str, bots: Bots, limit: int) -> list[WeaponUser]:
    rows = await clickhouse.rows(_SQL["players"], _User, weapon=name, bots=bots, limit=limit)
    people = await identities(clickhouse, [row.player for row in rows])
    return [WeaponUser(people[row.player], row.kills, row.kill_headshots) for row in rows]
