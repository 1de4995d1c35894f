"""Records: who holds them, when they were broken, and what was on this day."""

import asyncio
from typing import Annotated

import msgspec
from litestar import Response, get
from msgspec import Meta

from api.servers import queries as servers
from api.stats import records
from api.stats.records import Unit
from api.web.forms import Text
from api.web.kept import kept
from api.web.public.leaderboards import today
from api.web.public.render import Here, PageRequest, asked, page
from api.web.units import number, ratio, span


class _Asked(msgspec.Struct):
    server: Annotated[int, Meta(ge=1, le=2**32 - 1)] | None = None
    map: Text | None = None
    gametype: Text | None = None


@get("/records")
@kept()
async def show_records(request: PageRequest, platform: Here) -> Response[bytes]:
    """Show every record, how it came to that, and what was on this day of earlier years."""
    query = asked(request, _Asked)
    found, then, names = await asyncio.gather(
        records.records(platform.clickhouse, query.server, query.map, query.gametype),
        records.on_this_day(platform.clickhouse, today()),
        servers.names(platform.postgres),
    )
    return page(
        request,
        "public/records.html",
        "records",
        asked=query,
        records=found.records,
        then=then,
        servers=names,
        valued=valued,
    )


def valued(value: float, unit: Unit) -> str:
    """Return a record's value as people read it."""
    if unit == "seconds":
        return span(value)
    return number(value) if unit == "count" else ratio(value)
