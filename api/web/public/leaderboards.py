"""Leaderboards: what can be ranked, one board, what every stat is, and the rows behind a number."""

import asyncio
from datetime import UTC, date, datetime
from typing import Annotated, Final, get_args

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from msgspec import Meta

from api import paging
from api.events.catalogue import GAMETYPES
from api.players.identities import Bots
from api.servers import queries as servers
from api.stats import drilldown, leaderboards, maps
from api.stats.drilldown import Drilldown, Filter, Part
from api.stats.leaderboards import Board, Scope
from api.stats.metrics import GROUPS, METRICS, By, Metric, is_counted
from api.stats.page import counted, ranking
from api.stats.periods import Period, calendar, seasons
from api.web.forms import Text
from api.web.kept import kept
from api.web.public.render import Here, PageRequest, address, asked, page

_ROWS: Final = 50
PERIODS: Final[dict[Period, str]] = {
    "all": "of all time",
    "year": "this year",
    "season": "this season",
    "month": "this month",
    "week": "this week",
    "day": "today",
}
# How the dimensions are called whose name is no word.
WORDS: Final[dict[By, str]] = {
    **{by: by for by in get_args(By)},
    "gametype": "game type",
    "hitloc": "hit location",
    "reach": "distance",
}
# The game is from 2002.
_BEGINNING: Final = date(2002, 1, 1)
_ROWS_OF: Final = "/stats/query"
_GAMETYPES: Final = tuple(dict.fromkeys(GAMETYPES.values()))


class AskedBoard(msgspec.Struct):
    """What a board counts, and where in it a page begins."""

    period: Period = "all"
    server: Annotated[int, Meta(ge=1, le=2**32 - 1)] | None = None
    map: Text | None = None
    gametype: Annotated[str, Meta(max_length=40, pattern=r"^[^\x00]*$")] | None = None
    bots: Bots = "exclude"
    weapon: Text | None = None
    cursor: Annotated[str, Meta(max_length=200)] | None = None

    @property
    def scope(self) -> Scope:
        """What a board counts, as boards are asked."""
        return Scope(self.period, self.server, self.map, self.gametype, self.bots, self.weapon)


class AskedRows(msgspec.Struct):
    """A metric by a dimension, and which events are counted."""

    metric: str = "kills"
    by: By = "weapon"
    since: date | None = None
    until: date | None = None
    server: Annotated[int, Meta(ge=1, le=2**32 - 1)] | None = None
    map: Text | None = None
    gametype: Text | None = None
    weapon: Text | None = None
    hitloc: Text | None = None
    cause: Text | None = None
    player: Text | None = None
    victim: Text | None = None
    killer: Text | None = None
    stance: Text | None = None
    hour: Annotated[int, Meta(ge=0, le=23)] | None = None
    weekday: Annotated[int, Meta(ge=1, le=7)] | None = None
    reach: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    item: Text | None = None
    bots: Bots = "exclude"

    @property
    def filter(self) -> Filter:
        """Which events are counted, as the log is asked."""
        return msgspec.convert(self, Filter, from_attributes=True)


@get("/leaderboards")
async def list_boards(request: PageRequest) -> Response[bytes]:
    """Show what can be ranked."""
    return page(request, "public/leaderboards.html", "leaderboards", groups=by_group(), ranking=ranking)


@get("/docs/stats")
async def explain_stats(request: PageRequest, platform: Here) -> Response[bytes]:
    """Show what every stat is, how it is counted and ranked, and what a server has to report for it."""
    return page(
        request,
        "public/stats.html",
        "leaderboards",
        groups=by_group(),
        ranking=ranking,
        counted=counted,
        seasons=seasons(platform.settings.season_months),
    )


@get(_ROWS_OF)
async def show_rows(request: PageRequest, platform: Here) -> Response[bytes]:
    """Show the rows behind a number: a metric by a dimension, counted from the log."""
    query = asked(request, AskedRows)
    found = await drilldown.drill_down(
        platform.clickhouse, query.metric, query.by, query.filter, today(), _ROWS
    )
    return page(
        request,
        "public/query.html",
        "leaderboards",
        told=found,
        asked=query,
        metrics=[metric for metric in METRICS.values() if metric.dimensions],
        words=WORDS,
        rows="Events" if is_counted(found.metric) else "Parts in matches",
        wider={by: address(_ROWS_OF, query, **{by: None}) for by in _narrowed(query)},
        narrower=[_narrower(found, query, part) for part in found.parts],
    )


@get("/leaderboards/{metric:str}")
@kept()
async def show_board(request: PageRequest, platform: Here, metric: FromPath[str]) -> Response[bytes]:
    """Show players ranked by a metric."""
    query = asked(request, AskedBoard)
    here = f"/leaderboards/{metric}"
    board, names, played = await asyncio.gather(
        leaderboards.board(
            platform.clickhouse,
            metric,
            query.scope,
            calendar(platform.settings.season_months),
            paging.decode(query.cursor),
            _ROWS,
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
        ranking=ranking(board.metric),
        behind=[_behind(board, query, place.player.id) for place in board.players],
    )


def by_group() -> dict[str, list[Metric]]:
    """Return the metrics in their groups."""
    return {group: [each for each in METRICS.values() if each.group == group] for group in GROUPS}


def _narrowed(query: AskedRows) -> list[By]:
    """Return the dimensions of which one part only is counted."""
    return [by for by in get_args(By) if getattr(query, by) is not None]


def _narrower(found: Drilldown, query: AskedRows, part: Part) -> str | None:
    """Return the page of one part alone, told by the next dimension; None where there is no further one."""
    left = [by for by in found.metric.dimensions if by != found.by and by not in _narrowed(query)]
    return address(_ROWS_OF, query, **{found.by: part.part, "by": left[0]}) if left else None


def _behind(board: Board, query: AskedBoard, player: str) -> str:
    """Return the page of the rows behind a number."""
    if not is_counted(board.metric):
        return f"/players/{player}"
    since, until = (_BEGINNING, None) if query.period == "all" else (board.since, board.until)
    return address(
        _ROWS_OF,
        AskedRows(
            board.metric.name,
            "map" if query.weapon else "weapon" if board.metric.by_weapon else "map",
            since,
            until,
            query.server,
            query.map,
            query.gametype,
            query.weapon,
            player=player,
            bots="include",
        ),
    )


def today() -> date:
    """Return the UTC day in whose week, month or year a board is asked for."""
    return datetime.now(UTC).date()
