"""Hashing of login codes with argon2id, beside the event loop and never many at once."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from api.errors import StoreUnavailable

R = TypeVar("R")

# OWASP's second choice of parameters: some 20 ms and 19 MiB each. Two at a time leave the other cores to the
# rest, and bound the memory; a queue that is full is refused, so that tries cannot pile up.
_TIME_COST: Final = 2
_MEMORY_KIB: Final = 19_456
_AT_ONCE: Final = 2
_WAITING: Final = 64


class Hasher:
    """Makes and verifies hashes of codes."""

    def __init__(self) -> None:
        self._argon2 = PasswordHasher(_TIME_COST, _MEMORY_KIB, parallelism=1)
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="argon2")
        self._waiting = 0
        # Verified where there is nothing to verify, so that the time taken does not tell which codes exist.
        self._dummy = self._argon2.hash("no code has this hash")

    async def hash(self, code: str) -> str:
        """Return the hash that is stored of a code."""
        return await self._beside(lambda: self._argon2.hash(code))

    async def verify(self, stored: str | None, code: str) -> bool:
        """Tell whether a code has this hash; without a hash, take as long and say no.

        Raises StoreUnavailable when too many wait already.
        """
        matches = await self._beside(lambda: self._matches(stored or self._dummy, code))
        return matches and stored is not None

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _matches(self, stored: str, code: str) -> bool:
        try:
            return self._argon2.verify(stored, code)
        except (VerifyMismatchError, InvalidHashError):
            return False

    async def _beside(self, work: Callable[[], R]) -> R:
        if self._waiting >= _WAITING:
            raise StoreUnavailable(
                "logins", f"{self._waiting} codes are being checked already", retry_after=2
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1
