"""Weapons: what was done with each."""

import asyncio
from typing import Annotated

import msgspec
from msgspec import Meta

from api.errors import NotFound
from api.players.identities import Bots, Identity, identities
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "weapons")


class Weapon(msgspec.Struct):
    """A weapon in everybody's hands, bots' included."""

    weapon: Annotated[str, Meta(description="as the game names it", examples=["M1 Garand"])]
    kills: int
    team_kills: int
    kill_headshots: Annotated[int, Meta(description="kills at head or helmet")]
    shots: int
    hits: int
    accuracy: Annotated[float | None, Meta(description="null where no server reports shots")]
    damage: Annotated[float, Meta(description="dealt to enemies, in health points")]
    reloads: int


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


class WeaponPage(Weapon, kw_only=True):
    """A weapon, who kills most with it, and where."""

    players: list[WeaponUser]
    maps: list[KillsOnMap]


class _User(msgspec.Struct):
    player: int
    kills: int
    kill_headshots: int


async def all_weapons(clickhouse: ClickHouse) -> Weapons:
    """Return every weapon."""
    return Weapons(await clickhouse.rows(_SQL["list"], Weapon, weapon=""))


async def weapon(clickhouse: ClickHouse, name: str, bots: Bots, limit: int) -> WeaponPage:
    """Return one weapon with its best players. Raises NotFound for one that nobody used."""
    found, users, maps = await asyncio.gather(
        clickhouse.one(_SQL["list"], Weapon, weapon=name),
        _users(clickhouse, name, bots, limit),
        clickhouse.rows(_SQL["maps"], KillsOnMap, weapon=name),
    )
    if not name or found is None:
        raise NotFound(f"no weapon called {name[:60]!r} was seen")
    return WeaponPage(**msgspec.structs.asdict(found), players=users, maps=maps)


async def _users(clickhouse: ClickHouse, name: str, bots: Bots, limit: int) -> list[WeaponUser]:
    rows = await clickhouse.rows(_SQL["players"], _User, weapon=name, bots=bots, limit=limit)
    people = await identities(clickhouse, [row.player for row in rows])
    return [WeaponUser(people[row.player], row.kills, row.kill_headshots) for row in rows]
