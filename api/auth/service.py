"""Checking keys, with a short memory so that ingest need not ask Postgres each time."""

import hmac
import time
from collections.abc import Callable
from contextlib import suppress

import msgspec

from api.audit.service import Actor
from api.auth import keys, tokens
from api.auth.tokens import Kind
from api.errors import StoreUnavailable, TokenMissing, TokenRefused
from api.stores.postgres import Postgres
from api.stores.sql import queries

_SQL = queries("postgres", "auth")
# A revoked key is forgotten within this many seconds in every process.
_MEMORY_SECONDS = 1.0
_MEMORY_KEYS = 10_000
_SERVER: frozenset[Kind] = frozenset({"server"})


class Caller(msgspec.Struct, frozen=True):
    """Whose key a request carries. `key_id` is None for the key of AFTERACTION_ADMIN_TOKEN.

    `server_id` is 0 but for a server's key.
    """

    kind: Kind
    label: str
    key_id: int | None = None
    server_id: int = 0


class _Stored(msgspec.Struct, frozen=True):
    key_id: int
    kind: Kind
    label: str
    server_id: int
    revoked: bool
    seconds_left: float | None
    unnoted: bool


class _Known(msgspec.Struct, frozen=True):
    """A key that was looked up: good, or None, and until when that may be believed."""

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
        self._known: dict[bytes, _Known] = {}

    async def server(self, token: str | None) -> int:
        """Return the id of the server that a key belongs to; raises as `caller` does."""
        return (await self.caller(token, _SERVER)).server_id

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
            known = await self._look_up(hashed)
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
            return _Known(now, Caller("admin", "AFTERACTION_ADMIN_TOKEN"), True)
        stored = await self._postgres.one(_SQL["key_of_hash"], _Stored, hashed)
        if stored is None:
            return None
        if stored.unnoted:
            with suppress(StoreUnavailable):
                await self._postgres.execute(_SQL["note_use"], stored.key_id)
        left = _MEMORY_SECONDS if stored.seconds_left is None else stored.seconds_left
        known = _Known(
            now + min(left, _MEMORY_SECONDS),
            Caller(stored.kind, stored.label, stored.key_id, stored.server_id),
            not stored.revoked and left > 0,
        )
        if len(self._known) >= _MEMORY_KEYS:
            self._known.clear()
        self._known[hashed] = known
        return known


def _needed(allowed: frozenset[Kind]) -> str:
    if allowed == _SERVER:
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
