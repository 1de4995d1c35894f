"""Reads a stopped instance's ClickHouse: the log, every aggregate, and every aggregate computed anew.

Runs in a process of its own, since a process can open one folder: `python -m tests.chaos.audit FOLDER`.
"""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from api.matches.job import settle_all
from api.ratings.job import keep_current, rate_all
from api.ratings.record_days import keep_days
from api.reports.job import tell_all
from api.settings import Settings
from api.stores import clickhouse as clickhouses
from api.stores.clickhouse import ClickHouse
from tests.sql.feed import settle

Row = dict[str, Any]

# What a table says of how often something was computed.
_HOW_OFTEN = {"version", "settled"}
VIEWS = (
    "SELECT name, as_select AS definition, "
    "extract(create_table_query, ' TO (?:[^ .]+\\\\.)?([^ (]+)') AS target "
    "FROM system.tables WHERE database = currentDatabase() AND engine = 'MaterializedView' "
    "AND name != 'raw_events_view' ORDER BY name"
)


class _View(msgspec.Struct):
    name: str
    definition: str
    target: str


class Line(msgspec.Struct):
    """An event in the log, as it was sent."""

    session_id: str
    seq: int
    raw: str


class Books(msgspec.Struct):
    """The log, the aggregates, and which of them a fresh count from the log does not give."""

    log: list[Line]
    tables: dict[str, list[Row]]
    unlike_rebuilt: list[str]


def read(folder: Path) -> Books:
    """Read the ClickHouse folder of an instance that does not run."""
    command = [sys.executable, "-m", "tests.chaos.audit", str(folder)]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, capture_output=True, cwd=root, timeout=300)
    assert done.returncode == 0, done.stderr.decode()
    return msgspec.json.decode(done.stdout, type=Books)


async def books(clickhouse: ClickHouse) -> Books:
    """Read everything from an open ClickHouse. Settles and rates matches, writes nothing else that stays."""
    log = await clickhouse.rows("SELECT session_id, seq, raw FROM raw_events", Line)
    found = Books(log, {}, [])
    for view in await clickhouse.rows(VIEWS, _View):
        rows = await _rows(clickhouse, view.target)
        _compare(found, view.target, rows, await _computed_anew(clickhouse, view))
    await _read_results(clickhouse, found)
    return found


def _compare(found: Books, table: str, rows: list[Row], fresh: list[Row]) -> None:
    found.tables[table] = rows
    if _comparable(rows) != _comparable(fresh):
        extra, missing = _comparable(rows) - _comparable(fresh), _comparable(fresh) - _comparable(rows)
        found.unlike_rebuilt.append(
            f"{table} against a fresh count: {len(missing)} rows missing, {len(extra)} too many: "
            f"{sorted(missing)[:1]} {sorted(extra)[:1]}"
        )


async def _read_results(clickhouse: ClickHouse, found: Books) -> None:
    """What passes for settled, or for rated, must be what a computation of everything gives."""
    await settle(clickhouse)
    for table, compute in (
        ("match_results", settle_all),
        ("ratings", rate_all),
        ("current_ratings", keep_current),
        ("record_days", keep_days),
        ("match_reports", _tell_all),
    ):
        scratch = f"audit_of_{table}"
        await clickhouse.command(f"DROP TABLE IF EXISTS {scratch}")
        await clickhouse.command(f"CREATE TABLE {scratch} AS {table}")
        await compute(clickhouse, scratch)
        rows, fresh = await _rows(clickhouse, table), await _rows(clickhouse, scratch)
        await clickhouse.command(f"DROP TABLE {scratch}")
        _compare(found, table, rows, fresh)


async def _tell_all(clickhouse: ClickHouse, table: str) -> None:
    await tell_all(clickhouse, Settings(), table)


async def _computed_anew(clickhouse: ClickHouse, view: _View) -> list[Row]:
    scratch = f"audit_of_{view.target}"
    await clickhouse.command(f"DROP TABLE IF EXISTS {scratch}")
    await clickhouse.command(f"CREATE TABLE {scratch} AS {view.target}")
    await clickhouse.command(f"INSERT INTO {scratch} {view.definition}")
    rows = await _rows(clickhouse, scratch)
    await clickhouse.command(f"DROP TABLE {scratch}")
    return rows


async def _rows(clickhouse: ClickHouse, table: str) -> list[Row]:
    return await clickhouse.rows(f"SELECT * FROM {table} FINAL", Row)


def _comparable(rows: list[Row]) -> set[str]:
    return {
        json.dumps({name: _sorted(value) for name, value in row.items() if name not in _HOW_OFTEN})
        for row in rows
    }


def _sorted(value: Any) -> Any:
    return sorted(value, key=str) if isinstance(value, list) else value


def main() -> None:
    clickhouse = clickhouses.embedded(Path(sys.argv[1]))
    found = asyncio.run(books(clickhouse))
    clickhouse.close()
    sys.stdout.buffer.write(msgspec.json.encode(found))


if __name__ == "__main__":
    main()
