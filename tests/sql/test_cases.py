"""Every definition, as events in and rows out.

`cases/<noun>_<case>.ndjson` holds the events. Beside it `.expected.json` says why, which query is asked (SQL,
or the name of one of clickhouse/queries) and which rows come out; columns that a row leaves out are not
compared. `client:a1`, `name:Ann`, `bot:Ann` and `match:m1` stand for keys, `start:m1` and `end:m1` for the
moments of a match's first and last event, in unix milliseconds.
"""

import asyncio
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api.players import people
from api.stats import leaderboards
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries, whole
from tests.sql.feed import Batch, feed, settle

CASES = Path(__file__).parent / "cases"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
_KEYS = {
    "client": "SELECT player_key('', {text:String}, false) AS key",
    "name": "SELECT player_key({text:String}, '', false) AS key",
    "bot": "SELECT player_key({text:String}, '', true) AS key",
    "start": "SELECT toUnixTimestamp64Milli(min(time)) AS key FROM raw_events WHERE match_id = {text:String}",
    "end": "SELECT toUnixTimestamp64Milli(max(time)) AS key FROM raw_events WHERE match_id = {text:String}",
    "match": "SELECT max(match_key) AS key FROM raw_events WHERE match_id = {text:String}",
}


class Case(msgspec.Struct, forbid_unknown_fields=True):
    why: str
    rows: list[dict[str, Any]]
    query: str = ""
    named: str = ""
    parameters: dict[str, Any] = {}
    batch: Batch = Batch()
    setup: list[str] = []

    @property
    def sql(self) -> str:
        if self.query:
            return self.query
        noun, name = self.named.split("/")
        if noun == "leaderboards":
            return leaderboards.composed(self.parameters["metric"])
        return whole(queries("clickhouse", noun), name)


class _Key(msgspec.Struct):
    key: int


async def _resolve(clickhouse: ClickHouse, value: Any) -> Any:
    if isinstance(value, dict):
        return {name: await _resolve(clickhouse, part) for name, part in value.items()}
    if isinstance(value, list):
        return [await _resolve(clickhouse, part) for part in value]
    kind, colon, text = value.partition(":") if isinstance(value, str) else ("", "", "")
    if not colon or kind not in _KEYS:
        return value
    found = await clickhouse.one(_KEYS[kind], _Key, text=text)
    assert found is not None
    return found.key


async def _answer(clickhouse: ClickHouse, case: Case) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    for statement in case.setup:
        await clickhouse.command(statement)
    await people.refresh(clickhouse)
    await settle(clickhouse)
    wanted = [await _resolve(clickhouse, row) for row in case.rows]
    parameters = await _resolve(clickhouse, case.parameters)
    found = await clickhouse.rows(case.sql, dict[str, Any], **parameters)
    found, wanted = _moments(found), _moments(wanted)
    if len(found) != len(wanted):
        return found, wanted
    return [{n: row.get(n) for n in asked} for row, asked in zip(found, wanted, strict=True)], wanted


def _moments(value: Any) -> Any:
    """Make times of texts: the embedded ClickHouse gives the one, a server the other."""
    if isinstance(value, list):
        return [_moments(part) for part in value]
    if isinstance(value, dict):
        return {name: _moments(part) for name, part in value.items()}
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return datetime.fromisoformat(value)
    return value


def _in_any_order(row: dict[str, Any]) -> str:
    return str([float(value) if isinstance(value, int) else value for value in row.values()])


@pytest.mark.parametrize("name", sorted(path.stem for path in CASES.glob("*.ndjson")))
def test_case(clickhouse: ClickHouse, name: str) -> None:
    case = msgspec.json.decode((CASES / f"{name}.expected.json").read_bytes(), type=Case)
    lines = (CASES / f"{name}.ndjson").read_text().splitlines()

    async def tell_and_ask() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        await feed(clickhouse, lines, case.batch)
        return await _answer(clickhouse, case)

    found, wanted = asyncio.run(tell_and_ask())
    if "ORDER BY" not in case.sql:
        found, wanted = sorted(found, key=_in_any_order), sorted(wanted, key=_in_any_order)
    assert found == wanted, case.why


def test_every_case_has_its_rows() -> None:
    assert {path.stem for path in CASES.glob("*.ndjson")} == {
        path.name.removesuffix(".expected.json") for path in CASES.glob("*.expected.json")
    }
