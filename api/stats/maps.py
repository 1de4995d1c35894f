"""Maps: what happened on each, and where."""

import asyncio
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from api.errors import NotFound, Unprocessable
from api.players.identities import Bots, Identity, identities, parse, person
from api.servers import reported
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "maps")
Kind = Literal["kills", "deaths", "traffic"]


class Map(msgspec.Struct):
    """A map, with what everybody did there, bots included; null is what no server reports."""

    map: Annotated[str, Meta(examples=["dm/mohdm6"])]
    kills: int
    kills_by_allies: int
    kills_by_axis: int
    kill_headshots: int
    deaths: int
    suicides: int
    team_kills: int
    rounds: int | None
    matches: int
    won_by_allies: Annotated[int, Meta(description="matches; the others were won by nobody, or not told")]
    won_by_axis: int
    seconds: Annotated[float, Meta(description="length of all its matches together")]
    last_time: datetime


class Maps(msgspec.Struct):
    """Maps, the bloodiest first."""

    maps: list[Map]


class MapPlayer(msgspec.Struct):
    """A player's kills and deaths on a map."""

    player: Identity
    kills: int
    deaths: int


class KillsWithWeapon(msgspec.Struct):
    """Kills on a map with a weapon."""

    weapon: str
    kills: int


class MapPage(Map, kw_only=True):
    """A map, who kills most on it, and with what."""

    players: list[MapPlayer]
    weapons: list[KillsWithWeapon]


class Bin(msgspec.Struct, array_like=True):
    """A tile: the game coordinates of its corner with the lowest x and y, and how many events it holds."""

    x: int
    y: int
    count: int


class Bounds(msgspec.Struct):
    """The rectangle that holds every bin, in game units; the upper ends lie outside."""

    min_x: int
    min_y: int
    max_x: int
    max_y: int


class Heatmap(msgspec.Struct):
    """Where kills were made (the killer's place), deaths died, or anybody was, in square tiles.

    Traffic counts each event, of any type, that tells where somebody is.
    """

    map: Annotated[str, Meta(examples=["dm/mohdm6"])]
    kind: Kind
    player: Annotated[str | None, Meta(description="id of the player it is about; null: everybody")]
    tile: Annotated[int, Meta(description="edge of a tile, in game units", examples=[64])]
    total: int
    bounds: Bounds | None
    bins: Annotated[list[Bin], Meta(description="[x, y, count] of each tile", examples=[[[-128, 64, 3]]])]


class _Player(msgspec.Struct):
    player: int
    kills: int
    deaths: int


class _Tile(msgspec.Struct):
    x: int
    y: int
    count: int


class _Edge(msgspec.Struct):
    edge: int


async def all_maps(clickhouse: ClickHouse) -> Maps:
    """Return every map."""
    rows, told = await asyncio.gather(clickhouse.rows(_SQL["list"], Map, map=""), reported.types(clickhouse))
    return Maps([reported.known(row, told) for row in rows])


async def one_map(clickhouse: ClickHouse, name: str, bots: Bots, limit: int) -> MapPage:
    """Return one map with its best players. Raises NotFound for one that was never played."""
    found, told, players, weapons = await asyncio.gather(
        _known(clickhouse, name),
        reported.types(clickhouse),
        _best(clickhouse, name, bots, limit),
        clickhouse.rows(_SQL["weapons"], KillsWithWeapon, map=name),
    )
    played = reported.known(found, told)
    return MapPage(**msgspec.structs.asdict(played), players=players, weapons=weapons)


async def _best(clickhouse: ClickHouse, name: str, bots: Bots, limit: int) -> list[MapPlayer]:
    rows = await clickhouse.rows(_SQL["players"], _Player, map=name, bots=bots, limit=limit)
    people = await identities(clickhouse, [row.player for row in rows])
    return [MapPlayer(people[row.player], row.kills, row.deaths) for row in rows]


async def heatmap(clickhouse: ClickHouse, name: str, kind: Kind, player: str | None) -> Heatmap:
    """Return the places of kills or deaths on a map, of everybody or of one player; or everybody's traffic.

    Raises NotFound for a map that was never played, or for what is no player's id, Unprocessable for the
    traffic of one player, which is not counted.
    """
    if kind == "traffic" and player is not None:
        raise Unprocessable("traffic is counted of everybody together, not of one player")
    tiles, edge, _ = await asyncio.gather(
        _tiles(clickhouse, name, kind, player),
        tile_edge(clickhouse),
        _known(clickhouse, name),
    )
    bins = [Bin(tile.x, tile.y, tile.count) for tile in tiles]
    return Heatmap(name, kind, player, edge, sum(bin.count for bin in bins), _bounds(bins, edge), bins)


async def _tiles(clickhouse: ClickHouse, name: str, kind: Kind, player: str | None) -> list[_Tile]:
    if player is None:
        return await clickhouse.rows(_SQL["heatmap"], _Tile, map=name, kind=kind)
    keys = (await person(clickhouse, parse(player))).keys
    return await clickhouse.rows(_SQL["player_heatmap"], _Tile, map=name, kind=kind, keys=keys)


async def tile_edge(clickhouse: ClickHouse) -> int:
    """Return the edge of a tile in game units, which the migrations fix."""
    found = await clickhouse.one(_SQL["tile_edge"], _Edge)
    return found.edge if found else 0


def _bounds(bins: list[Bin], edge: int) -> Bounds | None:
    if not bins:
        return None
    xs, ys = [bin.x for bin in bins], [bin.y for bin in bins]
    return Bounds(min(xs), min(ys), max(xs) + edge, max(ys) + edge)


async def _known(clickhouse: ClickHouse, name: str) -> Map:
    found = await clickhouse.one(_SQL["list"], Map, map=name) if name else None
    if found is None:
        raise NotFound(f"nothing was played on a map called {name[:60]!r}")
    return found
