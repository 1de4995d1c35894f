"""Bring events to ClickHouse the way the writer does."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

import msgspec

from api.matches.job import Settler
from api.players import people
from api.ratings.job import Rater
from api.reports.job import Reporter
from api.settings import Settings
from api.stores.clickhouse import ClickHouse, Column

# 2026-11-21, in unix milliseconds.
NOON = 1_795_262_400_000
HOUR = 3_600_000


class Batch(msgspec.Struct, frozen=True):
    """What a batch says of all its events. Timestamps relative to the map load begin at noon."""

    server_id: int = 1
    session_id: str = "s1"
    received_ms: int = NOON + HOUR
    anchor_ms: int = NOON
    map: str = ""
    gametype: str = ""


async def feed(
    clickhouse: ClickHouse, lines: Sequence[str], batch: Batch | None = None, token: str | None = None
) -> None:
    """Insert events, each a line of JSON, as one block."""
    about = batch or Batch()
    columns: dict[str, Column] = {
        "server_id": [about.server_id],
        "session_id": [about.session_id.encode()],
        "received_ms": [about.received_ms],
        "anchor_ms": [about.anchor_ms],
        "map": [about.map.encode()],
        "gametype": [about.gametype.encode()],
        "lines": ["\n".join(lines).encode()],
    }
    await clickhouse.insert("ingest_batches", columns, token or uuid4().hex)
    await people.refresh(clickhouse)


async def settle(clickhouse: ClickHouse) -> None:
    """Settle what the events that were fed have changed, rate and report it, as the worker does soon."""
    await Settler(clickhouse, _quiet).step()
    await Rater(clickhouse, _quiet).step()
    await Reporter(clickhouse, Settings(), _quiet).step()


@asynccontextmanager
async def _quiet() -> AsyncIterator[bool]:
    yield True
