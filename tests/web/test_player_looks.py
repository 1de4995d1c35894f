"""A player's page in a browser: its parts come as one scrolls, and links lead to them without scripts."""

import httpx
import pytest
from playwright.async_api import Browser, Page

from api.platform import Platform
from api.servers import service as servers
from tests.events_made import body
from tests.sql.feed import settle
from tests.stack import Stack, drain, http_client
from tests.stats.test_career import made
from tests.web.browser import HOSTILE
from tests.web.played import play
from tests.web.test_looks import CHROMIUM, SCREENS, complaints, picture
from tests.web.test_public import api
from tests.web.test_public_looks import browsed

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no chromium (Debian: apt install chromium)"
)


async def _fill(platform: Platform, client: httpx.AsyncClient) -> dict[str, str]:
    """Play recorded matches, made-up ones, and hostile names; return the ids of some players."""
    await play(platform, client)
    headers = {"Authorization": f"Bearer {await servers.add(platform.postgres, 'Quiet hill')}"}
    for match in made(24, 5):
        await client.post("/api/v1/ingest/events", content=body(match), headers=headers)
    await drain(platform)
    await settle(platform.clickhouse)
    people = (await api(client, "/stats/players?limit=100&sort=last_seen"))["players"]
    people += (await api(client, "/stats/players?limit=1&bots=only"))["players"]
    by_kills = sorted(people, key=lambda line: -line["kills"])
    once = {
        line["player"]["name"]: line["player"]["id"]
        for line in people
        if line["player"]["name"] not in ("Ann", "Bob", "Cid", "Dora")
    }
    return {
        "keen": by_kills[0]["player"]["id"],
        "other": by_kills[1]["player"]["id"],
        "hostile": next(player for name, player in once.items() if "script" in name),
        "skulls": next(player for name, player in once.items() if name.startswith(HOSTILE[2][0])),
    }


async def _scroll_through(page: Page) -> None:
    """Go down until nothing is left to be fetched."""
    for _ in range(60):
        if await page.locator(".career.lazy").count() == 0:
            return
        await page.evaluate("document.querySelector('.career.lazy')?.scrollIntoView()")
        await page.wait_for_timeout(100)
    raise AssertionError("a part of the page never came")


@pytest.mark.parametrize("width", SCREENS)
@pytest.mark.parametrize("turned", [False, True], ids=["usual", "other scheme"])
def test_all_of_a_player_fits_and_says_no_error(stack: Stack, width: str, turned: bool) -> None:
    async def scenario(browser: Browser, url: str, platform: Platform) -> None:
        async with http_client(platform) as client:
            who = await _fill(platform, client)
        across, down, usual = SCREENS[width]
        scheme = {"dark": "light", "light": "dark"}[usual] if turned else usual
        context = await browser.new_context(viewport={"width": across, "height": down}, color_scheme=scheme)  # type: ignore[arg-type]
        said, page = complaints(context), await context.new_page()
        looked = {name: f"/players/{player}" for name, player in who.items() if name != "other"}
        looked["compare"] = f"/compare?players={','.join(who.values())}"
        looked["compare-form"] = f"/compare?players={who['keen']}&q=a"
        looked["records"] = "/records"
        for name, path in looked.items():
            await page.goto(url + path)
            await _scroll_through(page)
            await picture(page, f"{width}-{scheme}-{name}")
            cut = await page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert cut <= 0, path
        assert said == []

    browsed(stack, scenario)


def test_links_lead_to_the_parts_without_scripts(stack: Stack) -> None:
    async def scenario(browser: Browser, url: str, platform: Platform) -> None:
        async with http_client(platform) as client:
            who = await _fill(platform, client)
        page = await (await browser.new_context(java_script_enabled=False)).new_page()
        await page.goto(f"{url}/players/{who['keen']}")
        await page.get_by_role("link", name="Rivals", exact=True).click()
        await page.get_by_role("heading", name="Nemesis").wait_for()
        await page.get_by_role("link", name="compare").first.click()
        await page.get_by_role("heading", name="Who killed whom").wait_for()

    browsed(stack, scenario)
