"""Game servers: which there are and what is played there now, and all of one."""

import asyncio
from datetime import UTC, datetime
from typing import Final

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.live import service as live
from api.live.service import LastPicture
from api.players.identities import Bots
from api.servers import queries
from api.stats import servers
from api.stats.servers import DAYS, Presence
from api.web.charts.week import DAYS as WEEKDAYS
from api.web.charts.week import week
from api.web.kept import kept
from api.web.public.render import Here, PageRequest, asked, page

_BUSIEST: Final = 10


class _Asked(msgspec.Struct):
    bots: Bots = "exclude"


@get("/servers")
@kept()
async def list_servers(
    request: PageRequest, platform: Here, last: NamedDependency[LastPicture]
) -> Response[bytes]:
    """Show every game server, when it was last heard from, and what is being played there."""
    found, playing = await asyncio.gather(
        queries.all_servers(platform.postgres), live.show(platform.redis, last)
    )
    return page(
        request,
        "public/servers.html",
        "servers",
        servers=found,
        playing={match.server_id: match for match in playing.matches},
    )


@get("/servers/{server_id:int}")
@kept()
async def show_server(request: PageRequest, platform: Here, server_id: FromPath[int]) -> Response[bytes]:
    """Show a server: when people are there, who, what is played, and whether all of it arrives."""
    query = asked(request, _Asked)
    found = await servers.server(
        platform.clickhouse, platform.postgres, server_id, query.bots, datetime.now(UTC)
    )
    return page(
        request,
        "public/server.html",
        "servers",
        server=found,
        asked=query,
        days=DAYS,
        picture=week(found.presence.punchcard, "People by weekday and hour"),
        busiest=_busiest(found.presence),
    )


def _busiest(presence: Presence) -> list[tuple[str, int, float]]:
    """Return the hours of the week with the most people."""
    hours = [(WEEKDAYS[d], h, mean) for d, day in enumerate(presence.punchcard) for h, mean in enumerate(day)]
    return sorted((hour for hour in hours if hour[2]), key=lambda hour: -hour[2])[:_BUSIEST]
