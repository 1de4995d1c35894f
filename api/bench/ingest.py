"""Measuring ingest in a scratch folder: as senders see it, and beside it the engine alone.

Two kinds of senders, one after the other: relays (packed batches) and servers with HTTP of their own (an
event a request). The *limit* is what the same ClickHouse does with the relays' events, tables and views, in
blocks of the size that the worker makes, when nothing else is asked of it: no HTTP, no Postgres, no ledger.
"""

import asyncio
import gzip
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from api.bench import load, scratch, stream
from api.bench.load import Load
from api.bench.meter import CpuSeconds, Memory, Meter
from api.bench.stream import Stream
from api.ingest import payload
from api.ingest.payload import Run
from api.settings import Settings
from api.stores import clickhouse, sql

Report = Callable[[str, int, int], None]

_SESSIONS = 40
# Of the events of the relays, how many are sent again one by one by others.
_SINGLES_SHARE = 20


class Phase(msgspec.Struct):
    """One kind of senders. CPU seconds are for a million events, `load_share` is the sender's part."""

    events: int
    batch: int
    connections: int
    requests_per_second: int
    acknowledged_per_second: int
    queryable_per_second: int
    ack_ms_p50: float
    ack_ms_p95: float
    ack_ms_p99: float
    ack_ms_max: float
    cpu_seconds_per_million: CpuSeconds
    load_cpu_seconds_per_million: float
    load_share: float
    memory: Memory


class IngestFigures(msgspec.Struct):
    """What `bench ingest` measured. Rates are events a second, latencies milliseconds."""

    cores: int
    block_events: int
    limit_per_second: int
    limit_cpu_seconds_per_million: float
    queryable_to_limit: float
    bytes_per_event_sent: float
    bytes_per_event_on_disk: float
    relay: Phase
    single: Phase


class _Size(msgspec.Struct):
    bytes: int


def run(events: int, batch: int, connections: int, report: Report) -> IngestFigures:
    """Run the bench and return its figures; `report(what, done, total)` is called as it goes."""
    with tempfile.TemporaryDirectory(prefix="afteraction-bench-") as directory:
        folder = Path(directory)
        made = Stream()
        relay = _write(folder / "relay", made.bodies(events, batch, _SESSIONS), events // batch, report)
        singles = max(1_000, events // _SINGLES_SHARE)
        bodies = made.bodies(singles, 1, _SESSIONS, first=_SESSIONS)
        single = _write(folder / "single", bodies, singles, report)
        limit, limit_cpu, sent, size = asyncio.run(_limit(folder / "limit", relay, report))
        with scratch.instance(folder) as instance:
            report("sending batches", 0, 0)
            relayed = _phase(instance, relay, batch, connections)
            report("sending single events", 0, 0)
            singly = _phase(instance, single, 1, 4 * connections)
    return IngestFigures(
        cores=os.cpu_count() or 1,
        block_events=Settings().block_events,
        limit_per_second=round(limit),
        limit_cpu_seconds_per_million=round(limit_cpu, 2),
        queryable_to_limit=round(relayed.queryable_per_second / limit, 3),
        bytes_per_event_sent=round(sent, 1),
        bytes_per_event_on_disk=round(size, 1),
        relay=relayed,
        single=singly,
    )


def _write(path: Path, bodies: Iterator[bytes], total: int, report: Report) -> Path:
    with path.open("wb") as file:
        for done in stream.write(file, bodies):
            if done % 100 == 0:
                report("making events", done, total)
    return path


def _phase(instance: scratch.Instance, bodies: Path, batch: int, connections: int) -> Phase:
    meter = Meter(instance.pid)
    before = meter.cpu()
    with meter.watching():
        seen = load.send(instance.url, instance.token, bodies, connections)
        drained_at = instance.wait_until_drained()
    used = meter.cpu().since(before)
    events = seen.requests * batch
    per_million = 1_000_000 / events
    everything = sum(msgspec.structs.astuple(used)) + seen.cpu_seconds
    return Phase(
        events=events,
        batch=batch,
        connections=connections,
        requests_per_second=round(seen.requests / seen.seconds),
        acknowledged_per_second=round(events / seen.seconds),
        queryable_per_second=round(events / _until_drained(seen, drained_at)),
        ack_ms_p50=seen.ms_p50,
        ack_ms_p95=seen.ms_p95,
        ack_ms_p99=seen.ms_p99,
        ack_ms_max=seen.ms_max,
        cpu_seconds_per_million=used.times(per_million),
        load_cpu_seconds_per_million=round(seen.cpu_seconds * per_million, 2),
        load_share=round(seen.cpu_seconds / everything, 3),
        memory=meter.memory(),
    )


def _until_drained(seen: Load, drained_at: float) -> float:
    return seen.seconds + max(0.0, drained_at - seen.ended_at)


async def _limit(folder: Path, bodies: Path, report: Report) -> tuple[float, float, float, float]:
    """Measure ClickHouse alone: events a second, CPU seconds a million, bytes an event sent and on disk."""
    store = clickhouse.embedded(folder)
    try:
        for migration in sql.migrations("clickhouse"):
            for statement in migration.statements:
                await store.command(statement)
        events, sent, seconds, cpu = 0, 0, 0.0, 0.0
        for number, (block, count) in enumerate(_blocks(bodies, Settings().block_events)):
            columns = payload.columns(block)
            started, cpu_started = time.perf_counter(), time.process_time()
            await store.insert("ingest_batches", columns, f"bench-{number}")
            seconds += time.perf_counter() - started
            cpu += time.process_time() - cpu_started
            events += count
            sent += sum(len(run.lines) for run in block)
            report("the engine alone", events, 0)
        found = await store.one(
            "SELECT sum(bytes_on_disk) AS bytes FROM system.parts "
            "WHERE active AND database = currentDatabase()",
            _Size,
        )
        size = found.bytes if found else 0
        return events / seconds, 1e6 * cpu / events, sent / events, size / events
    finally:
        store.close()


def _blocks(bodies: Path, block_events: int) -> Iterator[tuple[list[Run], int]]:
    block: list[Run] = []
    count = 0
    for body in stream.read(bodies):
        lines = gzip.decompress(body)
        block.append(_run(lines))
        count += lines.count(b"\n") + 1
        if count >= block_events:
            yield block, count
            block, count = [], 0
    if block:
        yield block, count


def _run(lines: bytes) -> Run:
    now = time.time_ns() // 1_000_000
    return Run(1, json.loads(lines[: lines.index(b"\n")])["session_id"], now, now, "", "", lines)
