"""Who asks: a ladder. A login says it best, then the client's id, then a name, which is anybody's."""

from typing import Literal

import msgspec

from api.logins.service import Logins
from api.players import identities as players
from api.players.identities import Identity, Person
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "player_links")

KnownBy = Literal["login", "client", "name", "nobody"]


class Asker(msgspec.Struct, frozen=True):
    """A player who asks. `person` is None for one of whom nothing is counted yet."""

    known_by: KnownBy
    name: str
    identity: Identity | None = None
    person: Person | None = None


class _Key(msgspec.Struct):
    key: int


async def of_client(logins: Logins, clickhouse: ClickHouse, client_id: str, name: str) -> Asker:
    """Return who a client is: the member who is logged in there, else who the id or the name was seen as."""
    session = await logins.session(client_id) if client_id else None
    if session is not None:
        key = (await clickhouse.rows(_SQL["member_key"], _Key, member=session.member_id))[0].key
        found = await _seen(clickhouse, key)
        return Asker("login", session.member_name, *(found or (None, None)))
    rungs: list[tuple[KnownBy, str, str]] = [("client", "", client_id), ("name", name, "")]
    for known_by, by_name, by_client in rungs:
        if by_name or by_client:
            key = (await clickhouse.rows(_SQL["key"], _Key, name=by_name, client=by_client))[0].key
            found = await _seen(clickhouse, key) if key else None
            if found is not None:
                return Asker(known_by, found[0].name, *found)
    return Asker("nobody", name)


async def _seen(clickhouse: ClickHouse, key: int) -> tuple[Identity, Person] | None:
    person = await players.person(clickhouse, key)
    rows = await clickhouse.rows(_SQL["seen"], _Key, keys=person.keys)
    if not rows:
        return None
    identity = (await players.identities(clickhouse, [person.player]))[person.player]
    return identity, person
