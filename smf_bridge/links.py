"""Whose a client is, and what became of login codes, as the forum's database has it."""

import html
from datetime import datetime
from typing import Final, Literal

import msgspec

from smf_bridge.database import Database, Transaction, queries

_SQL: Final = queries("links")

Outcome = Literal["issued", "used", "revoked"]


class Link(msgspec.Struct, frozen=True):
    """A client and its member; `name` is None for a member whom the forum does not have any more."""

    client_id: str
    member_id: int
    linked_at: datetime
    name: str | None


class Code(msgspec.Struct, frozen=True):
    """A code that was issued; nobody knows which. Its time may be over without an end: nobody used it."""

    id: int
    issued_at: datetime
    expires_at: datetime
    outcome: Outcome
    ended_at: datetime | None


def link(transaction: Transaction, client_id: str, member_id: int, at: datetime) -> None:
    """Write down whose a client is."""
    transaction.execute(_SQL["link"], client=client_id, member=member_id, at=at)


def unlink(transaction: Transaction, client_id: str) -> None:
    """Write down that a client is nobody's."""
    transaction.execute(_SQL["unlink"], client=client_id)


def note_code(transaction: Transaction, member_id: int, code: Code) -> None:
    """Write down what became of a code so far."""
    known = {"id": code.id, "member": member_id, "issued": code.issued_at, "expires": code.expires_at}
    transaction.execute(_SQL["note_code"], **known, outcome=code.outcome, ended=code.ended_at)


async def everything(database: Database) -> list[Link]:
    """Return all links."""
    found: list[Link] = []
    while rows := await database.rows(_SQL["all"], Link, after=found[-1].client_id if found else ""):
        found += rows
    return [
        row if row.name is None else msgspec.structs.replace(row, name=html.unescape(row.name))
        for row in found
    ]


async def codes(database: Database, member_id: int, limit: int) -> list[Code]:
    """Return a member's latest codes."""
    return await database.rows(_SQL["codes"], Code, member=member_id, limit=limit)


async def forget_codes(database: Database, before: datetime) -> int:
    """Forget codes that were issued before a moment."""
    return await database.execute(_SQL["forget_codes"], before=before)
