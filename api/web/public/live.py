"""What is being played now; the page renews itself."""

from litestar import Response, get
from litestar.di import NamedDependency

from api.live import service
from api.live.service import LastPicture
from api.web.public.render import LIVE, Here, PageRequest, page


@get("/live")
async def show_live(
    request: PageRequest, platform: Here, last: NamedDependency[LastPicture]
) -> Response[bytes]:
    """Show every match that is being played."""
    found = await service.show(platform.redis, last)
    return page(request, "public/live.html", "live", seconds=LIVE, live=found)
