"""Weapons: a list, and who kills with one, and where."""

from typing import Final

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from api.players.identities import Bots
from api.stats import weapons
from api.stats.weapons import KillsFrom
from api.web.charts.bar import bar
from api.web.kept import kept
from api.web.public.render import Here, PageRequest, asked, page
from api.web.units import METRES_PER_UNIT

_PLAYERS: Final = 20
# Bands of distance shown one by one; what is farther stands in the last.
_BANDS: Final = 16


class Reach(msgspec.Struct):
    """Kills at a distance in metres, as a row of a table says it."""

    title: str
    kills: int
    kill_headshots: int


class _Asked(msgspec.Struct):
    bots: Bots = "exclude"


@get("/weapons")
@kept()
async def list_weapons(request: PageRequest, platform: Here) -> Response[bytes]:
    """Show every weapon, the deadliest first."""
    found = (await weapons.all_weapons(platform.clickhouse)).weapons
    return page(
        request,
        "public/weapons.html",
        "weapons",
        weapons=found,
        kills=sum(weapon.kills for weapon in found),
        most=max((weapon.kills for weapon in found), default=0),
        bar=bar,
    )


@get("/weapons/{weapon:path}")
@kept()
async def show_weapon(request: PageRequest, platform: Here, weapon: FromPath[str]) -> Response[bytes]:
    """Show a weapon, who kills most with it, and where."""
    query = asked(request, _Asked)
    found = await weapons.weapon(platform.clickhouse, weapon.removeprefix("/"), query.bots, _PLAYERS)
    return page(
        request,
        "public/weapon.html",
        "weapons",
        weapon=found,
        asked=query,
        with_bots="?bots=include",
        reach=_reach(found.distances),
        bar=bar,
    )


def _reach(bands: list[KillsFrom]) -> list[Reach]:
    """Return rows of a table, the last of them with all that is farther than those before it."""
    shown = [
        Reach(f"{_metres(row.since)} to {_metres(row.until)} m", row.kills, row.kill_headshots)
        for row in bands[:_BANDS]
    ]
    if rest := bands[_BANDS:]:
        kills, heads = sum(row.kills for row in rest), sum(row.kill_headshots for row in rest)
        shown.append(Reach(f"{_metres(rest[0].since)} m and more", kills, heads))
    return shown


def _metres(units: int) -> int:
    return round(units * METRES_PER_UNIT)
