"""The real engines for tests: one set a session, emptied before each test that asks for it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import msgspec

from api.app import create_app
from api.auth.roles import ALLOWED
from api.embedded.engines import Engines
from api.ingest import job
from api.logins import networks
from api.logins.clients import Client
from api.platform import Platform, opened
from api.players import people
from api.rebuild.service import migrate
from api.servers import service as servers
from api.settings import Settings
from api.stores import clickhouse as clickhouses
from api.stores.clickhouse import ClickHouse
from api.stores.migrations import Step
from api.stores.postgres import Postgres

R = TypeVar("R")


class _Table(msgspec.Struct):
    name: str


@dataclass(frozen=True, slots=True)
class Stack:
    """Embedded engines in a scratch folder, migrated."""

    settings: Settings
    engines: Engines
    # Held open, or ClickHouse would start anew for every test.
    clickhouse: ClickHouse

    def run(self, use: Callable[[Platform], Awaitable[R]]) -> R:
        """Run a coroutine with all stores."""

        async def opened_run() -> R:
            async with opened(self.settings, self.engines, self.clickhouse) as platform:
                return await use(platform)

        return asyncio.run(opened_run())

    def migrate(self) -> None:
        self.run(migrated)

    def wipe(self) -> None:
        """Empty all stores."""

        async def all_of_it(platform: Platform) -> None:
            await wipe_postgres(platform.postgres)
            await wipe_clickhouse(platform.clickhouse)
            await platform.redis.flushdb()

        self.run(all_of_it)


@contextmanager
def scratch_database(server_url: str | None) -> Iterator[str | None]:
    """Make a database on a server for the length of the block, and return its URL; None without a server."""
    if server_url is None:
        yield None
        return
    name = f"afteraction_test_{uuid4().hex}"
    server = clickhouses.server(server_url, size=1)
    asyncio.run(server.command(f"CREATE DATABASE {name}"))
    yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
    asyncio.run(server.command(f"DROP DATABASE {name} SYNC"))
    server.close()


async def migrated(platform: Platform, *, dry_run: bool = False) -> list[Step]:
    """Bring the stores to the newest schema, as `up` does."""
    return await migrate(
        platform.postgres, platform.clickhouse, platform.settings, no_report, dry_run=dry_run
    )


async def no_report(_noun: str, _done: int, _total: int) -> None:
    """Tell nobody how far a rebuild is."""


def player(platform: Platform, server_id: int, client_id: str, name: str, address: str) -> Client:
    """A player as the logins know one."""
    network = networks.hashed(platform.logins.hashes, networks.of_address(address))
    return Client(server_id, client_id, name, network)


def http_client(platform: Platform) -> httpx.AsyncClient:
    """A client of the application, in the same loop as the platform."""
    transport = httpx.ASGITransport(app=create_app(platform))  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://test")


async def wipe_clickhouse(clickhouse: ClickHouse) -> None:
    """Empty every table but the record of migrations."""
    tables = await clickhouse.rows(
        "SELECT name FROM system.tables WHERE database = currentDatabase() "
        "AND engine LIKE '%MergeTree' AND name != 'schema_migrations'",
        _Table,
    )
    for table in tables:
        await clickhouse.command(f"TRUNCATE TABLE {table.name}")
    await people.refresh(clickhouse)


async def wipe_postgres(postgres: Postgres) -> None:
    """Empty every table but the record of migrations."""
    tables = await postgres.rows(
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' "
        "AND tablename != 'schema_migrations'",
        _Table,
    )
    await postgres.execute(f"TRUNCATE {', '.join(table.name for table in tables)} RESTART IDENTITY")


async def add_server(platform: Platform, name: str = "one") -> int:
    """Add a game server and return its id."""
    token = await servers.add(platform.postgres, name)
    return (await platform.gate.caller(token, ALLOWED["server"])).server_id


async def drain(platform: Platform) -> int:
    """Bring everything in the inbox to ClickHouse and return how many events that were."""
    written = 0
    stores = platform.postgres, platform.clickhouse, platform.settings
    while (events := await job.write_block(*stores)) is not None:
        written += events
    return written
