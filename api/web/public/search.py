"""Search: one box for players, servers, maps, weapons and matches."""

from typing import Annotated, Final

import msgspec
from litestar import Response, get
from msgspec import Meta

from api.search import service
from api.web.public.players import RUNGS
from api.web.public.render import Here, PageRequest, asked, page

_SHOWN: Final = 10


class _Asked(msgspec.Struct):
    q: Annotated[str, Meta(max_length=200, pattern=r"^[^\x00]*$")] = ""


@get("/search")
async def show_search(request: PageRequest, platform: Here) -> Response[bytes]:
    """Show what fits; the box at the top of every page asks this one for suggestions as well."""
    query = asked(request, _Asked)
    found = await service.find(platform.clickhouse, platform.postgres, query.q, _SHOWN)
    return page(request, "public/search.html", "search", found=found, rungs=RUNGS)
