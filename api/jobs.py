"""Jobs that a command asks of the running instance: a queue in Redis, and how far each job is."""

from contextlib import suppress
from uuid import uuid4

import msgspec
from redis.asyncio import Redis

from api.errors import AfterActionError, StoreUnavailable
from api.platform import Platform
from api.rebuild import service as rebuild
from api.stores.redis import away

_QUEUE = "jobs"
_KEEP_SECONDS = 86_400


class Job(msgspec.Struct):
    """A rebuild of one noun, or of all (None)."""

    id: str
    noun: str | None


class Progress(msgspec.Struct):
    """How far a job is; `failure` says why it ended early."""

    noun: str
    done: int
    total: int
    finished: bool = False
    failure: str | None = None


async def ask(redis: Redis, noun: str | None) -> str:
    """Queue a rebuild and return the job's id."""
    job = Job(uuid4().hex, noun)
    with away():
        await redis.lpush(_QUEUE, msgspec.json.encode(job))
    return job.id


async def progress(redis: Redis, job_id: str) -> Progress | None:
    """Return how far a job is, None while it has not begun."""
    with away():
        found = await redis.get(f"job:{job_id}")
    return msgspec.json.decode(found, type=Progress) if found else None


async def step(platform: Platform) -> None:
    """Run the next job, if one waits."""
    with away():
        found = await platform.redis.rpop(_QUEUE)
    if isinstance(found, bytes):
        await _run(platform, msgspec.json.decode(found, type=Job))


async def _run(platform: Platform, job: Job) -> None:
    last = Progress(job.noun or "", 0, 1)

    async def note(state: Progress) -> None:
        nonlocal last
        last = state
        # A job goes on when nobody can be told of it.
        with suppress(StoreUnavailable), away():
            await platform.redis.set(f"job:{job.id}", msgspec.json.encode(state), ex=_KEEP_SECONDS)

    async def report(noun: str, done: int, total: int) -> None:
        await note(Progress(noun, done, total))

    try:
        await rebuild.rebuild(platform.postgres, platform.clickhouse, platform.settings, job.noun, report)
    except AfterActionError as error:
        last.failure = str(error)
    last.finished = True
    await note(last)
