"""Events that could not be accepted: looking at them, and driving them in again after a fix."""

from datetime import datetime

import msgspec

from api.audit import service as audit
from api.audit.service import Actor
from api.errors import NotFound, Unprocessable
from api.ingest.decode import decode
from api.ingest.service import Inlet
from api.ingest.sorting import Arrival
from api.settings import Settings
from api.stores.postgres import Postgres, fetch
from api.stores.sql import queries

_SQL = queries("postgres", "quarantine")
_NEWEST = 2**63 - 1
_DRIVE_PAGE = 500


class Quarantined(msgspec.Struct):
    """An event as it arrived, with the reason for which it was not accepted."""

    id: int
    server_id: int
    server: str
    code: str
    reason: str
    original: bytes
    first_seen_at: datetime
    last_seen_at: datetime
    times: int


class Tally(msgspec.Struct):
    """How many events of a server lie in quarantine for one reason."""

    server_id: int
    server: str
    code: str
    events: int


class Thrown(msgspec.Struct):
    """How many events of a server were thrown away, and how often those had come."""

    server: str
    code: str
    events: int
    times: int


class _Count(msgspec.Struct):
    events: int


class Driven(msgspec.Struct):
    """What became of quarantined events that were driven in again."""

    accepted: int
    duplicates: int
    still_rejected: int


async def page(
    postgres: Postgres, *, before: int | None, server_id: int | None, code: str | None, limit: int
) -> list[Quarantined]:
    """Return quarantined events, the newest first, with ids below `before`."""
    top = before if before is not None else _NEWEST
    return await postgres.rows(_SQL["page"], Quarantined, top, server_id, server_id, code, code, limit)


async def count(postgres: Postgres) -> int:
    """Return how many events lie in quarantine."""
    return (await postgres.rows(_SQL["count"], _Count))[0].events


async def tally(postgres: Postgres) -> list[Tally]:
    """Return how much of which server lies there, and why; the most first."""
    return await postgres.rows(_SQL["tally"], Tally)


async def discard(
    postgres: Postgres,
    by: Actor,
    *,
    event_id: int | None = None,
    server_id: int | None = None,
    code: str | None = None,
) -> list[Thrown]:
    """Throw quarantined events away for good: one, or those of a server, for a reason, or both.

    Raises Unprocessable when nothing says which, and NotFound when there are none.
    """
    asked = {"id": event_id, "server": server_id, "code": code}
    if all(value is None for value in asked.values()):
        raise Unprocessable("say which quarantined events: an id, a server, or a code")
    async with postgres.transaction() as connection:
        thrown = await fetch(connection, _SQL["discard"], Thrown, asked)
        if not thrown:
            raise NotFound("no such event lies in quarantine: it was thrown away, or went in")
        subject = "quarantine" if event_id is None else f"quarantine {event_id}"
        before = {"events": msgspec.to_builtins(thrown)}
        await audit.record(connection, by, "quarantine.discard", subject, before=before)
    return thrown


async def drive(
    postgres: Postgres,
    inlet: Inlet,
    settings: Settings,
    by: Actor,
    *,
    server_id: int | None = None,
    code: str | None = None,
) -> Driven:
    """Send quarantined events through ingest again; those that are accepted now leave the quarantine.

    Ledger and digests hold for them as for any event, so that a crash in the middle counts nothing twice.
    """
    driven = Driven(0, 0, 0)
    await audit.note(postgres, by, "quarantine.drive", "quarantine", {"server_id": server_id, "code": code})
    before: int | None = None
    while rows := await page(postgres, before=before, server_id=server_id, code=code, limit=_DRIVE_PAGE):
        for row in rows:
            await _drive_one(postgres, inlet, settings, row, driven)
        before = rows[-1].id
    await audit.note(postgres, by, "quarantine.driven", "quarantine", msgspec.to_builtins(driven))
    return driven


async def _drive_one(
    postgres: Postgres, inlet: Inlet, settings: Settings, row: Quarantined, driven: Driven
) -> None:
    decoded = decode(
        row.original, max_events=settings.max_batch_events, max_event_bytes=settings.max_event_bytes
    )
    if decoded.rejected or decoded.total == 0:
        driven.still_rejected += 1
        return
    outcome = await inlet.commit(Arrival(row.server_id, row.first_seen_at.timestamp(), decoded))
    await postgres.execute(_SQL["release"], row.id)
    driven.accepted += outcome.accepted
    driven.duplicates += len(outcome.duplicates)
