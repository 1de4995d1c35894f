"""The writer: seals waiting inbox rows into blocks and brings each block to ClickHouse once.

A block is sealed in one transaction, and inserted under its own token while a second one holds a lock on it;
its rows are deleted only after ClickHouse has taken it. Whatever dies in between, the same block is inserted
under the same token again, which ClickHouse recognises, in every table behind the views.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import msgspec
import structlog

from api import keyed, metrics
from api.errors import StoreUnavailable
from api.ingest import payload, tombstones
from api.keyed import Keyed
from api.players import people
from api.settings import Settings
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Connection, Postgres, fetch
from api.stores.sql import queries

_SQL = queries("postgres", "inbox")
_LEDGER = queries("postgres", "ledger")
# What a block may have unpacked, however few its events are.
_BLOCK_BYTES = 64 << 20
# The pause after a small block, in times of what it took.
_REST = 3
_WRITERS_KEY = 0x696E_626F_78  # "inbox"

log = structlog.get_logger()


class _Block(msgspec.Struct):
    id: int
    token: str
    failures: int


class _Waiting(msgspec.Struct):
    fills: bool


class _Unfinished(msgspec.Struct):
    id: int


class _Row(msgspec.Struct):
    events: int
    payload: bytes


def writers(postgres: Postgres, *, exclude: bool = False) -> AbstractAsyncContextManager[Connection]:
    """Be one of the writers for the length of the block, or keep all of them out (`exclude`)."""
    return postgres.lock(_WRITERS_KEY, shared=not exclude)


@asynccontextmanager
async def among_writers(postgres: Postgres, key: int) -> AsyncIterator[None]:
    """Be the only one under this key, and among the writers, so that no table is made anew meanwhile."""
    async with postgres.lock(key), writers(postgres):
        yield


@asynccontextmanager
async def quiet(postgres: Postgres) -> AsyncIterator[bool]:
    """Keep all writers out for the length of the block.

    Gives False when a block is not finished, because its writer died or ClickHouse refused it: then some of
    ClickHouse's tables may know of it and others not.
    """
    async with writers(postgres, exclude=True) as connection:
        yield not await fetch(connection, _SQL["unfinished"], _Unfinished)


async def step(postgres: Postgres, clickhouse: ClickHouse, settings: Settings) -> None:
    """Bring one block to ClickHouse, then wait unless as much as a block waits already.

    A block costs ClickHouse some tenths of a second however small it is: small ones do not follow each other,
    and the slower the machine, the further apart they are.
    """
    async with writers(postgres):
        started = time.monotonic()
        written = await write_block(postgres, clickhouse, settings)
        taken = time.monotonic() - started
    if not written or not await is_full(postgres, settings.block_events):
        await asyncio.sleep(max(settings.poll_seconds, _REST * taken))


async def is_full(postgres: Postgres, block_events: int) -> bool:
    """Tell whether what waits fills a block: by its events, its bytes or its rows."""
    waiting = await postgres.one(_SQL["full"], _Waiting, block_events, _BLOCK_BYTES)
    return waiting is not None and waiting.fills


async def tidy(postgres: Postgres) -> None:
    """Forget digests that are older than a repeat can be."""
    await postgres.execute(_LEDGER["forget_digests"])


async def write_block(postgres: Postgres, clickhouse: ClickHouse, settings: Settings) -> int | None:
    """Seal what waits, bring the oldest block to ClickHouse, and return how many events it had.

    Whoever was erased is not named in it.

    Returns None when no block is due, 0 when one was refused and will be tried again.
    """
    key = keyed.load(settings)
    written = await _write_oldest(postgres, clickhouse, key)
    if written is None and await postgres.execute(_SQL["seal"], settings.block_events, _BLOCK_BYTES):
        written = await _write_oldest(postgres, clickhouse, key)
    return written


async def _write_oldest(postgres: Postgres, clickhouse: ClickHouse, key: Keyed) -> int | None:
    async with postgres.transaction() as connection:
        blocks = await fetch(connection, _SQL["claim"], _Block)
        if not blocks:
            return None
        return await _insert(connection, clickhouse, blocks[0], key)


async def _insert(connection: Connection, clickhouse: ClickHouse, block: _Block, key: Keyed) -> int:
    erased = await tombstones.read(connection, key)
    rows = await fetch(connection, _SQL["rows_of"], _Row, (block.id,))
    try:
        with metrics.insert_seconds.time():
            runs = erased.hold(run for row in rows for run in payload.unpack(row.payload))
            await clickhouse.insert("ingest_batches", payload.columns(runs), token=block.token)
    except StoreUnavailable:
        raise
    except Exception as error:
        metrics.insert_failures.inc()
        log.error("block not inserted", block=block.id, failures=block.failures + 1, cause=str(error)[:500])
        await _execute(connection, "postpone", str(error)[:2000], block.id)
        return 0
    # A bot may have come with it.
    await people.refresh(clickhouse)
    await _execute(connection, "delete_rows_of", block.id)
    await _execute(connection, "delete_block", block.id)
    events = sum(row.events for row in rows)
    metrics.inserted.inc(events)
    return events


async def _execute(connection: Connection, name: str, *parameters: object) -> None:
    await connection.execute(_SQL[name], parameters)
