"""What commands share: the settings, the stores, and the instance that runs on the data folder."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import msgspec
from redis.asyncio import Redis

from api import jobs, logging, privacy_key, settings
from api.audit.service import command_line
from api.embedded import engines
from api.embedded.engines import Engines
from api.errors import AfterActionError
from api.players.marks import Reason
from api.settings import Settings
from api.stores import redis as redis_store
from api.stores.migrations import migrate_postgres
from api.stores.postgres import Postgres, connected
from api.terminal import say

if TYPE_CHECKING:
    from api.platform import Platform
    from api.rebuild.service import Report

R = TypeVar("R")


def load() -> Settings:
    """Read the settings and begin to log as they say."""
    found = settings.load()
    logging.configure(found)
    return found


def stop_on_terminate() -> None:
    """Let SIGTERM unwind the process as Ctrl-C does, so that the engines are stopped in order."""

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)


async def say_filled(noun: str, done: int, total: int) -> None:
    """Say how far a rebuild is."""
    say(f"filling {noun}: {done} of {total} steps")


def with_platform(
    loaded: Settings, use: Callable[["Platform"], Coroutine[Any, Any, R]], *, migrated: bool = True
) -> R:
    """Run something with all stores, starting the embedded ones for as long as it takes."""
    # Half of the application: commands that ask the running instance start without it.
    from api.platform import opened
    from api.rebuild import service as rebuilding

    async def run(found: Engines) -> R:
        async with opened(loaded, found) as platform:
            if migrated:
                await rebuilding.migrate(platform.postgres, platform.clickhouse, loaded, say_filled)
                await privacy_key.check(platform.postgres, loaded)
            return await use(platform)

    with engines.running(loaded, say) as found:
        return asyncio.run(run(found))


def with_postgres(use: Callable[[Postgres], Coroutine[Any, Any, R]]) -> R:
    """Run something that needs Postgres alone."""
    return beside_or_alone(load(), lambda _, postgres: use(postgres))


def beside_or_alone(loaded: Settings, use: Callable[[Engines, Postgres], Coroutine[Any, Any, R]]) -> R:
    """Run something with the running instance's engines, or with ones started for as long as it takes.

    ClickHouse is not opened: a command that does without it works while it is away.
    """

    async def run(found: Engines, *, alone: bool) -> R:
        async with connected(found.postgres_url) as postgres:
            if alone:
                await migrate_postgres(postgres, privacy_key.fills(loaded))
            return await use(found, postgres)

    beside = engines.beside(loaded)
    if beside is not None:
        return asyncio.run(run(beside, alone=False))
    with engines.running(loaded, say) as found:
        return asyncio.run(run(found, alone=True))


def instance_url(loaded: Settings, beside: Engines | None) -> str | None:
    """Return where the instance of these settings listens, None when it does not run."""
    if beside is not None and beside.data is not None:
        noted = beside.data.runner().get("url")
        return noted if isinstance(noted, str) else None
    if loaded.clickhouse_url:
        return f"http://{loaded.host}:{loaded.port}"
    return None


async def follow(client: Redis, job: str, report: "Report") -> jobs.Progress:
    """Follow a job of the running instance to its end. Raises AfterActionError when it fails."""
    while True:
        state = await jobs.progress(client, job)
        if state is not None:
            await report(state.noun, state.done, state.total)
            if state.failure:
                raise AfterActionError(state.failure)
            if state.finished:
                return state
        await asyncio.sleep(0.2)


def about(task: jobs.Task, id_: str, **more: str) -> bytes:
    """Ask about a player or a match, here or in the running instance; return the JSON."""
    loaded = load()
    beside = engines.beside(loaded)
    by = command_line()
    asked = jobs.question(task, id_, by, **more)
    if beside is not None:
        return asyncio.run(_ask_about(beside, asked))

    async def run(platform: "Platform") -> bytes:
        from api import tasks
        from api.left_out import service as left_out

        answer = msgspec.json.encode(await tasks.about(platform, asked, by))
        if task in ("leave_out", "put_back"):
            await left_out.carry_out(platform.postgres, platform.clickhouse, loaded, say_filled)
        return answer

    return with_platform(loaded, run)


async def _ask_about(found: Engines, asked: jobs.Job) -> bytes:
    async def silent(_noun: str, _done: int, _total: int) -> None:
        """Nobody is told how far it is."""

    client = redis_store.connect(found.redis_url)
    try:
        job = await jobs.ask_about(client, asked)
        state = await follow(client, job, silent)
        await jobs.take_answer(client, job)
        return (state.answer or "null").encode()
    finally:
        await client.aclose()


def reason_of(given: str, *, needed: bool = True) -> str:
    """Return a reason as the API would take it. Raises AfterActionError."""
    try:
        return msgspec.convert(given, Reason) if needed or given else given
    except msgspec.ValidationError as error:
        raise AfterActionError("--reason: 1 to 500 characters, not only blanks") from error
