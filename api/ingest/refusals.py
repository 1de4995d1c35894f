"""Requests that were refused for their token, remembered for a day so that the doctor can tell of them.

From where they came is sealed: the doctor has to name the machine that is to be mended.
"""

from datetime import UTC, datetime

import msgspec
from redis.asyncio import Redis

from api.errors import StoreUnavailable
from api.keyed import Keyed
from api.stores.redis import away

_KEY = "ingest:refusals"
_KEPT = 50
_KEPT_SECONDS = 86_400
_SHOWN_CHARACTERS = 8


class Refusal(msgspec.Struct):
    """A request whose token was missing, unknown or revoked. `token` is its beginning."""

    at: datetime
    address: str
    token: str
    reason: str


class _Kept(msgspec.Struct):
    at: datetime
    sealed: bytes
    token: str
    reason: str


async def remember(redis: Redis, hashes: Keyed, address: str, token: str | None, reason: str) -> None:
    """Note a refusal; without Redis it goes unnoted."""
    shown = (token or "")[:_SHOWN_CHARACTERS]
    refusal = _Kept(datetime.now(UTC), hashes.seal(address), shown, reason)
    try:
        with away():
            async with redis.pipeline(transaction=True) as pipe:
                pipe.lpush(_KEY, msgspec.json.encode(refusal))
                pipe.ltrim(_KEY, 0, _KEPT - 1)
                pipe.expire(_KEY, _KEPT_SECONDS)
                await pipe.execute()
    except StoreUnavailable:
        return


async def recent(redis: Redis, hashes: Keyed) -> list[Refusal]:
    """Return the latest refusals, the newest first."""
    with away():
        found = await redis.lrange(_KEY, 0, _KEPT - 1)
    kept = [msgspec.json.decode(entry, type=_Kept) for entry in found]
    return [Refusal(one.at, hashes.unseal(one.sealed), one.token, one.reason) for one in kept]
