"""HTTP: ratings."""

from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from api import paging
from api.ratings import service
from api.ratings.service import PlayerRating, Ratings
from api.stores.clickhouse import ClickHouse

_After = Annotated[str | None, QueryParameter(description="`next_cursor` of the page before")]
_Limit = Annotated[int, QueryParameter(ge=1, le=100, description="rows on a page")]


@get(
    "/players/{player_id:str}/rating",
    operation_id="getPlayerRating",
    summary="A player's ratings",
    tags=["stats"],
)
async def get_player_rating(
    clickhouse: NamedDependency[ClickHouse],
    player_id: FromPath[str],
    gametype: Annotated[
        str | None, QueryParameter(max_length=40, description="only this one: ffa, tdm, rounds, ...")
    ] = None,
    cursor: _After = None,
    limit: _Limit = 25,
) -> PlayerRating:
    """Return a player's rating in each game type, its curve, and what each match did to it and why."""
    return await service.player_rating(clickhouse, player_id, gametype, paging.decode(cursor), limit)


@get("/ratings", operation_id="listRatings", summary="Ratings of a game type", tags=["stats"])
async def list_ratings(
    clickhouse: NamedDependency[ClickHouse],
    gametype: Annotated[str, QueryParameter(max_length=40, description="ffa, tdm, rounds, ...")],
    matches: Annotated[
        int, QueryParameter(ge=1, le=100_000, description="only players with so many rated matches")
    ] = 1,
    cursor: _After = None,
    limit: _Limit = 25,
) -> Ratings:
    """Return the players of a game type by their ordinal: skill less three times its uncertainty."""
    return await service.board(clickhouse, gametype, matches, paging.decode(cursor), limit)


router = Router("/api/v1/stats", opt={"access": "read"}, route_handlers=[get_player_rating, list_ratings])
