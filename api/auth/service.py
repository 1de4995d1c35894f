"""Checking keys, with a short memory so that ingest need not ask Postgres each time."""

import hashlib
import hmac
import math
import time
from collections.abc import Callable
from contextlib import suppress

import msgspec

from api.audit.service import Actor
from api.auth import keys, tokens
from api.auth.roles import ALLOWED
from api.auth.tokens import Kind
from api.errors import StoreUnavailable, TokenMissing, TokenRefused
from api.stores.postgres import Postgres
from api.stores.sql import queries

_SQL = queries("postgres", "auth")
# A revoked key is forgotten within this many seconds in every process.
_MEMORY_SECONDS = 1.0
_MEMORY_KEYS = 10_000


class Caller(msgspec.Struct, frozen=True):
    """Whose key a request carries. `key_id` is None for the key of AFTERACTION_ADMIN_TOKEN.

    `server_id` is 0 but for a server's key.
    """

    kind: Kind
    label: str
    key_id: int | None = None
    server_id: int = 0


class Stored(msgspec.Struct, frozen=True):
    """A key as it stands in Postgres, by whose clock `seconds_left` are counted."""

    key_id: int
    kind: Kind
    label: str
    server_id: int
    revoked: bool
    seconds_left: float | None
    unnoted: bool

    @property
    def holds(self) -> bool:
        """Neither revoked nor over."""
        return not self.revoked and (self.seconds_left is None or self.seconds_left > 0)


class _Known(msgspec.Struct, frozen=True):
    """A key that was looked up, and until when what was found may be believed."""

    until: float
    caller: Caller
    holds: bool


class _Found(msgspec.Struct):
    found: bool


class Gate:
    """Says whose a key is. `clock` gives seconds that never go back."""

    def __init__(
        self, postgres: Postgres, admin_token: str | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._postgres = postgres
        self._configured = tokens.hashed(admin_token) if admin_token else None
        self._clock = clock
        self._known: dict[bytes | int, _Known] = {}
        # Until when a key that is none need not be asked for again.
        self._unknown: dict[bytes, float] = {}

    def remembered(self, token: str | None, allowed: frozenset[Kind]) -> Caller | None:
        """Return whose key this is if that is known without asking, None otherwise."""
        known = self._known.get(tokens.hashed(token)) if token else None
        if known is None or not known.holds or known.until <= self._clock():
            return None
        return known.caller if known.caller.kind in allowed else None

    async def caller(self, token: str | None, allowed: frozenset[Kind]) -> Caller:
        """Return whose a key is.

        Raises TokenMissing without a key or for one never issued, TokenRefused for one that was revoked or
        is of a kind that is not allowed.
        """
        if not token:
            raise TokenMissing(_needed(allowed))
        hashed = tokens.hashed(token)
        known = self._known.get(hashed)
        if known is None or known.until <= self._clock():
            unknown = self._unknown.get(hashed, -math.inf) > self._clock()
            known = None if unknown else await self._look_up(hashed)
        if known is None:
            raise TokenMissing(
                "this key was never issued here; `afteraction server add NAME` and `afteraction key add` "
                "make them"
            )
        if not known.holds:
            raise TokenRefused(
                "this key was revoked or its time is over; `afteraction server rotate NAME` or "
                "`afteraction key add` makes a new one"
            )
        if known.caller.kind not in allowed:
            raise TokenRefused(f"this is a key of the kind {known.caller.kind!r}; {_needed(allowed)}")
        return known.caller

    async def _look_up(self, hashed: bytes) -> _Known | None:
        now = self._clock()
        if self._configured is not None and hmac.compare_digest(self._configured, hashed):
            return self._remember(
                hashed, _Known(now + _MEMORY_SECONDS, Caller("admin", "AFTERACTION_ADMIN_TOKEN"), True)
            )
        stored = await self._postgres.one(_SQL["key_of_hash"], Stored, hashed)
        if stored is None:
            if len(self._unknown) >= _MEMORY_KEYS:
                self._unknown.clear()
            self._unknown[hashed] = now + _MEMORY_SECONDS
            return None
        return await self._note(hashed, stored, now)

    async def holder(self, key_id: int) -> Caller | None:
        """Return whose key has an id, None when it does not hold any more."""
        now = self._clock()
        known = self._known.get(key_id)
        if known is None or known.until <= now:
            stored = await self._postgres.one(_SQL["key_of_id"], Stored, key_id)
            if stored is None:
                return None
            known = await self._note(key_id, stored, now)
        return known.caller if known.holds else None

    def seal(self, text: str) -> str | None:
        """Return a mark that only the key of AFTERACTION_ADMIN_TOKEN makes of a text; None without that key.

        Who reads the mark and not the text cannot try keys against it.
        """
        if self._configured is None:
            return None
        return hmac.new(self._configured, text.encode(), hashlib.sha256).hexdigest()

    async def _note(self, asked: bytes | int, stored: Stored, now: float) -> _Known:
        if stored.unnoted:
            with suppress(StoreUnavailable):
                await self._postgres.execute(_SQL["note_use"], stored.key_id)
        left = _MEMORY_SECONDS if stored.seconds_left is None else stored.seconds_left
        known = _Known(
            now + min(left, _MEMORY_SECONDS),
            Caller(stored.kind, stored.label, stored.key_id, stored.server_id),
            stored.holds,
        )
        return self._remember(asked, known)

    def forget(self) -> None:
        """Forget what was looked up: the next use of each key asks Postgres again."""
        self._known.clear()
        self._unknown.clear()

    def _remember(self, asked: bytes | int, known: _Known) -> _Known:
        if len(self._known) >= _MEMORY_KEYS:
            self._known.clear()
        self._known[asked] = known
        return known


def _needed(allowed: frozenset[Kind]) -> str:
    if allowed == ALLOWED["server"]:
        return (
            "send the server's key as 'Authorization: Bearer ...', as 'X-Server-Token: ...' "
            "or as ?server_token=..."
        )
    return f"this needs a key of the kind {' or '.join(sorted(allowed))}, as 'Authorization: Bearer ...'"


async def first_admin_token(postgres: Postgres) -> str | None:
    """Make and return the first admin's key on the first start, None on later ones."""
    if await postgres.one(_SQL["any_admin_key"], _Found) is not None:
        return None
    return (await keys.add(postgres, "admin", "first", Actor("start", "first start"))).token
