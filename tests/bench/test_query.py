"""`bench query`: what it fills ClickHouse with, and that it asks every route."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from api.bench import query
from api.events.catalogue import EVENTS
from api.ingest.decode import decode
from api.stores.clickhouse import ClickHouse
from tests.sql.feed import NOON, Batch, feed
from tests.stack import wipe_clickhouse

Rows = list[dict[str, Any]]
# When an event was received is the sender's batch's time, and not the event's own.
LOG = "SELECT * EXCEPT received_at FROM raw_events ORDER BY session_id, seq"


def test_the_rows_made_are_what_ingest_makes_of_their_originals(clickhouse: ClickHouse) -> None:
    async def both_ways() -> tuple[Rows, Rows]:
        await query.fill(clickhouse, 6_000, NOON, lambda done: None)
        made = await clickhouse.rows(LOG, dict[str, Any])
        await wipe_clickhouse(clickhouse)
        for server in {row["server_id"] for row in made}:
            lines = [row["raw"] for row in made if row["server_id"] == server]
            for session in {row["session_id"] for row in made if row["server_id"] == server}:
                of_session = [line for line in lines if f'"session_id":"{session}"' in line]
                await feed(clickhouse, of_session, Batch(server, session, NOON))
        return made, await clickhouse.rows(LOG, dict[str, Any])

    made, ingested = asyncio.run(both_ways())
    assert len(made) == 6_000
    assert made == ingested


def test_the_events_made_are_good_ones_of_all_types(clickhouse: ClickHouse) -> None:
    async def originals() -> list[str]:
        await query.fill(clickhouse, 20_000, NOON, lambda done: None)
        return [row["raw"] for row in await clickhouse.rows("SELECT raw FROM raw_events", dict[str, Any])]

    lines = asyncio.run(originals())
    decoded = decode("\n".join(lines).encode(), max_events=len(lines), max_event_bytes=10_000)
    assert not decoded.rejected
    assert not decoded.unknown
    types = {msgspec.json.decode(line)["type"] for line in lines}
    assert len(types) > 67
    assert types <= set(EVENTS)


def test_every_route_is_measured_and_compared(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "api.cli", "bench", "query", "--json", "--requests", "2"]
    command += ["--keep", str(tmp_path), "--events", "10000", "--events", "20000"]
    done = subprocess.run(command, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr.decode()
    figures = msgspec.json.decode(done.stdout, type=query.QueryFigures)
    assert [size.events for size in figures.sizes] == [10_000, 20_000]
    routes = [route.route for route in figures.sizes[0].routes]
    assert [growth.route for growth in figures.growth] == routes
    assert {len(size.routes) for size in figures.sizes} == {len(routes)}
    assert all(route.p95_ms >= route.p50_ms > 0 for size in figures.sizes for route in size.routes)
