"""The weekly digest: what was played, who led, what was new."""

import asyncio
from typing import Final

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from api.players.identities import Bots
from api.servers import queries as servers
from api.stats import digest
from api.stats.digest import Leading, Record
from api.stats.metrics import METRICS, Metric
from api.web.kept import kept
from api.web.public.leaderboards import today
from api.web.public.render import Here, PageRequest, asked, page

# A week is asked for seldom, and most of it has been.
_FRESH: Final = 60
LEADING: Final[dict[Leading, Metric]] = {
    "kills": METRICS["kills"],
    "kd": METRICS["kd"],
    "playtime": METRICS["playtime"],
}
RECORDS: Final[dict[Record, str]] = {
    "most_kills": "Most kills in a match",
    "best_streak": "Best streak",
    "multi_kill": "Biggest multi-kill",
}


class _Asked(msgspec.Struct):
    bots: Bots = "exclude"


@get("/digest")
@kept(seconds=_FRESH)
async def this_week(request: PageRequest, platform: Here) -> Response[bytes]:
    """Show this week."""
    return await _show(request, platform, None)


@get("/digest/{week:str}")
@kept(seconds=_FRESH)
async def show_week(request: PageRequest, platform: Here, week: FromPath[str]) -> Response[bytes]:
    """Show a week, such as 2026-W47."""
    return await _show(request, platform, week)


async def _show(request: PageRequest, platform: Here, week: str | None) -> Response[bytes]:
    query = asked(request, _Asked)
    found, names = await asyncio.gather(
        digest.digest(platform.clickhouse, week, query.bots, today()), servers.names(platform.postgres)
    )
    return page(
        request,
        "public/digest.html",
        "digest",
        week=found,
        asked=query,
        bots_said="?bots=" + query.bots if query.bots != "exclude" else "",
        leading=LEADING,
        records=RECORDS,
        servers=names,
    )
