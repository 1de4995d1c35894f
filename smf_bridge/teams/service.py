"""What is done in teams. Each function is a part of one transaction, which is the caller's: `Database.run`.

Whoever changes anything about a team locks its row first, so that two who decide at once decide one after the
other, each on what the other left. Every change is noted in the team's history, and those whom it concerns
are alerted, in the same transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from api.errors import Conflict, Forbidden, NotFound
from smf_bridge import alerts, members
from smf_bridge.database import Duplicate, Transaction, queries
from smf_bridge.members import Member
from smf_bridge.teams import rules
from smf_bridge.teams.rules import Act, Look, Role, Who
from smf_bridge.tournaments import leaving
from smf_bridge.tournaments.model import Who as Entrant

_SQL: Final = queries("teams")

Kind = Literal["invite", "request"]
What = Literal[
    "founded",
    "invited",
    "accepted",
    "declined",
    "withdrawn",
    "requested",
    "taken_back",
    "approved",
    "denied",
    "expired",
    "left",
    "kicked",
    "role",
    "transferred",
    "edited",
    "disbanded",
]


class Team(msgspec.Struct, frozen=True):
    """A team as it is called; of one that is no more, as it was."""

    id: int
    name: str
    tag: str
    about: str
    colour: str
    second_colour: str
    founded_by: int
    founded_at: datetime
    disbanded_at: datetime | None


class Place(msgspec.Struct, frozen=True):
    """A member's place in a team."""

    member_id: int
    role: Role
    joined_at: datetime


class Asked(msgspec.Struct, frozen=True):
    """An invitation, or a request to be let in; without an outcome it is open."""

    id: int
    member_id: int
    kind: Kind
    asked_by: int
    asked_at: datetime
    expires_at: datetime
    outcome: str | None


class _Found(msgspec.Struct):
    found: int


class _Of(msgspec.Struct):
    id: int
    name: str
    tag: str
    role: Role


class _Held:
    """A team whose row is locked, with those who are in it, for somebody who does something now."""

    def __init__(self, transaction: Transaction, team_id: int, who: Who, at: datetime) -> None:
        """Lock the team. Raises NotFound, Forbidden, and Conflict for a team that was disbanded."""
        self.transaction = transaction
        self.who = who
        self.at = at
        self.me = _active(transaction, who)
        found = transaction.one(_SQL["lock"], Team, team=team_id)
        if found is None:
            raise NotFound(f"there is no team {team_id}")
        if found.disbanded_at is not None:
            raise Conflict(f"{found.name} has been disbanded")
        self.team = found
        self.roster = {row.member_id: row for row in transaction.rows(_SQL["roster"], Place, team=team_id)}
        self._expire()

    @property
    def path(self) -> str:
        return f"teams/{self.team.id}"

    @property
    def role(self) -> Role | None:
        mine = self.roster.get(self.who.member)
        return mine.role if mine else None

    def check(self, act: Act) -> None:
        """Raise Forbidden unless whoever acts may do it."""
        if not rules.may(act, self.role, manages=self.who.manages):
            raise Forbidden(f"that is not for you to do in {self.team.name}")

    def place(self, member_id: int) -> Place:
        """Return somebody's place. Raises NotFound."""
        found = self.roster.get(member_id)
        if found is None:
            raise NotFound(f"member {member_id} is not in {self.team.name}")
        return found

    def captain(self) -> int:
        """Return who the captain is."""
        return next(place.member_id for place in self.roster.values() if place.role == "captain")

    def asked(self, invite_id: int, kind: Kind) -> Asked:
        """Return an open invitation or request. Raises NotFound, and Conflict for one that is decided."""
        found = self.transaction.one(_SQL["asked"], Asked, team=self.team.id, invite=invite_id)
        if found is None or found.kind != kind:
            raise NotFound(f"{self.team.name} has no {_WORD[kind]} {invite_id}")
        if found.outcome is not None:
            raise Conflict(f"this {_WORD[kind]} is not open any more: {_OUTCOME[found.outcome]}")
        return found

    def decide(self, asked: Asked, outcome: str) -> None:
        """Close an invitation or a request."""
        row = {"invite": asked.id, "outcome": outcome, "by": self.who.member, "at": self.at}
        self.transaction.execute(_SQL["decide"], **row)

    def join(self, member_id: int) -> None:
        """Take a member into the team. Raises Conflict."""
        if len(self.roster) >= rules.MOST_MEMBERS:
            raise Conflict(f"{self.team.name} is full: a team has {rules.MOST_MEMBERS} members at most")
        _join(self.transaction, self.team.id, member_id, "member", self.at)

    def leave(self, member_id: int, how: Literal["left", "kicked"]) -> None:
        """Take a member out of the team."""
        row = {"team": self.team.id, "member": member_id, "how": how, "by": self.who.member, "at": self.at}
        self.transaction.execute(_SQL["leave"], **row)

    def set_role(self, member_id: int, role: Role) -> None:
        """Give a member another role."""
        self.transaction.execute(_SQL["set_role"], team=self.team.id, member=member_id, role=role)

    def note(
        self, what: What, member_id: int | None = None, about: Mapping[str, object] | None = None
    ) -> None:
        """Note in the team's history what is done."""
        _note(self.transaction, self.team.id, self.at, what, self.who.member, member_id, about or {})

    def tell(self, member_ids: Sequence[int], text: str, once: str | None = None) -> None:
        """Alert some members; `once`: at most once a day."""
        day = f"team:{self.team.id}:{once}:{self.at:%Y%m%d}" if once else None
        for member_id in member_ids:
            name = f"{day}:{member_id}" if day else None
            alerts.tell(
                self.transaction,
                "invite",
                member_id,
                text,
                self.path,
                self.at,
                by=self.who.member,
                once=name,
            )

    def open(self) -> list[Asked]:
        """Return the invitations and requests that are open."""
        return self.transaction.rows(_SQL["open"], Asked, team=self.team.id)

    def _expire(self) -> None:
        for each in self.open():
            if each.expires_at <= self.at:
                self.transaction.execute(_SQL["expire"], invite=each.id)
                about = {"kind": each.kind}
                _note(self.transaction, self.team.id, each.expires_at, "expired", 0, each.member_id, about)


_WORD: Final[dict[Kind, str]] = {"invite": "invitation", "request": "request"}
_OUTCOME: Final = {
    "accepted": "it was accepted",
    "declined": "it was declined",
    "withdrawn": "it was withdrawn",
    "expired": "its time is over",
}


def found(transaction: Transaction, who: Who, look: Look, at: datetime) -> int:
    """Found a team, be its captain, and return its id. Raises Conflict for a taken name or tag."""
    if rules.FOUND not in who.permissions:
        raise Forbidden("the forum does not let your groups found teams")
    me = _active(transaction, who)
    _check_free(transaction, me)
    look = rules.tidied(look)
    row = {**msgspec.structs.asdict(look), "by": who.member, "at": at}
    try:
        team_id = transaction.insert(_SQL["found"], **row)
    except Duplicate as error:
        raise _taken(error, look) from error
    _join(transaction, team_id, who.member, "captain", at)
    _note(transaction, team_id, at, "founded", who.member, who.member, {"name": look.name, "tag": look.tag})
    return team_id


def edit(transaction: Transaction, team_id: int, who: Who, look: Look, at: datetime) -> Look:
    """Change how a team is called and looks, and return that. Raises Conflict for a taken name or tag."""
    held = _Held(transaction, team_id, who, at)
    held.check("edit")
    look = rules.tidied(look)
    new = msgspec.structs.asdict(look)
    changed = {name: [getattr(held.team, name), value] for name, value in new.items()}
    changed = {name: values for name, values in changed.items() if values[0] != values[1]}
    if not changed:
        return look
    try:
        transaction.execute(_SQL["edit"], team=team_id, **new)
    except Duplicate as error:
        raise _taken(error, look) from error
    # What a team said of itself is long, and not kept: that it was changed is.
    held.note("edited", about={name: None if name == "about" else each for name, each in changed.items()})
    return look


def invite(transaction: Transaction, team_id: int, who: Who, member_id: int, at: datetime) -> int:
    """Invite a member, and return the invitation's id. Raises Conflict where that is not to be."""
    held = _Held(transaction, team_id, who, at)
    held.check("invite")
    them = _other(transaction, member_id)
    if member_id in held.roster:
        raise Conflict(f"{them.name} is in {held.team.name} already")
    waiting = held.open()
    if any(each.member_id == member_id for each in waiting if each.kind == "request"):
        raise Conflict(f"{them.name} has asked to join: approve the request")
    if sum(each.kind == "invite" for each in waiting) >= rules.MOST_INVITES:
        raise Conflict(f"{rules.MOST_INVITES} invitations are open; withdraw one first")
    invite_id = _ask(held, member_id, "invite", f"{them.name} is invited already")
    held.note("invited", member_id)
    held.tell([member_id], f"{held.me.name} invites you to the team {held.team.name}", "invite")
    return invite_id


def withdraw(transaction: Transaction, team_id: int, who: Who, invite_id: int, at: datetime) -> None:
    """Take back an invitation."""
    held = _Held(transaction, team_id, who, at)
    held.check("withdraw")
    asked = held.asked(invite_id, "invite")
    held.decide(asked, "withdrawn")
    held.note("withdrawn", asked.member_id)


def accept(transaction: Transaction, team_id: int, who: Who, invite_id: int, at: datetime) -> None:
    """Accept an invitation of one's own. Raises Conflict for who is in a team."""
    held = _Held(transaction, team_id, who, at)
    asked = _mine(held, held.asked(invite_id, "invite"))
    _check_play(who)
    _check_free(transaction, held.me)
    held.join(who.member)
    held.decide(asked, "accepted")
    held.note("accepted", who.member)
    told = {asked.asked_by, held.captain()} & held.roster.keys()
    held.tell(sorted(told), f"{held.me.name} has joined {held.team.name}")


def decline(transaction: Transaction, team_id: int, who: Who, invite_id: int, at: datetime) -> None:
    """Decline an invitation of one's own."""
    held = _Held(transaction, team_id, who, at)
    held.decide(_mine(held, held.asked(invite_id, "invite")), "declined")
    held.note("declined", who.member)


def request(transaction: Transaction, team_id: int, who: Who, at: datetime) -> int:
    """Ask to be let in, and return the request's id. Raises Conflict where that is not to be."""
    held = _Held(transaction, team_id, who, at)
    _check_play(who)
    _check_free(transaction, held.me)
    if any(each.member_id == who.member and each.kind == "invite" for each in held.open()):
        raise Conflict(f"{held.team.name} has invited you: accept that")
    open_requests = transaction.rows(_SQL["open_requests_of"], _Found, member=who.member, at=at)[0].found
    if open_requests >= rules.MOST_REQUESTS:
        raise Conflict(f"{rules.MOST_REQUESTS} of your requests are open; take one back first")
    request_id = _ask(held, who.member, "request", "you have asked already")
    held.note("requested", who.member)
    deciders = [p.member_id for p in held.roster.values() if rules.may("decide", p.role, manages=False)]
    held.tell(deciders, f"{held.me.name} asks to join {held.team.name}", f"request:{who.member}")
    return request_id


def take_back(transaction: Transaction, team_id: int, who: Who, request_id: int, at: datetime) -> None:
    """Take back a request of one's own."""
    held = _Held(transaction, team_id, who, at)
    held.decide(_mine(held, held.asked(request_id, "request")), "withdrawn")
    held.note("taken_back", who.member)


def approve(transaction: Transaction, team_id: int, who: Who, request_id: int, at: datetime) -> None:
    """Let in a member who asked. Raises Forbidden for one's own request, Conflict for who is in a team."""
    held = _Held(transaction, team_id, who, at)
    asked = _theirs(held, request_id)
    them = _other(transaction, asked.member_id)
    _check_free(transaction, them)
    held.join(them.id)
    held.decide(asked, "accepted")
    held.note("approved", them.id)
    held.tell([them.id], f"{held.team.name} has let you in")


def deny(transaction: Transaction, team_id: int, who: Who, request_id: int, at: datetime) -> None:
    """Turn down a member who asked."""
    held = _Held(transaction, team_id, who, at)
    asked = _theirs(held, request_id)
    held.decide(asked, "declined")
    held.note("denied", asked.member_id)
    held.tell([asked.member_id], f"{held.team.name} does not let you in")


def leave(transaction: Transaction, team_id: int, who: Who, at: datetime) -> None:
    """Leave a team. Raises Conflict for its captain, who hands it over or disbands it."""
    held = _Held(transaction, team_id, who, at)
    if held.place(who.member).role == "captain":
        raise Conflict(f"you are the captain of {held.team.name}: hand it over, or disband it")
    held.leave(who.member, "left")
    held.note("left", who.member)
    held.tell([held.captain()], f"{held.me.name} has left {held.team.name}")


def kick(transaction: Transaction, team_id: int, who: Who, member_id: int, at: datetime) -> None:
    """Remove a member from a team."""
    held = _Held(transaction, team_id, who, at)
    held.check("kick")
    if member_id == who.member:
        raise Conflict("nobody removes themselves: leave, if that is what you want")
    place = held.place(member_id)
    if not rules.may_kick(held.role, place.role, manages=held.who.manages):
        raise Forbidden(f"you cannot remove the {place.role} of {held.team.name}")
    held.leave(member_id, "kicked")
    held.note("kicked", member_id)
    held.tell([member_id], f"{held.me.name} has removed you from {held.team.name}")


def set_role(
    transaction: Transaction,
    team_id: int,
    who: Who,
    member_id: int,
    role: Literal["officer", "member"],
    at: datetime,
) -> None:
    """Make a member an officer, or an officer a member."""
    held = _Held(transaction, team_id, who, at)
    held.check("set_role")
    place = held.place(member_id)
    if place.role == "captain":
        raise Conflict("the captain stays captain until the team is handed over")
    if place.role == role:
        raise Conflict(f"that is what they are already: {role}")
    held.set_role(member_id, role)
    held.note("role", member_id, {"role": [place.role, role]})
    told = "an officer" if role == "officer" else "no officer any more"
    held.tell([member_id], f"You are {told} of {held.team.name}")


def transfer(transaction: Transaction, team_id: int, who: Who, member_id: int, at: datetime) -> None:
    """Make a member the captain; who was becomes an officer."""
    held = _Held(transaction, team_id, who, at)
    held.check("transfer")
    if held.place(member_id).role == "captain":
        raise Conflict(f"member {member_id} is the captain already")
    _other(transaction, member_id)
    before = held.captain()
    held.set_role(before, "officer")
    held.set_role(member_id, "captain")
    held.note("transferred", member_id, {"before": before})
    # An alert names only whose doing it is: so it can be found when they are erased.
    held.tell([before], f"{held.team.name} has another captain now")
    held.tell([member_id], f"You are the captain of {held.team.name} now")


def disband(transaction: Transaction, team_id: int, who: Who, at: datetime) -> None:
    """End a team: everybody leaves, and what is open is withdrawn. Its name is free again.

    The team is withdrawn from tournaments that have not begun, and in others loses what is left to play.
    """
    acting = Entrant(who.member, who.permissions)
    # Tournaments before the team, as whoever registers one locks them. `_end` looks again.
    leaving.of_team(transaction, team_id, acting, at)
    held = _Held(transaction, team_id, who, at)
    held.check("disband")
    _end(transaction, team_id, acting, at)
    held.tell(list(held.roster), f"{held.me.name} has disbanded {held.team.name}")


def member_is_gone(transaction: Transaction, member_id: int, by: int, at: datetime) -> None:
    """Take a member who is erased out of their team, and take back what they asked for; `by` stands for them.

    After a captain comes the officer, or else the member, who has been there longest. A team without anybody
    else is disbanded.
    """
    for asked in transaction.rows(_SQL["open_of_member"], Asked, member=member_id):
        transaction.execute(_SQL["decide"], invite=asked.id, outcome="withdrawn", by=by, at=at)
    of = transaction.one(_SQL["team_of"], _Of, member=member_id)
    if of is None:
        return
    leaving.of_team(transaction, of.id, Entrant(by), at)
    transaction.one(_SQL["lock"], Team, team=of.id)
    roster = transaction.rows(_SQL["roster"], Place, team=of.id)
    if all(place.member_id != member_id for place in roster):
        return
    heirs = _heirs(transaction, [place for place in roster if place.member_id != member_id])
    if not heirs:
        _end(transaction, of.id, Entrant(by), at)
        return
    captain = next(place.member_id for place in roster if place.role == "captain")
    if captain == member_id:
        captain = heirs[0]
        transaction.execute(_SQL["set_role"], team=of.id, member=member_id, role="officer")
        transaction.execute(_SQL["set_role"], team=of.id, member=captain, role="captain")
        _note(transaction, of.id, at, "transferred", by, captain, {"before": member_id})
        text = f"You are the captain of {of.name} now: who was has been erased"
    else:
        text = f"A member of {of.name} has been erased, and is out of it"
    transaction.execute(_SQL["leave"], team=of.id, member=member_id, how="left", by=by, at=at)
    _note(transaction, of.id, at, "left", by, member_id, {})
    alerts.tell(transaction, "invite", captain, text, f"teams/{of.id}", at)


def _heirs(transaction: Transaction, roster: Sequence[Place]) -> list[int]:
    """Return who may be captain, the next one first; whom the forum keeps out comes last."""
    known = members.some(transaction, [place.member_id for place in roster])

    def order(place: Place) -> tuple[bool, bool, datetime, int]:
        them = known.get(place.member_id)
        return them is None or not them.active, place.role != "officer", place.joined_at, place.member_id

    return [place.member_id for place in sorted(roster, key=order)]


def _end(transaction: Transaction, team_id: int, acting: Entrant, at: datetime) -> None:
    """End a team whose row is locked."""
    leaving.team_is_gone(leaving.of_team(transaction, team_id, acting, at), team_id)
    for asked in transaction.rows(_SQL["open"], Asked, team=team_id):
        row = {"invite": asked.id, "outcome": "withdrawn", "by": acting.member, "at": at}
        transaction.execute(_SQL["decide"], **row)
    transaction.execute(_SQL["leave_all"], team=team_id, by=acting.member, at=at)
    transaction.execute(_SQL["disband"], team=team_id, at=at)
    _note(transaction, team_id, at, "disbanded", acting.member, None, {})


def _active(transaction: Transaction, who: Who) -> Member:
    """Return who acts. Raises Forbidden for guests, and for those whom the forum keeps out."""
    me = members.some(transaction, [who.member]).get(who.member) if who.member else None
    if me is None:
        raise Forbidden("this is for members; log in to the forum first")
    if not me.active:
        raise Forbidden("the forum has not activated this account, or banned it")
    return me


def _other(transaction: Transaction, member_id: int) -> Member:
    """Return whom something is done to. Raises NotFound, and Conflict for one whom the forum keeps out."""
    them = members.some(transaction, [member_id]).get(member_id)
    if them is None:
        raise NotFound(f"the forum has no member {member_id}")
    if not them.active:
        raise Conflict(f"the forum has not activated {them.name}'s account, or banned it")
    return them


def _check_play(who: Who) -> None:
    if rules.PLAY not in who.permissions:
        raise Forbidden("the forum does not let your groups join teams")


def _check_free(transaction: Transaction, them: Member) -> None:
    found = transaction.one(_SQL["team_of"], _Of, member=them.id)
    if found is not None:
        raise Conflict(f"{them.name} is in {found.name}: nobody is in two teams at once")


def _join(transaction: Transaction, team_id: int, member_id: int, role: Role, at: datetime) -> None:
    row = {"team": team_id, "member": member_id, "role": role, "at": at}
    try:
        transaction.insert(_SQL["join"], **row)
    except Duplicate as error:
        # Another team took them between the question and this.
        raise Conflict(f"member {member_id} has just joined a team") from error


def _ask(held: _Held, member_id: int, kind: Kind, already: str) -> int:
    row = {"team": held.team.id, "member": member_id, "kind": kind, "at": held.at}
    since = held.at - rules.AGAIN_AFTER
    recent = {"team": held.team.id, "member": member_id, "kind": kind, "since": since}
    if held.transaction.rows(_SQL["declined_since"], _Found, **recent)[0].found:
        hours = rules.AGAIN_AFTER // timedelta(hours=1)
        raise Conflict(f"the last {_WORD[kind]} was declined; try again {hours} hours after that")
    until = held.at + rules.OPEN_FOR
    try:
        return held.transaction.insert(_SQL["ask"], **row, by=held.who.member, until=until)
    except Duplicate as error:
        raise Conflict(already) from error


def _mine(held: _Held, asked: Asked) -> Asked:
    if asked.member_id != held.who.member:
        raise Forbidden(f"this {_WORD[asked.kind]} is another member's")
    return asked


def _theirs(held: _Held, request_id: int) -> Asked:
    """Return a request that whoever acts may decide: never one's own, whatever one's rights."""
    asked = held.asked(request_id, "request")
    if asked.member_id == held.who.member:
        raise Forbidden("nobody decides their own request")
    held.check("decide")
    return asked


def _taken(error: Duplicate, look: Look) -> Conflict:
    if "uniq_tag" in str(error):
        return Conflict(f"another team has the tag {look.tag}")
    return Conflict(f"another team is called {look.name}")


def _note(
    transaction: Transaction,
    team_id: int,
    at: datetime,
    what: What,
    by: int,
    member_id: int | None,
    about: Mapping[str, object],
) -> None:
    said = msgspec.json.encode(about).decode()
    row = {"team": team_id, "at": at, "what": what, "by": by, "member": member_id, "about": said}
    transaction.insert(_SQL["note"], **row)
