"""Pages that are kept: shown again with their age, made anew in time, and gone with what they say."""

import asyncio
import dataclasses
import re
import time
from pathlib import Path

import httpx
import msgspec
import pytest

from api.audit.service import Actor
from api.auth import keys
from api.errors import NotFound
from api.left_out import service as left_out
from api.platform import Platform
from api.players import marks
from api.privacy import caches
from api.servers import service as servers
from api.stores import redis
from api.web import kept
from api.web.kept import Pages
from api.web.public.render import Page
from tests.events_made import body, kill
from tests.stack import Stack, drain, http_client
from tests.web.browser import TESTS
from tests.web.played import HTML, play, read

_BY: Actor = TESTS


class _Maker:
    """Makes a page, slowly, and counts how often."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.made = 0
        self._seconds = seconds

    async def __call__(self) -> Page:
        self.made += 1
        await asyncio.sleep(self._seconds)
        return Page(b"page %d" % self.made, 10, False)


def _pages(platform: Platform, seconds: int = 10) -> Pages:
    return Pages(platform.redis, platform.postgres, seconds)


def test_a_page_is_made_once_for_all_who_ask(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        pages, make = _pages(platform), _Maker(0.2)
        shown = await asyncio.gather(*(pages.show("/x?", make) for _ in range(20)))
        assert make.made == 1
        assert {page.content for page, _ in shown} == {b"page 1"}
        # Another process finds it, too; another address is another page.
        other = _pages(platform)
        assert (await other.show("/x?", make))[0].content == b"page 1"
        assert (await other.show("/x?bots=only", make))[0].content == b"page 2"

    stack.run(scenario)


def test_who_goes_away_while_a_page_is_made_takes_it_from_nobody(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        pages, make = _pages(platform), _Maker(0.2)
        first = asyncio.create_task(pages.show("/x?", make))
        second = asyncio.create_task(pages.show("/x?", make))
        await asyncio.sleep(0.1)
        first.cancel()
        assert (await second)[0].content == b"page 1"
        assert make.made == 1

    stack.run(scenario)


def test_an_old_page_is_shown_while_it_is_made_anew(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(platform: Platform) -> None:
        pages, make = _pages(platform), _Maker()
        _, made_at = await pages.show("/x?", make)
        assert made_at is not None
        real = time.time
        monkeypatch.setattr("api.web.kept.time.time", lambda: real() + 11)
        page, at = await pages.show("/x?", make)
        assert (page.content, at) == (b"page 1", made_at)
        await asyncio.sleep(0.1)
        assert make.made == 2
        assert (await pages.show("/x?", make))[0].content == b"page 2"

    stack.run(scenario)


def test_what_fails_is_not_kept_and_told_to_all_who_wait(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        pages = _pages(platform)

        async def fail() -> Page:
            await asyncio.sleep(0.05)
            raise NotFound("nothing")

        told = await asyncio.gather(*(pages.show("/x?", fail) for _ in range(3)), return_exceptions=True)
        assert [type(each) for each in told] == [NotFound] * 3
        assert (await pages.show("/x?", _Maker()))[0].content == b"page 1"

    stack.run(scenario)


def test_memory_is_bounded(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "SLOTS", 8)

    async def scenario(platform: Platform) -> None:
        pages, make = _pages(platform), _Maker()
        for n in range(100):
            assert (await pages.show(f"/x?{n}", make))[0].content == b"page %d" % (n + 1)
        assert len(await platform.redis.keys(kept.PREFIX + "*")) <= 8

        async def large() -> Page:
            return Page(b"x" * (kept.LARGEST + 1), 10, False)

        await pages.show("/large?", large)
        assert (await pages.show("/large?", make))[0].content == b"page 101"

    stack.run(scenario)


def test_without_redis_pages_are_made_each_time(stack: Stack, tmp_path: Path) -> None:
    async def scenario(platform: Platform) -> None:
        nowhere = redis.connect(f"unix://{tmp_path}/none.sock")
        pages, make = Pages(nowhere, platform.postgres, 10), _Maker()
        for n in (1, 2, 3):
            assert (await pages.show("/x?", make))[0].content == b"page %d" % n
        await nowhere.aclose()

    stack.run(scenario)


def test_a_page_says_how_old_it_is(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, _: Platform) -> None:
        first, second = [await client.get("/maps", headers=HTML) for _ in range(2)]
        assert re.search(r"as of <time datetime=\"[^\"]+\">\d+ s ago</time>", second.text)
        assert first.headers["etag"] == second.headers["etag"]
        known = {**HTML, "If-None-Match": first.headers["etag"]}
        again = await client.get("/maps", headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert "<!-- age -->" not in first.text + (await client.get("/players", headers=HTML)).text

    read(stack, scenario)


def test_a_flag_is_seen_at_once(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, platform: Platform) -> None:
        found = (await client.get("/api/v1/stats/players?q=Ann")).json()["players"]
        ann = found[0]["player"]["id"]
        path = "/weapons/M1%20Garand"
        assert ann in (await client.get(path, headers=HTML)).text
        await marks.flag(platform.postgres, platform.clickhouse, ann, "cheats", _BY)
        assert ann not in (await client.get(path, headers=HTML)).text
        await marks.unflag(platform.postgres, platform.clickhouse, ann, _BY)
        assert ann in (await client.get(path, headers=HTML)).text

    read(stack, scenario)


def test_a_new_server_is_seen_at_once_and_an_event_in_time(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, platform: Platform) -> None:
        await client.get("/servers", headers=HTML)
        token = await servers.add(platform.postgres, "Juno")
        assert "Juno" in (await client.get("/servers", headers=HTML)).text
        weapons = (await client.get("/weapons", headers=HTML)).text
        sent = body([kill(0, "Zoe", "Bob", weapon="Spoon")])
        headers = {"Authorization": f"Bearer {token}"}
        assert (await client.post("/api/v1/ingest/events", content=sent, headers=headers)).status_code == 202
        await drain(platform)
        # The same for ten seconds: events come all the time.
        again = (await client.get("/weapons", headers=HTML)).text
        assert "Spoon" not in weapons + again

    read(stack, scenario)


def test_a_match_that_is_over_is_kept_and_one_that_is_played_is_not(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, platform: Platform) -> None:
        listed = (await client.get("/api/v1/stats/matches")).json()["matches"]
        ended = next(match["id"] for match in listed if match["ended"])
        before = platform.clickhouse.calls
        first, second = [await client.get(f"/matches/{ended}", headers=HTML) for _ in range(2)]
        # The match, its sessions, timeline, players, who they are, ratings; its report is made, in four.
        assert platform.clickhouse.calls - before <= 10
        assert "s ago</time>" in second.text
        assert first.headers["etag"] == second.headers["etag"]
        # Nobody writes another host's name onto it.
        elsewhere = await client.get(f"http://elsewhere.example/matches/{ended}", headers=HTML)
        assert "http://elsewhere.example/" in elsewhere.text
        assert "elsewhere" not in (await client.get(f"/matches/{ended}", headers=HTML)).text

        token = await servers.add(platform.postgres, "Juno")
        for n in range(2):
            sent = body([kill(n, "Zoe", f"Bob{n}", match_id="open", timestamp=time.time())])
            headers = {"Authorization": f"Bearer {token}"}
            answer = await client.post("/api/v1/ingest/events", content=sent, headers=headers)
            assert answer.status_code == 202
            await drain(platform)
            listed = (await client.get("/api/v1/stats/matches")).json()["matches"]
            page = await client.get(f"/matches/{listed[0]['id']}", headers=HTML)
            assert "still being played" in page.text
            assert page.headers["cache-control"] == "public, max-age=1"
            assert f"Bob{n}" in page.text

    read(stack, scenario)


def test_a_match_that_is_left_out_is_gone_at_once(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, platform: Platform) -> None:
        [match, *_] = (await client.get("/api/v1/stats/matches")).json()["matches"]
        path = f"/matches/{match['id']}"
        assert (await client.get(path, headers=HTML)).status_code == 200
        await left_out.leave_out(platform.postgres, platform.clickhouse, match["id"], "cheats", _BY)
        assert (await client.get(path, headers=HTML)).status_code == 410

    read(stack, scenario)


def test_an_erasure_drops_all_kept_pages(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, platform: Platform) -> None:
        await client.get("/maps", headers=HTML)
        assert await platform.redis.keys(kept.PREFIX + "*")
        await caches.forget(platform.redis, ["somebody else"])
        assert await platform.redis.keys(kept.PREFIX + "*") == []

    read(stack, scenario)


def test_nothing_is_kept_of_a_closed_community_nor_when_told_so(stack: Stack) -> None:
    for changed in ({"read_access": "key"}, {"page_seconds": 0}):
        settings = msgspec.structs.replace(stack.settings, **changed)

        async def scenario(platform: Platform) -> None:
            async with http_client(platform) as client:
                await play(platform, client)
                key = (await keys.add(platform.postgres, "read", "r", TESTS)).token
                headers = {**HTML, "Authorization": f"Bearer {key}"}
                answer = await client.get("/maps", headers=headers)
                assert answer.status_code == 200
                assert "as of" not in answer.text
                assert await platform.redis.keys(kept.PREFIX + "*") == []

        dataclasses.replace(stack, settings=settings).run(scenario)
        stack.wipe()
