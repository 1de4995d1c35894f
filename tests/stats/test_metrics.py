"""Every metric has a board, and every board its words."""

import asyncio
from datetime import date

import pytest

from api.errors import Unprocessable
from api.paging import START
from api.stats.leaderboards import Scope, board
from api.stats.metrics import METRICS, metric
from api.stats.periods import Calendar
from api.stores.clickhouse import ClickHouse
from tests.sql.feed import feed


@pytest.mark.parametrize("name", METRICS)
def test_clickhouse_knows_the_metric(clickhouse: ClickHouse, name: str) -> None:
    whole = METRICS[name].source == "rated"
    scope = Scope() if whole else Scope("week", 3, "dm/mohdm6")
    found = asyncio.run(board(clickhouse, name, scope, Calendar(date(2026, 11, 21), 3), START, 5))
    assert found.players == []
    assert found.next_cursor is None


def test_a_day_has_its_own_board(clickhouse: ClickHouse) -> None:
    async def two_days() -> list[int]:
        await feed(clickhouse, ['{"type":"player_jump","player_name":"Ann","timestamp":1}'])
        days = (date(2026, 11, 21), date(2026, 11, 22))
        boards = [await board(clickhouse, "jumps", Scope("day"), Calendar(day, 3), START, 5) for day in days]
        return [len(found.players) for found in boards]

    assert asyncio.run(two_days()) == [1, 0]


def test_an_unknown_metric_is_answered_with_the_known_ones() -> None:
    with pytest.raises(Unprocessable, match="headshot_ratio"):
        metric("luck")
