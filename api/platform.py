"""After Action put together: the stores and what lives as long as the process does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from redis.asyncio import Redis

from api.auth.service import Gate
from api.auth.sessions import Sessions
from api.embedded.engines import Engines
from api.errors import ConfigurationError
from api.ingest.service import Inlet
from api.limits import Limits
from api.live.followers import Followers
from api.logins.service import Logins
from api.settings import Settings
from api.stores import clickhouse as clickhouses
from api.stores import redis
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres, connected
from smf_bridge import address
from smf_bridge.database import Database


@dataclass(frozen=True, slots=True)
class Platform:
    """What handlers, jobs and commands work with."""

    settings: Settings
    postgres: Postgres
    clickhouse: ClickHouse
    redis: Redis
    gate: Gate
    limits: Limits
    inlet: Inlet
    logins: Logins
    sessions: Sessions
    followers: Followers
    # None where no forum is set.
    forum: Database | None = None


@asynccontextmanager
async def opened(
    settings: Settings, engines: Engines, clickhouse: ClickHouse | None = None
) -> AsyncIterator[Platform]:
    """Connect to the engines for the length of the block.

    An open `clickhouse` is used as it is, and left open.
    """
    async with connected(engines.postgres_url) as postgres:
        store = clickhouse or _clickhouse(engines)
        client = redis.connect(engines.redis_url)
        inlet = Inlet(postgres, settings)
        inlet.start()
        gate, limits = Gate(postgres, settings.admin_token), Limits(client, settings)
        logins = Logins(postgres, settings)
        sessions, followers = Sessions(client, gate), Followers(client, settings.live_followers)
        forum = Database(address.parse(settings.forum_url)) if settings.forum_url else None
        try:
            yield Platform(
                settings, postgres, store, client, gate, limits, inlet, logins, sessions, followers, forum
            )
        finally:
            followers.close()
            if forum is not None:
                forum.close()
            logins.close()
            await inlet.stop()
            await client.aclose()
            if clickhouse is None:
                store.close()


def _clickhouse(engines: Engines) -> ClickHouse:
    if engines.clickhouse_folder is not None:
        return clickhouses.embedded(engines.clickhouse_folder)
    if engines.clickhouse_url is None:
        raise ConfigurationError("the ClickHouse of this data folder is open in another process")
    return clickhouses.server(engines.clickhouse_url)
