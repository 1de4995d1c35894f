"""HTTP: search."""

from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from api.search import service
from api.search.service import Found
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres


@get("/", operation_id="search", summary="Players, servers, maps, weapons, matches", tags=["search"])
async def search(
    clickhouse: NamedDependency[ClickHouse],
    postgres: NamedDependency[Postgres],
    q: Annotated[
        str,
        QueryParameter(
            max_length=200, description="a name or a part of one, an id; its first 64 letters count"
        ),
    ] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=50, description="of each kind")] = 10,
) -> Found:
    """Return what fits: by any name ever used, whatever its case, colours and leetspeak, slips forgiven."""
    return await service.find(clickhouse, postgres, q, limit)


router = Router("/api/v1/search", opt={"access": "read"}, route_handlers=[search])
