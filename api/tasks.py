"""What the jobs that are asked of the running instance do, in the process that has the stores."""

from contextlib import suppress
from datetime import UTC, datetime

import msgspec

from api import jobs, unlocks
from api.audit.service import Actor
from api.errors import AfterActionError, ConfigurationError, StoreUnavailable
from api.jobs import Job, Progress, Task
from api.left_out import service as left_out
from api.left_out.service import LeftOut, PutBack
from api.platform import Platform
from api.players import marks, merges
from api.players.marks import Marked
from api.players.merges import Merged
from api.privacy import service as privacy
from api.privacy.service import Erased, Export
from api.rebuild import service as rebuild
from api.unlocks import Recounted


async def step(platform: Platform) -> None:
    """Run the next job, if one waits."""
    job = await jobs.take(platform.redis)
    if job is not None:
        await _run(platform, job)


async def leave_out_step(platform: Platform) -> None:
    """Carry out what admins said of matches, if anything waits, and let it be seen among the jobs.

    What waits stands in Postgres: nothing is lost with the queue.
    """
    waiting = await left_out.waiting(platform.postgres, platform.clickhouse)
    if not waiting:
        return
    job = Job(f"matches-{waiting[-1]}", asked_at=datetime.now(UTC), task="leave_out")
    with suppress(StoreUnavailable):
        if await jobs.progress(platform.redis, job.id) is None:
            await jobs.put_among_recent(platform.redis, job)
    ended = await _run(platform, job)
    if ended.failure:
        raise AfterActionError(ended.failure)


async def _run(platform: Platform, job: Job) -> Progress:
    last = Progress(job.noun or "", 0, 1)

    async def note(state: Progress) -> None:
        nonlocal last
        last = state
        await jobs.note(platform.redis, job, state)

    async def report(noun: str, done: int, total: int) -> None:
        await note(Progress(noun, done, total))

    try:
        if job.by is not None:
            found = await about(platform, job, job.by)
            last.answer = msgspec.json.encode(found).decode()
        elif job.task == "leave_out":
            await left_out.carry_out(platform.postgres, platform.clickhouse, platform.settings, report)
        else:
            await rebuild.rebuild(platform.postgres, platform.clickhouse, platform.settings, job.noun, report)
    except AfterActionError as error:
        last.failure = str(error)
    last.finished = True
    await note(last)
    return last


async def _judged(platform: Platform, task: Task) -> Recounted:
    """Judge all members anew. Raises ConfigurationError without a forum."""
    if platform.forum is None:
        raise ConfigurationError(
            "the running instance knows no forum: AFTERACTION_FORUM_URL names its database"
        )
    return await unlocks.recount(
        platform.clickhouse,
        platform.postgres,
        platform.forum,
        everybody=True,
        dry_run=task == "judge_dry",
        force=task == "judge_force",
    )


async def about(
    platform: Platform, job: Job, by: Actor
) -> Erased | Export | Merged | Marked | LeftOut | PutBack | Recounted:
    """Do what is asked about a player or a match, in the process that has the stores."""
    stores = platform.postgres, platform.clickhouse
    match job.task:
        case "merge":
            return await merges.merge(*stores, job.subject, job.into, by)
        case "split":
            return await merges.split(*stores, job.subject, by)
        case "mark":
            return await marks.mark(*stores, job.subject, job.word, job.reason, by)
        case "flag":
            return await marks.flag(*stores, job.subject, job.reason, by)
        case "unflag":
            return await marks.unflag(*stores, job.subject, by)
        case "leave_out":
            return await left_out.leave_out(*stores, job.subject, job.reason, by)
        case "put_back":
            return await left_out.put_back(platform.postgres, job.subject, by)
        case "judge" | "judge_dry" | "judge_force":
            return await _judged(platform, job.task)
        case "export":
            return await privacy.export(*stores, platform.settings, job.subject, by)
    every = *stores, platform.redis, platform.settings
    return await privacy.erase(*every, job.subject, by, dry_run=job.task != "erase")
