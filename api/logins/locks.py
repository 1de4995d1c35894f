"""Locks: one decision at a time about a member or a client, and a pause for those who guess.

Five wrong codes within ten minutes, from a network or for a client id, lock it for ten minutes at that
server. A server says itself where its players come from and who they are, so what it reports counts against
others' players only together with other servers: twenty at all of them, of which none can report over five.

They are counted in the history, in Postgres: a counter that could be lost would be as many tries again. A try
counts as wrong from its beginning until its outcome is known: tries at the same instant are counted, too.
"""

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from api.logins.clients import Client
from api.stores.postgres import Connection, Postgres, fetch
from api.stores.sql import queries

_SQL = queries("postgres", "logins")

WRONG_TRIES: Final = 5
WRONG_TRIES_EVERYWHERE: Final = 20
WINDOW: Final = timedelta(minutes=10)
LOCKED_FOR: Final = timedelta(minutes=10)
# All of a server's players together, in the same window: a bound for guesses from many addresses.
WRONG_TRIES_OF_SERVER: Final = 100
# Longer than any try takes: what is still "started" then was cut off by a crash.
_TRY_LASTS: Final = timedelta(minutes=1)


class _Wrong(msgspec.Struct):
    of: str
    at: datetime
    here: bool


class _Count(msgspec.Struct):
    tries: int


class _Id(msgspec.Struct):
    id: int


async def member(connection: Connection, member_id: int) -> None:
    """Wait for, and hold until the transaction ends, what is decided about a member. Before `client`."""
    await connection.execute(_SQL["lock"], (f"login member {member_id}",))


async def client(connection: Connection, client_id: str) -> None:
    """The same for a client."""
    await connection.execute(_SQL["lock"], (f"login client {client_id}",))


def locked_until(wrong: list[datetime], at: datetime, most: int = WRONG_TRIES) -> datetime | None:
    """Return until when tries are refused, given the times of the latest wrong ones; None: they are not."""
    latest = sorted(wrong, reverse=True)[:most]
    if len(latest) < most or latest[-1] <= latest[0] - WINDOW:
        return None
    until = latest[0] + LOCKED_FOR
    return until if until > at else None


async def begin(postgres: Postgres, at: datetime, client: Client) -> tuple[int, int]:
    """Note that a try begins; return its row of the history, and for how many seconds it is locked, or 0."""
    network = client.network.hash
    asked: dict[str, Any] = {"network": network, "client": client.client_id, "server": client.server_id}
    asked |= {"since": at - WINDOW - LOCKED_FOR, "begun": at - _TRY_LASTS}
    async with postgres.transaction() as connection:
        # Always in this order, network then client, or two tries could wait for each other.
        await connection.execute(_SQL["lock"], (f"login tries {network.hex()}",))
        await connection.execute(_SQL["lock"], (f"login tries of {client.client_id}",))
        found = await fetch(connection, _SQL["wrong_tries"], _Wrong, asked)
        ends = [
            end
            for of in ("network", "client")
            for end in (
                locked_until([row.at for row in found if row.of == of and row.here], at),
                locked_until([row.at for row in found if row.of == of], at, WRONG_TRIES_EVERYWHERE),
            )
        ]
        by_server = await fetch(
            connection, _SQL["wrong_tries_of_server"], _Count, {**asked, "since": at - WINDOW}
        )
        if by_server[0].tries >= WRONG_TRIES_OF_SERVER:
            ends.append(at + timedelta(minutes=1))
        until = max((end for end in ends if end is not None), default=None)
        row = {"now": at, "kind": "code", "network": network, "member": None, "guess": until is None}
        state = (
            {"outcome": "started", "reason": ""}
            if until is None
            else {"outcome": "locked", "reason": "guesses"}
        )
        who = {"server": client.server_id, "client": client.client_id, "name": client.name}
        try_id = (await fetch(connection, _SQL["begin_try"], _Id, {**row, **state, **who}))[0].id
    return try_id, 0 if until is None else max(1, round((until - at).total_seconds()))
