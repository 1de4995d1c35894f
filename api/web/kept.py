"""Pages that are kept in Redis for a while, so that ClickHouse is not asked the same by everybody.

A kept page says how old it is. For `AFTERACTION_PAGE_SECONDS` it is shown as it is; for a minute more it is
shown at once and made anew behind that, by one process; after that, whoever asks waits, and all who ask this
process for the same page wait for one making. There is room for `SLOTS` pages of `LARGEST` bytes, each in
the slot that its address falls into: two that meet there take turns, and no number of addresses needs more.

Nothing is kept of a closed community, nor while Redis is away, nor of what changes by the second, as a match
that is being played. Whatever changes without an event (erasures, flags, links, matches left out, servers)
counts `page_version` up in Postgres (0015_pages.sql), when it begins and when ClickHouse has it; a page of
another version is not shown. An erasure also drops all kept pages.
"""

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, ParamSpec
from urllib.parse import parse_qsl, urlencode
from zlib import crc32

import msgspec
import structlog
from litestar import Response
from redis.asyncio import Redis

from api.errors import StoreUnavailable
from api.stores.postgres import Postgres
from api.stores.redis import away
from api.stores.sql import queries
from api.web.public.render import PAGE, Page, PageRequest, as_page, home, sent

P = ParamSpec("P")
Make = Callable[[], Awaitable[Page]]

SLOTS: Final = 512
LARGEST: Final = 256 << 10
PREFIX: Final = "page:"
_STALE_SECONDS: Final = 60
_LOCK_SECONDS: Final = 15
# After Redis did not answer, pages do without it for so long: a frozen one answers after seconds only.
_REST_SECONDS: Final = 5.0
_SQL = queries("postgres", "pages")

log = structlog.get_logger()


class _Version(msgspec.Struct):
    version: int


class _Kept(msgspec.Struct, array_like=True):
    """A page in Redis; `made_at` in unix seconds."""

    address: str
    version: int
    made_at: float
    page: Page


class Pages:
    """The kept pages, as one process sees them."""

    def __init__(self, redis: Redis, postgres: Postgres, seconds: int, public_url: str | None = None) -> None:
        self.public_url = public_url
        self._redis = redis
        self._postgres = postgres
        self._seconds = seconds
        self._making: dict[tuple[str, int], asyncio.Task[_Kept]] = {}
        self._rest_until = 0.0

    async def show(self, address: str, make: Make, seconds: int | None = None) -> tuple[Page, float | None]:
        """Return the page at an address and when it was made (unix seconds), or None when it was not kept.

        `make` makes it anew; `seconds` is for how long it is fresh, where that is not the setting.
        """
        if not self._seconds or time.monotonic() < self._rest_until:
            return await make(), None
        version = await self._version()
        found = await self._get(address, version)
        if found is None:
            found = await asyncio.shield(self._make(address, version, make))
        elif time.time() - found.made_at > (seconds or self._seconds) and await self._may_renew(address):
            self._make(address, version, make)
        return found.page, found.made_at

    def _make(self, address: str, version: int, make: Make) -> asyncio.Task[_Kept]:
        """Make a page and keep it, unless that is under way."""
        known = (address, version)
        if known not in self._making:
            task = asyncio.create_task(self._made(address, version, make))
            task.add_done_callback(lambda done: self._done(known, done))
            self._making[known] = task
        return self._making[known]

    def _done(self, known: tuple[str, int], task: "asyncio.Task[_Kept]") -> None:
        del self._making[known]
        # Whoever waits is told as well; of a page that is made anew behind an old one, only the log hears.
        if not task.cancelled() and (error := task.exception()) is not None:
            log.info("a page could not be made", address=known[0], cause=str(error)[:200])

    async def _made(self, address: str, version: int, make: Make) -> _Kept:
        began = time.time()
        kept = _Kept(address, version, began, await make())
        is_lasting = kept.page.seconds >= PAGE and len(kept.page.content) <= LARGEST
        # What was changed while the page was made may be on it or not.
        if is_lasting and await self._version() == version:
            await self._set(kept)
        return kept

    async def _version(self) -> int:
        found = await self._postgres.one(_SQL["version"], _Version)
        return found.version if found else 0

    async def _get(self, address: str, version: int) -> _Kept | None:
        try:
            with away():
                packed = await self._redis.get(_slot(address))
        except StoreUnavailable:
            self._rest_until = time.monotonic() + _REST_SECONDS
            return None
        if not isinstance(packed, bytes):
            return None
        try:
            found = msgspec.msgpack.decode(packed, type=_Kept)
        except msgspec.DecodeError:
            return None
        return found if (found.address, found.version) == (address, version) else None

    async def _set(self, kept: _Kept) -> None:
        life = max(self._seconds, kept.page.seconds) + _STALE_SECONDS
        try:
            with away():
                await self._redis.set(_slot(kept.address), msgspec.msgpack.encode(kept), ex=life)
        except StoreUnavailable:
            self._rest_until = time.monotonic() + _REST_SECONDS

    async def _may_renew(self, address: str) -> bool:
        """Tell whether no other process makes the page anew."""
        try:
            with away():
                return bool(await self._redis.set(f"{_slot(address)}:new", b"1", nx=True, ex=_LOCK_SECONDS))
        except StoreUnavailable:
            return False


def kept(
    *, seconds: int | None = None
) -> Callable[[Callable[P, Awaitable[Response[bytes]]]], Callable[P, Awaitable[Response[bytes]]]]:
    """Keep what a handler of pages answers; `seconds` is for how long it is fresh, if not the setting's.

    Its page must follow from the address alone.
    """

    def around(handler: Callable[P, Awaitable[Response[bytes]]]) -> Callable[P, Awaitable[Response[bytes]]]:
        @functools.wraps(handler)
        async def answer(*args: P.args, **given: P.kwargs) -> Response[bytes]:
            request: Any = given["request"]
            if request.scope["state"]["closed"]:
                return await handler(*args, **given)
            pages: Pages = request.app.state.pages
            page, made_at = await pages.show(
                _address(request, pages.public_url), lambda: as_page(handler(*args, **given)), seconds
            )
            return sent(request, page, made_at)

        return answer

    return around


def _address(request: PageRequest, public_url: str | None) -> str:
    """Return the address without a key that it may carry: keys are kept and logged nowhere.

    Some pages name themselves below the host that was asked, which anybody may make up.
    """
    path: str = request.scope["path"]
    asked = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    said = urlencode([(name, value) for name, value in asked if name != "server_token"])
    return f"{home(request, public_url)} {path}?{said}"


def _slot(address: str) -> str:
    return f"{PREFIX}{crc32(address.encode()) % SLOTS}"
