"""What is read of teams: lists, and all of one."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from api.errors import NotFound
from smf_bridge import members
from smf_bridge.database import Transaction, queries
from smf_bridge.members import Names
from smf_bridge.teams.rules import Role
from smf_bridge.teams.service import Asked, Kind, Team, What

_SQL: Final = queries("teams")
LINES: Final = 50
EVENTS: Final = 50
_NO_EVENT_IS: Final = 2**62


class Line(msgspec.Struct, frozen=True):
    """A team in the list."""

    id: int
    name: str
    tag: str
    colour: str
    second_colour: str
    founded_at: datetime
    members: int
    captain: int | None


class Spell(msgspec.Struct, frozen=True):
    """A time for which a member was in a team: without an end, they are in it. `role`: their last one."""

    member_id: int
    role: Role
    joined_at: datetime
    left_at: datetime | None
    left_how: Literal["left", "kicked", "disbanded"] | None
    left_by: int | None


class Event(msgspec.Struct, frozen=True):
    """Something that happened in a team. `by_member` is 0 where time did it."""

    id: int
    at: datetime
    what: What
    by_member: int
    member_id: int | None
    about: str

    @property
    def said(self) -> dict[str, object]:
        """What it was and what it is."""
        found: dict[str, object] = msgspec.json.decode(self.about)
        return found


class Mine(msgspec.Struct, frozen=True):
    """The team that a member is in."""

    id: int
    name: str
    tag: str
    role: Role


class Waiting(msgspec.Struct, frozen=True):
    """An invitation or a request of a member that is open, and of which team."""

    id: int
    kind: Kind
    asked_by: int
    asked_at: datetime
    expires_at: datetime
    team_id: int
    name: str
    tag: str


class Overview(msgspec.Struct, frozen=True):
    """Teams by name, and what concerns whoever looks. `next`: after which name it goes on."""

    teams: list[Line]
    next: str | None
    mine: Mine | None
    waiting: list[Waiting]
    names: Names


class Whole(msgspec.Struct, frozen=True):
    """All of a team. `older`: before which event the history goes on."""

    team: Team
    spells: list[Spell]
    open: list[Asked]
    events: list[Event]
    older: Annotated[int | None, Meta(description="id of the last event shown")]
    mine: Mine | None
    names: Names

    @property
    def roster(self) -> list[Spell]:
        """Return who is in it: the captain, officers, members, each by when they came."""
        order = ("captain", "officer", "member")
        here = [spell for spell in self.spells if spell.left_at is None]
        return sorted(here, key=lambda spell: (order.index(spell.role), spell.joined_at, spell.member_id))


def overview(transaction: Transaction, viewer: int, search: str, after: str, at: datetime) -> Overview:
    """Return teams by name after one, those whose name or tag holds `search`, and a member's own matters."""
    like = "%" + "".join(f"|{char}" if char in "|%_" else char for char in search) + "%"
    # Nothing asked for is one %, which the query need not look at.
    asked = {"like": "%" if like == "%%" else like, "after": after, "limit": LINES + 1}
    found = transaction.rows(_SQL["list"], Line, **asked)
    teams = found[:LINES]
    waiting = transaction.rows(_SQL["asked_of_member"], Waiting, member=viewer, at=at) if viewer else []
    ids = [line.captain for line in teams if line.captain is not None] + [each.asked_by for each in waiting]
    return Overview(
        teams,
        teams[-1].name if len(found) > LINES else None,
        mine(transaction, viewer),
        waiting,
        members.names(transaction, ids),
    )


def whole(transaction: Transaction, team_id: int, viewer: int, before: int | None, at: datetime) -> Whole:
    """Return all of a team, and its latest events before one. Raises NotFound."""
    team = transaction.one(_SQL["one"], Team, team=team_id)
    if team is None:
        raise NotFound(f"there is no team {team_id}")
    spells = transaction.rows(_SQL["spells"], Spell, team=team_id)
    open_now = [row for row in transaction.rows(_SQL["open"], Asked, team=team_id) if row.expires_at > at]
    before_id = _NO_EVENT_IS if before is None else before
    found = transaction.rows(_SQL["events"], Event, team=team_id, before=before_id, limit=EVENTS + 1)
    events = found[:EVENTS]
    ids = [team.founded_by, *_of_spells(spells), *_of_events(events)]
    ids += [member for each in open_now for member in (each.member_id, each.asked_by)]
    return Whole(
        team,
        spells,
        open_now,
        events,
        events[-1].id if len(found) > EVENTS else None,
        mine(transaction, viewer),
        members.names(transaction, ids),
    )


def mine(transaction: Transaction, member_id: int) -> Mine | None:
    """Return the team that a member is in."""
    return transaction.one(_SQL["team_of"], Mine, member=member_id) if member_id else None


def _of_spells(spells: Iterable[Spell]) -> Iterable[int]:
    for spell in spells:
        yield spell.member_id
        if spell.left_by is not None:
            yield spell.left_by


def _of_events(events: Iterable[Event]) -> Iterable[int]:
    for event in events:
        yield event.by_member
        if event.member_id is not None:
            yield event.member_id
        before = event.said.get("before")
        if isinstance(before, int):
            yield before
