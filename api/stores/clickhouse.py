"""ClickHouse behind one interface: in this process (chDB) or a server over its native protocol.

Both speak the same SQL, bind the same `{name:Type}` parameters and raise the same errors. Calls block in
worker threads and are awaited; a connection serves one call at a time.
"""

import asyncio
import queue
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from setproctitle import setthreadtitle

from api.errors import StoreUnavailable
from api.stores.clickhouse_errors import QueryError as QueryError
from api.stores.clickhouse_text import quote
from api.stores.cluster import Cluster

T = TypeVar("T")
R = TypeVar("R")
Parameters = Mapping[str, object]
# Bulk columns are 64-bit integers or byte strings: what both ways of inserting agree on without looking
# up a table's types.
Column = Sequence[int] | Sequence[bytes]

# With these and a token, a block is taken once.
DEDUPLICATION: Mapping[str, object] = {
    "insert_deduplicate": 1,
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    # A server gathers what is inserted without waiting, unless told not to; that knows no token.
    "async_insert": 0,
    "max_insert_threads": 1,
    "max_threads": 1,
    "parallel_view_processing": 0,
    # One block in, one block on: the pieces of a repeated block must be the same.
    "max_block_size": 1048576,
    "min_insert_block_size_rows": 0,
    "min_insert_block_size_bytes": 0,
}
_SETTINGS: Mapping[str, object] = {
    # How both ways of asking give the same answer.
    "join_use_nulls": 1,
    # What a question is compiled to at its fourth time, for up to a second of CPU time, saves nothing here.
    "compile_expressions": 0,
    "compile_aggregate_expressions": 0,
    "compile_sort_description": 0,
    # Nor does what follows from one comparison and another; to look for it takes a fifth of a long question.
    "optimize_and_compare_chain": 0,
}
# How long a call waits while others have all connections.
_PATIENCE_SECONDS = 15.0


class Driver(Protocol):
    """One connection. Methods block; none is called by two threads at once. ClickHouse says what they do."""

    def rows(self, sql: str, parameters: Parameters, row: type[T]) -> list[T]: ...  # noqa: D102
    def command(self, sql: str, parameters: Parameters) -> None: ...  # noqa: D102
    def insert(self, table: str, columns: Mapping[str, Column], settings: Mapping[str, object]) -> None: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


class ClickHouse:
    """A pool of connections to one ClickHouse."""

    def __init__(
        self,
        connect: Callable[[], Driver],
        size: int,
        description: str,
        patience: float = _PATIENCE_SECONDS,
        cluster: Cluster | None = None,
        itself: str = "",
    ) -> None:
        self.description = description
        # How often it was asked or told something, to see what a page costs.
        self.calls = 0
        self.cluster = cluster
        # How its dictionaries reach it: the start of a SOURCE(CLICKHOUSE(...)).
        self.itself = itself
        self._patience = patience
        self._connect = connect
        self._free: queue.LifoQueue[Driver | None] = queue.LifoQueue()
        for _ in range(size):
            self._free.put(None)
        self._size = size
        # Named for who looks at the process from outside: what they do is ClickHouse's work.
        self._threads = ThreadPoolExecutor(
            size, thread_name_prefix="clickhouse", initializer=setthreadtitle, initargs=("clickhouse",)
        )

    async def rows(self, sql: str, row: type[T], **parameters: object) -> list[T]:
        """Run a query and return its rows as `row` structs.

        Raises QueryError when ClickHouse refuses it, StoreUnavailable when there is no ClickHouse, when it
        cannot do it at the moment, or when no connection is free for a while.
        """
        return await self._run(lambda driver: driver.rows(sql, parameters, row))

    async def one(self, sql: str, row: type[T], **parameters: object) -> T | None:
        """Run a query of at most one row."""
        found = await self.rows(sql, row, **parameters)
        return found[0] if found else None

    async def command(self, sql: str, **parameters: object) -> None:
        """Run a statement that returns nothing."""
        await self._run(lambda driver: driver.command(sql, parameters))

    async def insert(self, table: str, columns: Mapping[str, Column], token: str) -> None:
        """Insert columns of equal length as one block that ClickHouse takes once, views included.

        A second insert under the same token, by anyone, changes nothing where the first one arrived and
        completes what it left undone.
        """
        settings = {**DEDUPLICATION, "insert_deduplication_token": token}
        await self._run(lambda driver: driver.insert(table, columns, settings))

    async def ping(self) -> None:
        """Raise StoreUnavailable unless ClickHouse answers."""
        await self.command("SELECT 1")

    async def _run(self, call: Callable[[Driver], R]) -> R:
        self.calls += 1
        running = self._threads.submit(self._call, call)
        answer = asyncio.wrap_future(running)
        try:
            await asyncio.wait([answer], timeout=self._patience)
        except asyncio.CancelledError:
            answer.cancel()
            raise
        # Only what has not begun can be cancelled.
        if running.cancel():
            raise StoreUnavailable(
                "clickhouse", f"all {self._size} connections to {self.description} are busy"
            )
        return await answer

    def _call(self, call: Callable[[Driver], R]) -> R:
        with self._driver() as driver:
            return call(driver)

    @contextmanager
    def _driver(self) -> Iterator[Driver]:
        driver = self._free.get()
        try:
            if driver is None:
                driver = self._connect()
            yield driver
        finally:
            self._free.put(driver)

    def close(self) -> None:
        """Wait for running calls, then disconnect."""
        self._threads.shutdown(wait=True)
        for _ in range(self._size):
            driver = self._free.get()
            if driver is not None:
                driver.close()


def embedded(folder: Path, size: int = 4) -> ClickHouse:
    """Open ClickHouse in this process, with its data in `folder`. One process at a time may."""
    # Only the one that is used is loaded: each takes half a second.
    from api.stores.clickhouse_embedded import Embedded

    incoming = folder / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    return ClickHouse(lambda: Embedded(folder, incoming, _SETTINGS), size, "embedded")


def server(url: str, size: int = 8, timeout: float = 60) -> ClickHouse:
    """Connect to a ClickHouse server: clickhouse://user:password@host:9000/database; `timeout` in seconds."""
    from api.stores.clickhouse_native import Native, parse_address

    address = parse_address(url)
    itself = f"USER {quote(address.user)} PASSWORD {quote(address.password)} DB {quote(address.database)} "
    return ClickHouse(
        lambda: Native(address, timeout, _SETTINGS),
        size,
        str(address),
        cluster=address.cluster,
        itself=itself,
    )
