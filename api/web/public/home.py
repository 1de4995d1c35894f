"""The first page: what is going on, what was played today and lately, who leads this week."""

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
from api.stats import digest, leaderboards, totals
from api.stats.leaderboards import Board, Scope
from api.stats.periods import calendar
from api.stats.totals import Totals
from api.web.kept import kept
from api.web.public.digest import LEADING
from api.web.public.leaderboards import today
from api.web.public.render import Here, PageRequest, page

# Shown while nobody leads the week.
_BOARDS: Final = ("kills", "playtime")
_PLACES: Final = 5
_MATCHES: Final = 6


@get("/")
@kept()
async def home(request: PageRequest, platform: Here, last: NamedDependency[LastPicture]) -> Response[bytes]:
    """Show what is live, today, the latest matches, who leads the week, and how much was counted."""
    clickhouse, guessed = platform.clickhouse, request.app.state.ranked
    names = await servers.names(platform.postgres)
    # Whom to rank follows from the totals. It changes once in a lifetime, so nothing waits for them.
    everything, playing, latest, week = await asyncio.gather(
        totals.totals(clickhouse),
        live.show(platform.redis, last),
        matches.find(clickhouse, names, None, None, START, _MATCHES),
        digest.digest(clickhouse, None, guessed, today(), gains=False),
    )
    bots = request.app.state.ranked = who_plays(everything)
    if bots != guessed:
        week = await digest.digest(clickhouse, None, bots, today(), gains=False)
    leaders = [board for board in week.leaders if board.players]
    boards = [] if leaders or not everything.events else await _boards(platform, bots)
    return page(
        request,
        "public/home.html",
        "home",
        totals=everything,
        live=playing,
        matches=latest.matches,
        week=week,
        leaders=leaders,
        leading=LEADING,
        boards=[board for board in boards if board.players],
        bots=bots,
        servers=len(names),
    )


def who_plays(everything: Totals) -> Bots:
    """Return whom the first page ranks: people, or bots where nobody else has ever played."""
    return "include" if everything.bots and not everything.players else "exclude"


async def _boards(platform: Platform, bots: Bots) -> list[Board]:
    scope, now = Scope(bots=bots), calendar(platform.settings.season_months)
    return await asyncio.gather(
        *(leaderboards.board(platform.clickhouse, name, scope, now, START, _PLACES) for name in _BOARDS)
    )
