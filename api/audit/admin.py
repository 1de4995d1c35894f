"""HTTP: the audit log, for admins."""

from datetime import date
from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from api.audit import service
from api.audit.service import Entry
from api.stores.postgres import Postgres


class AuditPage(msgspec.Struct):
    """Changes, the newest first. `next_before` gives the following page."""

    entries: list[Entry]
    next_before: int | None


@get("/", operation_id="listAudit", summary="Who changed what", tags=["admin"])
async def list_audit(
    postgres: NamedDependency[Postgres],
    before: Annotated[int | None, QueryParameter(ge=1, le=2**62)] = None,
    subject: Annotated[
        str | None,
        QueryParameter(
            pattern=r"^[^\x00]*$", max_length=200, description="only this, as `server Omaha` or `key 3`"
        ),
    ] = None,
    who: Annotated[
        str | None,
        QueryParameter(pattern=r"^[^\x00]*$", max_length=200, description="a part of the key's label"),
    ] = None,
    action: Annotated[
        str | None,
        QueryParameter(pattern=r"^[\w.]*$", max_length=64, description="how the action begins, as `server.`"),
    ] = None,
    since: Annotated[date | None, QueryParameter(description="a day in UTC, included")] = None,
    until: Annotated[date | None, QueryParameter(description="a day in UTC, included")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
) -> AuditPage:
    """Return the audit log."""
    entries = await service.page(
        postgres,
        before=before,
        subject=subject,
        who=who,
        action=action,
        since=since,
        until=until,
        limit=limit,
    )
    return AuditPage(entries, entries[-1].id if len(entries) == limit else None)


router = Router("/api/v1/admin/audit", opt={"access": "admin"}, route_handlers=[list_audit])
