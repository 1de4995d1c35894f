"""HTTP: matches."""

from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from api import paging
from api.matches import service
from api.matches.service import Match, Matches
from api.servers.queries import names as server_names
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres


@get("/", operation_id="listMatches", summary="Matches", tags=["stats"])
async def list_matches(
    clickhouse: NamedDependency[ClickHouse],
    postgres: NamedDependency[Postgres],
    server: Annotated[int | None, QueryParameter(ge=1, le=2**32 - 1, description="only this server")] = None,
    map: Annotated[
        str | None, QueryParameter(max_length=200, description="only this map, as dm/mohdm6")
    ] = None,
    cursor: Annotated[str | None, QueryParameter(description="`next_cursor` of the page before")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=100, description="rows on a page")] = 25,
) -> Matches:
    """Return matches, the latest first."""
    names = await server_names(postgres)
    return await service.find(clickhouse, names, server, map, paging.decode(cursor), limit)


@get("/{match_id:str}", operation_id="getMatch", summary="One match", tags=["stats"])
async def get_match(
    clickhouse: NamedDependency[ClickHouse], postgres: NamedDependency[Postgres], match_id: FromPath[str]
) -> Match:
    """Return a match: scoreboard, timeline, and whether all of it was received."""
    return await service.match(clickhouse, postgres, match_id)


router = Router("/api/v1/stats/matches", opt={"access": "read"}, route_handlers=[list_matches, get_match])
