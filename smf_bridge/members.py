"""Members of the forum, as SMF knows them. They are read here and never written."""

import html
from collections.abc import Sequence
from typing import Final

import msgspec

from api.errors import NotFound
from smf_bridge.database import Database, Transaction, queries

_SQL: Final = queries("members")


class Member(msgspec.Struct, frozen=True):
    """A member. `name` is the one that the forum shows; `active` is false for one who is banned or waits."""

    id: int
    name: str
    active: bool


async def member(database: Database, member_id: int) -> Member:
    """Return a member. Raises NotFound."""
    found = await database.one(_SQL["one"], Member, member=member_id)
    if found is None:
        raise NotFound(f"the forum has no member {member_id}")
    return _plain(found)


def some(transaction: Transaction, ids: Sequence[int]) -> dict[int, Member]:
    """Return those of some members whom the forum has, by id."""
    if not ids:
        return {}
    found = transaction.rows(_SQL["some"], Member, members=sorted(set(ids)))
    return {row.id: _plain(row) for row in found}


def _plain(member: Member) -> Member:
    """Undo SMF's escaping: it keeps names as HTML."""
    return msgspec.structs.replace(member, name=html.unescape(member.name))
