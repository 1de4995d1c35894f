"""Sessions of admins in a browser: an admin's key, shown once, becomes a cookie for a while.

They are kept in Redis: when it is emptied, everybody is logged out. Redis knows a session by the hash of its
id, and whose key began it, not the key. That key is asked for at every request, so it ends its sessions.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from typing import Final

import msgspec
from redis.asyncio import Redis

from api.auth.service import Caller, Gate
from api.stores.redis import away

IDLE_SECONDS: Final = 30 * 60
LONGEST_SECONDS: Final = 12 * 3600


class Session(msgspec.Struct):
    """A session. Times are unix seconds.

    `csrf` is to come with everything that changes something; `notice` is what the next page says.
    """

    key_id: int | None
    label: str
    seal: str | None
    csrf: str
    began: float
    seen: float
    notice: str | None = None


class Sessions:
    """Begins, finds and ends sessions. `clock` gives unix seconds."""

    def __init__(self, redis: Redis, gate: Gate, clock: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._gate = gate
        self._clock = clock

    async def begin(self, caller: Caller) -> str:
        """Begin a session of the admin whose key was shown, and return its id, a secret."""
        session_id, now = secrets.token_urlsafe(32), self._clock()
        seal = None if caller.key_id is not None else self._gate.seal(session_id)
        session = Session(caller.key_id, caller.label, seal, secrets.token_urlsafe(32), now, now)
        with away():
            await self._redis.set(_name(session_id), msgspec.json.encode(session), ex=IDLE_SECONDS)
        return session_id

    async def resume(self, session_id: str) -> tuple[Session, Caller] | None:
        """Return a session and whose it is; None when it is over or its key does not hold any more."""
        with away():
            found = await self._redis.get(_name(session_id))
        if found is None:
            return None
        session, now = msgspec.json.decode(found, type=Session), self._clock()
        caller = await self._caller(session, session_id)
        over = now - session.seen >= IDLE_SECONDS or now - session.began >= LONGEST_SECONDS
        if over or caller is None:
            await self.end(session_id)
            return None
        await self.keep(session_id, msgspec.structs.replace(session, seen=now, notice=None))
        return session, caller

    async def keep(self, session_id: str, session: Session) -> None:
        """Write a session down anew, unless it was ended meanwhile."""
        with away():
            packed = msgspec.json.encode(session)
            await self._redis.set(_name(session_id), packed, ex=IDLE_SECONDS, xx=True)

    async def end(self, session_id: str) -> None:
        """End a session."""
        with away():
            await self._redis.delete(_name(session_id))

    async def _caller(self, session: Session, session_id: str) -> Caller | None:
        if session.key_id is None:
            seal = self._gate.seal(session_id)
            good = seal is not None and hmac.compare_digest(seal, session.seal or "")
            return Caller("admin", session.label) if good else None
        caller = await self._gate.holder(session.key_id)
        return caller if caller is not None and caller.kind == "admin" else None


def _name(session_id: str) -> str:
    return "session:" + hashlib.sha256(session_id.encode("utf-8", "surrogateescape")).hexdigest()
