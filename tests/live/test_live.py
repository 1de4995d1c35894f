"""Live matches: drawn from the log, kept in Redis, closed by an end or silence, back after it was emptied."""

from typing import Any

import msgspec
import pytest

from api.errors import NotFound
from api.ingest.decode import decode
from api.ingest.sorting import Arrival
from api.live import job, service
from api.live.service import LastPicture, Live
from api.platform import Platform
from api.stores import redis
from tests.events_made import body, kill
from tests.stack import Stack, add_server, drain


async def play(platform: Platform, events: list[dict[str, Any]]) -> None:
    server = await add_server(platform)
    await platform.inlet.take(server, body(events), "")
    await drain(platform)


async def renewed(platform: Platform, last: LastPicture) -> Live:
    await job.step(platform.clickhouse, platform.postgres, platform.redis, platform.settings)
    return await service.show(platform.redis, last)


EVENTS = [
    kill(0, "", "", type="match_start"),
    kill(1, "Ann", "Bob"),
    kill(2, "Ann", "Bob"),
    kill(3, "Bob", "Ann"),
    {"type": "heartbeat", "seq": 4, "session_id": "s1", "match_id": "m1", "allies_score": 3, "axis_score": 5}
    | {"timestamp": 1_790_000_004, "map": "dm/mohdm6", "gametype": "ffa"},
]
END = kill(5, "", "", type="match_end")


def test_a_match_is_shown_with_running_counts(stack: Stack) -> None:
    async def scenario(platform: Platform) -> Live:
        await play(platform, EVENTS)
        return await renewed(platform, LastPicture())

    live = stack.run(scenario)
    assert not live.stale
    (match,) = live.matches
    assert (match.server, match.map, match.gametype) == ("one", "dm/mohdm6", "ffa")
    assert match.score is not None
    assert (match.score.allies, match.score.axis) == (3, 5)
    assert [(p.name, p.kills, p.deaths) for p in match.players] == [("Ann", 2, 1), ("Bob", 1, 2)]
    assert match.last_event is not None
    assert match.last_event.type == "heartbeat"


def test_an_ended_match_is_not_live(stack: Stack) -> None:
    async def scenario(platform: Platform) -> Live:
        await play(platform, [*EVENTS, END])
        return await renewed(platform, LastPicture())

    assert stack.run(scenario).matches == []


def test_a_silent_match_is_closed(stack: Stack) -> None:
    async def scenario(platform: Platform) -> tuple[int, int]:
        server = await add_server(platform)
        decoded = decode(body(EVENTS), max_events=100, max_event_bytes=10_000)
        silent_for = 60
        await platform.inlet.commit(Arrival(server, 1_790_000_100.0, decoded))
        await drain(platform)
        await platform.clickhouse.command(
            "ALTER TABLE matches UPDATE received_at = now64(3) - INTERVAL {s:UInt32} SECOND WHERE 1 "
            "SETTINGS mutations_sync = 2",
            s=silent_for,
        )
        counts = []
        for timeout in (silent_for + 30, silent_for - 30):
            settings = msgspec.structs.replace(platform.settings, live_timeout_seconds=timeout)
            await job.step(platform.clickhouse, platform.postgres, platform.redis, settings)
            counts.append(len((await service.show(platform.redis, LastPicture())).matches))
        return counts[0], counts[1]

    assert stack.run(scenario) == (1, 0)


def test_an_emptied_redis_is_filled_again(stack: Stack) -> None:
    async def scenario(platform: Platform) -> tuple[Live, Live, Live]:
        await play(platform, EVENTS)
        last = LastPicture()
        before = await renewed(platform, last)
        await platform.redis.flushall()
        emptied = await service.show(platform.redis, last)
        return before, emptied, await renewed(platform, last)

    before, emptied, after = stack.run(scenario)
    assert emptied.stale
    assert emptied.matches == []
    assert after.matches == before.matches


def test_without_redis_the_last_picture_is_shown_as_stale(stack: Stack) -> None:
    async def scenario(platform: Platform) -> Live:
        await play(platform, EVENTS)
        last = LastPicture()
        await renewed(platform, last)
        gone = redis.connect("unix:///nowhere/valkey.sock")
        try:
            return await service.show(gone, last)
        finally:
            await gone.aclose()

    live = stack.run(scenario)
    assert live.stale
    assert len(live.matches) == 1


def test_one_match_is_found_by_its_id(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        await play(platform, EVENTS)
        last = LastPicture()
        (match,) = (await renewed(platform, last)).matches
        assert await service.show_match(platform.redis, last, match.id) == match
        with pytest.raises(NotFound, match="is not live"):
            await service.show_match(platform.redis, last, "0" * 16)

    stack.run(scenario)
