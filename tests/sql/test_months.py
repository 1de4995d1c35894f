"""A match is looked for in those months of the log alone in which it can have been received."""

import asyncio
import re
from typing import Any

import pytest

from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries
from tests.sql.feed import HOUR, NOON, Batch, feed

_KILL = (
    '{"type": "player_kill", "match_id": "%s", "attacker_name": "Ann", "attacker_guid": "a1", '
    '"victim_name": "Bob", "victim_guid": "b1", "seq": 0}'
)
_MONTHS = 5
_MONTH = 31 * 24 * HOUR
_PARTS = re.compile(r"raw_events\).*?Parts: (\d+)/(\d+)", re.DOTALL)


@pytest.mark.parametrize(
    ("file", "name"),
    [("matches", "timeline"), ("reports", "moments"), ("reports", "made"), ("live", "last_events")],
)
def test_a_match_is_looked_for_in_its_months(clickhouse: ClickHouse, file: str, name: str) -> None:
    begin = NOON - (_MONTHS - 1) * _MONTH

    async def plan() -> str:
        for month in range(_MONTHS):
            at = begin + month * _MONTH
            about = Batch(session_id=f"s{month}", received_ms=at, anchor_ms=at)
            await feed(clickhouse, [_KILL % f"m{month}"], about)
        found = await clickhouse.rows(
            "SELECT match_key FROM raw_events WHERE match_id = 'm3'", dict[str, int]
        )
        parameters: dict[str, Any] = {
            "matches": [found[0]["match_key"]],
            "server": 1,
            "match_id": "m3",
            "first_ms": begin + 3 * _MONTH,
            "received_ms": begin + 3 * _MONTH,
            "limit": 10,
            "rules": "",
            "settled": [1],
            "events": [1],
            "fighters": [[0]],
            "documents": [""],
        }
        sql = queries("clickhouse", file)[name].replace("{reports:Identifier}", "match_reports")
        lines = await clickhouse.rows(
            f"SELECT explain FROM (EXPLAIN indexes = 1 {sql})", dict[str, str], **parameters
        )
        return "\n".join(line["explain"] for line in lines)

    told = asyncio.run(plan())
    read = _PARTS.findall(told)
    assert read
    assert all(int(chosen) <= 2 for chosen, of in read), told
