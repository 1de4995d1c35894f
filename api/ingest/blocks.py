"""Blocks that ClickHouse refuses: set aside, so that nothing else waits for them, and driven again."""

import hashlib
from collections import Counter
from collections.abc import Sequence

import msgspec

from api.audit import service as audit
from api.audit.service import Actor
from api.errors import Conflict, NotFound
from api.ingest import job, payload
from api.ingest.payload import Run
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres, fetch
from api.stores.sql import queries

_SQL = queries("postgres", "inbox")
_LOG = queries("clickhouse", "raw_events")

_Known = Counter[tuple[int, str, int, str]]


class SetAside(msgspec.Struct):
    """What became of a block. `in_the_log`: events that ClickHouse had taken before it refused the rest.

    The tables behind the log may know of a part of the block: `afteraction rebuild` makes them agree with it.
    """

    events: int
    in_the_log: int


class DrivenAgain(msgspec.Struct):
    """How many events that were set aside wait for ClickHouse again."""

    events: int


class _Block(msgspec.Struct):
    id: int
    failures: int
    last_failure: str | None


class _Row(msgspec.Struct):
    id: int
    payload: bytes


class _Present(msgspec.Struct):
    server_id: int
    session_id: str
    received_ms: int
    digest: str


class _Events(msgspec.Struct):
    events: int


async def set_aside(postgres: Postgres, clickhouse: ClickHouse, block_id: int, by: Actor) -> SetAside:
    """Take a refused block's events out of the way and keep them, all but those that the log has already.

    Raises NotFound for no such block, Conflict for one that was never refused, StoreUnavailable while
    ClickHouse, which alone knows what it has, is away.
    """
    # With every writer kept out, what the log has of the block does not change meanwhile.
    async with job.writers(postgres, exclude=True), postgres.transaction() as connection:
        found = await fetch(connection, _SQL["block"], _Block, (block_id,))
        if not found:
            raise NotFound(f"there is no block {block_id}; it was taken by now, or never was")
        if not found[0].failures:
            raise Conflict(f"block {block_id} was not refused; it is on its way")
        rows = await fetch(connection, _SQL["payloads_of"], _Row, (block_id,))
        runs = {row.id: payload.unpack(row.payload) for row in rows}
        known = await _known(clickhouse, [run for each in runs.values() for run in each])
        kept = 0
        for row_id, each in runs.items():
            left = [rest for run in each if (rest := _without(run, known)).lines]
            events = sum(run.lines.count(b"\n") + 1 for run in left)
            kept += events
            size = sum(len(run.lines) for run in left)
            row = {"id": row_id, "events": events, "bytes": size, "payload": payload.pack(left)}
            await connection.execute(_SQL["set_aside" if left else "delete_row"], row)
        await connection.execute(_SQL["delete_block"], (block_id,))
        total = sum(run.lines.count(b"\n") + 1 for each in runs.values() for run in each)
        done = SetAside(kept, total - kept)
        after = {**msgspec.to_builtins(done), "reason": (found[0].last_failure or "")[:500]}
        await audit.record(connection, by, "block.set_aside", f"block {block_id}", after=after)
    return done


async def drive(postgres: Postgres, by: Actor) -> DrivenAgain:
    """Let all events that were set aside wait for ClickHouse again, in new blocks."""
    async with postgres.transaction() as connection:
        rows = await fetch(connection, _SQL["drive_set_aside"], _Events, ())
        done = DrivenAgain(sum(row.events for row in rows))
        await audit.record(connection, by, "block.drive", "events set aside", after=msgspec.to_builtins(done))
    return done


async def _known(clickhouse: ClickHouse, runs: Sequence[Run]) -> _Known:
    if not runs:
        return Counter()
    rows = await clickhouse.rows(
        _LOG["present"],
        _Present,
        first=min(run.received_ms for run in runs),
        last=max(run.received_ms for run in runs),
        servers=sorted({run.server_id for run in runs}),
        sessions=sorted({run.session_id for run in runs}),
    )
    return Counter((row.server_id, row.session_id, row.received_ms, row.digest) for row in rows)


def _without(run: Run, known: _Known) -> Run:
    """Return a run without the events that the log has, each of which is taken off `known`."""
    left = []
    for line in run.lines.split(b"\n"):
        original = line.partition(b"\t")[2] or line
        digest = hashlib.md5(original, usedforsecurity=False).hexdigest()
        key = (run.server_id, run.session_id, run.received_ms, digest)
        if known[key]:
            known[key] -= 1
        else:
            left.append(line)
    return msgspec.structs.replace(run, lines=b"\n".join(left))
