"""Redis or Valkey: one client whose failures are all StoreUnavailable."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.asyncio import Redis
from redis.exceptions import RedisError

from api.errors import StoreUnavailable


def connect(url: str, timeout: float = 2) -> Redis:
    """Return a client for redis://host:6379/0 or unix:///path; `timeout` in seconds bounds every call."""
    return Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout, decode_responses=False)


@contextmanager
def away() -> Iterator[None]:
    """Turn what a dead or absent Redis raises into StoreUnavailable."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise StoreUnavailable("redis", str(error) or type(error).__name__) from error
