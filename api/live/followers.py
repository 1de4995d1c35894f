"""Those who follow what is live: one look at Redis a second for all of them, in each process."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Final, NamedTuple

from redis.asyncio import Redis

from api.errors import TooManyRequests
from api.live import service
from api.live.service import LastPicture, Live

_PAUSE_SECONDS: Final = 1.0
# How soon somebody may try again for whom there is no room.
_AGAIN_SECONDS: Final = 30
# What share of the room one address may take, as one over so many.
_SHARE: Final = 10


class Look(NamedTuple):
    """A picture, and what those to whom it is handed have made of it: they share that."""

    live: Live
    made: dict[str, str]


class Followers:
    """Hands a picture to everybody who follows, each second, until they leave or `close` ends it."""

    def __init__(self, redis: Redis, most: int, pause: float = _PAUSE_SECONDS) -> None:
        self._redis = redis
        self._last = LastPicture()
        self._most = most
        self._pause = pause
        self._seats: Counter[str] = Counter()
        self._closed = 0
        self._next: asyncio.Future[Look | None] | None = None
        self._looking: asyncio.Task[None] | None = None

    @property
    def count(self) -> int:
        """How many follow."""
        return self._seats.total()

    def check(self, address: str) -> None:
        """Raise TooManyRequests where there is no room for one more, or for one more from this address."""
        if self.count >= self._most or self._seats[address] >= max(1, self._most // _SHARE):
            raise TooManyRequests(
                "too many follow live pages as they change; the page itself renews as often as it is loaded",
                {"Retry-After": str(_AGAIN_SECONDS)},
            )

    async def follow(self, address: str) -> AsyncIterator[Look]:
        """Give the picture as it is, then a newer one each second. Ends at once where there is no room."""
        try:
            self.check(address)
        except TooManyRequests:
            return
        self._seats[address] += 1
        try:
            look: Look | None = Look(await service.show(self._redis, self._last), {})
            closed = self._closed
            while look is not None and closed == self._closed:
                yield look
                look = await asyncio.shield(self._awaited()) if closed == self._closed else None
        finally:
            self._seats[address] -= 1
            if not self._seats[address]:
                del self._seats[address]
            if not self._seats and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    def close(self) -> None:
        """End the streams of all who follow now."""
        self._closed += 1
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        if self._next is not None and not self._next.done():
            self._next.set_result(None)
        self._next = None

    def _awaited(self) -> asyncio.Future[Look | None]:
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        return self._next

    async def _look(self) -> None:
        # To be cancelled is not enough: worker.py says why.
        while self._looking is asyncio.current_task():
            await asyncio.sleep(self._pause)
            picture = await service.show(self._redis, self._last)
            awaited, self._next = self._next, asyncio.get_running_loop().create_future()
            if awaited is not None and not awaited.done():
                awaited.set_result(Look(picture, {}))
