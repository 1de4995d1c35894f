"""Live pages are sent to those who follow them, to so many at most, and end when asked to."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import msgspec
import pytest

from api.errors import TooManyRequests
from api.live.followers import Followers, Look
from api.platform import Platform
from tests.events_made import body, kill
from tests.stack import Stack, add_server, drain
from tests.web.test_looks import served


async def live_step(platform: Platform) -> None:
    from api.live import job

    await job.step(platform.clickhouse, platform.postgres, platform.redis, platform.settings)


def test_everybody_is_handed_the_same_look(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        followers = Followers(platform.redis, 20, pause=0.05)
        one, other = followers.follow("a"), followers.follow("b")
        assert (await anext(one)).live.matches == (await anext(other)).live.matches == []
        first, second = await asyncio.gather(anext(one), anext(other))
        assert first is second
        assert followers.count == 2
        await _close(one)
        await _close(other)
        assert followers.count == 0
        assert followers._looking is None

    stack.run(scenario)


async def _close(stream: AsyncIterator[Look]) -> None:
    await stream.aclose()  # type: ignore[attr-defined]


def test_there_is_room_for_so_many_and_for_a_share_of_them_from_one_address(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        followers = Followers(platform.redis, 20, pause=0.05)
        streams = [followers.follow("a") for _ in range(2)]
        for stream in streams:
            await anext(stream)
        with pytest.raises(TooManyRequests):
            followers.check("a")
        assert [look async for look in followers.follow("a")] == []
        for number in range(18):
            streams.append(followers.follow(str(number)))
            await anext(streams[-1])
        with pytest.raises(TooManyRequests):
            followers.check("new")
        await _close(streams[0])
        followers.check("new")
        followers.close()
        for stream in streams[1:]:
            assert await asyncio.wait_for(_ended(stream), 5)
        assert followers.count == 0
        with pytest.raises(TooManyRequests):
            Followers(platform.redis, 0).check("a")

    stack.run(scenario)


async def _ended(stream: AsyncIterator[Look]) -> bool:
    async for _ in stream:
        pass
    return True


def following(
    stack: Stack, use: Callable[[httpx.AsyncClient, Platform], Awaitable[None]], most: int = 500
) -> None:
    settings = msgspec.structs.replace(stack.settings, live_followers=most)

    async def run(platform: Platform) -> None:
        async with served(platform) as url, httpx.AsyncClient(base_url=url, timeout=20) as client:
            await live_step(platform)
            await use(client, platform)

    dataclasses.replace(stack, settings=settings).run(run)


async def _until(lines: AsyncIterator[str], wanted: str) -> str:
    async def look() -> str:
        async for line in lines:
            if wanted in line:
                return line
        raise AssertionError(f"the stream ended before {wanted!r}")

    return await asyncio.wait_for(look(), 20)


def test_a_stream_says_what_has_changed(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, platform: Platform) -> None:
        await add_server(platform)
        async with client.stream("GET", "/live/stream") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert answer.headers["x-accel-buffering"] == "no"
            assert "no-transform" in answer.headers["cache-control"]
            lines = answer.aiter_lines()
            assert await _until(lines, "event:") == "event: picture"
            await _until(lines, "Nobody is playing right now")
            await platform.inlet.take(1, body([kill(0, "<b>Ann", "Bob")]), "")
            await drain(platform)
            await live_step(platform)
            assert "&lt;b&gt;Ann" in await _until(lines, "Ann")
        match = (await client.get("/api/v1/live/matches")).json()["matches"][0]["id"]
        async with client.stream("GET", f"/live/stream?match={match}") as answer:
            await _until(answer.aiter_lines(), "dm/mohdm6")
        async with client.stream("GET", "/live/stream?match=00000000000000aa") as answer:
            await _until(answer.aiter_lines(), "not being played")
        assert (await client.get("/live/stream?match=x")).status_code == 422
        for _ in range(100):
            if not platform.followers.count:
                break
            await asyncio.sleep(0.05)
        assert platform.followers.count == 0
        head = await client.head("/live/stream")
        assert (head.status_code, head.headers["content-type"][:17]) == (200, "text/event-stream")

    following(stack, scenario)


def test_one_too_many_is_told_to_come_again(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, platform: Platform) -> None:
        async with client.stream("GET", "/live/stream") as answer:
            # Held: lines that nobody holds are closed, and with them the stream and its seat.
            lines = answer.aiter_lines()
            await _until(lines, "event:")
            # A stream, lest one that is not refused be read for ever.
            async with client.stream("GET", "/live/stream") as refused:
                assert refused.status_code == 429
                assert refused.headers["retry-after"] == "30"
        assert (await client.get("/live")).status_code == 200

    following(stack, scenario, most=1)


def test_the_server_ends_streams_when_it_ends(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        await live_step(platform)
        async with contextlib.AsyncExitStack() as at_end:
            async with served(platform) as url:
                client = await at_end.enter_async_context(httpx.AsyncClient(timeout=20))
                answer = await at_end.enter_async_context(client.stream("GET", f"{url}/live/stream"))
                lines = answer.aiter_lines()
                await _until(lines, "event:")
            # To its proper end: a stream that is cut off is an error to the client.
            async for _ in lines:
                pass
        assert platform.followers.count == 0

    stack.run(scenario)
