"""HTTP: after-action reports."""

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.reports import service
from api.reports.service import Report
from api.settings import Settings
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres


@get(
    "/{match_id:str}/report",
    operation_id="getReport",
    summary="After-action report of a match",
    tags=["stats"],
)
async def get_report(
    clickhouse: NamedDependency[ClickHouse],
    postgres: NamedDependency[Postgres],
    settings: NamedDependency[Settings],
    match_id: FromPath[str],
) -> Report:
    """Return what a match came to: who won, who was worth most, kills, fights, and what it did to ratings."""
    return await service.report(clickhouse, postgres, settings, match_id)


router = Router("/api/v1/matches", opt={"access": "read"}, route_handlers=[get_report])
