"""Measuring ingest in a scratch folder: as senders see it, and beside it the engine alone.

The stream is a recorded match, played again by as many sessions as are needed. The *limit* is what the same
ClickHouse does with the same events, tables and views when nothing else is asked of it: no HTTP, no Postgres,
no ledger.
"""

import asyncio
import gzip
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec

from api import demo
from api.bench import scratch
from api.ingest import payload
from api.ingest.payload import Run
from api.stores import clickhouse, sql
from api.stores.clickhouse import ClickHouse

Report = Callable[[str, int, int], None]


class IngestFigures(msgspec.Struct):
    """What `bench ingest` measured. Rates are events a second, latencies milliseconds."""

    events: int
    batch: int
    senders: int
    acknowledged_per_second: float
    queryable_per_second: float
    ack_ms_p50: float
    ack_ms_p95: float
    ack_ms_p99: float
    limit_per_second: float
    queryable_to_limit: float
    bytes_per_event_on_disk: float


class _Size(msgspec.Struct):
    bytes: int


def bodies(events: int, batch: int) -> list[bytes]:
    """Return gzipped request bodies of `batch` numbered events each, at least `events` in all."""
    recorded = demo.recorded("team")
    made: list[bytes] = []
    session = 0
    while len(made) * batch < events:
        lines = [json.dumps(event, separators=(",", ":")) for event in _as_session(recorded, session)]
        whole = len(lines) - len(lines) % batch
        for start in range(0, whole, batch):
            made.append(gzip.compress("\n".join(lines[start : start + batch]).encode(), 1))
        session += 1
    return made


def _as_session(recorded: Sequence[dict[str, Any]], session: int) -> Iterator[dict[str, Any]]:
    """Give the recording under another session's name, with players of its own."""
    for event in recorded:
        copy = dict(event, session_id=f"bench-{session}", match_id=f"bench-{session}-{event['match_id']}")
        for prefix in ("player", "attacker", "victim"):
            name = f"{prefix}_name"
            if name in copy:
                copy[name] = f"{copy[name]} {session % 500}"
        yield copy


def run(events: int, batch: int, senders: int, report: Report) -> IngestFigures:
    """Run the bench and return its figures; `report(what, done, total)` is called as it goes."""
    report("making events", 0, 1)
    made = bodies(events, batch)
    total = len(made) * batch
    with tempfile.TemporaryDirectory(prefix="afteraction-bench-") as directory:
        folder = Path(directory)
        limit = asyncio.run(_limit(folder / "limit", made, report))
        with scratch.instance(folder) as (url, token):
            latencies, acknowledged, queryable = asyncio.run(_send(url, token, made, batch, senders, report))
        size = asyncio.run(_size(folder / "data" / "clickhouse"))
    latencies.sort()

    def percentile(share: float) -> float:
        return round(1000 * latencies[min(len(latencies) - 1, int(share * len(latencies)))], 2)

    return IngestFigures(
        events=total,
        batch=batch,
        senders=senders,
        acknowledged_per_second=round(total / acknowledged),
        queryable_per_second=round(total / queryable),
        ack_ms_p50=percentile(0.50),
        ack_ms_p95=percentile(0.95),
        ack_ms_p99=percentile(0.99),
        limit_per_second=round(total / limit),
        queryable_to_limit=round(limit / queryable, 3),
        bytes_per_event_on_disk=round(size / total, 1),
    )


async def _limit(folder: Path, made: Sequence[bytes], report: Report) -> float:
    """Return the seconds that ClickHouse alone needs for all events, in blocks of about 50,000."""
    store = clickhouse.embedded(folder)
    try:
        for migration in sql.migrations("clickhouse"):
            for statement in migration.statements:
                await store.command(statement)
        runs = [_run(gzip.decompress(body)) for body in made]
        events_a_run = runs[0].lines.count(b"\n") + 1
        step = max(1, 50_000 // events_a_run)
        started = time.perf_counter()
        for start in range(0, len(runs), step):
            await store.insert(
                "ingest_batches", payload.columns(runs[start : start + step]), f"bench-{start}"
            )
            report("the engine alone", min(start + step, len(runs)), len(runs))
        return time.perf_counter() - started
    finally:
        store.close()


def _run(lines: bytes) -> Run:
    now = time.time_ns() // 1_000_000
    return Run(1, json.loads(lines[: lines.index(b"\n")])["session_id"], now, now, "", "", lines)


async def _send(
    url: str, token: str, made: Sequence[bytes], batch: int, senders: int, report: Report
) -> tuple[list[float], float, float]:
    """Send all bodies; return the latencies, the seconds to the last 202 and until all can be queried."""
    headers = {"Authorization": f"Bearer {token}", "Content-Encoding": "gzip"}
    waiting = iter(made)
    latencies: list[float] = []
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:

        async def sender() -> None:
            for body in waiting:
                begun = time.perf_counter()
                (await client.post("/api/v1/ingest/events", content=body)).raise_for_status()
                latencies.append(time.perf_counter() - begun)
                report("sending", len(latencies), len(made))

        started = time.perf_counter()
        await asyncio.gather(*(sender() for _ in range(senders)))
        acknowledged = time.perf_counter() - started
        while (await client.get("/readyz")).json()["inbox"]["rows"]:
            continue
        return latencies, acknowledged, time.perf_counter() - started


async def _size(folder: Path) -> float:
    store: ClickHouse = clickhouse.embedded(folder)
    try:
        found = await store.one(
            "SELECT sum(bytes_on_disk) AS bytes FROM system.parts "
            "WHERE active AND database = currentDatabase()",
            _Size,
        )
        return found.bytes if found else 0
    finally:
        store.close()
