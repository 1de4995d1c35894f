"""The pages in a real browser, on a phone and on a wide screen: no error, nothing cut off, and they work.

`SCREENSHOTS=FOLDER` keeps a picture of each.
"""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Literal

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from api.auth import keys
from api.platform import Platform
from api.serving import server
from tests.stack import Stack
from tests.web import scene
from tests.web.browser import TESTS
from tests.web.test_pages import PAGES

CHROMIUM = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SCREENS: dict[str, tuple[int, int, Literal["dark", "light"]]] = {
    "phone": (390, 844, "dark"),
    "wide": (1440, 900, "light"),
}

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="there is no chromium (Debian: apt install chromium)"
)


@asynccontextmanager
async def served(platform: Platform) -> AsyncIterator[str]:
    """Serve the application on a free port of this machine."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(100)
        serving = server(platform)
        task = asyncio.create_task(serving.serve(sockets=[taken]))
        try:
            yield f"http://127.0.0.1:{taken.getsockname()[1]}"
        finally:
            serving.should_exit = True
            await task


def look(stack: Stack, use: Callable[[Browser, str, str], Awaitable[None]]) -> None:
    """Open a browser over pages on which there is something; it is given the address and a key."""

    async def run(platform: Platform) -> None:
        await scene.set_up(platform)
        key = (await keys.add(platform.postgres, "admin", "anna", TESTS)).token
        async with served(platform) as url, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            try:
                await use(browser, url, key)
            finally:
                await browser.close()

    stack.run(run)


async def _log_in(page: Page, url: str, key: str) -> None:
    await page.goto(f"{url}/admin")
    await page.get_by_label("Admin key").fill(key)
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_url(f"{url}/admin")


async def picture(page: Page, name: str) -> None:
    """Keep a picture of a page, where a folder for them is named."""
    if folder := os.environ.get("SCREENSHOTS"):
        await page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def complaints(context: BrowserContext) -> list[str]:
    """Return a list to which all that the browser complains about is added."""
    said: list[str] = []
    context.on(
        "console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None
    )
    context.on("weberror", lambda error: said.append(str(error.error)))
    context.on("dialog", lambda dialog: said.append(dialog.message))
    return said


@pytest.mark.parametrize("width", SCREENS)
def test_every_page_fits_and_says_no_error(stack: Stack, width: str) -> None:
    async def scenario(browser: Browser, url: str, key: str) -> None:
        across, down, scheme = SCREENS[width]
        context = await browser.new_context(viewport={"width": across, "height": down}, color_scheme=scheme)
        said, page = complaints(context), await context.new_page()
        await page.goto(f"{url}/admin")
        await picture(page, f"{width}-login")
        await _log_in(page, url, key)
        await page.goto(f"{url}/admin/players")
        player = await page.get_by_role("link", name="Ann", exact=True).get_attribute("href")
        for path in (*PAGES, f"{player}?q=b", f"{player}/erase", "/admin/nothing"):
            await page.goto(url + path)
            await picture(
                page, f"{width}{path.replace(player or '-', '/player').replace('/', '-').replace('?', '-')}"
            )
            cut = await page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert cut <= 0, path
            assert await page.evaluate("typeof htmx") == "object"
        # What is not there is told of by the browser as well.
        assert [text for text in said if "404" not in text] == []

    look(stack, scenario)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_server_is_added_and_revoked_by_hand(stack: Stack, scripts: bool) -> None:
    async def scenario(browser: Browser, url: str, key: str) -> None:
        context = await browser.new_context(java_script_enabled=scripts)
        page = await context.new_page()
        await _log_in(page, url, key)
        await page.get_by_role("link", name="Servers", exact=True).click()
        await page.get_by_label("Name").fill("Juno")
        await page.get_by_role("button", name="Add, and show its key").click()
        assert (await page.get_by_label("The new key").input_value()).startswith("aas_")
        await page.get_by_role("link", name="I have it").click()
        row = page.get_by_role("row").filter(has_text="Juno")
        await row.get_by_text("Revoke", exact=True).click()
        await row.get_by_role("button", name="Revoke its keys").click()
        await page.get_by_role("status").get_by_text("Juno: its keys end").wait_for()
        await page.get_by_role("button", name="Log out").click()
        await page.wait_for_url(f"{url}/admin/login")

    look(stack, scenario)
