"""Whose a client is: links of client ids to members, and their copy in ClickHouse, which every stat follows.

A client id belongs to one member at most. A second member who logs in with it is logged in, and the claim is
kept as a conflict that an admin decides; it takes nothing from the first.
"""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from api.errors import NotFound
from api.logins import locks
from api.players import people
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Connection, Postgres, fetch
from api.stores.sql import queries

_SQL = queries("postgres", "logins")
_LINKS = queries("clickhouse", "player_links")
_WRITER_LOCK: Final = 0x6C69_6E6B_7773  # "linkws"
_CHUNK: Final = 5000

State = Literal["linked", "unlinked", "conflict", "refused", "over_limit"]


class Linked(msgspec.Struct):
    """A client that a member has logged in with. `session_until`: until when it may be resumed."""

    client_id: str
    member_id: int
    member_name: str
    state: State
    claimed_at: datetime
    last_login_at: datetime
    session_until: datetime | None


class LinkConflict(msgspec.Struct):
    """A client that one member claims and another has, or that is one too many for its member."""

    client_id: str
    member_id: int
    member_name: str
    claimed_at: datetime
    last_login_at: datetime
    state: State
    linked_member_id: int | None
    linked_member_name: str | None


class Claimant(msgspec.Struct, frozen=True):
    """A client that a member has just logged in with."""

    client_id: str
    member_id: int
    member_name: str


class _Claim(msgspec.Struct):
    member_id: int
    state: State


class _Count(msgspec.Struct):
    ids: int


class _Member(msgspec.Struct):
    member_id: int


class _MemberPlayer(msgspec.Struct):
    member: int
    id: str


class _Changed(msgspec.Struct):
    client_id: str
    changes: int
    member_id: int | None


class _Pair(msgspec.Struct):
    client_id: str
    member_id: int


class _Moment(msgspec.Struct):
    at: int


class _PublicId(msgspec.Struct):
    id: str


async def claim(connection: Connection, who: Claimant, at: datetime, until: datetime, limit: int) -> State:
    """Log a client in as a member, link the two if nothing is in the way, and return the state of the link.

    The caller holds the locks of both. Whoever was logged in there before is not any more. `limit`: how many
    clients may be linked to the member.
    """
    claims = await fetch(connection, _SQL["claims"], _Claim, (who.client_id,))
    state = await _state(connection, claims, who.member_id, limit)
    await connection.execute(_SQL["end_other_sessions"], (who.client_id, who.member_id))
    row = {"client": who.client_id, "member": who.member_id, "name": who.member_name, "state": state}
    await connection.execute(_SQL["claim"], {**row, "now": at, "until": until})
    if state == "linked":
        await connection.execute(_SQL["note_change"], (who.client_id,))
    return state


async def _state(connection: Connection, claims: list[_Claim], member_id: int, limit: int) -> State:
    mine = next((c.state for c in claims if c.member_id == member_id), None)
    if mine in ("linked", "refused"):
        return mine
    if any(c.state == "linked" for c in claims):
        return "conflict"
    linked = await fetch(connection, _SQL["linked_ids"], _Count, (member_id,))
    return "linked" if linked[0].ids < limit else "over_limit"


async def link(connection: Connection, client_id: str, member_id: int) -> None:
    """Decide that a client is this member's; other claims are refused, and a link of another's ends.

    Raises NotFound when the member never logged in with it.
    """
    await locks.member(connection, member_id)
    await locks.client(connection, client_id)
    await connection.execute(_SQL["refuse_others"], (client_id, member_id))
    await _set_state(connection, client_id, member_id, "linked")


async def unlink(connection: Connection, client_id: str, member_id: int) -> None:
    """End a link, and the client's session: its stats are its own again. `link` undoes it, and a login.

    Raises NotFound when the member never logged in with it.
    """
    await locks.member(connection, member_id)
    await locks.client(connection, client_id)
    await _set_state(connection, client_id, member_id, "unlinked")
    await end_sessions(connection, member_id, client_id)


async def _set_state(connection: Connection, client_id: str, member_id: int, state: State) -> None:
    row = {"client": client_id, "member": member_id, "state": state}
    if not await fetch(connection, _SQL["set_state"], _Member, row):
        raise NotFound(f"member {member_id} never logged in with the client {client_id[:40]!r}")
    await connection.execute(_SQL["note_change"], (client_id,))


async def end_sessions(connection: Connection, member_id: int, client_id: str | None = None) -> int:
    """Log a member out, everywhere or on one client, and return how many sessions that ended."""
    await locks.member(connection, member_id)
    what = {"member": member_id, "client": client_id}
    return (await connection.execute(_SQL["end_sessions_of_member"], what)).rowcount


async def of_member(postgres: Postgres, member_id: int) -> list[Linked]:
    """Return the clients that a member has logged in with, the latest first."""
    return await postgres.rows(_SQL["clients_of_member"], Linked, member_id)


async def conflicts(postgres: Postgres) -> list[LinkConflict]:
    """Return the claims that an admin should decide, the latest first."""
    return await postgres.rows(_SQL["conflicts"], LinkConflict)


async def page(
    postgres: Postgres,
    *,
    member_id: int | None = None,
    client_id: str | None = None,
    name: str | None = None,
    before: datetime | None = None,
    limit: int = 100,
) -> list[Linked]:
    """Return clients and the members who logged in with them before a time, the latest first.

    Of one member, of one client, or of members whose name holds `name`.
    """
    asked = {"member": member_id, "client": client_id, "name": name}
    return await postgres.rows(_SQL["links"], Linked, before=before, limit=limit, **asked)


async def player_of(clickhouse: ClickHouse, member_id: int) -> str:
    """Return the id under which the API knows a member as a player."""
    return (await clickhouse.rows(_LINKS["member"], _PublicId, member=member_id))[0].id


async def members_of(postgres: Postgres, clickhouse: ClickHouse, players: list[str]) -> dict[str, int]:
    """Return which of some players are members, by the ids under which the API knows them."""
    linked = (
        [row.member_id for row in await postgres.rows(_SQL["linked_members"], _Member)] if players else []
    )
    return await members_among(clickhouse, linked, players)


async def members_among(clickhouse: ClickHouse, members: list[int], players: list[str]) -> dict[str, int]:
    """Return which of some players are one of some members."""
    if not members:
        return {}
    rows = await clickhouse.rows(_LINKS["members"], _MemberPlayer, members=members, players=players)
    return {row.id: row.member for row in rows}


def writer(postgres: Postgres) -> AbstractAsyncContextManager[Connection]:
    """Be the one who writes links to ClickHouse, for the length of the block."""
    return postgres.lock(_WRITER_LOCK)


async def write_changed(postgres: Postgres, clickhouse: ClickHouse) -> int:
    """Bring links that have changed to ClickHouse, and return how many those were."""
    async with writer(postgres):
        return await write_changed_now(postgres, clickhouse)


async def write_changed_now(postgres: Postgres, clickhouse: ClickHouse) -> int:
    """Do so as the `writer`."""
    changed = await postgres.rows(_SQL["changed"], _Changed)
    if changed:
        await _write(clickhouse, [(c.client_id, c.member_id or 0) for c in changed])
    # One that has changed again meanwhile stays.
    for row in changed:
        await postgres.execute(_SQL["written"], row.client_id, row.changes)
    return len(changed)


async def reconcile(postgres: Postgres, clickhouse: ClickHouse) -> int:
    """Make ClickHouse's verified links those of Postgres again, and return how many there are.

    Links that are in ClickHouse alone are undone; what admins merged without a login is left as it is.
    """
    async with writer(postgres):
        began = (await clickhouse.rows(_LINKS["moment"], _Moment))[0]
        pairs = await postgres.rows(_SQL["all_linked"], _Pair)
        for start in range(0, len(pairs), _CHUNK):
            await _write(clickhouse, [(p.client_id, p.member_id) for p in pairs[start : start + _CHUNK]])
        await clickhouse.command(_LINKS["unlink_older"], since=began.at)
        await people.refresh(clickhouse)
    return len(pairs)


async def _write(clickhouse: ClickHouse, pairs: list[tuple[str, int]]) -> None:
    columns: dict[str, Any] = {
        "clients": [client for client, _ in pairs],
        "members": [member for _, member in pairs],
    }
    await clickhouse.command(_LINKS["link"], **columns)
    await people.refresh(clickhouse)
