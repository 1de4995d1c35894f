"""What members have earned, as the forum's database has it: each once, with the match and the time.

Who judges stands above; here is written down what was judged, and the alerts of it in the same transaction.
"""

import html
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec

from smf_bridge import alerts
from smf_bridge.database import Database, Transaction, queries

_SQL: Final = queries("achievements")
# More at once than these are one alert: whoever is linked has a past.
_ALERTS: Final = 3
_HOLDERS: Final = 200


class Entry(msgspec.Struct, frozen=True):
    """An achievement, as the forum is told of it."""

    id: str
    name: str
    about: str
    category: str
    tier: Literal["bronze", "silver", "gold", "platinum"]
    kind: Literal["match", "career"]
    hidden: bool
    target: float


class Progress(msgspec.Struct, frozen=True):
    """How far a member is with an achievement; `match` and `at`: with what it was earned.

    `certain`: the match follows from what was played, whenever that is judged. Otherwise it is the one after
    which it was seen, and what was written down first stays.
    """

    entry: Entry
    value: float
    earned: bool
    match: str | None = None
    at: datetime | None = None
    certain: bool = False


class Held(msgspec.Struct, frozen=True):
    """What the forum has of a member and an achievement."""

    achievement: str
    progress: float
    unlocked_at: datetime | None = None
    match: str | None = None


class Judged(msgspec.Struct, frozen=True):
    """A member who is to be judged, and the number by which that was done last; 0 for never."""

    member: int
    digest: int


class Change(msgspec.Struct, frozen=True):
    """What judging a member comes to: ids of achievements that they gain and lose."""

    member: int
    granted: list[str]
    taken: list[str]


class Holder(msgspec.Struct, frozen=True):
    """A member who has an achievement."""

    id: int
    name: str
    unlocked_at: datetime
    match: str | None


class Rarity(msgspec.Struct, frozen=True):
    """How many members are linked to a player, and how many of them have each achievement."""

    members: int
    earned: dict[str, int]

    def share(self, id_: str) -> float | None:
        """Return the share of linked members who have an achievement; None where nobody is linked."""
        return min(1.0, self.earned.get(id_, 0) / self.members) if self.members else None


class _Digest(msgspec.Struct):
    digest: int


class _Members(msgspec.Struct):
    members: int


class _Earned(msgspec.Struct):
    achievement: str
    members: int


async def keep_catalogue(database: Database, entries: Sequence[Entry], digest: int, now: datetime) -> None:
    """Make the forum's catalogue these entries, by their order, unless it is that already.

    What is there no longer is retired: who has it keeps it.
    """

    def work(transaction: Transaction) -> None:
        transaction.execute(_SQL["begin"], member=0, at=now)
        known = transaction.one(_SQL["digest"], _Digest, member=0)
        if known is not None and known.digest == digest:
            return
        for position, entry in enumerate(entries):
            transaction.execute(_SQL["keep"], **msgspec.structs.asdict(entry), position=position)
        transaction.execute(_SQL["retire"], ids=[entry.id for entry in entries])
        transaction.execute(_SQL["judged"], member=0, digest=digest)

    await database.run(work)


async def members(database: Database) -> list[Judged]:
    """Return who is linked to a player, and who was when last judged."""
    return await database.rows(_SQL["members"], Judged)


async def plan(database: Database, member: int, judged: Iterable[Progress]) -> Change:
    """Return what writing down a judgement would change. Nothing is changed."""
    return await database.run(lambda transaction: _change(member, judged, _held(transaction, member)))


async def write(
    database: Database, member: int, digest: int, judged: Sequence[Progress], now: datetime
) -> Change:
    """Write down what a member was judged to have, and alert them of what is new."""
    return await database.run(lambda transaction: _write(transaction, member, digest, judged, now))


async def held(database: Database, member: int) -> dict[str, Held]:
    """Return what a member has and how far they are, by achievement; without what was never begun."""
    return await database.run(lambda transaction: _held(transaction, member))


async def rarity(database: Database, only: str | None = None) -> Rarity:
    """Return how rare achievements, or only one, are among members who are linked to a player."""

    def work(transaction: Transaction) -> Rarity:
        [linked] = transaction.rows(_SQL["linked"], _Members)
        if only is None:
            rows = transaction.rows(_SQL["rarity"], _Earned)
        else:
            rows = transaction.rows(_SQL["rarity_of_one"], _Earned, achievement=only)
        return Rarity(linked.members, {row.achievement: row.members for row in rows})

    return await database.run(work)


async def holders(database: Database, achievement: str) -> list[Holder]:
    """Return who has an achievement, the first who earned it first."""
    found = await database.rows(_SQL["holders"], Holder, achievement=achievement, limit=_HOLDERS)
    # SMF keeps names as HTML.
    return [msgspec.structs.replace(row, name=html.unescape(row.name)) for row in found]


def _held(transaction: Transaction, member: int) -> dict[str, Held]:
    return {row.achievement: row for row in transaction.rows(_SQL["held"], Held, member=member)}


def _change(member: int, judged: Iterable[Progress], had: dict[str, Held]) -> Change:
    change = Change(member, [], [])
    for each in judged:
        before = had.get(each.entry.id)
        has = before is not None and before.unlocked_at is not None
        if each.earned != has:
            (change.granted if each.earned else change.taken).append(each.entry.id)
    return change


def _write(
    transaction: Transaction, member: int, digest: int, judged: Sequence[Progress], now: datetime
) -> Change:
    transaction.execute(_SQL["begin"], member=member, at=now)
    had = _held(transaction, member)
    change = _change(member, judged, had)
    granted = set(change.granted)
    for each in judged:
        after = _after(each, had.get(each.entry.id), now)
        if after != had.get(each.entry.id, Held(each.entry.id, 0)):
            told_at = now if each.entry.id in granted else None
            row = msgspec.structs.asdict(after)
            transaction.execute(_SQL["put"], member=member, told_at=told_at, **row)
    _tell(transaction, member, [each.entry for each in judged if each.entry.id in granted], now)
    transaction.execute(_SQL["judged"], member=member, digest=digest)
    return change


def _after(judged: Progress, before: Held | None, now: datetime) -> Held:
    """Return the row that a judgement leaves."""
    id_ = judged.entry.id
    if not judged.earned:
        return Held(id_, judged.value)
    if before is not None and before.unlocked_at is not None and not judged.certain:
        return Held(id_, judged.value, before.unlocked_at, before.match)
    return Held(id_, judged.value, judged.at or now, judged.match)


def _tell(transaction: Transaction, member: int, new: Sequence[Entry], now: datetime) -> None:
    path = f"members/{member}/achievements"
    if len(new) > _ALERTS:
        some = ", ".join(f"“{entry.name}”" for entry in new[:_ALERTS])
        text = f"{len(new)} achievements unlocked: {some} and {len(new) - _ALERTS} more"
        once = f"unlock:{member}:{new[0].id[:60]}+{len(new)}"
        alerts.tell(transaction, "unlock", member, text, path, now, once=once)
        return
    for entry in new:
        text = f"Achievement unlocked: “{entry.name}” ({entry.tier}). {entry.about}"
        alerts.tell(transaction, "unlock", member, text, path, now, once=f"unlock:{member}:{entry.id}")
