"""Everything that runs beside the HTTP application."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from api import tasks
from api.achievements import service as achievements
from api.errors import StoreUnavailable
from api.forum import links as forum
from api.ingest import job as ingest
from api.ingest import merges
from api.jobs import Steps
from api.live import job as live
from api.logins import job as logins
from api.matches.job import Settler
from api.platform import Platform
from api.players import marks
from api.privacy import job as privacy
from api.ratings.job import Rater
from api.reports.job import LOCK as REPORTERS
from api.reports.job import Reporter
from api.unlocks import Judge

_RATERS = 0x7261_7469_6E67  # "rating"
# Of the time, for what is derived: the writer comes first, and a game server beside it too.
_SHARE = 0.1
_SAVED_SECONDS = 2.0
_LONGEST_REST_SECONDS = 30.0

log = structlog.get_logger()


async def work(platform: Platform) -> None:
    """Write blocks, settle, rate and report matches, keep live ones, run jobs, tidy up, until cancelled."""
    notes, is_over = Steps(platform.redis), _asked_to_end()
    settler = Settler(platform.clickhouse, lambda: ingest.quiet(platform.postgres))
    rater = Rater(platform.clickhouse, lambda: ingest.among_writers(platform.postgres, _RATERS))
    reporter = Reporter(
        platform.clickhouse, platform.settings, lambda: ingest.among_writers(platform.postgres, REPORTERS)
    )
    judge = Judge(platform.clickhouse, platform.postgres, platform.forum)
    # Who watches a match does not wait for what is derived of others.
    watched, derived = Share(time.monotonic()), Share(time.monotonic())
    async with asyncio.TaskGroup() as group:
        for name, prompt, pause in (
            ("write", lambda: ingest.step(platform.postgres, platform.clickhouse, platform.settings), 0.0),
            ("jobs", lambda: tasks.step(platform), 0.2),
        ):
            group.create_task(_for_ever(notes, name, prompt, pause, is_over), name=name)
        for name, step, pause in (
            (
                "live",
                lambda: live.step(platform.clickhouse, platform.postgres, platform.redis, platform.settings),
                1.0,
            ),
            ("settle", settler.step, 2.0),
            ("rate", rater.step, 2.0),
            ("report", reporter.step, 2.0),
            ("achievements", judge.step, 10.0),
            (
                "achievements' rarity",
                lambda: achievements.count_rarity(platform.clickhouse, platform.redis),
                600.0,
            ),
            ("links", lambda: logins.step(platform.postgres, platform.clickhouse), 1.0),
            (
                "all links",
                lambda: logins.reconcile(platform.postgres, platform.clickhouse),
                86_400.0,
            ),
            ("forum", lambda: forum.step(platform.postgres, platform.forum), 2.0),
            (
                "forum's links",
                lambda: forum.reconcile_daily(platform.postgres, platform.forum),
                86_400.0,
            ),
            ("forum's codes", lambda: forum.tidy(platform.forum, platform.settings), 86_400.0),
            ("matches left out", lambda: tasks.leave_out_step(platform), 5.0),
            ("marks", lambda: marks.step(platform.postgres, platform.clickhouse), 5.0),
            ("merges", lambda: merges.step(platform.postgres, platform.clickhouse), 30.0),
            (
                "erasures",
                lambda: privacy.step(
                    platform.postgres, platform.clickhouse, platform.redis, platform.settings
                ),
                5.0,
            ),
            ("tidy", lambda: ingest.tidy(platform.postgres), 3600.0),
            ("forget", lambda: logins.tidy(platform.postgres, platform.settings), 3600.0),
        ):
            share = watched if name == "live" else derived
            group.create_task(_for_ever(notes, name, step, pause, is_over, share), name=name)


def _asked_to_end() -> Callable[[], bool]:
    """Return what tells whether the task that is running now was cancelled."""
    whole = asyncio.current_task()
    return lambda: whole is not None and whole.cancelling() > 0


class Share:
    """A tenth of the time, for all steps that derive something together.

    Two seconds that were not taken may be taken later at once, so a small community waits for nothing; after
    much work they rest together, thirty seconds at the longest.
    """

    def __init__(self, now: float) -> None:
        """`now`, here and below, is in seconds of a clock that only runs forward."""
        self._left = _SAVED_SECONDS
        self._at = now

    def take(self, seconds: float, now: float) -> None:
        """Note what a step took."""
        self._left = max(self._refilled(now) - seconds, -_LONGEST_REST_SECONDS * _SHARE)
        self._at = now

    def rest(self, now: float) -> float:
        """Return for how many seconds no step may begin."""
        return max(0.0, -self._refilled(now) / _SHARE)

    def _refilled(self, now: float) -> float:
        return min(self._left + (now - self._at) * _SHARE, _SAVED_SECONDS)


async def _for_ever(
    notes: Steps,
    name: str,
    step: Callable[[], Awaitable[object]],
    pause: float,
    is_over: Callable[[], bool],
    share: Share | None = None,
) -> None:
    """Repeat a step; one that fails is reported and tried again, and stops nothing else.

    To be cancelled is not enough: asyncio.wait_for in Python 3.11, which redis-py and psycopg_pool call,
    keeps a cancellation for itself when what it waits for is done in the same turn
    (https://github.com/python/cpython/issues/86296).
    """
    while not is_over():
        if share is not None:
            await asyncio.sleep(share.rest(time.monotonic()))
        began, failure, rest = time.monotonic(), None, pause
        try:
            await step()
        except StoreUnavailable as error:
            log.warning("waiting for a store", job=name, store=error.store, cause=error.cause)
            failure, rest = str(error), pause + 1
        except Exception as error:
            log.error("job failed", job=name, exc_info=error)
            failure = f"{type(error).__name__}; the log has the details"
            rest = pause + 5
        ended = time.monotonic()
        if share is not None:
            share.take(ended - began, ended)
        await notes.note(name, pause, ended - began, failure)
        if not is_over():
            await asyncio.sleep(rest)
