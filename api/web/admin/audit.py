"""The audit log."""

from datetime import date
from typing import Annotated
from urllib.parse import urlencode

import msgspec
from litestar import get
from litestar.response import Template
from msgspec import Meta

from api.audit import service
from api.web.admin.desk import Here, PageRequest, asked, page
from api.web.forms import Text

_ENTRIES = 50


class _Asked(msgspec.Struct):
    who: Text | None = None
    action: Annotated[str, Meta(pattern=r"^[\w.]*$", max_length=64)] | None = None
    subject: Text | None = None
    since: date | None = None
    until: date | None = None
    before: Annotated[int, Meta(ge=1, le=2**62)] | None = None


@get("/admin/audit")
async def list_audit(request: PageRequest, platform: Here) -> Template:
    """Show a page of it."""
    query = asked(request, _Asked)
    filters = msgspec.structs.asdict(query)
    entries = await service.page(platform.postgres, limit=_ENTRIES, **filters)
    older = None
    if len(entries) == _ENTRIES:
        wanted = {**filters, "before": entries[-1].id}
        older = "/admin/audit?" + urlencode({name: value for name, value in wanted.items() if value})
    return page(request, "admin/audit.html", "audit", asked=query, entries=entries, older_page=older)
