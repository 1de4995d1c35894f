"""Completes erasures that were killed, and erases the members who have asked for it."""

from redis.asyncio import Redis

from api.privacy import service
from api.settings import Settings
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres


async def step(postgres: Postgres, clickhouse: ClickHouse, redis: Redis, settings: Settings) -> None:
    """Complete what was begun, if anything was, and do what was asked for."""
    await service.finish(postgres, clickhouse, redis, settings)
    await service.erase_who_asked(postgres, clickhouse, redis, settings)
