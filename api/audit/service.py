"""Writing and reading the audit log."""

import getpass
import os
from datetime import date, datetime
from typing import Any

import msgspec

from api.stores.postgres import Connection, Postgres
from api.stores.sql import queries

_SQL = queries("postgres", "audit")
_NEWEST = 2**63 - 1


class Actor(msgspec.Struct, frozen=True):
    """Who changes something: a key of a kind, shown from an address, or a command at the machine."""

    kind: str
    name: str
    key_id: int | None = None
    address: str = ""


class Entry(msgspec.Struct):
    """A change. `before` and `after` hold what changed of the subject, None where there was or is nothing."""

    id: int
    at: datetime
    actor: str
    key_id: int | None
    name: str
    address: str
    action: str
    subject: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def command_line() -> Actor:
    """Return the actor of a command: the user who runs it, behind sudo as well."""
    try:
        user = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        user = f"uid {os.getuid()}"
    return Actor("command", user)


async def record(
    connection: Connection,
    by: Actor,
    action: str,
    subject: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Write down a change within its own transaction: neither is there without the other.

    `action` is like "server.add", `subject` like "server one". Neither side may hold a secret.
    """
    await connection.execute(
        _SQL["record"],
        (by.kind, by.key_id, by.name, by.address, action, subject, _json(before), _json(after)),
    )


async def note(
    postgres: Postgres, by: Actor, action: str, subject: str, after: dict[str, Any] | None = None
) -> None:
    """Write down what no transaction holds together: before it begins, and what came of it."""
    async with postgres.transaction() as connection:
        await record(connection, by, action, subject, after=after)


def _json(side: dict[str, Any] | None) -> str | None:
    return None if side is None else msgspec.json.encode(side).decode()


async def page(
    postgres: Postgres,
    *,
    before: int | None = None,
    subject: str | None = None,
    who: str | None = None,
    action: str | None = None,
    since: date | None = None,
    until: date | None = None,
    limit: int = 100,
) -> list[Entry]:
    """Return entries with ids below `before`, the newest first.

    Those of one subject; of names that hold `who`; of actions that begin so; of the days from `since` to
    `until`, both included, in UTC.
    """
    asked = {"subject": subject, "who": who, "action": action, "since": since, "until": until}
    top = _NEWEST if before is None else before
    return await postgres.rows(_SQL["page"], Entry, before=top, limit=limit, **asked)
