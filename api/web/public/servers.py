"""Game servers: which there are, and what is being played on them."""

import asyncio

from litestar import Response, get
from litestar.di import NamedDependency

from api.live import service as live
from api.live.service import LastPicture
from api.servers import queries
from api.web.kept import kept
from api.web.public.render import Here, PageRequest, page


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
