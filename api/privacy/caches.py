"""What Redis holds of somebody. All of it may be lost at any time, so what names a person is dropped."""

from collections.abc import Iterable
from typing import Any

from redis.asyncio import Redis

from api.privacy import traces
from api.stores.redis import away

# Pages that are kept (api/web/kept.py) say names in other letters than these: all of them go.
_PAGES = b"page:"
# Commands wait for what is in the queue; it holds ids and no names.
_KEPT = {b"jobs"}


async def naming(redis: Redis, texts: Iterable[str]) -> list[bytes]:
    """Return the keys whose name or value has one of the texts in it."""
    pattern = traces.in_bytes(texts)
    client: Any = redis
    with away():
        found: list[bytes] = [bytes(key) async for key in client.scan_iter(count=1000)]
        return [
            key
            for key in found
            if key not in _KEPT and (pattern.search(key) or pattern.search(await _value(redis, key)))
        ]


async def forget(redis: Redis, texts: Iterable[str]) -> int:
    """Drop those keys, and return how many there were."""
    keys = await naming(redis, texts)
    client: Any = redis
    with away():
        pages = [bytes(key) async for key in client.scan_iter(match=_PAGES + b"*", count=1000)]
        if pages:
            await redis.delete(*pages)
        return int(await redis.delete(*set(keys) - set(pages))) if set(keys) - set(pages) else 0


async def _value(redis: Redis, key: bytes) -> bytes:
    """Return all bytes of a value, whatever it is made of."""
    client: Any = redis
    match await client.type(key):
        case b"string":
            return bytes(await client.get(key) or b"")
        case b"list":
            return b"\n".join(await client.lrange(key, 0, -1))
        case b"hash":
            return b"\n".join(part for pair in (await client.hgetall(key)).items() for part in pair)
        case b"set":
            return b"\n".join(await client.smembers(key))
        case b"zset":
            return b"\n".join(await client.zrange(key, 0, -1))
    return b""
