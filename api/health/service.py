"""Asking each store how it is, and how much waits in the inbox."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Literal

import msgspec
import structlog
from redis.asyncio import Redis

from api import metrics
from api.errors import StoreUnavailable
from api.ingest import inbox
from api.ingest.inbox import Inbox
from api.stores import redis as redis_store
from api.stores.clickhouse import ClickHouse, QueryError
from api.stores.postgres import Postgres

_SECONDS = 3.0
# Accepted events wait a second or two; later, ClickHouse takes none, whatever it answers.
_LATE_SECONDS = 60.0

log = structlog.get_logger()

Status = Literal["ready", "degraded", "unavailable"]


class Readiness(msgspec.Struct):
    """How After Action is.

    `ready`: all is well; `degraded`: events are taken in and something else waits; `unavailable`: no events
    are taken in.
    """

    status: Status
    stores: dict[str, str]
    inbox: Inbox | None


async def readiness(postgres: Postgres, clickhouse: ClickHouse, redis: Redis) -> Readiness:
    """Ask every store, at most three seconds each."""
    checks = {"postgres": postgres.ping(), "clickhouse": clickhouse.ping(), "redis": _ping(redis)}
    answers = await asyncio.gather(*(_check(check) for check in checks.values()))
    stores = dict(zip(checks, answers, strict=True))
    for name, answer in stores.items():
        metrics.store_up.labels(name).set(answer == "ok")
    depth = None
    if stores["postgres"] == "ok":
        with suppress(TimeoutError, StoreUnavailable):
            async with asyncio.timeout(_SECONDS):
                depth = await inbox.depth(postgres)
    return Readiness(_status(stores, depth), stores, depth)


def _status(stores: dict[str, str], depth: Inbox | None) -> Status:
    if depth is None:
        return "unavailable"
    if any(answer != "ok" for answer in stores.values()):
        return "degraded"
    if depth.failing_blocks or depth.oldest_seconds > _LATE_SECONDS:
        return "degraded"
    return "ready"


async def _ping(redis: Redis) -> None:
    with redis_store.away():
        await redis.ping()


async def _check(check: Awaitable[None]) -> str:
    try:
        async with asyncio.timeout(_SECONDS):
            await check
    except TimeoutError:
        return f"no answer in {_SECONDS:.0f} s"
    except (StoreUnavailable, QueryError) as error:
        # What a driver says may name hosts and users; that is for the log.
        log.warning("a store does not answer", cause=str(error))
        return "away"
    return "ok"
