"""The pages for everybody in a real browser: nothing cut off, no error; live ones follow, frames show."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, async_playwright

from api import demo
from api.live import job as live
from api.platform import Platform
from api.servers import service as servers
from tests.events_made import body, kill
from tests.stack import Stack, drain, http_client
from tests.web.played import play
from tests.web.test_looks import ARGUMENTS, CHROMIUM, SCREENS, complaints, picture, served
from tests.web.test_public import LISTS, every_page

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no chromium (Debian: apt install chromium)"
)


def browsed(stack: Stack, use: Callable[[Browser, str, Platform], Awaitable[None]]) -> None:
    """Open a browser, and serve the pages at the address that is given."""

    async def run(platform: Platform) -> None:
        async with served(platform) as url, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            try:
                await use(browser, url, platform)
            finally:
                await browser.close()

    stack.run(run)


async def _renew(platform: Platform) -> None:
    await live.step(platform.clickhouse, platform.postgres, platform.redis, platform.settings)


@pytest.mark.parametrize("width", SCREENS)
def test_every_page_fits_and_says_no_error(stack: Stack, width: str) -> None:
    async def scenario(browser: Browser, url: str, platform: Platform) -> None:
        async with http_client(platform) as client:
            await play(platform, client)
            await _renew(platform)
            # One of each kind: what comes after the last / is only another name.
            kinds = {_kind(path): path for path in await every_page(client)}
            lists = [
                "/",
                "/live",
                "/players",
                "/matches",
                "/weapons",
                "/maps",
                "/servers",
                "/leaderboards",
                "/digest",
                "/search",
            ]
        across, down, scheme = SCREENS[width]
        context = await browser.new_context(viewport={"width": across, "height": down}, color_scheme=scheme)
        said, page = complaints(context), await context.new_page()
        for path in dict.fromkeys([*lists, *kinds.values()]):
            await page.goto(url + path)
            await picture(page, f"{width}{path.partition('?')[0].replace('/', '-')}")
            cut = await page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert cut <= 0, path
        assert said == []

    browsed(stack, scenario)


def test_the_live_page_follows(stack: Stack) -> None:
    async def scenario(browser: Browser, url: str, platform: Platform) -> None:
        await _renew(platform)
        page = await browser.new_page()
        await page.goto(f"{url}/live")
        await page.get_by_text("Nobody is playing right now").wait_for()
        token = await servers.add(platform.postgres, "Omaha")
        async with http_client(platform) as client:
            headers = {"Authorization": f"Bearer {token}"}
            await client.post("/api/v1/ingest/events", content=body([kill(0, "Ann", "Bob")]), headers=headers)
        await drain(platform)
        await _renew(platform)
        await page.get_by_role("link", name="dm/mohdm6").wait_for()
        await page.get_by_role("row").filter(has_text="Ann").wait_for()

    browsed(stack, scenario)


def test_the_page_of_a_live_match_follows_a_recording(stack: Stack) -> None:
    async def scenario(browser: Browser, url: str, platform: Platform) -> None:
        token = await servers.add(platform.postgres, "Omaha")
        headers = {"Authorization": f"Bearer {token}"}
        events = [dict(event) for event in demo.recorded("team")]
        last = events[-1]["match_id"]
        events = [event for event in events if event.get("match_id") == last and event["type"] != "match_end"]
        steps = [events[at : at + 120] for at in range(0, len(events), 120)]
        kills = [0, 0]
        context = await browser.new_context()
        said, page = complaints(context), await context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url.removeprefix(url)))
        async with http_client(platform) as client:
            for n, step in enumerate(steps):
                await client.post("/api/v1/ingest/events", content=body(step), headers=headers)
                await drain(platform)
                await _renew(platform)
                if n == 0:
                    match = (await client.get("/api/v1/live/matches")).json()["matches"][0]["id"]
                    await page.goto(f"{url}/live/{match}")
                    await page.get_by_role("heading", name="Live match").wait_for()
                live_now = (await client.get(f"/api/v1/live/matches/{match}")).json()
                for player in live_now["players"]:
                    if player["here"]:
                        cells = (player["name"], player["team"], str(player["kills"]), str(player["deaths"]))
                        row = page.get_by_role("row", name=" ".join(cells), exact=True)
                        await row.wait_for(timeout=10_000)
                kills = [kills[1], sum(player["kills"] for player in live_now["players"])]
        assert len(steps) > 2
        assert kills[1] > kills[0] > 0
        # It was told by one stream, and nothing was loaded again.
        assert [path for path in asked if path.startswith("/live")] == [
            f"/live/{match}",
            f"/live/stream?match={match}",
        ]
        assert said == []

    browsed(stack, scenario)


def test_a_part_is_shown_in_the_frame_of_another_site(stack: Stack) -> None:
    async def scenario(browser: Browser, url: str, platform: Platform) -> None:
        async with http_client(platform) as client:
            await play(platform, client)
        page = await browser.new_page()
        paths = ("/embed/leaderboards/kills", "/players")
        async with _forum("".join(f'<iframe src="{url}{path}"></iframe>' for path in paths)) as forum:
            await page.goto(forum)
            part, whole = (page.frame_locator(f"iframe >> nth={n}") for n in (0, 1))
            await part.get_by_role("heading", name="Kills").wait_for()
            assert await part.locator(".places li").count() > 0
            assert await whole.get_by_role("heading", name="Players").count() == 0

    browsed(stack, scenario)


@asynccontextmanager
async def _forum(page: str) -> AsyncIterator[str]:
    """Serve one page as another site of this machine."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + page.encode())
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


def _kind(path: str) -> str:
    """Return what pages have in common that differ only in whom or what they are about."""
    head, _, last = path.partition("?")[0].rpartition("/")
    general = re.sub(r"/[0-9a-f]{16}", "/ID", head)
    return general if general == head else f"{general}/{last}"


@pytest.mark.parametrize("width", SCREENS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(stack: Stack, scheme: Literal["light", "dark"], width: str) -> None:
    async def scenario(browser: Browser, url: str, platform: Platform) -> None:
        async with http_client(platform) as client:
            await play(platform, client)
            await _renew(platform)
            kinds = {_kind(path): path for path in await every_page(client)}
        across, down, _ = SCREENS[width]
        # The page's own rules for scripts would keep axe out.
        context = await browser.new_context(
            viewport={"width": across, "height": down}, color_scheme=scheme, bypass_csp=True
        )
        page, axe, found = await context.new_page(), Axe(), []
        for path in dict.fromkeys([*LISTS, *kinds.values()]):
            await page.goto(url + path)
            result = await axe.run(page)
            found += [
                (path, rule["id"], [node["target"] for node in rule["nodes"]][:3])
                for rule in result.response["violations"]
                if rule["impact"] in ("serious", "critical")
            ]
        assert found == []

    browsed(stack, scenario)
