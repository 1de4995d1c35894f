"""Pictures beside links: a PNG of each player and match, whatever the names, and pages that announce it."""

import dataclasses
import re
import struct

import httpx
import msgspec
import pytest

from api.auth import keys
from api.platform import Platform
from api.servers import service as servers
from api.web.public import cards
from tests.events_made import body, kill
from tests.stack import Stack, drain, http_client
from tests.web.browser import HOSTILE, TESTS
from tests.web.played import read
from tests.web.test_public import api, page

NAMES = (
    *HOSTILE,
    "مرحبا بالعالم",
    "שלום abc",
    "e" + "\u0301" * 60,
    "﷽" * 20,
    "\ufffe\uffff",
    "]]></svg>",
    "&#0;&quot;",
    "W" * 200,
)


def size_of(png: bytes) -> tuple[int, int]:
    """Return width and height of a PNG that is whole."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert png.endswith(b"IEND\xaeB`\x82")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


async def picture(client: httpx.AsyncClient, path: str, **headers: str) -> httpx.Response:
    answer = await client.get(f"{path}/card.png", headers=headers)
    assert answer.status_code in (200, 304), (path, answer.text)
    return answer


def test_each_player_and_match_has_a_picture(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, platform: Platform) -> None:
        token = await servers.add(platform.postgres, "Quiet hill", TESTS)
        sent = body([kill(n, name, "Bob") for n, name in enumerate(NAMES)])
        await client.post("/api/v1/ingest/events", content=sent, headers={"Authorization": f"Bearer {token}"})
        await drain(platform)
        people = (await api(client, "/stats/players?limit=100&bots=include"))["players"]
        matches = (await api(client, "/stats/matches"))["matches"]
        paths = [f"/players/{line['player']['id']}" for line in people] + [
            f"/matches/{m['id']}" for m in matches
        ]
        assert len(people) > len(NAMES)
        seen = {}
        for path in paths:
            answer = await picture(client, path)
            assert answer.headers["content-type"] == "image/png"
            assert answer.headers["cache-control"] == "public, max-age=300"
            assert size_of(answer.content) == (cards.WIDTH, cards.HEIGHT)
            seen[answer.content] = path
            again = await picture(client, path, **{"If-None-Match": answer.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
        assert len(seen) == len(paths)
        assert (await client.get("/players/00000000000000aa/card.png")).status_code == 404
        assert (await client.get("/matches/x/card.png")).status_code == 404

    read(stack, scenario)


def test_pages_announce_their_picture(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, platform: Platform) -> None:
        people = (await api(client, "/stats/players?limit=100"))["players"]
        match = (await api(client, "/stats/matches"))["matches"][0]
        for path in (*(f"/players/{line['player']['id']}" for line in people), f"/matches/{match['id']}"):
            shown = await page(client, path)
            said = dict(
                re.findall(r'<meta (?:property|name)="((?:og|twitter):[a-z:]+)" content="([^"]*)">', shown)
            )
            assert said["og:url"] == f"{client.base_url}{path}"
            assert said["og:image"] == said["twitter:image"] == f"{client.base_url}{path}/card.png"
            assert said["twitter:card"] == "summary_large_image"
            assert said["og:title"].endswith(" · After Action")
            assert said["og:description"]
        settings = msgspec.structs.replace(platform.settings, public_url="https://stats.example.org/aa/")
        moved = dataclasses.replace(platform, settings=settings)
        async with http_client(moved) as other:
            shown = await page(other, f"/matches/{match['id']}")
            assert f'content="https://stats.example.org/aa/matches/{match["id"]}/card.png"' in shown

    read(stack, scenario)


def test_pictures_of_a_closed_community_are_for_those_with_a_key(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, platform: Platform) -> None:
        match = (await api(client, "/stats/matches"))["matches"][0]["id"]
        settings = msgspec.structs.replace(platform.settings, read_access="key")
        async with http_client(dataclasses.replace(platform, settings=settings)) as closed:
            assert (await closed.get(f"/matches/{match}/card.png")).status_code == 401
            key = (await keys.add(platform.postgres, "read", "anna", TESTS)).token
            answer = await picture(closed, f"/matches/{match}", Authorization=f"Bearer {key}")
            assert answer.headers["cache-control"] == "private, no-cache"

    read(stack, scenario)


@pytest.mark.parametrize("name", NAMES)
def test_a_long_text_gets_small_and_then_ends(name: str) -> None:
    line = cards.fitted(name, 80)
    assert 40 <= line.size <= 80
    assert len(line.text) < 60 or not name.startswith("W")
    assert cards.fitted("Ann", 80) == ("Ann", 80)
