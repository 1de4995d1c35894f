"""Renews the picture of the live matches."""

from redis.asyncio import Redis

from api.live import service
from api.settings import Settings
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres


async def step(clickhouse: ClickHouse, postgres: Postgres, redis: Redis, settings: Settings) -> None:
    """Draw the picture and keep it. An emptied Redis is filled by the next step."""
    await service.keep(redis, await service.draw(clickhouse, postgres, settings.live_timeout_seconds))
