"""How much each sender may ask a minute.

Counts are kept in Redis, one for a sender and a minute, so that all processes count together. Each process
counts by itself as well: that is what holds while Redis is away, and what spares Redis those who are over.
What servers send is counted in the process alone, for it must cost next to nothing.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final, Literal

import msgspec
import structlog
from redis.asyncio import Redis

from api import metrics
from api.errors import StoreUnavailable, TooManyRequests
from api.settings import Settings
from api.stores.redis import away

log = structlog.get_logger()

Budget = Literal["ingest", "reads", "key", "failures", "commands"]

WINDOW_SECONDS: Final = 60
_AWAY_SECONDS = 5.0
_SENDERS = 100_000
_WORDS: Final[dict[Budget, str]] = {
    "ingest": "requests with events from one server",
    "reads": "requests without a key from one address",
    "key": "requests with one key",
    "failures": "requests with a key that does not open anything from one address",
    "commands": "questions of one player",
}


class Standing(msgspec.Struct, frozen=True):
    """How a sender stands with a budget: `remaining` requests in the next `reset` seconds, of `limit`."""

    budget: Budget
    limit: int
    remaining: int
    reset: int

    @property
    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers-10 words it."""
        return {
            "RateLimit-Policy": f'"{self.budget}";q={self.limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"{self.budget}";r={self.remaining};t={self.reset}',
        }


class Limits:
    """Counts requests against the budgets of the settings.

    `clock` gives unix seconds; `patience` is how many seconds Redis may take before it counts as away.
    """

    def __init__(
        self,
        redis: Redis,
        settings: Settings,
        clock: Callable[[], float] = time.time,
        patience: float = 1.0,
    ) -> None:
        self._redis = redis
        self._patience = patience
        self._clock = clock
        self._of: dict[Budget, int] = {
            "ingest": settings.ingest_requests_per_minute,
            "reads": settings.reads_per_minute,
            "key": settings.key_requests_per_minute,
            "failures": settings.failed_keys_per_minute,
            "commands": settings.game_commands_per_minute,
        }
        self._ingest_limit = self._of["ingest"]
        self._window = 0
        self._here: dict[tuple[Budget, str | int], int] = {}
        self._away_until = 0.0

    def ingest(self, server_id: int) -> None:
        """Count a request with events.

        Raises TooManyRequests over the budget.
        """
        if self._ingest_limit and (count := self._count_here("ingest", server_id)) > self._ingest_limit:
            raise _refusal(self._standing("ingest", count))

    async def spend(self, budget: Budget, sender: str) -> Standing | None:
        """Count a request, in all processes together, and return how the sender stands; None without a limit.

        Raises TooManyRequests over the budget.
        """
        limit = self._of[budget]
        if not limit:
            return None
        count = self._count_here(budget, sender)
        if count <= limit:
            count = max(count, await self._count_in_redis(budget, sender, 1))
        standing = self._standing(budget, count)
        if count > limit:
            raise _refusal(standing)
        return standing

    async def give_back(self, budget: Budget, sender: str) -> None:
        """Take a request off again that turned out not to be of this budget."""
        if self._of[budget]:
            if self._here.get((budget, sender)):
                self._here[budget, sender] -= 1
            await self._count_in_redis(budget, sender, -1)

    def _count_here(self, budget: Budget, sender: str | int) -> int:
        window = int(self._clock()) // WINDOW_SECONDS
        if window != self._window or len(self._here) > _SENDERS:
            self._window = window
            self._here.clear()
        count = self._here.get((budget, sender), 0) + 1
        self._here[budget, sender] = count
        return count

    async def _count_in_redis(self, budget: Budget, sender: str, by: int) -> int:
        """Return the count of all processes; 0 while Redis is away, so that the count here decides."""
        if time.monotonic() < self._away_until:
            return 0
        key = f"limit:{budget}:{sender}:{self._window}"
        try:
            with away():
                async with asyncio.timeout(self._patience), self._redis.pipeline(transaction=False) as pipe:
                    pipe.incrby(key, by)
                    pipe.expire(key, 2 * WINDOW_SECONDS)
                    return int((await pipe.execute())[0])
        except StoreUnavailable as error:
            # Many may have been waiting: it is said once.
            if time.monotonic() >= self._away_until:
                log.warning("limits are counted in this process alone", cause=error.cause)
            self._away_until = time.monotonic() + _AWAY_SECONDS
            return 0

    def _standing(self, budget: Budget, count: int) -> Standing:
        limit = self._of[budget]
        reset = WINDOW_SECONDS - int(self._clock()) % WINDOW_SECONDS
        return Standing(budget, limit, max(0, limit - count), reset)


def _refusal(standing: Standing) -> TooManyRequests:
    metrics.limited.labels(standing.budget).inc()
    much = f"more than {standing.limit} {_WORDS[standing.budget]} within a minute"
    detail = f"{much}; try again in {standing.reset} s"
    return TooManyRequests(detail, {"Retry-After": str(standing.reset), **standing.headers})
