"""HTTP: the quarantine, for admins."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, PathParameter, QueryParameter

from api.audit.service import Actor
from api.events.refusal import RejectCode
from api.ingest import blocks, inbox, quarantine
from api.ingest.blocks import DrivenAgain, SetAside
from api.ingest.inbox import FailingBlock
from api.ingest.quarantine import Driven, Thrown
from api.ingest.service import Inlet
from api.settings import Settings
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres


class QuarantinedShown(msgspec.Struct):
    """A quarantined event; bytes that are no UTF-8 are shown as \\xNN."""

    id: int
    server_id: int
    server: str
    code: str
    reason: str
    original: str
    first_seen_at: datetime
    last_seen_at: datetime
    times: int


class QuarantinePage(msgspec.Struct):
    """Quarantined events, the newest first. `next_before` gives the following page."""

    events: list[QuarantinedShown]
    next_before: int | None


class Discarded(msgspec.Struct):
    """What was thrown away, by server and reason."""

    thrown: list[Thrown]


class FailingBlocks(msgspec.Struct):
    """Blocks of accepted events that ClickHouse refused, the oldest first."""

    blocks: list[FailingBlock]


@get("/", operation_id="listQuarantine", summary="Events that were not accepted", tags=["admin"])
async def list_quarantine(
    postgres: NamedDependency[Postgres],
    before: Annotated[int | None, QueryParameter(ge=1, le=2**62)] = None,
    server: Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)] = None,
    code: FromQuery[RejectCode | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
) -> QuarantinePage:
    """Return what was set aside, with the reason and the bytes as they arrived."""
    rows = await quarantine.page(postgres, before=before, server_id=server, code=code, limit=limit)
    shown = [
        QuarantinedShown(
            row.id,
            row.server_id,
            row.server,
            row.code,
            row.reason,
            row.original.decode("utf-8", "backslashreplace"),
            row.first_seen_at,
            row.last_seen_at,
            row.times,
        )
        for row in rows
    ]
    return QuarantinePage(shown, rows[-1].id if len(rows) == limit else None)


@post("/drive", operation_id="driveQuarantine", summary="Try them again", tags=["admin"], status_code=200)
async def drive_quarantine(
    postgres: NamedDependency[Postgres],
    inlet: NamedDependency[Inlet],
    settings: NamedDependency[Settings],
    actor: NamedDependency[Actor],
    server: Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)] = None,
    code: FromQuery[RejectCode | None] = None,
) -> Driven:
    """Send quarantined events through ingest again, after whatever kept them out was mended."""
    return await quarantine.drive(postgres, inlet, settings, actor, server_id=server, code=code)


@delete("/", operation_id="discardQuarantine", summary="Throw them away", tags=["admin"], status_code=200)
async def discard_quarantine(
    postgres: NamedDependency[Postgres],
    actor: NamedDependency[Actor],
    event: Annotated[int | None, QueryParameter(ge=1, le=2**62)] = None,
    server: Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)] = None,
    code: FromQuery[RejectCode | None] = None,
) -> Discarded:
    """Throw away quarantined events for good: one, or those of a server, for a reason, or both."""
    return Discarded(await quarantine.discard(postgres, actor, event_id=event, server_id=server, code=code))


@get("/", operation_id="listFailingBlocks", summary="Refused blocks", tags=["admin"])
async def list_failing_blocks(postgres: NamedDependency[Postgres]) -> FailingBlocks:
    """Return the blocks that ClickHouse does not take, and why; they are tried again until it does."""
    return FailingBlocks(await inbox.failing(postgres))


@post(
    "/{block_id:int}/set-aside",
    operation_id="setBlockAside",
    summary="Set a refused block aside",
    tags=["admin"],
    status_code=200,
)
async def set_block_aside(
    postgres: NamedDependency[Postgres],
    clickhouse: NamedDependency[ClickHouse],
    actor: NamedDependency[Actor],
    block_id: Annotated[int, PathParameter(ge=1, le=2**62)],
) -> SetAside:
    """Take a refused block out of the way: rebuilds and upgrades go on, and its events are kept.

    `afteraction rebuild` should follow, since tables may know of a part of the block.
    """
    return await blocks.set_aside(postgres, clickhouse, block_id, actor)


@post(
    "/drive",
    operation_id="driveBlocks",
    summary="Try what was set aside again",
    tags=["admin"],
    status_code=200,
)
async def drive_blocks(postgres: NamedDependency[Postgres], actor: NamedDependency[Actor]) -> DrivenAgain:
    """Bring the events that were set aside to ClickHouse again, after whatever it refused was mended."""
    return await blocks.drive(postgres, actor)


router = Router(
    "/api/v1/admin/quarantine",
    opt={"access": "admin"},
    route_handlers=[list_quarantine, drive_quarantine, discard_quarantine],
)
blocks_router = Router(
    "/api/v1/admin/blocks",
    opt={"access": "admin"},
    route_handlers=[list_failing_blocks, set_block_aside, drive_blocks],
)
