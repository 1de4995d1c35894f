"""Making, rotating and revoking keys. Each change and its line in the audit log are one transaction."""

from datetime import datetime
from typing import Any

import msgspec

from api.audit import service as audit
from api.audit.service import Actor
from api.auth import tokens
from api.auth.tokens import Kind
from api.errors import Conflict, NotFound, Unprocessable
from api.stores.postgres import Connection, Postgres, fetch
from api.stores.sql import queries

_SQL = queries("postgres", "auth")
MAX_OVERLAP_SECONDS = 90 * 86_400


class Key(msgspec.Struct):
    """A key without its secret. `last_used_at` is right to the hour; `holds`: it opens something now."""

    id: int
    kind: Kind
    label: str
    server_id: int | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    holds: bool


class _Row(msgspec.Struct):
    id: int


class Made(msgspec.Struct):
    """A new key. `token` is shown this once."""

    id: int
    kind: Kind
    label: str
    token: str


async def all_keys(postgres: Postgres) -> list[Key]:
    """Return every key that was ever made, the oldest first."""
    return await postgres.rows(_SQL["list"], Key)


async def add(postgres: Postgres, kind: Kind, label: str, by: Actor) -> Made:
    """Make a key for a forum, an admin or a reader.

    Raises Unprocessable for a label that is none, and for a server's key: `servers.service.add` makes those.
    """
    if kind == "server":
        raise Unprocessable("`afteraction server add NAME` and `server rotate NAME` make the keys of servers")
    if not label.strip() or len(label) > 64 or not label.isprintable():
        raise Unprocessable(f"a key's label is 1 to 64 printable characters, not {label[:80]!r}")
    async with postgres.transaction() as connection:
        made = await insert(connection, kind, label, None)
        await audit.record(connection, by, "key.add", f"key {made.id}", after=_described(kind, label))
    return made


async def rotate(postgres: Postgres, key_id: int, overlap_seconds: float, by: Actor) -> Made:
    """Make a key that takes another's place; the other holds for `overlap_seconds` more.

    Raises NotFound for an unknown key, Conflict for one that does not hold any more.
    """
    check_overlap(overlap_seconds)
    async with postgres.transaction() as connection:
        old = await _locked(connection, key_id)
        if not old.holds:
            raise Conflict(f"key {key_id} does not hold any more; `afteraction key add` makes a new one")
        made = await insert(connection, old.kind, old.label, old.server_id)
        await expire(connection, old, overlap_seconds)
        before = _described(old.kind, old.label, id=old.id)
        after = _described(old.kind, old.label, id=made.id, overlap_seconds=overlap_seconds)
        await audit.record(connection, by, "key.rotate", f"key {key_id}", before=before, after=after)
    return made


async def revoke(postgres: Postgres, key_id: int, by: Actor) -> Key:
    """End a key now; in every process within a second.

    Raises NotFound for an unknown key. One that was revoked stays so, and nothing is written down.
    """
    async with postgres.transaction() as connection:
        key = await _locked(connection, key_id)
        if key.revoked_at is None:
            await end(connection, key)
            before = _described(key.kind, key.label, holds=key.holds)
            after = _described(key.kind, key.label, holds=False)
            await audit.record(connection, by, "key.revoke", f"key {key_id}", before=before, after=after)
    return key


async def insert(connection: Connection, kind: Kind, label: str, server_id: int | None) -> Made:
    """Make a key within a transaction that writes it down."""
    token = tokens.new(kind)
    [row] = await fetch(connection, _SQL["add"], _Row, (tokens.hashed(token), kind, server_id, label))
    return Made(row.id, kind, label, token)


async def of_server(connection: Connection, server_id: int) -> list[Key]:
    """Return a server's keys that hold, locked for the transaction."""
    return await fetch(connection, _SQL["of_server"], Key, (server_id,))


async def expire(connection: Connection, key: Key, overlap_seconds: float) -> None:
    """Let a key hold for `overlap_seconds` more, and no longer than it would have."""
    await connection.execute(_SQL["expire"], (overlap_seconds, key.id))


async def end(connection: Connection, key: Key) -> None:
    """Revoke a key within a transaction that writes it down."""
    await connection.execute(_SQL["revoke"], (key.id,))


def check_overlap(seconds: float) -> None:
    """Raise Unprocessable unless an old key can hold for so long."""
    if not 0 <= seconds <= MAX_OVERLAP_SECONDS:
        raise Unprocessable(f"an old key holds for 0 to {MAX_OVERLAP_SECONDS} seconds more, not {seconds:g}")


async def _locked(connection: Connection, key_id: int) -> Key:
    found = await fetch(connection, _SQL["of_id"], Key, (key_id,))
    if not found:
        raise NotFound(f"there is no key {key_id}; `afteraction key list` shows those there are")
    return found[0]


def _described(kind: Kind, label: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "label": label, **more}
