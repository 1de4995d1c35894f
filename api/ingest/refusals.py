"""Requests that were refused for their token, remembered for a day so that the doctor can tell of them."""

from datetime import UTC, datetime

import msgspec
from redis.asyncio import Redis

from api.errors import StoreUnavailable
from api.stores.redis import away

_KEY = "ingest:refused"
_KEPT = 50
_KEPT_SECONDS = 86_400
_SHOWN_CHARACTERS = 8


class Refusal(msgspec.Struct):
    """A request whose token was missing, unknown or revoked. `token` is its beginning."""

    at: datetime
    address: str
    token: str
    reason: str


async def remember(redis: Redis, address: str, token: str | None, reason: str) -> None:
    """Note a refusal; without Redis it goes unnoted."""
    refusal = Refusal(datetime.now(UTC), address, (token or "")[:_SHOWN_CHARACTERS], reason)
    try:
        with away():
            async with redis.pipeline(transaction=True) as pipe:
                pipe.lpush(_KEY, msgspec.json.encode(refusal))
                pipe.ltrim(_KEY, 0, _KEPT - 1)
                pipe.expire(_KEY, _KEPT_SECONDS)
                await pipe.execute()
    except StoreUnavailable:
        return


async def recent(redis: Redis) -> list[Refusal]:
    """Return the latest refusals, the newest first."""
    with away():
        found = await redis.lrange(_KEY, 0, _KEPT - 1)
    return [msgspec.json.decode(entry, type=Refusal) for entry in found]
