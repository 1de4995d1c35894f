"""Adding servers, changing their tokens, and saying what of their sessions is missing."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from api.audit import service as audit
from api.audit.service import Actor
from api.auth import keys
from api.errors import Conflict, NotFound, Unprocessable
from api.events.catalogue import EVENTS
from api.servers import queries
from api.servers.queries import Server
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Connection, Postgres, fetch
from api.stores.sql import queries as sql

_SQL = sql("postgres", "servers")
_RANGE = re.compile(r"\[(-?\d+),(-?\d+)\)")
_SHOWN_RANGES = 1000


class MissingRange(msgspec.Struct):
    """Sequence numbers that were never received, both ends included."""

    first: int
    last: int


class Session(msgspec.Struct):
    """One run of a tracker: what was received of it, and what was not."""

    session_id: str
    map: str
    gametype: str
    first_received_at: datetime
    last_received_at: datetime
    received: int
    missing: int
    missing_ranges: list[MissingRange]
    repeats: int
    unnumbered: int
    complete: bool
    clock_lead_seconds: float | None = None


class EventType(msgspec.Struct):
    """How often a server sent a type of event. `known`: it is in the catalogue."""

    type: str
    known: bool
    events: int
    last_time: datetime


async def add(postgres: Postgres, name: str, by: Actor | None = None) -> str:
    """Add a server and return its key, which is shown this once. Without `by` it is a command's doing.

    Raises Conflict when there is one of that name, Unprocessable for a name that is none.
    """
    if not name.strip() or len(name) > 64 or not name.isprintable():
        raise Unprocessable(f"a server's name is 1 to 64 printable characters, not {name[:80]!r}")
    async with postgres.transaction() as connection:
        row = await (await connection.execute(_SQL["add"], (name,))).fetchone()
        if row is None:
            raise Conflict(
                f"there is a server {name!r} already; `afteraction server rotate` gives it a new token"
            )
        made = await keys.insert(connection, "server", name, row[0])
        await _record(connection, by, "server.add", name, [], [made.id])
    return made.token


async def rotate(postgres: Postgres, name: str, overlap_seconds: float, by: Actor | None = None) -> str:
    """Give a server a new key and return it; the old ones hold for `overlap_seconds` more.

    Raises NotFound when there is no server of that name, Unprocessable for a span that is none.
    """
    keys.check_overlap(overlap_seconds)
    async with postgres.transaction() as connection:
        server = await _locked(connection, name)
        old = await keys.of_server(connection, server.id)
        for key in old:
            await keys.expire(connection, key, overlap_seconds)
        made = await keys.insert(connection, "server", name, server.id)
        before = [key.id for key in old]
        after = [*before, made.id] if overlap_seconds else [made.id]
        await _record(connection, by, "server.rotate", name, before, after, overlap_seconds=overlap_seconds)
    return made.token


async def revoke(postgres: Postgres, name: str, by: Actor | None = None) -> None:
    """End all keys of a server. What it sent stays.

    Raises NotFound when there is no server of that name.
    """
    async with postgres.transaction() as connection:
        server = await _locked(connection, name)
        old = await keys.of_server(connection, server.id)
        for key in old:
            await keys.end(connection, key)
        await _record(connection, by, "server.revoke", name, [key.id for key in old], [])


async def _record(
    connection: Connection,
    by: Actor | None,
    action: str,
    name: str,
    before: list[int],
    after: list[int],
    **more: Any,
) -> None:
    old = None if action == "server.add" else {"keys": before}
    await audit.record(
        connection,
        by or audit.command_line(),
        action,
        f"server {name}",
        before=old,
        after={"keys": after, **more},
    )


async def name_of(postgres: Postgres, server_id: int) -> str:
    """Return a server's name.

    Raises NotFound for an unknown server.
    """
    name = (await queries.names(postgres)).get(server_id)
    if name is None:
        raise NotFound(f"there is no server {server_id}")
    return name


async def _locked(connection: Connection, name: str) -> Server:
    found = await fetch(connection, _SQL["locked"], Server, (name,))
    if not found:
        raise NotFound(f"there is no server {name!r}; `afteraction server list` shows those there are")
    return found[0]


async def sessions(postgres: Postgres, server_id: int, limit: int = 100) -> list[Session]:
    """Return a server's tracker sessions with what is missing from each.

    Raises NotFound for an unknown server.
    """
    if server_id not in await queries.names(postgres):
        raise NotFound(f"there is no server {server_id}")
    return [_session(row) for row in await queries.sessions(postgres, server_id, limit)]


async def event_types(clickhouse: ClickHouse, server_id: int, days: int) -> list[EventType]:
    """Return what types of event a server sent in the last days, the most frequent first."""
    today = datetime.now(UTC).date()
    found = await queries.event_types(
        clickhouse, server_id, today - timedelta(days=days), today + timedelta(days=2)
    )
    return [EventType(row.type, row.type in EVENTS, row.events, row.last_time) for row in found]


async def missing_ranges(
    postgres: Postgres, server_id: int, session_id: str, first_seq: int, last_seq: int
) -> list[tuple[int, int]]:
    """Return the missing ranges, ends included, that overlap or touch a span of a session's numbers.

    A hole that only touches the span may belong to it: nobody can say on which side its events were.
    """
    found = await queries.holes(postgres, server_id, session_id, first_seq, last_seq)
    return [(hole.first, hole.last) for hole in found]


def _session(row: queries.SessionRow) -> Session:
    missing = list(_parse(row.missing))
    return Session(
        session_id=row.session_id,
        map=row.map,
        gametype=row.gametype,
        first_received_at=row.first_received_at,
        last_received_at=row.last_received_at,
        received=_size(_parse(row.received)) + row.unnumbered,
        missing=_size(missing),
        missing_ranges=[MissingRange(first, past - 1) for first, past in missing[:_SHOWN_RANGES]],
        repeats=row.repeats,
        unnumbered=row.unnumbered,
        complete=not missing,
        clock_lead_seconds=row.clock_lead_seconds,
    )


def _parse(multirange: str) -> Iterable[tuple[int, int]]:
    return ((int(first), int(past)) for first, past in _RANGE.findall(multirange))


def _size(ranges: Iterable[tuple[int, int]]) -> int:
    return sum(past - first for first, past in ranges)
