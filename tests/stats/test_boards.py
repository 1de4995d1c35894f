"""Boards by match: from sums that are kept, they say what the rows that hold say."""

import asyncio
import json
import random
from datetime import date
from typing import Any, get_args

import msgspec
import pytest

from api.paging import START
from api.stats import leaderboards
from api.stats.leaderboards import Scope
from api.stats.metrics import METRICS, RECIPES, reporting
from api.stats.periods import Calendar, Period
from api.stores.clickhouse import ClickHouse
from tests.ratings.made import match
from tests.sql.feed import Batch, feed, settle
from tests.stack import Stack

TODAY = Calendar(date(2026, 9, 21), 3)
BY_MATCH = [name for name, metric in METRICS.items() if metric.source == "by_match"]
SCOPES = {
    "1": Scope(),
    "toDate(started_at) = '2026-09-21'": Scope("day"),
    "gametype = 'tdm'": Scope(gametype="tdm"),
    "toYear(started_at) = 2026 AND server_id = 2": Scope("year", server=2),
}
PLAIN = (
    "SELECT person_of(player_key) AS player, toFloat64(assumeNotNull({value})) AS value, "
    "toUInt64({sample}) AS sample FROM match_results FINAL WHERE player_key != 0 AND {where} "
    "GROUP BY player HAVING ({value}) IS NOT NULL AND (value > 0 OR {signed}) ORDER BY player"
)


async def played(clickhouse: ClickHouse) -> None:
    """Matches that are settled in the middle, so that what they came to is taken back once or more."""
    await clickhouse.command("SYSTEM STOP MERGES match_results")
    dice = random.Random(4)
    for number in range(3):
        events = match(40 * number, dice) + match(40 * number + 1, dice)
        dice.shuffle(events)
        for part in (events[:20], events[20:]):
            batch = Batch(server_id=1 + number % 2, session_id=f"s{number}")
            await feed(clickhouse, [json.dumps(event) for event in part], batch)
            await settle(clickhouse)


async def told(clickhouse: ClickHouse, name: str, scope: Scope) -> list[tuple[int, float, int]]:
    """Everybody on a board, however small the sample."""
    chosen = msgspec.structs.replace(METRICS[name], minimum=0)
    rows = await leaderboards._rows(clickhouse, chosen, scope, TODAY, START, 1000)
    return sorted((row.player, row.value, row.sample) for row in rows)


class _Plain(msgspec.Struct):
    player: int
    value: float
    sample: int


def test_boards_by_match_say_what_the_rows_that_hold_say(clickhouse: ClickHouse, stack: Stack) -> None:
    async def scenario(_: Any) -> None:
        await played(clickhouse)
        taken_back = await clickhouse.rows(
            "SELECT 1 AS one FROM match_results WHERE sign = -1", dict[str, int]
        )
        assert len(taken_back) > 10
        some = 0
        for name in BY_MATCH:
            recipe = RECIPES[name]
            for where, scope in SCOPES.items():
                plain = PLAIN.format(
                    value=recipe.value, sample=recipe.sample, signed=recipe.signed, where=where
                )
                wanted = [] if reporting(METRICS[name]) else await clickhouse.rows(plain, _Plain)
                found = await told(clickhouse, name, scope)
                assert [(player, sample) for player, _, sample in found] == [
                    (row.player, row.sample) for row in wanted
                ], name
                assert [value for _, value, _ in found] == pytest.approx([row.value for row in wanted]), name
                some += bool(found)
        assert some > 40

    stack.run(scenario)


def test_their_sums_are_kept(clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """An expression that migration 0044 does not have would read every match of everybody."""
    plans: list[tuple[str, str, str]] = []
    rows = clickhouse.rows

    async def explained(sql: str, row: Any, **parameters: Any) -> list[Any]:
        asked = f"SELECT explain FROM (EXPLAIN {sql.rstrip().rstrip(';')}, force_optimize_projection = 1)"
        plan = await rows(asked, dict[str, str], **parameters)
        kept = "by_player" if parameters["since"] == "1970-01-01" else "by_day"
        plans.append((name, kept, "\n".join(line["explain"] for line in plan)))
        return []

    asyncio.run(played(clickhouse))
    monkeypatch.setattr(clickhouse, "rows", explained)
    for name in BY_MATCH:
        if "max(" not in RECIPES[name].value and not reporting(METRICS[name]):
            for period in get_args(Period):
                asyncio.run(told(clickhouse, name, Scope(period)))
    assert len(plans) > 90
    assert [(name, kept) for name, kept, plan in plans if f"({kept})" not in plan] == []
