"""Checking tokens, with a short memory so that ingest need not ask Postgres each time."""

import hmac
import time

import msgspec

from api.auth import tokens
from api.errors import TokenMissing, TokenRefused
from api.stores.postgres import Postgres
from api.stores.sql import queries

_SQL = queries("postgres", "auth")
# A revoked token is forgotten within this many seconds in every process.
_MEMORY_SECONDS = 1.0
_MEMORY_TOKENS = 10_000


class _ServerToken(msgspec.Struct):
    server_id: int
    revoked: bool


class _Found(msgspec.Struct):
    found: bool


class Gate:
    """Says whose a token is."""

    def __init__(self, postgres: Postgres, admin_token: str | None) -> None:
        self._postgres = postgres
        self._configured = tokens.hashed(admin_token) if admin_token else None
        self._known: dict[bytes, tuple[float, _ServerToken]] = {}

    async def server(self, token: str | None) -> int:
        """Return the id of the server that a token belongs to.

        Raises TokenMissing without a token or for one never issued, TokenRefused for a revoked one.
        """
        if not token:
            raise TokenMissing(
                "send the server's token as 'Authorization: Bearer ...', as 'X-Server-Token: ...' "
                "or as ?server_token=..."
            )
        found = await self._look_up(tokens.hashed(token))
        if found is None:
            raise TokenMissing("this token was never issued here; `afteraction server add NAME` makes one")
        if found.revoked:
            raise TokenRefused("this token was revoked; `afteraction server rotate NAME` makes a new one")
        return found.server_id

    async def _look_up(self, hashed: bytes) -> _ServerToken | None:
        now = time.monotonic()
        remembered = self._known.get(hashed)
        if remembered is not None and remembered[0] > now:
            return remembered[1]
        found = await self._postgres.one(_SQL["server_of_token"], _ServerToken, hashed)
        if found is not None:
            if len(self._known) >= _MEMORY_TOKENS:
                self._known.clear()
            self._known[hashed] = (now + _MEMORY_SECONDS, found)
        return found

    async def admin(self, token: str | None) -> None:
        """Let an admin pass.

        Raises TokenMissing without an admin's token.
        """
        if token and await self._is_admin(tokens.hashed(token)):
            return
        raise TokenMissing("this needs the admin token, as 'Authorization: Bearer ...'")

    async def _is_admin(self, hashed: bytes) -> bool:
        if self._configured is not None:
            return hmac.compare_digest(self._configured, hashed)
        return await self._postgres.one(_SQL["admin_token"], _Found, hashed) is not None


async def first_admin_token(postgres: Postgres) -> str | None:
    """Make and return the admin token on the first start, None on later ones."""
    if await postgres.one(_SQL["any_admin_token"], _Found) is not None:
        return None
    token = tokens.new(tokens.ADMIN)
    await postgres.execute(_SQL["add_admin_token"], tokens.hashed(token))
    return token
