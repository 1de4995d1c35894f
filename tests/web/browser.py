"""A browser without eyes: it keeps cookies, follows its own forms, and knows the session's token."""

import dataclasses
import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx

from api.audit.service import Actor
from api.auth import keys
from api.auth.sessions import Sessions
from api.platform import Platform
from tests.stack import Stack, http_client

R = TypeVar("R")

TESTS = Actor("command", "tests")
HOSTILE = (
    "<script>alert(1)</script>",
    "\u202eevil\u202c \u200f\u2066x",
    "\U0001f480" * 64,
    "^1Red^7\x07\x1b[31m",
    'a"onmouseover="b',
    "{{ 7 * 7 }}",
)


class Clock:
    """The time of day in unix seconds, moved by hand."""

    def __init__(self) -> None:
        self.at = 1_800_000_000.0

    def __call__(self) -> float:
        return self.at


class Browser:
    """One admin's browser."""

    def __init__(self, platform: Platform, client: httpx.AsyncClient, clock: Clock, key: str) -> None:
        self.platform = platform
        self.client = client
        self.clock = clock
        self.key = key

    @property
    def cookie(self) -> str:
        """The session's id."""
        return next(c.value or "" for c in self.client.cookies.jar if c.name == "afteraction")

    @cookie.setter
    def cookie(self, value: str) -> None:
        self.client.cookies.clear()
        self.client.cookies.set("afteraction", value, domain="test.local", path="/")

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path, headers={"Accept": "text/html"})

    async def page(self, path: str) -> str:
        answer = await self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:2000])
        return answer.text

    async def log_in(self, key: str | None = None, **headers: str) -> httpx.Response:
        sent = {"key": key or self.key, "next": "/admin/servers"}
        return await self.client.post("/admin/login", data=sent, headers={"Accept": "text/html", **headers})

    async def token(self) -> str:
        found = re.search(r'name="csrf" value="([\w-]+)"', await self.page("/admin/servers"))
        assert found is not None
        return found[1]

    async def post(self, path: str, **fields: object) -> httpx.Response:
        sent = {"csrf": await self.token(), **{name: str(value) for name, value in fields.items()}}
        return await self.client.post(path, data=sent, headers={"Accept": "text/html"})

    async def act(self, path: str, **fields: object) -> str:
        """Send a form that is taken, and return the page that follows it."""
        answer = await self.post(path, **fields)
        assert answer.status_code in (200, 303), (path, answer.status_code, answer.text[:2000])
        return answer.text if answer.status_code == 200 else await self.page(answer.headers["location"])


def browse(stack: Stack, use: Callable[[Browser], Awaitable[R]], *, logged_in: bool = True) -> R:
    """Open the pages over real stores, with a clock for sessions that is moved by hand."""

    async def run(platform: Platform) -> R:
        clock = Clock()
        sessions = Sessions(platform.redis, platform.gate, clock)
        key = (await keys.add(platform.postgres, "admin", "anna", TESTS)).token
        moved = dataclasses.replace(platform, sessions=sessions)
        async with http_client(moved) as client:
            browser = Browser(moved, client, clock, key)
            if logged_in:
                assert (await browser.log_in()).status_code == 303
            return await use(browser)

    return stack.run(run)
