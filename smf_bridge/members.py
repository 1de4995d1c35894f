"""Members of the forum, as SMF knows them. They are read here and never written."""

import html
from collections.abc import Sequence
from typing import Final

import msgspec

from api.errors import NotFound, Unprocessable
from smf_bridge.database import Database, Transaction, queries

_SQL: Final = queries("members")
# From here on no forum has members: such an id is the stand-in of one who was erased.
FORMER: Final = 2**31
A_FORMER_MEMBER: Final = "a former member"


class Member(msgspec.Struct, frozen=True):
    """A member. `name` is the one that the forum shows; `active` is false for one who is banned or waits."""

    id: int
    name: str
    active: bool


class Names:
    """Members by id, those too who are gone."""

    def __init__(self, found: dict[int, Member]) -> None:
        self._found = found

    def __getitem__(self, member_id: int) -> str:
        if member_id >= FORMER:
            return A_FORMER_MEMBER
        them = self._found.get(member_id)
        return them.name if them else f"member {member_id}"


class Gone(msgspec.Struct, frozen=True):
    """A member whom the forum has deleted, and how many rows of each kind the bridge still has of them."""

    member: int
    rows: dict[str, int]


class _Found(msgspec.Struct):
    member: int
    what: str
    found: int


class _Called(msgspec.Struct):
    member_id: int


async def member(database: Database, member_id: int) -> Member:
    """Return a member. Raises NotFound."""
    found = await database.one(_SQL["one"], Member, member=member_id)
    if found is None:
        raise NotFound(f"the forum has no member {member_id}")
    return _plain(found)


async def gone(database: Database) -> list[Gone]:
    """Return the members whom the forum has deleted and who still stand in the bridge's tables."""
    found: dict[int, dict[str, int]] = {}
    for row in await database.rows(_SQL["gone"], _Found, former=FORMER):
        found.setdefault(row.member, {})[row.what] = row.found
    return [Gone(member, rows) for member, rows in found.items()]


def some(transaction: Transaction, ids: Sequence[int]) -> dict[int, Member]:
    """Return those of some members whom the forum has, by id."""
    if not ids:
        return {}
    found = transaction.rows(_SQL["some"], Member, members=sorted(set(ids)))
    return {row.id: _plain(row) for row in found}


def names(transaction: Transaction, ids: Sequence[int]) -> Names:
    """Return how some members are called."""
    return Names(some(transaction, ids))


def called(transaction: Transaction, said: str) -> int:
    """Return whom a name means, or `#7`. Raises Unprocessable for nobody, and for several."""
    if said.startswith("#") and said[1:].isascii() and said[1:].isdigit():
        return int(said[1:10])
    found = transaction.rows(_SQL["called"], _Called, names=_as_smf_has(said))
    if not found:
        raise Unprocessable(f"`name`: the forum has no member {said[:80]!r}")
    if len(found) > 1:
        raise Unprocessable(f"`name`: several members are called {said[:80]!r}; write #7 for the member 7")
    return found[0].member_id


def _as_smf_has(name: str) -> list[str]:
    """Return how SMF may have stored a name: as HTML, more or less escaped."""
    some_way = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return list(
        dict.fromkeys([name, some_way, some_way.replace("'", "&#039;"), some_way.replace("'", "&#39;")])
    )


def _plain(member: Member) -> Member:
    """Undo SMF's escaping: it keeps names as HTML."""
    return msgspec.structs.replace(member, name=html.unescape(member.name))
