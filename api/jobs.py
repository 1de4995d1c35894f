"""Jobs that are asked of the running instance: a queue in Redis, with how far each one is.

Of each step of its own, Redis holds how it last went. What a job does is in tasks.py.
"""

import asyncio
import os
import socket
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Literal
from uuid import uuid4

import msgspec
from redis.asyncio import Redis

from api.audit.service import Actor
from api.errors import StoreUnavailable
from api.players.marks import Word
from api.stores.redis import away

_QUEUE = "jobs"
_KEEP_SECONDS = 86_400
_RECENT = "jobs:recent"
_RECENT_JOBS = 50
_STEPS = "worker:steps"
# A step that goes well is noted no more often.
_NOTE_SECONDS = 5.0
_PATIENCE_SECONDS = 0.25
_ANSWER_SECONDS = 300

Task = Literal[
    "rebuild",
    "export",
    "count",
    "erase",
    "merge",
    "split",
    "mark",
    "flag",
    "unflag",
    "leave_out",
    "put_back",
    "judge",
    "judge_dry",
    "judge_force",
]


class Job(msgspec.Struct):
    """A rebuild of one noun, or of all (None); or what is asked about a player or a match, by whom.

    A `leave_out` by nobody carries out what admins said of matches.
    """

    id: str
    noun: str | None = None
    asked_at: datetime | None = None
    task: Task = "rebuild"
    subject: str = ""
    into: str = ""
    word: Word = "events"
    reason: str = ""
    by: Actor | None = None


class Progress(msgspec.Struct):
    """How far a job is; `failure` says why it ended early, `answer` is JSON for who asked about a player."""

    noun: str
    done: int
    total: int
    finished: bool = False
    failure: str | None = None
    answer: str | None = None


async def ask(redis: Redis, noun: str | None) -> str:
    """Queue a rebuild and return the job's id."""
    job = Job(uuid4().hex, noun, datetime.now(UTC))
    await put_among_recent(redis, job)
    with away():
        await redis.lpush(_QUEUE, msgspec.json.encode(job))
    return job.id


async def put_among_recent(redis: Redis, job: Job) -> None:
    """Put a job among the recent ones."""
    with away():
        async with redis.pipeline(transaction=True) as pipe:
            pipe.lpush(_RECENT, msgspec.json.encode(job))
            pipe.ltrim(_RECENT, 0, _RECENT_JOBS - 1)
            await pipe.execute()


def question(task: Task, subject: str, by: Actor, **more: str) -> Job:
    """Return what is asked about a player or a match; `more` are fields of the job."""
    asked = {"id": uuid4().hex, "task": task, "subject": subject, "by": by, **more}
    return msgspec.convert(asked, Job, from_attributes=True)


async def ask_about(redis: Redis, job: Job) -> str:
    """Queue what is asked about a player or a match and return the job's id. It is among no recent jobs."""
    with away():
        await redis.lpush(_QUEUE, msgspec.json.encode(job))
    return job.id


async def recent(redis: Redis) -> list[tuple[Job, Progress | None]]:
    """Return the jobs of the last day, the latest first, with how far each is."""
    with away():
        found = [msgspec.json.decode(row, type=Job) for row in await redis.lrange(_RECENT, 0, -1)]
    return [(job, state) for job in found if (state := await progress(redis, job.id)) or _is_young(job)]


def _is_young(job: Job) -> bool:
    return job.asked_at is not None and (datetime.now(UTC) - job.asked_at).total_seconds() < _KEEP_SECONDS


class Step(msgspec.Struct):
    """How a step of a worker last went, and how long that took. `failure`: of the last that failed."""

    name: str
    at: datetime
    seconds: float
    pause: float
    good: bool
    worker: str
    failure: str | None = None
    failed_at: datetime | None = None


class Steps:
    """Notes how the steps of this worker go; without Redis they go unnoted."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._worker = f"{socket.gethostname()} {os.getpid()}"
        self._last: dict[str, tuple[Step, float]] = {}

    async def note(self, name: str, pause: float, seconds: float, failure: str | None = None) -> None:
        """Note a step that is done or has failed: `pause` until the next, `seconds` that it took."""
        before, noted = self._last.get(name, (None, 0.0))
        good, at = failure is None, datetime.now(UTC)
        if before is not None and before.good and good and time.monotonic() - noted < _NOTE_SECONDS:
            return
        step = Step(name, at, seconds, pause, good, self._worker, failure, at)
        if good:
            step.failure, step.failed_at = (before.failure, before.failed_at) if before else (None, None)
        self._last[name] = step, time.monotonic()
        # Nothing waits for a Redis that does not answer.
        with suppress(StoreUnavailable), away():
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._redis.hset(_STEPS, name, msgspec.json.encode(step))


async def steps(redis: Redis) -> list[Step]:
    """Return how each step last went, by name."""
    with away():
        found = await redis.hvals(_STEPS)
    return sorted((msgspec.json.decode(row, type=Step) for row in found), key=lambda step: step.name)


async def take_answer(redis: Redis, job_id: str) -> None:
    """Forget a job whose answer has been read."""
    with away():
        await redis.delete(f"job:{job_id}")


async def progress(redis: Redis, job_id: str) -> Progress | None:
    """Return how far a job is, None while it has not begun."""
    with away():
        found = await redis.get(f"job:{job_id}")
    return msgspec.json.decode(found, type=Progress) if found else None


async def take(redis: Redis) -> Job | None:
    """Take the next job out of the queue, if one waits."""
    with away():
        found = await redis.rpop(_QUEUE)
    return msgspec.json.decode(found, type=Job) if isinstance(found, bytes) else None


async def note(redis: Redis, job: Job, state: Progress) -> None:
    """Note how far a job is; without Redis it goes unnoted, since a job goes on when nobody can be told."""
    with suppress(StoreUnavailable), away():
        kept = _KEEP_SECONDS if job.by is None else _ANSWER_SECONDS
        await redis.set(f"job:{job.id}", msgspec.json.encode(state), ex=kept)
