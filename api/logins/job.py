"""Brings changed links to ClickHouse, and forgets what is old."""

from datetime import UTC, datetime, timedelta

import structlog

from api.logins import links
from api.settings import Settings
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres
from api.stores.sql import queries

_SQL = queries("postgres", "logins")

log = structlog.get_logger()


async def step(postgres: Postgres, clickhouse: ClickHouse) -> None:
    """Write the links that have changed. What fails is written by a later step."""
    await links.write_changed(postgres, clickhouse)


async def reconcile(postgres: Postgres, clickhouse: ClickHouse) -> None:
    """Make all links in ClickHouse those of Postgres, should it have lost or kept one."""
    await links.reconcile(postgres, clickhouse)


async def tidy(postgres: Postgres, settings: Settings) -> None:
    """Forget codes, tries, addresses and approvals whose time is over."""
    at = datetime.now(UTC)
    forgotten = at - timedelta(days=settings.login_history_days)
    await forget_addresses(
        postgres,
        before=at - timedelta(days=settings.address_days),
        refused_before=at - timedelta(days=settings.login_refused_days),
    )
    await postgres.execute(_SQL["forget_tokens"], at)
    await postgres.execute(_SQL["forget_history"], forgotten)
    await postgres.execute(_SQL["forget_approvals"], forgotten)


async def forget_addresses(postgres: Postgres, *, before: datetime, refused_before: datetime) -> int:
    """Forget addresses that nothing needs since before a moment, and those refused before another one.

    Logs and returns how many those were.
    """
    forgotten = {
        "tries": await postgres.execute(_SQL["forget_networks"], before),
        "trusted": await postgres.execute(_SQL["forget_trusted"], before),
        "refused": await postgres.execute(_SQL["forget_refused"], refused_before)
        + await postgres.execute(_SQL["forget_denied"], refused_before),
        "decisions": await postgres.execute(_SQL["forget_audited_networks"], before),
    }
    if any(forgotten.values()):
        log.info("addresses forgotten", **forgotten)
    return sum(forgotten.values())
