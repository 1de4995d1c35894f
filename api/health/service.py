"""Asking each store how it is, and how much waits in the inbox."""

import asyncio
from collections.abc import Awaitable
from typing import Literal

import msgspec
from redis.asyncio import Redis

from api import metrics
from api.errors import StoreUnavailable
from api.stores import redis as redis_store
from api.stores.clickhouse import ClickHouse, QueryError
from api.stores.postgres import Postgres
from api.stores.sql import queries

_INBOX = queries("postgres", "inbox")
_SECONDS = 3.0

Status = Literal["ready", "degraded", "unavailable"]


class Inbox(msgspec.Struct):
    """Events that are accepted and not yet in ClickHouse. A block is failing when ClickHouse refused it."""

    rows: int
    events: int
    bytes: int
    oldest_seconds: float
    failing_blocks: int
    failure: str | None


class Readiness(msgspec.Struct):
    """`ready`; `degraded`: events are taken in, something else waits; `unavailable`: no events are taken in."""

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
    inbox = await inbox_depth(postgres) if stores["postgres"] == "ok" else None
    return Readiness(_status(stores, inbox), stores, inbox)


def _status(stores: dict[str, str], inbox: Inbox | None) -> Status:
    if inbox is None:
        return "unavailable"
    if any(answer != "ok" for answer in stores.values()) or inbox.failing_blocks:
        return "degraded"
    return "ready"


async def inbox_depth(postgres: Postgres) -> Inbox | None:
    """Return what waits in the inbox, None when Postgres is away."""
    try:
        depth = await postgres.one(_INBOX["depth"], Inbox)
    except StoreUnavailable:
        return None
    if depth is not None:
        metrics.inbox_events.set(depth.events)
        metrics.inbox_oldest_seconds.set(depth.oldest_seconds)
    return depth


async def _ping(redis: Redis) -> None:
    with redis_store.away():
        await redis.ping()


async def _check(check: Awaitable[None]) -> str:
    try:
        async with asyncio.timeout(_SECONDS):
            await check
    except TimeoutError:
        return f"no answer in {_SECONDS:.0f} s"
    except StoreUnavailable as error:
        return error.cause
    except QueryError as error:
        return str(error)
    return "ok"
