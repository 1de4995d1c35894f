"""How much is accepted and not yet in ClickHouse."""

from datetime import datetime

import msgspec

from api import metrics
from api.stores.postgres import Postgres
from api.stores.sql import queries

_SQL = queries("postgres", "inbox")


class Inbox(msgspec.Struct):
    """Events that are accepted and not yet in ClickHouse. A block is failing when ClickHouse refused it.

    Those that an admin set aside wait for nothing, and are counted apart.
    """

    rows: int
    events: int
    bytes: int
    oldest_seconds: float
    failing_blocks: int
    set_aside_events: int = 0


class FailingBlock(msgspec.Struct):
    """A block that ClickHouse refused; it is tried again at `retry_at`, for ever. `bytes`: unpacked."""

    id: int
    token: str
    sealed_at: datetime
    failures: int
    reason: str
    retry_at: datetime
    events: int
    bytes: int


class _Failure(msgspec.Struct):
    text: str


async def depth(postgres: Postgres) -> Inbox:
    """Return what waits in the inbox."""
    found = await postgres.rows(_SQL["depth"], Inbox)
    metrics.inbox_events.set(found[0].events)
    metrics.inbox_oldest_seconds.set(found[0].oldest_seconds)
    return found[0]


async def failure(postgres: Postgres) -> str | None:
    """Return why ClickHouse refused the oldest failing block, None when it refuses none."""
    found = await postgres.one(_SQL["failure"], _Failure)
    return found.text if found else None


async def failing(postgres: Postgres, limit: int = 100) -> list[FailingBlock]:
    """Return the blocks that ClickHouse refused, the oldest first."""
    return await postgres.rows(_SQL["failing"], FailingBlock, limit)
