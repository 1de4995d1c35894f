"""What Postgres knows about game servers."""

from datetime import date, datetime

import msgspec

from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres
from api.stores.sql import queries

_SQL = queries("postgres", "servers")
_TYPES = queries("clickhouse", "event_types")


class Server(msgspec.Struct):
    """A game server. `active`: it has a token that holds."""

    id: int
    name: str
    created_at: datetime
    active: bool = True
    last_received_at: datetime | None = None


class SessionRow(msgspec.Struct):
    """A tracker session as the ledger keeps it; the ranges in Postgres' text form."""

    session_id: str
    map: str
    gametype: str
    first_received_at: datetime
    last_received_at: datetime
    clock_lead_seconds: float | None
    repeats: int
    unnumbered: int
    received: str
    missing: str


class Hole(msgspec.Struct):
    """Numbers that were not received, both ends included."""

    first: int
    last: int


class Reject(msgspec.Struct):
    """How many events of a server lie in quarantine for one reason."""

    code: str
    events: int
    last_seen_at: datetime
    reason: str


class TypeCount(msgspec.Struct):
    """How many events of a type a server sent."""

    type: str
    events: int
    last_time: datetime


class DayCompleteness(msgspec.Struct):
    """What came of the sessions that were first heard from on a day, and what is missing of them."""

    day: date
    sessions: int
    received: int
    missing: int


async def names(postgres: Postgres) -> dict[int, str]:
    """Return the servers' names by their ids."""
    return {server.id: server.name for server in await postgres.rows(_SQL["names"], Server)}


async def all_servers(postgres: Postgres) -> list[Server]:
    """Return every server, the oldest first."""
    return await postgres.rows(_SQL["list"], Server)


async def by_name(postgres: Postgres, name: str) -> Server | None:
    """Return the server of that name."""
    return await postgres.one(_SQL["by_name"], Server, name)


async def sessions(postgres: Postgres, server_id: int, limit: int) -> list[SessionRow]:
    """Return a server's tracker sessions, the one heard from last first."""
    return await postgres.rows(_SQL["sessions"], SessionRow, server_id, limit)


async def holes(postgres: Postgres, server_id: int, session_id: str, first: int, last: int) -> list[Hole]:
    """Return the missing ranges of a session that overlap or touch the numbers first to last."""
    return await postgres.rows(_SQL["missing"], Hole, server_id, session_id, max(first - 1, 0), last + 2)


async def rejects(postgres: Postgres, server_id: int) -> list[Reject]:
    """Return what of a server lies in quarantine, by code."""
    return await postgres.rows(_SQL["rejects"], Reject, server_id)


async def event_types(clickhouse: ClickHouse, server_id: int, since: date, until: date) -> list[TypeCount]:
    """Return what a server sent from day `since` to before day `until`, the most frequent type first."""
    return await clickhouse.rows(_TYPES["list"], TypeCount, server=server_id, since=since, until=until)


async def completeness(postgres: Postgres, server_id: int, since: datetime) -> list[DayCompleteness]:
    """Return what was received and what is missing of a server's sessions, by day."""
    return await postgres.rows(_SQL["completeness"], DayCompleteness, server_id, since)
