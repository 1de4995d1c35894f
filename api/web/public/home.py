"""The first page: what is going on, what was played lately, who is best."""

import asyncio
from typing import Final

from litestar import Response, get
from litestar.di import NamedDependency

from api.live import service as live
from api.live.service import LastPicture
from api.matches import service as matches
from api.paging import START
from api.platform import Platform
from api.players.identities import Bots
from api.servers import queries as servers
from api.stats import leaderboards, totals
from api.stats.leaderboards import Board, Scope
from api.stats.totals import Totals
from api.web.public.leaderboards import today
from api.web.public.render import Here, PageRequest, page

_BOARDS: Final = ("kills", "kd", "playtime")
_PLACES: Final = 5
_MATCHES: Final = 6


@get("/")
async def home(request: PageRequest, platform: Here, last: NamedDependency[LastPicture]) -> Response[bytes]:
    """Show what is live, the latest matches, the best players, and how much was counted."""
    clickhouse = platform.clickhouse
    everything, playing, names = await asyncio.gather(
        totals.totals(clickhouse), live.show(platform.redis, last), servers.names(platform.postgres)
    )
    bots = who_plays(everything)
    latest, boards = await asyncio.gather(
        matches.find(clickhouse, names, None, None, START, _MATCHES), _boards(platform, bots)
    )
    return page(
        request,
        "public/home.html",
        "home",
        totals=everything,
        live=playing,
        matches=latest.matches,
        boards=[board for board in boards if board.players],
        bots=bots,
        servers=len(names),
    )


def who_plays(everything: Totals) -> Bots:
    """Return whom the first page ranks: people, or bots where nobody else has ever played."""
    return "include" if everything.bots and not everything.players else "exclude"


async def _boards(platform: Platform, bots: Bots) -> list[Board]:
    scope, day = Scope(bots=bots), today()
    return await asyncio.gather(
        *(leaderboards.board(platform.clickhouse, name, scope, day, START, _PLACES) for name in _BOARDS)
    )
