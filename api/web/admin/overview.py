"""What is going on, and what waits for an admin."""

from litestar import get
from litestar.response import Template

from api.audit import service as audit
from api.health import service as health
from api.ingest import quarantine
from api.logins import decisions
from api.web.admin.desk import Here, PageRequest, page

_CHANGES = 8


@get("/admin")
async def overview(request: PageRequest, platform: Here) -> Template:
    """Show the state of the stores, and how much waits for a decision."""
    ready = await health.readiness(platform.postgres, platform.clickhouse, platform.redis)
    waiting = [
        ("/admin/approvals", len(await decisions.open_approvals(platform.logins)), "addresses to approve"),
        ("/admin/links", len(await decisions.conflicts(platform.logins)), "claims to decide"),
        ("/admin/quarantine", await quarantine.count(platform.postgres), "events in quarantine"),
        ("/admin/blocks", ready.inbox.failing_blocks if ready.inbox else 0, "blocks that ClickHouse refuses"),
    ]
    changes = await audit.page(platform.postgres, limit=_CHANGES)
    return page(request, "admin/overview.html", "overview", ready=ready, waiting=waiting, changes=changes)
