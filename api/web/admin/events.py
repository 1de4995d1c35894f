"""Events that did not go in: the quarantine, and blocks that ClickHouse refuses."""

from typing import Annotated
from urllib.parse import urlencode

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter
from litestar.response import Redirect, Template
from msgspec import Meta

from api.audit.service import Actor
from api.events.refusal import RejectCode
from api.ingest import blocks, inbox, quarantine
from api.web.admin.desk import Here, PageRequest, asked, done, form, page

_LINES = 25
_Row = Annotated[int, Meta(ge=1, le=2**62)]


class _Which(msgspec.Struct):
    server: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None
    code: RejectCode | None = None
    event: _Row | None = None
    before: _Row | None = None


@get("/admin/quarantine")
async def list_quarantine(request: PageRequest, platform: Here) -> Template:
    """Say what lies in quarantine, why, and how it looks."""
    query = asked(request, _Which)
    rows = await quarantine.page(
        platform.postgres, before=query.before, server_id=query.server, code=query.code, limit=_LINES
    )
    older = None
    if len(rows) == _LINES:
        wanted = {"server": query.server, "code": query.code, "before": rows[-1].id}
        older = "/admin/quarantine?" + urlencode({name: value for name, value in wanted.items() if value})
    return page(
        request,
        "admin/quarantine.html",
        "quarantine",
        tally=await quarantine.tally(platform.postgres),
        events=rows,
        asked=query,
        older_page=older,
    )


@post("/admin/quarantine/drive", status_code=200)
async def drive(request: PageRequest, platform: Here, actor: NamedDependency[Actor]) -> Redirect:
    """Send quarantined events through ingest again."""
    which = await form(request, _Which)
    driven = await quarantine.drive(
        platform.postgres,
        platform.inlet,
        platform.settings,
        actor,
        server_id=which.server,
        code=which.code,
    )
    notice = (
        f"Driven again: {driven.accepted} went in, {driven.duplicates} were there already, "
        f"{driven.still_rejected} are still refused."
    )
    return await done(request, platform, notice, "/admin/quarantine")


@post("/admin/quarantine/discard", status_code=200)
async def discard(request: PageRequest, platform: Here, actor: NamedDependency[Actor]) -> Redirect:
    """Throw quarantined events away."""
    which = await form(request, _Which)
    thrown = await quarantine.discard(
        platform.postgres, actor, event_id=which.event, server_id=which.server, code=which.code
    )
    notice = f"Thrown away: {sum(row.events for row in thrown)} events."
    return await done(request, platform, notice, "/admin/quarantine")


@get("/admin/blocks")
async def list_blocks(request: PageRequest, platform: Here) -> Template:
    """Say what ClickHouse refuses, and why."""
    return page(
        request,
        "admin/blocks.html",
        "blocks",
        blocks=await inbox.failing(platform.postgres),
        depth=await inbox.depth(platform.postgres),
    )


@post("/admin/blocks/{block_id:int}/set-aside", status_code=200)
async def set_aside(
    request: PageRequest,
    platform: Here,
    actor: NamedDependency[Actor],
    block_id: Annotated[int, PathParameter(ge=1, le=2**62)],
) -> Redirect:
    """Take a refused block out of the way."""
    made = await blocks.set_aside(platform.postgres, platform.clickhouse, block_id, actor)
    notice = (
        f"Block {block_id} is set aside: {made.events} events are kept, {made.in_the_log} were in the log "
        "already. Now run `afteraction rebuild`."
    )
    return await done(request, platform, notice, "/admin/blocks")


@post("/admin/blocks/drive", status_code=200)
async def drive_blocks(request: PageRequest, platform: Here, actor: NamedDependency[Actor]) -> Redirect:
    """Bring what was set aside to ClickHouse again."""
    driven = await blocks.drive(platform.postgres, actor)
    notice = f"{driven.events} events wait for ClickHouse again."
    return await done(request, platform, notice, "/admin/blocks")


handlers = [list_quarantine, drive, discard, list_blocks, set_aside, drive_blocks]
