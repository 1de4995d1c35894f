"""HTTP: after-action reports, for admins."""

from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.ingest import job as ingest
from api.reports import service
from api.reports.job import LOCK
from api.reports.service import Report
from api.settings import Settings
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres


@post(
    "/{match_id:str}/report",
    operation_id="makeReport",
    summary="Make an after-action report anew",
    tags=["admin"],
    status_code=200,
)
async def make_report(
    clickhouse: NamedDependency[ClickHouse],
    postgres: NamedDependency[Postgres],
    settings: NamedDependency[Settings],
    match_id: FromPath[str],
) -> Report:
    """Make a match's report anew from the log, and return it. The worker does so after each change."""
    return await service.make(
        clickhouse, postgres, settings, match_id, lambda: ingest.among_writers(postgres, LOCK)
    )


router = Router("/api/v1/admin/matches", opt={"access": "admin"}, route_handlers=[make_report])
