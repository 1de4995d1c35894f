"""Weapons: a list, and who kills with one, and where."""

from typing import Final

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from api.players.identities import Bots
from api.stats import weapons
from api.web.charts.bar import bar
from api.web.kept import kept
from api.web.public.render import Here, PageRequest, asked, page

_PLAYERS: Final = 20


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
        bar=bar,
    )
