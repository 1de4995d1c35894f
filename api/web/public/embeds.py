"""Parts of pages, each at an address of its own, for a frame in a forum: nothing stands around them."""

from typing import Final

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.live import service as live
from api.live.service import LastPicture
from api.matches import service as matches
from api.paging import START
from api.stats import leaderboards
from api.stats.career import summary
from api.stats.periods import calendar
from api.web.kept import kept
from api.web.public.leaderboards import PERIODS, AskedBoard
from api.web.public.players import RUNGS
from api.web.public.render import LIVE, Here, PageRequest, address, asked, embed

_TOP: Final = 10
_BEST: Final = 3


@get("/embed/players/{player_id:str}")
@kept()
async def player_card(request: PageRequest, platform: Here, player_id: FromPath[str]) -> Response[bytes]:
    """Show a player's figures."""
    found = await summary.summary(platform.clickhouse, player_id)
    return embed(request, "embed/player.html", player=found, rungs=RUNGS)


@get("/embed/leaderboards/{metric:str}")
@kept()
async def top_ten(request: PageRequest, platform: Here, metric: FromPath[str]) -> Response[bytes]:
    """Show the ten best of a board, which is asked as its page is."""
    query = msgspec.structs.replace(asked(request, AskedBoard), cursor=None)
    now = calendar(platform.settings.season_months)
    board = await leaderboards.board(platform.clickhouse, metric, query.scope, now, START, _TOP)
    return embed(
        request,
        "embed/leaderboard.html",
        board=board,
        period=PERIODS[query.period],
        page=address(f"/leaderboards/{metric}", query),
    )


@get("/embed/live")
async def live_box(
    request: PageRequest, platform: Here, last: NamedDependency[LastPicture]
) -> Response[bytes]:
    """Show what is being played; it renews itself."""
    return embed(request, "embed/live.html", seconds=LIVE, live=await live.show(platform.redis, last))


@get("/embed/matches/{match_id:str}")
@kept()
async def match_card(request: PageRequest, platform: Here, match_id: FromPath[str]) -> Response[bytes]:
    """Show a match's outcome and its best players."""
    found = await matches.match(platform.clickhouse, platform.postgres, match_id)
    return embed(request, "embed/match.html", match=found, best=found.players[:_BEST])
