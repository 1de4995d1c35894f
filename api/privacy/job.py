"""Completes erasures that were killed."""

from redis.asyncio import Redis

from api.privacy import service
from api.settings import Settings
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres


async def step(postgres: Postgres, clickhouse: ClickHouse, redis: Redis, settings: Settings) -> None:
    """Complete what was begun, if anything was."""
    await service.finish(postgres, clickhouse, redis, settings)
