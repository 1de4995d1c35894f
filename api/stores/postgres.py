"""Postgres: a pool, transactions, and named queries whose rows come back as structs."""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import msgspec
import psycopg
from psycopg import AsyncConnection
from psycopg.rows import dict_row, tuple_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from api.errors import StoreUnavailable

T = TypeVar("T")
Connection = AsyncConnection[tuple[Any, ...]]

# Class 54, a limit of the program: the statement is at fault, not the server.
_TOO_MUCH = "54"
_STATEMENT_SECONDS = 15.0
# A connection is believed to live for so long without a question.
_ALIVE_SECONDS = 1.0
AWAY = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)


class Postgres:
    """A pool of connections to one Postgres database."""

    def __init__(self, url: str, size: int = 6, locks: int = 16, timeout: float = 5) -> None:
        """`timeout` in seconds bounds the wait for a connection; `locks` are held or waited for at once."""
        self._pool = _pool(url, 1, size, timeout)
        # Whoever waits for a lock takes no connection from who holds it and has a statement to run.
        self._locks = _pool(url, 0, locks, timeout)

    async def open(self) -> None:
        """Start connecting; calls wait for a connection on their own."""
        await self._pool.open()
        await self._locks.open()

    async def close(self) -> None:
        """Disconnect."""
        await self._locks.close()
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Give a connection inside a transaction that commits at the end of the block.

        Raises StoreUnavailable when Postgres cannot be reached or goes away inside the block.
        """
        async with _transaction(self._pool) as connection:
            yield connection

    async def rows(self, sql: str, row: type[T], *parameters: object, **named: object) -> list[T]:
        """Run one statement and return its rows as `row` structs; like `execute`, within 15 seconds.

        Its parameters have places or names, all of them one or the other.
        """

        async def run() -> list[T]:
            async with self.transaction() as connection:
                return await fetch(connection, sql, row, named or parameters)

        return await _in_time(run())

    async def one(self, sql: str, row: type[T], *parameters: object) -> T | None:
        """Run one statement of at most one row."""
        found = await self.rows(sql, row, *parameters)
        return found[0] if found else None

    async def execute(self, sql: str, *parameters: object) -> int:
        """Run one statement and return how many rows it touched."""

        async def run() -> int:
            async with self.transaction() as connection:
                return (await connection.execute(sql, parameters)).rowcount

        return await _in_time(run())

    async def ping(self) -> None:
        """Raise StoreUnavailable unless Postgres answers."""
        async with asyncio.timeout(10), self.transaction() as connection:
            await connection.execute("SELECT 1")

    @asynccontextmanager
    async def lock(self, key: int, *, shared: bool = False) -> AsyncIterator[Connection]:
        """Hold an advisory lock, exclusively or with others, for the length of the block.

        The lock lives as long as the connection that is given.
        """
        kind = "_shared" if shared else ""
        async with _transaction(self._locks) as connection:
            await connection.execute(f"SELECT pg_advisory_xact_lock{kind}(%s)", (key,))
            yield connection


class _Connection(AsyncConnection[tuple[Any, ...]]):
    """Knows when it was last found alive, in seconds of a clock that only runs forward."""

    alive_at = 0.0


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Postgres]:
    """Connect to a Postgres for the length of the block."""
    postgres = Postgres(url)
    await postgres.open()
    try:
        yield postgres
    finally:
        await postgres.close()


def _pool(url: str, least: int, most: int, timeout: float) -> AsyncConnectionPool[_Connection]:
    return AsyncConnectionPool(
        url,
        min_size=least,
        max_size=most,
        timeout=timeout,
        open=False,
        check=_check,
        connection_class=_Connection,
        # A 202 is durable whatever the server's own default is.
        kwargs={
            "connect_timeout": int(timeout),
            "options": "-c timezone=UTC -c synchronous_commit=on",
            "keepalives_idle": 10,
            "tcp_user_timeout": 20_000,
        },
    )


@asynccontextmanager
async def _transaction(pool: AsyncConnectionPool[_Connection]) -> AsyncIterator[Connection]:
    try:
        async with pool.connection() as connection, connection.transaction():
            connection.row_factory = tuple_row
            yield connection
    except AWAY as error:
        if isinstance(error, psycopg.Error) and (error.sqlstate or "").startswith(_TOO_MUCH):
            raise
        raise StoreUnavailable("postgres", str(error) or type(error).__name__) from error


async def _check(connection: _Connection) -> None:
    """Ask Postgres whether it is still there, unless it just was."""
    now = time.monotonic()
    if now - connection.alive_at > _ALIVE_SECONDS:
        await AsyncConnectionPool.check_connection(connection)
        connection.alive_at = now


async def _in_time(work: Coroutine[Any, Any, T]) -> T:
    """Await a statement, but not for longer than anyone waits for an answer.

    Cancelling a statement asks Postgres, and a frozen one would not answer that: it is left behind instead.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=_STATEMENT_SECONDS)
    finally:
        if not task.done():
            task.cancel()
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
    if not task.done() or task.cancelled():
        raise StoreUnavailable("postgres", f"no answer in {_STATEMENT_SECONDS:.0f} s")
    return task.result()


async def fetch(
    connection: Connection,
    sql: str,
    row: type[T],
    parameters: Sequence[object] | Mapping[str, object] = (),
) -> list[T]:
    """Run one statement on a connection and return its rows as `row` structs."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(sql, parameters)
        return [msgspec.convert(found, row) for found in await cursor.fetchall()]
