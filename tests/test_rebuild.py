"""Rebuild: everything but raw_events is made anew from raw_events, and says the same."""

import random
from typing import Any

import pytest

from api.errors import Conflict, NotFound
from api.ingest import job
from api.ingest.decode import decode
from api.ingest.sorting import Arrival
from api.platform import Platform
from api.rebuild import service as rebuild
from api.stores import sql
from api.stores.cluster import Cluster
from tests.events_made import body, kill
from tests.sql.feed import settle
from tests.stack import Stack, add_server, drain, migrated, no_report, wipe_postgres

Tables = dict[str, list[dict[str, Any]]]


async def played(platform: Platform, first: int, last: int) -> None:
    dice = random.Random(7)
    names = ["Ann", "Bob", "Cid"]
    events = [kill(seq, dice.choice(names), dice.choice(names)) for seq in range(first, last)]
    await platform.inlet.take(1, body(events), "")


async def tables(platform: Platform) -> Tables:
    """Every aggregate, merged, in one order."""
    found: Tables = {}
    await settle(platform.clickhouse)
    for noun in await rebuild.nouns(platform.clickhouse):
        rows = await platform.clickhouse.rows(f"SELECT * FROM {noun} FINAL ORDER BY ALL", dict[str, Any])
        found[noun] = [_in_order(row) for row in rows]
    return found


def _in_order(row: dict[str, Any]) -> dict[str, Any]:
    """Moments come in any order, and a version says how often a match was computed."""
    row.pop("version", None), row.pop("settled", None)
    return row | {name: sorted(row[name]) for name in ("lifeline", "stances") if name in row}


async def run(platform: Platform, noun: str | None = None) -> int:
    return await rebuild.rebuild(platform.postgres, platform.clickhouse, platform.settings, noun, no_report)


def test_a_rebuild_says_the_same_and_goes_on_counting(stack: Stack) -> None:
    async def scenario(platform: Platform) -> tuple[Tables, Tables, Tables, int]:
        await add_server(platform)
        for first in range(0, 90, 30):
            await played(platform, first, first + 30)
            await drain(platform)
        before = await tables(platform)
        rebuilt = await run(platform)
        after = await tables(platform)
        await played(platform, 90, 120)
        await drain(platform)
        later = await tables(platform)
        await run(platform)
        assert await tables(platform) == later
        return before, after, later, rebuilt

    before, after, later, rebuilt = stack.run(scenario)
    assert rebuilt == len(before) > 10
    assert "raw_events" not in before
    assert after == before
    assert sum(row["events"] for row in later["matches"]) == 120
    assert sum(row["deaths"] for row in later["player_totals"]) == 120


def test_a_wrong_aggregate_is_mended_and_the_others_are_left(stack: Stack) -> None:
    async def scenario(platform: Platform) -> tuple[Tables, Tables]:
        await add_server(platform)
        await played(platform, 0, 50)
        await drain(platform)
        before = await tables(platform)
        await platform.clickhouse.command("TRUNCATE TABLE rivals")
        await platform.clickhouse.command(
            "INSERT INTO rivals (player_key, opponent_key, kills) VALUES (1, 2, 99)"
        )
        assert await run(platform, "rivals") == 1
        return before, await tables(platform)

    before, after = stack.run(scenario)
    assert after == before


def test_what_adds_a_table_up_is_mended_with_it(stack: Stack) -> None:
    async def scenario(platform: Platform) -> tuple[Tables, Tables]:
        await add_server(platform)
        await played(platform, 0, 50)
        await drain(platform)
        before = await tables(platform)
        await platform.clickhouse.command(
            "INSERT INTO player_daily (player_key, day, kills) VALUES (1, '2026-11-21', 99)"
        )
        assert await run(platform, "player_daily") == 2
        return before, await tables(platform)

    before, after = stack.run(scenario)
    assert after == before


def test_what_waits_in_the_inbox_is_written_first_and_counts_once(stack: Stack) -> None:
    async def scenario(platform: Platform) -> list[dict[str, Any]]:
        await add_server(platform)
        await played(platform, 0, 30)
        await platform.postgres.execute(job._SQL["seal"], 1000, 1 << 20)
        await run(platform)
        await drain(platform)
        return (await tables(platform))["event_types"]

    assert [row["events"] for row in stack.run(scenario)] == [30]


def test_an_unknown_noun_is_refused(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        for noun in ("nonsense", "raw_events"):
            with pytest.raises(NotFound, match="these can: current_ratings, event_types"):
                await run(platform, noun)

    stack.run(scenario)


def test_while_a_block_is_refused_nothing_is_rebuilt(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        await add_server(platform)
        await played(platform, 0, 3)
        await platform.clickhouse.command("ALTER TABLE rivals ADD CONSTRAINT never CHECK kills > 99")
        try:
            with pytest.raises(Conflict, match="refuses a block"):
                await run(platform)
        finally:
            await platform.clickhouse.command("ALTER TABLE rivals DROP CONSTRAINT never")

    stack.run(scenario)


@pytest.mark.parametrize("step_events", [1, 1_000_000], ids=["a day at a time", "days together"])
def test_days_with_the_same_rows_are_both_counted(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, step_events: int
) -> None:
    monkeypatch.setattr(rebuild, "_STEP_EVENTS", step_events)

    async def scenario(platform: Platform) -> tuple[Tables, Tables]:
        server = await add_server(platform)
        for day in (0, 1):
            sent = body([kill(seq, "Ann", "Bob", session_id=f"s{day}", timestamp=5.0) for seq in range(4)])
            decoded = decode(sent, max_events=10, max_event_bytes=10_000)
            await platform.inlet.commit(Arrival(server, 1_790_000_000.0 + 86_400 * day, decoded))
            await drain(platform)
        before = await tables(platform)
        await run(platform)
        return before, await tables(platform)

    before, after = stack.run(scenario)
    assert after == before
    assert sum(row["kills"] for row in after["rivals"]) == 8


def test_a_migration_that_makes_a_projection_anew_fills_it(stack: Stack) -> None:
    anew = [migration for migration in sql.migrations("clickhouse") if migration.rebuilds]
    assert anew
    # What such a one makes, a later one may change.
    again = [
        migration.number for migration in sql.migrations("clickhouse") if migration.number >= anew[0].number
    ]

    async def scenario(platform: Platform) -> tuple[Tables, Tables]:
        await add_server(platform)
        await played(platform, 0, 50)
        await drain(platform)
        before = await tables(platform)
        for migration in anew:
            await platform.clickhouse.command(f"TRUNCATE TABLE {migration.rebuilds}")
        await platform.clickhouse.command(
            "DELETE FROM schema_migrations WHERE number >= {n:UInt32}", n=again[0]
        )
        assert [step.number for step in await migrated(platform)] == again
        return before, await tables(platform)

    before, after = stack.run(scenario)
    assert after == before
    assert any(after[str(migration.rebuilds)] for migration in anew)


def test_an_upgrade_of_both_stores_brings_blocks_to_their_end_with_the_new_tables(stack: Stack) -> None:
    anew = next(migration for migration in sql.migrations("clickhouse") if migration.rebuilds)

    async def scenario(platform: Platform) -> list[str]:
        await add_server(platform)
        await played(platform, 0, 50)
        await platform.postgres.execute(
            "ALTER TABLE ingest_inbox DROP COLUMN set_aside_at, DROP COLUMN set_aside_reason"
        )
        await platform.postgres.execute("DELETE FROM schema_migrations WHERE number = 9")
        await platform.clickhouse.command(
            "DELETE FROM schema_migrations WHERE number = {n:UInt32}", n=anew.number
        )
        return [step.engine for step in await migrated(platform)]

    assert stack.run(scenario) == ["postgres", "clickhouse"]


def test_an_upgrade_that_makes_tables_anew_waits_for_a_refused_block_and_changes_nothing(
    stack: Stack,
) -> None:
    anew = next(migration for migration in sql.migrations("clickhouse") if migration.rebuilds)

    async def scenario(platform: Platform) -> tuple[Tables, Tables]:
        await add_server(platform)
        await played(platform, 0, 50)
        await drain(platform)
        before = await tables(platform)
        await platform.clickhouse.command(
            "DELETE FROM schema_migrations WHERE number = {n:UInt32}", n=anew.number
        )
        await played(platform, 50, 60)
        await platform.clickhouse.command("ALTER TABLE raw_events ADD CONSTRAINT never CHECK seq < 50")
        try:
            with pytest.raises(Conflict, match="refuses a block"):
                await migrated(platform)
            return before, await tables(platform)
        finally:
            await platform.clickhouse.command("ALTER TABLE raw_events DROP CONSTRAINT never")
            await wipe_postgres(platform.postgres)
            await migrated(platform)

    before, after = stack.run(scenario)
    assert after == before


def test_a_cluster_says_what_to_do_before_a_table_is_made_anew(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    anew = next(migration for migration in sql.migrations("clickhouse") if migration.rebuilds == "map_tiles")
    forget = "DELETE FROM schema_migrations WHERE number = {n:UInt32}"

    async def scenario(platform: Platform) -> tuple[Tables, Tables, Tables]:
        await add_server(platform)
        await played(platform, 0, 50)
        await drain(platform)
        before = await tables(platform)
        await platform.clickhouse.command(forget, n=anew.number)
        with monkeypatch.context() as patched:
            patched.setattr(platform.clickhouse, "cluster", Cluster("c", "afteraction"))
            with pytest.raises(Conflict, match=r"makes map_tiles anew.*--fill-by-hand.*docs/scale.md"):
                await migrated(platform)
        same = await tables(platform)
        steps = await rebuild.migrate(
            platform.postgres, platform.clickhouse, platform.settings, no_report, fill_by_hand=True
        )
        assert [step.number for step in steps] == [anew.number]
        empty = await tables(platform)
        await run(platform, "map_tiles")
        return before, same, {**empty, "map_tiles": (await tables(platform))["map_tiles"]}

    before, same, filled = stack.run(scenario)
    assert same == before
    assert filled == before
