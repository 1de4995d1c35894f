"""What ClickHouse answered some seconds ago: for what many requests ask and what seldom changes."""

import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from api.stores.clickhouse import ClickHouse

T = TypeVar("T")

SECONDS = 5.0


class Remembered(Generic[T]):
    """Asks a ClickHouse once in five seconds, and answers from memory in between."""

    def __init__(self, ask: Callable[[ClickHouse], Awaitable[T]]) -> None:
        self._ask = ask
        self._answers: WeakKeyDictionary[ClickHouse, tuple[float, T]] = WeakKeyDictionary()

    async def of(self, clickhouse: ClickHouse) -> T:
        """Return the answer, at most five seconds old. Raises what asking raises."""
        now = time.monotonic()
        kept = self._answers.get(clickhouse)
        if kept is not None and now - kept[0] < SECONDS:
            return kept[1]
        answer = await self._ask(clickhouse)
        self._answers[clickhouse] = now, answer
        return answer
