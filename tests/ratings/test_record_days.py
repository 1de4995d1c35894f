"""Records are asked of the days on which one was broken: that says the same as every day."""

import json
import random
from typing import Any

from api.matches.job import Settler
from api.platform import Platform
from api.players import people
from api.ratings import record_days
from api.stats import records
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries, whole
from tests.events_made import kill
from tests.sql.feed import Batch, _quiet, feed, settle
from tests.stack import Stack

_SQL = queries("clickhouse", "records")
_DAY = 86_400
_FIRST = 1_700_000_000 // _DAY * _DAY + 3600
_NAMES = ["Ann", "Bob", "Cid", "Dan"]
KEPT = "SELECT * EXCEPT (version) FROM record_days FINAL ORDER BY day"


async def _play(clickhouse: ClickHouse, day: int, match: int, kills: int, dice: random.Random) -> None:
    name = f"d{day}m{match}"
    start = _FIRST + day * _DAY + match * 1000
    events = [kill(n, *dice.sample(_NAMES, 2), match_id=name, timestamp=start + 10 * n) for n in range(kills)]
    batch = Batch(server_id=1, session_id=name)
    await feed(clickhouse, [json.dumps(event) for event in events], batch)


async def _told(clickhouse: ClickHouse, *, every_day: bool) -> list[dict[str, Any]]:
    if not every_day:
        return [
            {"record": row.record, "value": row.value, "player": row.player, "match": row.match_key}
            for row in await records._broken(clickhouse, None, None, None)
        ]
    rows = await clickhouse.rows(
        whole(_SQL, "broken"),
        dict[str, Any],
        **{"every_day": True, "days": [], "server": 0, "map": "", "gametype": "", "limit": records.HISTORY},
    )
    return [
        {
            "record": row["record"],
            "value": row["value"],
            "player": row["player"],
            "match": row["match_key"],
        }
        for row in rows
    ]


async def _flag(clickhouse: ClickHouse, player: int) -> None:
    await clickhouse.command(
        f"INSERT INTO player_marks VALUES ({player}, 0, true, 'aims too well', now64(3), now64(3))"
    )
    await people.refresh(clickhouse)


async def _computed_anew(clickhouse: ClickHouse) -> list[dict[str, Any]]:
    await clickhouse.command("DROP TABLE IF EXISTS scratch_days SYNC")
    await clickhouse.command("CREATE TABLE scratch_days AS record_days")
    await record_days.keep_days(clickhouse, "scratch_days")
    rows = await clickhouse.rows(KEPT.replace("record_days", "scratch_days"), dict[str, Any])
    await clickhouse.command("DROP TABLE scratch_days SYNC")
    return rows


def test_days_on_which_no_record_was_broken_are_left_out_and_change_nothing(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        clickhouse, dice = platform.clickhouse, random.Random(9)
        for day, kills in enumerate([12, 3, 25, 4, 5, 30]):
            for match in range(2):
                await _play(clickhouse, day, match, kills, dice)
        await settle(clickhouse)
        days = await clickhouse.rows(_SQL["days"], dict[str, Any])
        assert 0 < len(days) < 6
        every = await _told(clickhouse, every_day=True)
        assert await _told(clickhouse, every_day=False) == every
        best = next(row for row in every if row["record"] == "kills")

        # A match of which the table knows nothing yet counts at once.
        await _play(clickhouse, 1, 2, 60, dice)
        await Settler(clickhouse, _quiet).step()
        late = await _told(clickhouse, every_day=True)
        assert late != every
        assert await _told(clickhouse, every_day=False) == late

        # Whoever is kept off the boards holds no record, and others do whose days were no records before.
        await _flag(clickhouse, best["player"])
        await settle(clickhouse)
        without = await _told(clickhouse, every_day=True)
        assert best["player"] not in {row["player"] for row in without}
        assert await _told(clickhouse, every_day=False) == without
        assert await clickhouse.rows(KEPT, dict[str, Any]) == await _computed_anew(clickhouse)

    stack.run(scenario)


def test_a_day_is_computed_anew_when_it_has_changed_and_only_then(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        clickhouse, dice = platform.clickhouse, random.Random(3)
        for day in range(3):
            await _play(clickhouse, day, 0, 10, dice)
        await settle(clickhouse)
        versions = "SELECT toString(day) AS day, version FROM record_days FINAL ORDER BY day"
        before = await clickhouse.rows(versions, dict[str, Any])
        await _play(clickhouse, 1, 1, 10, dice)
        await settle(clickhouse)
        after = await clickhouse.rows(versions, dict[str, Any])
        assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True]

        gone = "INSERT INTO match_results SELECT * REPLACE (-1 AS sign) FROM match_results FINAL "
        await clickhouse.command(gone + f"WHERE toDate(started_at) = '{before[2]['day']}'")
        await record_days.keep_days(clickhouse, others=False)
        left = await clickhouse.rows(KEPT, dict[str, Any])
        assert [row["day"] for row in left] == [row["day"] for row in before[:2]]

    stack.run(scenario)
