"""The ledger: every event once, whatever is repeated, split, shuffled or sent at once."""

import asyncio
import random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from api.events import fold
from api.ingest import inbox, job
from api.ingest.service import Accepted
from api.platform import Platform
from api.servers import service as servers
from tests.events_made import body, kill
from tests.stack import Stack, add_server, drain


class Seen(msgspec.Struct):
    seq: int
    times: int


async def raw_counts(platform: Platform) -> dict[int, int]:
    """How often each number stands in raw_events."""
    rows = await platform.clickhouse.rows("SELECT seq, count() AS times FROM raw_events GROUP BY seq", Seen)
    return {row.seq: row.times for row in rows}


async def take(platform: Platform, server: int, events: list[dict[str, Any]]) -> Accepted:
    return await platform.inlet.take(server, body(events), "")


def test_a_batch_sent_twice_counts_once(stack: Stack) -> None:
    async def scenario(platform: Platform) -> tuple[Accepted, Accepted, dict[int, int]]:
        server = await add_server(platform)
        events = [kill(seq, "Ann", "Bob") for seq in range(5)]
        first, second = await take(platform, server, events), await take(platform, server, events)
        await drain(platform)
        return first, second, await raw_counts(platform)

    first, second, counts = stack.run(scenario)
    assert (first.accepted, first.duplicates, first.processed) == (5, 0, 5)
    assert (second.accepted, second.duplicate_indexes, second.processed) == (0, [0, 1, 2, 3, 4], 5)
    assert counts == dict.fromkeys(range(5), 1)


def test_twenty_at_once_count_once(stack: Stack) -> None:
    async def scenario(platform: Platform) -> tuple[int, dict[int, int]]:
        server = await add_server(platform)
        events = [kill(seq, "Ann", "Bob") for seq in range(50)]
        answers = await asyncio.gather(*(take(platform, server, events) for _ in range(20)))
        await drain(platform)
        return sum(a.accepted for a in answers), await raw_counts(platform)

    accepted, counts = stack.run(scenario)
    assert accepted == 50
    assert counts == dict.fromkeys(range(50), 1)


def test_the_same_numbers_of_another_server_are_other_events(stack: Stack) -> None:
    async def scenario(platform: Platform) -> dict[int, int]:
        for name in ("one", "two"):
            await take(platform, await add_server(platform, name), [kill(0, "Ann", "Bob")])
        await drain(platform)
        return await raw_counts(platform)

    assert stack.run(scenario) == {0: 2}


def test_without_numbers_the_digest_tells_repeats_apart(stack: Stack) -> None:
    async def scenario(platform: Platform) -> tuple[list[int], dict[int, int]]:
        server = await add_server(platform)
        one, other = [kill(None, "Ann", "Bob")], [kill(None, "Ann", "Cid")]
        answers = [await take(platform, server, events) for events in (one, one, other)]
        await drain(platform)
        return [a.accepted for a in answers], await raw_counts(platform)

    assert stack.run(scenario) == ([1, 0, 1], {-1: 2})


def test_a_bad_event_costs_its_neighbours_nothing_and_can_be_driven_in_later(stack: Stack) -> None:
    async def scenario(platform: Platform) -> tuple[Accepted, list[Any], list[Any]]:
        server = await add_server(platform)
        events = [kill(0, "Ann", "Bob"), kill(1, "Ann", "Bob", damage="lots"), kill(2, "Ann", "Bob")]
        answer = await take(platform, server, events)
        await take(platform, server, events)
        found = await platform.postgres.rows("SELECT code, times FROM quarantine", dict[str, Any])
        return answer, found, await servers.sessions(platform.postgres, server)

    answer, quarantined, sessions = stack.run(scenario)
    assert answer.accepted == 2
    assert [(r.index, r.code) for r in answer.rejected] == [(1, "bad_field")]
    assert "lots" in answer.rejected[0].reason
    assert quarantined == [{"code": "bad_field", "times": 2}]
    assert [(r.first, r.last) for r in sessions[0].missing_ranges] == [(1, 1)]
    assert not sessions[0].complete
    assert sessions[0].repeats == 2


@hypothesis_settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), total=st.integers(1, 60), seed=st.integers(0, 2**32))
def test_any_splitting_order_and_repetition_counts_once(
    engine_stack: Stack, data: st.DataObject, total: int, seed: int
) -> None:
    dice = random.Random(seed)
    pieces = []
    for _ in range(dice.randrange(1, 12)):
        start = dice.randrange(total)
        pieces.append(
            [kill(seq, "Ann", "Bob") for seq in range(start, min(total, start + 1 + dice.randrange(30)))]
        )
    dice.shuffle(pieces)
    sent = {event["seq"] for piece in pieces for event in piece}
    cuts = data.draw(st.sets(st.integers(0, len(pieces))))

    async def scenario(platform: Platform) -> tuple[dict[int, int], int, list[tuple[int, int]]]:
        server = await add_server(platform)
        for place, piece in enumerate(pieces):
            await take(platform, server, piece)
            if place in cuts:
                await drain(platform)
        await drain(platform)
        found = (await servers.sessions(platform.postgres, server))[0]
        missing = await servers.missing_ranges(platform.postgres, server, "s1", 0, total)
        return await raw_counts(platform), found.received, missing

    engine_stack.wipe()
    counts, received, missing = engine_stack.run(scenario)
    assert counts == dict.fromkeys(sent, 1)
    assert received == len(sent)
    holes = {n for first, last in missing for n in range(first, last + 1)}
    assert holes == set(range(max(sent))) - sent


def test_a_writer_that_dies_after_the_insert_repeats_it_without_effect(stack: Stack) -> None:
    class Sums(msgspec.Struct):
        kills: int
        events: int

    class Died(Exception):
        pass

    async def scenario(platform: Platform) -> tuple[dict[int, int], Sums | None]:
        server = await add_server(platform)
        await take(platform, server, [kill(seq, "Ann", "Bob") for seq in range(10)])
        real = job._execute

        async def die(*_: object) -> None:
            raise Died

        job._execute = die  # type: ignore[assignment]
        try:
            await job.write_block(platform.postgres, platform.clickhouse, platform.settings)
        except Died:
            pass
        finally:
            job._execute = real
        await take(platform, server, [kill(seq, "Ann", "Bob") for seq in range(10, 15)])
        await drain(platform)
        sums = await platform.clickhouse.one(
            "SELECT (SELECT sum(kills) FROM player_daily) AS kills, "
            "(SELECT sum(events) FROM matches) AS events",
            Sums,
        )
        return await raw_counts(platform), sums

    counts, sums = stack.run(scenario)
    assert counts == dict.fromkeys(range(15), 1)
    assert sums == Sums(kills=15, events=15)


def test_a_session_s_map_holds_for_events_that_do_not_name_it(stack: Stack) -> None:
    class Row(msgspec.Struct):
        seq: int
        map: str
        gametype: str

    def bare(seq: int, **more: Any) -> dict[str, Any]:
        event = kill(seq, "Ann", "Bob")
        del event["map"], event["gametype"]
        return event | more

    async def scenario(platform: Platform) -> list[Row]:
        server = await add_server(platform)
        start = bare(0, type="match_start", map_name="dm/one", gametype="2")
        await take(platform, server, [start, bare(1)])
        await take(platform, server, [bare(2), bare(3, type="map_start", mapname="dm/two"), bare(4)])
        await take(platform, server, [bare(5)])
        await drain(platform)
        return await platform.clickhouse.rows("SELECT seq, map, gametype FROM raw_events ORDER BY seq", Row)

    rows = stack.run(scenario)
    assert [(r.seq, r.map) for r in rows] == list(
        enumerate(["dm/one", "dm/one", "dm/one", "dm/two", "dm/two", "dm/two"])
    )
    assert {r.gametype for r in rows} == {"tdm"}


def test_events_wait_in_the_inbox_while_clickhouse_refuses_them(stack: Stack) -> None:
    async def scenario(platform: Platform) -> tuple[int | None, int, dict[int, int]]:
        server = await add_server(platform)
        await platform.clickhouse.command("ALTER TABLE rivals ADD CONSTRAINT never CHECK kills > 99")
        try:
            await take(platform, server, [kill(0, "Ann", "Bob")])
            refused = await job.write_block(platform.postgres, platform.clickhouse, platform.settings)
        finally:
            await platform.clickhouse.command("ALTER TABLE rivals DROP CONSTRAINT never")
        await platform.postgres.execute("UPDATE ingest_blocks SET retry_at = now()")
        return refused, await drain(platform), await raw_counts(platform)

    assert stack.run(scenario) == (0, 1, {0: 1})


def test_without_numbers_and_dates_the_same_bytes_later_are_other_events(stack: Stack) -> None:
    async def scenario(platform: Platform) -> list[int]:
        server = await add_server(platform)
        start = [kill(None, "Ann", "Bob", type="map_start", timestamp=0.05)]
        dated = [kill(None, "Ann", "Bob")]
        answers = [await take(platform, server, events) for events in (start, start, dated)]
        await platform.postgres.execute("UPDATE ingest_digests SET forget_at = forget_at - interval '1 hour'")
        answers += [await take(platform, server, events) for events in (start, dated)]
        return [answer.accepted for answer in answers]

    assert stack.run(scenario) == [1, 0, 1, 1, 0]


def test_a_body_is_the_same_though_rules_have_changed(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was sent is digested, not what was made of it."""

    async def scenario(platform: Platform) -> list[tuple[int, int]]:
        server = await add_server(platform)
        sent = [kill(None, "Ann", "Bob"), kill(None, "Bob", "Ann", damage=2e15)]
        seen = []
        for _ in range(2):
            answer = await take(platform, server, sent)
            seen.append((answer.accepted, len(answer.rejected)))
            monkeypatch.setattr(fold, "NUMBER_BOUND", 1e16)
        return seen

    assert stack.run(scenario) == [(1, 1), (0, 0)]


def test_a_session_of_nothing_but_holes_is_refused_and_no_other(stack: Stack) -> None:
    async def scenario(platform: Platform) -> list[tuple[int, set[str]]]:
        server = await add_server(platform)
        seen = []
        for first in range(0, 48_000, 8_000):
            holes = [kill(seq, "Ann", "Bob") for seq in range(first, first + 8_000, 2)]
            answer = await take(platform, server, [*holes, kill(first, "Ann", "Bob", session_id="good")])
            seen.append((answer.accepted, {rejected.code for rejected in answer.rejected}))
        return seen

    seen = stack.run(scenario)
    assert seen[0] == (4001, set())
    assert seen[-1] == (1, {"bad_seq"})


def test_a_block_is_bounded_in_bytes(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(platform: Platform) -> list[int | None]:
        server = await add_server(platform)
        for seq in range(4):
            await take(platform, server, [kill(seq, "Ann", "Bob", message="x" * 1000)])
        monkeypatch.setattr(job, "_BLOCK_BYTES", 2000)
        stores = platform.postgres, platform.clickhouse, platform.settings
        return [await job.write_block(*stores) for _ in range(3)]

    assert stack.run(scenario) == [2, 2, None]


@pytest.mark.parametrize(
    ("rows", "bytes_", "block_events", "full"),
    [(999, 1, 1000, False), (1000, 1, 100_000, True), (10, 1, 10, True), (10, 7 << 20, 1000, True)],
)
def test_a_block_is_full_by_its_events_its_bytes_or_its_rows(
    stack: Stack, rows: int, bytes_: int, block_events: int, full: bool
) -> None:
    async def scenario(platform: Platform) -> bool:
        await platform.postgres.execute(
            "INSERT INTO ingest_inbox (events, bytes, payload) SELECT 1, %s, '' FROM generate_series(1, %s)",
            bytes_,
            rows,
        )
        return await job.is_full(platform.postgres, block_events)

    assert stack.run(scenario) is full


def test_a_block_that_cannot_be_read_does_not_stop_the_others(stack: Stack) -> None:
    async def scenario(platform: Platform) -> tuple[list[int | None], dict[int, int], Any]:
        server = await add_server(platform)
        await take(platform, server, [kill(0, "Ann", "Bob")])
        await platform.postgres.execute("UPDATE ingest_inbox SET payload = 'rubbish'")
        first = await job.write_block(platform.postgres, platform.clickhouse, platform.settings)
        await take(platform, server, [kill(1, "Ann", "Bob")])
        second = await job.write_block(platform.postgres, platform.clickhouse, platform.settings)
        counts = await raw_counts(platform)
        return [first, second], counts, await inbox.depth(platform.postgres)

    written, counts, depth = stack.run(scenario)
    assert written == [0, 1]
    assert counts == {1: 1}
    assert depth.failing_blocks == 1
