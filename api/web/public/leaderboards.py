"""Leaderboards: what can be ranked, and one board."""

import asyncio
from datetime import UTC, date, datetime
from typing import Annotated, Final

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from msgspec import Meta

from api import paging
from api.events.catalogue import GAMETYPES
from api.players.identities import Bots
from api.servers import queries as servers
from api.stats import leaderboards, maps
from api.stats.leaderboards import Scope
from api.stats.metrics import METRICS
from api.stats.periods import Period
from api.web.forms import Text
from api.web.public.render import Here, PageRequest, address, asked, page

_ROWS: Final = 50
PERIODS: Final[dict[Period, str]] = {
    "all": "of all time",
    "year": "this year",
    "month": "this month",
    "week": "this week",
    "day": "today",
}
_GAMETYPES: Final = tuple(dict.fromkeys(GAMETYPES.values()))


class AskedBoard(msgspec.Struct):
    """What a board counts, and where in it a page begins."""

    period: Period = "all"
    server: Annotated[int, Meta(ge=1, le=2**32 - 1)] | None = None
    map: Text | None = None
    gametype: Annotated[str, Meta(max_length=40, pattern=r"^[^\x00]*$")] | None = None
    bots: Bots = "exclude"
    cursor: Annotated[str, Meta(max_length=200)] | None = None

    @property
    def scope(self) -> Scope:
        """What a board counts, as boards are asked."""
        return Scope(self.period, self.server, self.map, self.gametype, self.bots)


@get("/leaderboards")
async def list_boards(request: PageRequest) -> Response[bytes]:
    """Show what can be ranked."""
    return page(request, "public/leaderboards.html", "leaderboards", metrics=list(METRICS.values()))


@get("/leaderboards/{metric:str}")
async def show_board(request: PageRequest, platform: Here, metric: FromPath[str]) -> Response[bytes]:
    """Show players ranked by a metric."""
    query = asked(request, AskedBoard)
    here = f"/leaderboards/{metric}"
    board, names, played = await asyncio.gather(
        leaderboards.board(
            platform.clickhouse, metric, query.scope, today(), paging.decode(query.cursor), _ROWS
        ),
        servers.names(platform.postgres),
        maps.all_maps(platform.clickhouse),
    )
    return page(
        request,
        "public/leaderboard.html",
        "leaderboards",
        board=board,
        asked=query,
        here=here,
        metrics=list(METRICS.values()),
        periods=PERIODS,
        servers=names,
        maps=sorted(each.map for each in played.maps if each.map),
        gametypes=_GAMETYPES,
        first=address(here, query) if query.cursor else None,
        next=address(here, query, cursor=board.next_cursor) if board.next_cursor else None,
        with_bots=address(here, query, bots="include"),
    )


def today() -> date:
    """Return the UTC day in whose week, month or year a board is asked for."""
    return datetime.now(UTC).date()
