"""Everything that runs beside the HTTP application."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from api import jobs
from api.errors import StoreUnavailable
from api.ingest import job as ingest
from api.ingest import merges
from api.live import job as live
from api.logins import job as logins
from api.matches.job import Settler
from api.platform import Platform

log = structlog.get_logger()


async def work(platform: Platform) -> None:
    """Write blocks, settle matches, keep the live ones, run jobs and tidy up, until cancelled."""
    settler = Settler(platform.clickhouse, lambda: ingest.quiet(platform.postgres))
    async with asyncio.TaskGroup() as group:
        for name, step, pause in (
            ("write", lambda: ingest.step(platform.postgres, platform.clickhouse, platform.settings), 0.0),
            (
                "live",
                lambda: live.step(platform.clickhouse, platform.postgres, platform.redis, platform.settings),
                1.0,
            ),
            ("settle", settler.step, 2.0),
            ("jobs", lambda: jobs.step(platform), 0.2),
            ("links", lambda: logins.step(platform.postgres, platform.clickhouse), 1.0),
            (
                "all links",
                lambda: logins.reconcile(platform.postgres, platform.clickhouse),
                86_400.0,
            ),
            ("merges", lambda: merges.step(platform.postgres, platform.clickhouse), 30.0),
            ("tidy", lambda: ingest.tidy(platform.postgres), 3600.0),
            ("forget", lambda: logins.tidy(platform.postgres, platform.settings), 3600.0),
        ):
            group.create_task(_for_ever(name, step, pause), name=name)


async def _for_ever(name: str, step: Callable[[], Awaitable[None]], pause: float) -> None:
    """Repeat a step; one that fails is reported and tried again, and stops nothing else."""
    while True:
        try:
            await step()
        except StoreUnavailable as error:
            log.warning("waiting for a store", job=name, store=error.store, cause=error.cause)
            await asyncio.sleep(1)
        except Exception as error:
            log.error("job failed", job=name, exc_info=error)
            await asyncio.sleep(5)
        await asyncio.sleep(pause)
