"""Merges that a full disk cut short.

On a full disk, ClickHouse may take a merge for done although its files were cut short, and use the new part
in place of those that it was made of. Those stay for eight minutes (`PARTS_KEPT_SECONDS`): found in time, the
bad part is put aside by opening its table anew, and they are used again.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec
import structlog

from api.ingest import job
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres
from api.stores.sql import queries

_SQL = queries("clickhouse", "parts")

log = structlog.get_logger()


class Part(msgspec.Struct, frozen=True):
    """A part that a merge made. `bytes` is what its files should add up to, at least."""

    table: str
    name: str
    path: str
    bytes: int


class _Table(msgspec.Struct):
    name: str


async def step(postgres: Postgres, clickhouse: ClickHouse) -> None:
    """Look for merged parts that were cut short, and open their tables anew.

    Parts whose files are on another machine are left to it. A table that an earlier step closed and could not
    open, because ClickHouse was busy, is opened first.
    """
    for closed in await clickhouse.rows(_SQL["detached"], _Table):
        await clickhouse.command(f"ATTACH TABLE {closed.name}")
    short = cut_short(await clickhouse.rows(_SQL["merged"], Part))
    if not short:
        return
    async with job.writers(postgres, exclude=True):
        for table in sorted({part.table for part in short}):
            names = [part.name for part in short if part.table == table]
            log.error(
                "a merge was cut short, is the disk full? its table is opened anew", table=table, parts=names
            )
            await clickhouse.command(f"DETACH TABLE {table} SYNC")
            await clickhouse.command(f"ATTACH TABLE {table}")


def cut_short(parts: Iterable[Part]) -> list[Part]:
    """Return the parts whose files are smaller than they should be."""
    return [part for part in parts if (size := _size(Path(part.path))) is not None and size < part.bytes]


def _size(folder: Path) -> int | None:
    """Return the bytes in a folder's files, None where there is no such folder or it is being removed."""
    try:
        with os.scandir(folder) as entries:
            return sum(entry.stat().st_size for entry in entries)
    except OSError:
        return None
