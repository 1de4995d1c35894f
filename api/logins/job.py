"""Brings changed links to ClickHouse, and forgets what is old."""

from datetime import UTC, datetime, timedelta

from api.logins import links
from api.settings import Settings
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres
from api.stores.sql import queries

_SQL = queries("postgres", "logins")


async def step(postgres: Postgres, clickhouse: ClickHouse) -> None:
    """Write the links that have changed. What fails is written by a later step."""
    await links.write_changed(postgres, clickhouse)


async def reconcile(postgres: Postgres, clickhouse: ClickHouse) -> None:
    """Make all links in ClickHouse those of Postgres, should it have lost or kept one."""
    await links.reconcile(postgres, clickhouse)


async def tidy(postgres: Postgres, settings: Settings) -> None:
    """Forget codes, tries and approvals whose time is over; what a person refused is kept."""
    at = datetime.now(UTC)
    forgotten = at - timedelta(days=settings.login_history_days)
    await postgres.execute(_SQL["forget_tokens"], at)
    await postgres.execute(_SQL["forget_history"], forgotten)
    await postgres.execute(_SQL["forget_approvals"], forgotten)
