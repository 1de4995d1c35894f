"""Results of matches follow what has been received, late or linked, and not from half a block."""

from typing import Any

from api.ingest import job
from api.matches.job import Settler, unsettled
from api.platform import Platform
from tests.events_made import body, kill
from tests.stack import Stack, add_server, drain

STREAKS = (
    "SELECT player_key, best_streak, length(merged) AS keys, "
    "toDate(started_at) = '2026-11-21' AS dated FROM match_results FINAL "
    "WHERE player_key != 0 AND best_streak > 0 ORDER BY best_streak"
)
LINKS = (
    "INSERT INTO player_links (player_key, player, updated_at) SELECT player_key('Bob', '', false), "
    "player_key({to:String}, '', false), now64(3)"
)


def settler(platform: Platform) -> Settler:
    return Settler(platform.clickhouse, lambda: job.quiet(platform.postgres))


async def streaks(platform: Platform) -> list[int]:
    return [row["best_streak"] for row in await platform.clickhouse.rows(STREAKS, dict[str, Any])]


async def take(platform: Platform, *events: dict[str, Any]) -> None:
    await platform.inlet.take(1, body(list(events)), "")


def test_a_late_event_is_counted_in_and_a_glance_is_enough_when_there_is_none(stack: Stack) -> None:
    async def scenario(platform: Platform) -> tuple[list[list[int]], int, int]:
        await add_server(platform)
        steps = settler(platform)
        found = []
        await take(platform, kill(0, "Ann", "Cid"), kill(1, "Ann", "Cid"), kill(3, "Ann", "Cid"))
        await drain(platform)
        left = len(await unsettled(platform.clickhouse))
        await steps.step()
        found.append(await streaks(platform))
        await take(platform, kill(2, "Cid", "Ann"))
        await drain(platform)
        await steps.step()
        found.append(await streaks(platform))
        return found, left, len(await unsettled(platform.clickhouse))

    assert stack.run(scenario) == ([[3], [1, 2]], 1, 0)


def test_two_keys_of_one_person_in_a_match_are_one_life(stack: Stack) -> None:
    async def scenario(platform: Platform) -> list[list[int]]:
        await add_server(platform)
        steps = settler(platform)
        await take(platform, kill(0, "Ann", "Cid"), kill(1, "Bob", "Cid"), kill(2, "Bob", "Cid"))
        await drain(platform)
        found = []
        for to in ("Bob", "Ann", "Bob"):
            await platform.clickhouse.command(LINKS, to=to)
            await steps.step()
            found.append(await streaks(platform))
        return found

    assert stack.run(scenario) == [[1, 2], [3], [1, 2]]


def test_nothing_is_settled_while_a_block_is_half_written(stack: Stack) -> None:
    async def scenario(platform: Platform) -> list[list[int]]:
        await add_server(platform)
        steps = settler(platform)
        await take(platform, kill(0, "Ann", "Cid"))
        await drain(platform)
        await take(platform, kill(1, "Ann", "Cid"))
        await platform.postgres.execute(job._SQL["seal"], 1000, 1 << 20)
        await steps.step()
        found = [await streaks(platform)]
        await drain(platform)
        await steps.step()
        return [*found, await streaks(platform)]

    assert stack.run(scenario) == [[], [2]]
