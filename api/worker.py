"""Everything that runs beside the HTTP application."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from api import jobs
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
# How long a step rests, in times of what it took: the writer comes first, and a game server beside it too.
_REST = 9
_LONGEST_REST_SECONDS = 30.0

log = structlog.get_logger()


async def work(platform: Platform) -> None:
    """Write blocks, settle, rate and report matches, keep live ones, run jobs, tidy up, until cancelled."""
    notes = Steps(platform.redis)
    settler = Settler(platform.clickhouse, lambda: ingest.quiet(platform.postgres))
    rater = Rater(platform.clickhouse, lambda: ingest.among_writers(platform.postgres, _RATERS))
    reporter = Reporter(
        platform.clickhouse, platform.settings, lambda: ingest.among_writers(platform.postgres, REPORTERS)
    )
    judge = Judge(platform.clickhouse, platform.postgres, platform.forum)
    async with asyncio.TaskGroup() as group:
        for name, prompt, pause in (
            ("write", lambda: ingest.step(platform.postgres, platform.clickhouse, platform.settings), 0.0),
            ("jobs", lambda: jobs.step(platform), 0.2),
        ):
            group.create_task(_for_ever(notes, name, prompt, pause, rests=False), name=name)
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
            ("matches left out", lambda: jobs.leave_out_step(platform), 5.0),
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
            group.create_task(_for_ever(notes, name, step, pause, rests=True), name=name)


def rest_after(taken: float, pause: float) -> float:
    """Return how many seconds a step rests that took so many: its pause, or longer after more work."""
    return max(pause, min(_REST * taken, _LONGEST_REST_SECONDS))


async def _for_ever(
    notes: Steps, name: str, step: Callable[[], Awaitable[object]], pause: float, *, rests: bool
) -> None:
    """Repeat a step; one that fails is reported and tried again, and stops nothing else."""
    while True:
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
        taken = time.monotonic() - began
        await notes.note(name, pause, taken, failure)
        await asyncio.sleep(rest_after(taken, rest) if rests else rest)
