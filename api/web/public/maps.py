"""Maps: a list, and one with its best players and the places where they killed and died."""

import asyncio
from typing import Final

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from api.players.identities import Bots
from api.stats import maps
from api.stats.maps import Heatmap, Kind
from api.web.charts.bar import bar
from api.web.charts.heatmap import heatmap, rule_of
from api.web.kept import kept
from api.web.public.render import Here, PageRequest, asked, page
from api.web.units import METRES_PER_UNIT

_PLAYERS: Final = 20
_FULLEST: Final = 15
_TITLES: Final[dict[Kind, str]] = {
    "kills": "Where killers stood",
    "deaths": "Where players died",
    "traffic": "Where players were",
}


class _Asked(msgspec.Struct):
    kind: Kind = "kills"
    bots: Bots = "exclude"


class Tile(msgspec.Struct):
    """A tile of a heatmap in metres from the map's origin, for a table."""

    east: float
    north: float
    count: int


@get("/maps")
@kept()
async def list_maps(request: PageRequest, platform: Here) -> Response[bytes]:
    """Show every map, the bloodiest first."""
    found = (await maps.all_maps(platform.clickhouse)).maps
    most = max((each.kills for each in found), default=0)
    return page(request, "public/maps.html", "maps", maps=found, most=most, bar=bar)


@get("/maps/{name:path}")
@kept()
async def show_map(request: PageRequest, platform: Here, name: FromPath[str]) -> Response[bytes]:
    """Show a map, who kills most on it and with what, and where they killed, died, or went."""
    query, asked_for = asked(request, _Asked), name.removeprefix("/")
    found, heat = await asyncio.gather(
        maps.one_map(platform.clickhouse, asked_for, query.bots, _PLAYERS),
        maps.heatmap(platform.clickhouse, asked_for, query.kind, None),
    )
    title = _TITLES[query.kind]
    return page(
        request,
        "public/map.html",
        "maps",
        map=found,
        asked=query,
        heat=heat,
        title=title,
        picture=heatmap(heat, title),
        rule=rule_of(heat.bounds.max_x - heat.bounds.min_x) if heat.bounds else 0,
        fullest=_fullest(heat),
        bar=bar,
    )


def _fullest(heat: Heatmap) -> list[Tile]:
    """Return the fullest tiles, by their middle."""
    best = sorted(heat.bins, key=lambda bin: (-bin.count, bin.x, bin.y))[:_FULLEST]
    half = heat.tile / 2
    return [
        Tile((bin.x + half) * METRES_PER_UNIT, (bin.y + half) * METRES_PER_UNIT, bin.count) for bin in best
    ]
