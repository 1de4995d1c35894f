"""What SMF is to alert its members about: written by whatever decides it, fetched by the forum, each once.

`tell` is part of the transaction that decides something, so that there is no alert of what did not happen.
The forum knows alerts by ids that they get when it fetches them: then a transaction that commits late cannot
put one behind what was fetched before.
"""

from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from smf_bridge.database import Database, Duplicate, Transaction, queries

_SQL: Final = queries("alerts")
# So many are fetched at once.
PAGE: Final = 100
_KEPT: Final = timedelta(days=30)
_LONGEST: Final = 255

# What it is about: an achievement, a team, a match or a tournament, an address that wants in.
Kind = Literal["unlock", "invite", "match", "address"]


class Alert(msgspec.Struct, frozen=True):
    """An alert as the forum gets it. `by`: the member whose doing it is, or 0; `path`: of an area."""

    id: int
    member: int
    by: int
    kind: Kind
    text: str
    path: str
    at: datetime


class _Last(msgspec.Struct):
    last: int


class _Id(msgspec.Struct):
    id: int


def tell(
    transaction: Transaction,
    kind: Kind,
    member: int,
    text: str,
    path: str,
    at: datetime,
    *,
    by: int = 0,
    once: str | None = None,
) -> None:
    """Alert a member, when the transaction commits.

    `path`: the area that it leads to, as `teams/5`. `once`: a name in ASCII for what is alerted once, however
    often it is told, as `unlock:7:first_blood`. Who did it themselves is not alerted.
    """
    if member == by:
        return
    said = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    row = {"kind": kind, "member": member, "text": said, "path": path, "at": at, "by": by, "once": once}
    try:
        transaction.insert(_SQL["tell"], **row)
    except Duplicate:
        return


async def fetch(database: Database, after: int, limit: int = PAGE) -> list[Alert]:
    """Return the alerts after an id, in their order; asked again with the same id, the same ones."""

    def work(transaction: Transaction) -> list[Alert]:
        last = transaction.rows(_SQL["lock"], _Last)[0].last
        waiting = transaction.rows(_SQL["without_number"], _Id, limit=limit)
        for number, row in enumerate(waiting, last + 1):
            transaction.execute(_SQL["give_number"], number=number, id=row.id)
        if waiting:
            transaction.execute(_SQL["keep_last"], last=last + len(waiting))
        return transaction.rows(_SQL["after"], Alert, after=after, limit=limit)

    return await database.run(work)


async def tidy(database: Database, now: datetime) -> int:
    """Forget alerts of a month ago, fetched or not, and return how many."""
    return await database.execute(_SQL["forget"], before=now - _KEPT)
