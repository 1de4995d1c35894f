"""Ratings follow the matches in the order in which those began, however and whenever they arrive."""

import json
import random
from typing import Any

import pytest

from api.errors import StoreUnavailable
from api.platform import Platform
from api.ratings import job, model
from api.ratings.job import Rater, unrated
from api.rebuild import service as rebuild
from tests.ratings.made import expected, match
from tests.sql.feed import settle
from tests.sql.recount import Event
from tests.stack import Stack, add_server, drain, no_report

ALL = "SELECT * EXCEPT version FROM ratings FINAL ORDER BY gametype, started_at, match_key, player_key"
CURRENT = "SELECT * EXCEPT (version, deleted) FROM current_ratings FINAL ORDER BY gametype, player_key"
TOLD = """
    SELECT r.gametype AS gametype, n.name AS name, m.match_id AS match, r.mu / 1e6 AS mu,
        r.sigma / 1e6 AS sigma
    FROM ratings AS r FINAL
    INNER JOIN (SELECT DISTINCT player_key, name FROM player_identities) AS n ON n.player_key = r.player_key
    INNER JOIN (SELECT DISTINCT match_key, match_id FROM matches) AS m ON m.match_key = r.match_key
"""
LINK = (
    "INSERT INTO player_links (player_key, player, updated_at) "
    "SELECT player_key({one:String}, '', false), player_key({to:String}, '', false), now64(3)"
)
Rows = list[dict[str, Any]]


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "_TOGETHER", 3)


def made(number: int = 12, seed: int = 1, names: list[str] | None = None) -> list[list[Event]]:
    chance = random.Random(seed)
    return [match(place, chance, names=names) for place in range(number)]


async def take(platform: Platform, *matches: list[Event]) -> None:
    for events in matches:
        lines = "\n".join(json.dumps(event) for event in events)
        await platform.inlet.take(1, lines.encode(), "")
    await drain(platform)


async def ratings(platform: Platform) -> Rows:
    await settle(platform.clickhouse)
    assert await unrated(platform.clickhouse) == 0
    rows = await platform.clickhouse.rows(ALL, dict[str, Any])
    assert await platform.clickhouse.rows(CURRENT, dict[str, Any]) == latest(rows)
    return rows


def latest(rows: Rows) -> Rows:
    """What the last match of each player left; rows are in the order of time."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for row in rows:
        key = row["gametype"], row["player_key"]
        before = found.get(key, {"matches": 0, "gained": 0})
        found[key] = {
            "gametype": row["gametype"],
            "player_key": row["player_key"],
            "mu": row["mu"],
            "sigma": row["sigma"],
            "gained": before["gained"] + row["mu"] - row["mu_before"],
            "matches": before["matches"] + 1,
            "last_at": row["started_at"],
            "chain": row["chain"],
        }
    return [found[key] for key in sorted(found)]


def test_they_are_those_of_plain_openskill_over_a_recount(stack: Stack) -> None:
    async def scenario(platform: Platform) -> Rows:
        await add_server(platform)
        await take(platform, *made(20))
        await ratings(platform)
        return await platform.clickhouse.rows(TOLD, dict[str, Any])

    wanted = expected(made(20))
    found: dict[str, dict[tuple[str, str], tuple[float, float]]] = {"ffa": {}, "tdm": {}}
    for row in stack.run(scenario):
        found[row["gametype"]][row["name"], row["match"]] = row["mu"], row["sigma"]
    for gametype, told in wanted.items():
        assert len(told) > 20
        assert found[gametype].keys() == told.keys()
        for key, rating in told.items():
            assert found[gametype][key] == pytest.approx(rating, abs=1e-4), (gametype, key)


def test_the_order_in_which_matches_arrive_does_not_matter_nor_does_a_rebuild(stack: Stack) -> None:
    matches = made()

    async def in_order(platform: Platform) -> Rows:
        await add_server(platform)
        await take(platform, *matches)
        return await ratings(platform)

    async def shuffled(platform: Platform) -> tuple[Rows, Rows, Rows]:
        await add_server(platform)
        chance = random.Random(2)
        for events in chance.sample(matches, len(matches)):
            await take(platform, chance.sample(events, len(events)))
            if chance.random() < 0.7:
                await ratings(platform)
        arrived = await ratings(platform)
        for noun in ("ratings", "match_players"):
            await rebuild.rebuild(platform.postgres, platform.clickhouse, platform.settings, noun, no_report)
        rebuilt = await platform.clickhouse.rows(ALL, dict[str, Any])
        again = await ratings(platform)
        return arrived, rebuilt, again

    wanted = stack.run(in_order)
    assert len([row for row in wanted if row["player_key"]]) > 30
    stack.wipe()
    for found in stack.run(shuffled):
        assert found == wanted


def test_a_merge_is_as_if_they_had_been_one_all_along_and_a_split_undoes_it(stack: Stack) -> None:
    names = ["Ann", "Bob", "Cid", "Dan", "Eve"]

    async def scenario(platform: Platform) -> tuple[Rows, Rows, Rows, Rows]:
        await add_server(platform)
        await take(platform, *made(8, names=names))
        before = await ratings(platform)
        await platform.clickhouse.command(LINK, one="Bob", to="Ann")
        merged = await ratings(platform)
        await rebuild.rebuild(platform.postgres, platform.clickhouse, platform.settings, "ratings", no_report)
        rebuilt = await ratings(platform)
        await platform.clickhouse.command(LINK, one="Bob", to="Bob")
        return before, merged, rebuilt, await ratings(platform)

    before, merged, rebuilt, split = stack.run(scenario)
    assert merged == rebuilt
    assert split == before
    assert len({row["player_key"] for row in merged}) == len({row["player_key"] for row in before}) - 1


def test_a_match_that_runs_on_is_not_rated_and_one_that_gets_late_events_is_rated_anew(stack: Stack) -> None:
    *events, end = made(1)[0]
    late = next(event for event in events if event["type"] == "player_kill")

    async def scenario(platform: Platform) -> tuple[Rows, Rows, Rows]:
        await add_server(platform)
        await take(platform, [event for event in events if event is not late])
        running = await ratings(platform)
        await take(platform, [end])
        ended = await ratings(platform)
        await take(platform, [late | {"attacker_name": "Eve", "victim_name": "Fay"}])
        return running, ended, await ratings(platform)

    running, ended, later = stack.run(scenario)
    assert running == []
    assert len(ended) > 2
    assert later != ended


def test_what_was_cut_off_is_completed_and_nothing_is_done_without_need(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    matches = made(11)
    chunks: list[str] = []
    rate_some = job._rate_some

    async def cut_off(clickhouse: Any, table: str, gametype: str, first: Any) -> Any:
        chunks.append(gametype)
        if len(chunks) == 2:
            raise StoreUnavailable("clickhouse", "killed")
        return await rate_some(clickhouse, table, gametype, first)

    async def scenario(platform: Platform) -> tuple[Rows, int, Rows, int, int]:
        await add_server(platform)
        await take(platform, *matches)
        wanted = await ratings(platform)
        await platform.clickhouse.command("TRUNCATE TABLE ratings")
        monkeypatch.setattr(job, "_rate_some", cut_off)
        with pytest.raises(StoreUnavailable):
            await settle(platform.clickhouse)
        left = await unrated(platform.clickhouse)
        found = await ratings(platform)
        done = len(chunks)
        rater = Rater(platform.clickhouse, lambda: platform.postgres.lock(1))
        await rater.step()
        await rater.step()
        return wanted, left, found, done, len(chunks)

    wanted, left, found, done, after = stack.run(scenario)
    assert left == 8
    assert found == wanted
    assert done == after


def test_current_ratings_that_were_cut_off_are_completed(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut_off(*_: object) -> None:
        raise StoreUnavailable("clickhouse", "killed")

    async def scenario(platform: Platform) -> tuple[Rows, Rows]:
        await add_server(platform)
        await take(platform, *made(6))
        await ratings(platform)
        before = await platform.clickhouse.rows(CURRENT, dict[str, Any])
        await take(platform, *made(12)[6:])
        with monkeypatch.context() as patch:
            patch.setattr(job, "keep_current", cut_off)
            with pytest.raises(StoreUnavailable):
                await settle(platform.clickhouse)
        left = await platform.clickhouse.rows(CURRENT, dict[str, Any])
        await ratings(platform)
        return before, left

    before, left = stack.run(scenario)
    assert before == left


def test_another_model_rates_everything_anew(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(platform: Platform) -> tuple[Rows, Rows]:
        await add_server(platform)
        await take(platform, *made(4))
        before = await ratings(platform)
        monkeypatch.setattr(job, "VERSION", model.VERSION + 1)
        assert await unrated(platform.clickhouse) == 4
        return before, await ratings(platform)

    before, after = stack.run(scenario)
    assert [row | {"chain": 0} for row in before] == [row | {"chain": 0} for row in after]
    assert before != after
