"""An API process of its own over a test's engines: `python -m tests.auth.one_of_two PORT POSTGRES REDIS`."""

import asyncio
import sys

from api import serving
from api.embedded.engines import Engines
from api.platform import opened
from api.settings import Settings
from api.stores import clickhouse as clickhouses


async def run(port: int, postgres_url: str, redis_url: str) -> None:
    """Serve until killed. ClickHouse is away: logging in does without it."""
    settings = Settings(host="127.0.0.1", port=port, failed_keys_per_minute=0, key_requests_per_minute=0)
    engines = Engines(postgres_url=postgres_url, redis_url=redis_url, clickhouse_url=None)
    away = clickhouses.server("clickhouse://127.0.0.1:9/nowhere", size=1)
    with serving.listening(settings) as taken:
        async with opened(settings, engines, away) as platform:
            await serving.server(platform).serve(sockets=[taken])


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
