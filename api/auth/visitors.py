"""Members of the forum on the site: a ticket that the forum's key asked for, taken once, becomes a session.

Both are kept in Redis, by the hash of what the browser has. The forum's key is asked for at every request:
one that does not hold any more ends what it began.
"""

import hashlib
import secrets
import time
from collections.abc import Callable
from typing import Final

import msgspec
from redis.asyncio import Redis

from api.auth.service import Caller, Gate
from api.errors import TokenMissing
from api.stores.redis import away

TICKET_SECONDS: Final = 60
IDLE_SECONDS: Final = 24 * 3600
LONGEST_SECONDS: Final = 30 * 86_400


class Visitor(msgspec.Struct, frozen=True):
    """A member who is logged in to the site. `began`: unix seconds."""

    member: int
    name: str
    key_id: int
    began: float = 0.0


class Visitors:
    """Begins, finds and ends sessions of members. `clock` gives unix seconds."""

    def __init__(self, redis: Redis, gate: Gate, clock: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._gate = gate
        self._clock = clock

    async def ticket(self, member: int, name: str, caller: Caller) -> str:
        """Return a ticket for a member, good once and for a minute."""
        ticket = secrets.token_urlsafe(32)
        packed = msgspec.json.encode(Visitor(member, name, caller.key_id or 0))
        with away():
            await self._redis.set(_name("ticket", ticket), packed, ex=TICKET_SECONDS)
        return ticket

    async def begin(self, ticket: str) -> str:
        """Take a ticket and return a session's id. Raises TokenMissing for one that is not good any more."""
        with away():
            packed = await self._redis.getdel(_name("ticket", ticket))
        visitor = msgspec.json.decode(packed, type=Visitor) if packed else None
        if visitor is None or not await self._holds(visitor):
            raise TokenMissing("this link was used before, or is older than a minute; go to the forum again")
        session_id = secrets.token_urlsafe(32)
        packed = msgspec.json.encode(msgspec.structs.replace(visitor, began=self._clock()))
        with away():
            await self._redis.set(_name("visitor", session_id), packed, ex=IDLE_SECONDS)
        return session_id

    async def resume(self, session_id: str) -> Visitor | None:
        """Return whose a session is, None when it is over."""
        name = _name("visitor", session_id)
        with away():
            packed = await self._redis.getex(name, ex=IDLE_SECONDS)
        if packed is None:
            return None
        visitor = msgspec.json.decode(packed, type=Visitor)
        if self._clock() - visitor.began >= LONGEST_SECONDS or not await self._holds(visitor):
            await self.end(session_id)
            return None
        return visitor

    async def end(self, session_id: str) -> None:
        """End a session."""
        with away():
            await self._redis.delete(_name("visitor", session_id))

    def form_token(self, session_id: str) -> str:
        """Return what comes with each form of a session, and no other site knows."""
        return hashlib.sha256(b"form:" + session_id.encode("utf-8", "surrogateescape")).hexdigest()

    async def _holds(self, visitor: Visitor) -> bool:
        caller = await self._gate.holder(visitor.key_id)
        return caller is not None and caller.kind == "forum"


def _name(kind: str, secret: str) -> str:
    return f"{kind}:{hashlib.sha256(secret.encode('utf-8', 'surrogateescape')).hexdigest()}"
