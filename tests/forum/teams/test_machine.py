"""Any course of things: the service on a true MariaDB does and refuses what a plain model does."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from api.errors import RequestError
from smf_bridge.database import Transaction, connect
from smf_bridge.teams import service
from smf_bridge.teams.rules import Look, Who
from tests.forum.teams.made import ANN, BOB, CAT, DAN, EVE, NOW, more_members, sound, who
from tests.mariadb_server import ForumDatabase

MEMBERS = st.sampled_from([ANN, BOB, CAT, DAN, EVE])
NAMES = st.sampled_from(["Aces", "Bees", "Cees"])
TABLES = ("team_events", "team_invites", "team_members", "teams", "alerts")


@dataclass
class Asked:
    """An invitation or a request, as the model knows it."""

    team: int
    member: int
    kind: str
    until: datetime


@dataclass
class Model:
    """Teams as plain dictionaries: written without a look at the service."""

    names: dict[int, str] = field(default_factory=dict)
    rosters: dict[int, dict[int, str]] = field(default_factory=dict)
    open: dict[int, Asked] = field(default_factory=dict)
    declined: dict[tuple[int, int, str], datetime] = field(default_factory=dict)
    now: datetime = NOW

    def team_of(self, member: int) -> int | None:
        return next((team for team, there in self.rosters.items() if member in there), None)

    def role(self, team: int, member: int) -> str:
        return self.rosters.get(team, {}).get(member, "")

    def later(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.open = {number: each for number, each in self.open.items() if each.until > self.now}

    def waits(self, team: int, member: int) -> set[str]:
        return {each.kind for each in self.open.values() if (each.team, each.member) == (team, member)}

    def rested(self, team: int, member: int, kind: str) -> bool:
        last = self.declined.get((team, member, kind))
        return last is None or self.now - last >= timedelta(days=1)


class Machine(RuleBasedStateMachine):
    """Does the same in the model and on MariaDB."""

    forum: ClassVar[ForumDatabase]
    connection: ClassVar[Any]

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.teams: list[int] = []
        self.asked: list[int] = []

    @initialize()
    def begin(self) -> None:
        """Begin with a team of a captain, two officers and two whom it has asked, or who ask."""
        for table in TABLES:
            self.forum.run(f"DELETE FROM smf_mohaa_{table}")
        model = self.model
        team = self._both(True, service.found, who(ANN), Look("Aces", "A"))
        self.teams.append(team)
        model.names[team], model.rosters[team] = "Aces", {ANN: "captain"}
        for member in (BOB, CAT):
            number = self._both(True, service.invite, team, who(ANN), member)
            self._both(True, service.accept, team, who(member), number)
            self._both(True, service.set_role, team, who(ANN), member, "officer")
            model.rosters[team][member] = "officer"
        until = model.now + timedelta(days=14)
        invite = self._both(True, service.invite, team, who(ANN), DAN)
        wish = self._both(True, service.request, team, who(EVE))
        model.open = {invite: Asked(team, DAN, "invite", until), wish: Asked(team, EVE, "request", until)}
        self.asked += [invite, wish]

    def _both(self, allowed: bool, work: Callable[..., Any], *arguments: Any) -> Any:
        """Do something, and check that it is refused where the model does not allow it."""
        transaction = Transaction(self.connection, self.forum.prefix)
        try:
            done = work(transaction, *arguments, self.model.now)
        except RequestError as error:
            self.connection.rollback()
            assert not allowed, error.detail  # noqa: PT017
            return None
        self.connection.commit()
        assert allowed, "the model refuses it"
        return done

    def _team(self, data: st.DataObject) -> int:
        return data.draw(st.sampled_from(self.teams), label="team")

    def _of_asked(self, data: st.DataObject, kind: str) -> tuple[int, int, Asked | None]:
        """Return the team and the number of something that was asked once, and what is open of it."""
        number = data.draw(st.sampled_from(self.asked), label="asked")
        there = self.model.open.get(number)
        known = there if there and there.kind == kind else None
        return (there.team if there else self._team(data)), number, known

    @rule(member=MEMBERS, name=NAMES)
    def found(self, member: int, name: str) -> None:
        model = self.model
        allowed = model.team_of(member) is None and name not in model.names.values()
        team = self._both(allowed, service.found, who(member), Look(name, name[0]))
        if team is not None:
            model.names[team], model.rosters[team] = name, {member: "captain"}
            self.teams.append(team)

    @precondition(lambda self: self.teams)
    @rule(data=st.data(), by=MEMBERS, member=MEMBERS)
    def invite(self, data: st.DataObject, by: int, member: int) -> None:
        model, team = self.model, self._team(data)
        allowed = (
            model.role(team, by) in ("captain", "officer")
            and not model.role(team, member)
            and not model.waits(team, member)
            and model.rested(team, member, "invite")
        )
        number = self._both(allowed, service.invite, team, who(by), member)
        if number is not None:
            model.open[number] = Asked(team, member, "invite", model.now + timedelta(days=14))
            self.asked.append(number)

    @precondition(lambda self: self.teams)
    @rule(data=st.data(), member=MEMBERS)
    def request(self, data: st.DataObject, member: int) -> None:
        model, team = self.model, self._team(data)
        allowed = (
            team in model.rosters
            and model.team_of(member) is None
            and not model.waits(team, member)
            and model.rested(team, member, "request")
        )
        number = self._both(allowed, service.request, team, who(member))
        if number is not None:
            model.open[number] = Asked(team, member, "request", model.now + timedelta(days=14))
            self.asked.append(number)

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), right=st.booleans(), someone=MEMBERS)
    def accept(self, data: st.DataObject, right: bool, someone: int) -> None:
        model = self.model
        team, number, known = self._of_asked(data, "invite")
        member = known.member if known and right else someone
        allowed = known is not None and known.member == member and model.team_of(member) is None
        self._both(allowed, service.accept, team, who(member), number)
        if allowed:
            del model.open[number]
            model.rosters[team][member] = "member"

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), right=st.booleans(), someone=MEMBERS)
    def decline(self, data: st.DataObject, right: bool, someone: int) -> None:
        team, number, known = self._of_asked(data, "invite")
        member = known.member if known and right else someone
        allowed = known is not None and known.member == member
        self._both(allowed, service.decline, team, who(member), number)
        if allowed:
            del self.model.open[number]
            self.model.declined[team, member, "invite"] = self.model.now

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), member=MEMBERS)
    def take_back(self, data: st.DataObject, member: int) -> None:
        team, number, known = self._of_asked(data, "request")
        allowed = known is not None and known.member == member
        self._both(allowed, service.take_back, team, who(member), number)
        if allowed:
            del self.model.open[number]

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), by=MEMBERS, manages=st.booleans())
    def withdraw(self, data: st.DataObject, by: int, manages: bool) -> None:
        team, number, known = self._of_asked(data, "invite")
        may = manages or self.model.role(team, by) in ("captain", "officer")
        self._both(known is not None and may, service.withdraw, team, _as(by, manages), number)
        if known is not None and may:
            del self.model.open[number]

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), by=MEMBERS, manages=st.booleans(), well=st.booleans())
    def decide(self, data: st.DataObject, by: int, manages: bool, well: bool) -> None:
        model = self.model
        team, number, known = self._of_asked(data, "request")
        allowed = known is not None and model.role(team, by) in ("captain", "officer") and known.member != by
        if well:
            allowed = allowed and known is not None and model.team_of(known.member) is None
        decide = service.approve if well else service.deny
        self._both(allowed, decide, team, _as(by, manages), number)
        if allowed and known is not None:
            del model.open[number]
            if well:
                model.rosters[team][known.member] = "member"
            else:
                model.declined[team, known.member, "request"] = model.now

    @precondition(lambda self: self.teams)
    @rule(data=st.data(), member=MEMBERS)
    def leave(self, data: st.DataObject, member: int) -> None:
        team = self._team(data)
        allowed = self.model.role(team, member) in ("officer", "member")
        self._both(allowed, service.leave, team, who(member))
        if allowed:
            del self.model.rosters[team][member]

    @precondition(lambda self: self.teams)
    @rule(data=st.data(), by=MEMBERS, member=MEMBERS, manages=st.booleans())
    def kick(self, data: st.DataObject, by: int, member: int, manages: bool) -> None:
        team = self._team(data)
        mine, theirs = self.model.role(team, by), self.model.role(team, member)
        allowed = by != member and (
            (theirs == "member" and (mine in ("captain", "officer") or manages))
            or (theirs == "officer" and (mine == "captain" or manages))
        )
        self._both(allowed, service.kick, team, _as(by, manages), member)
        if allowed:
            del self.model.rosters[team][member]

    @precondition(lambda self: self.teams)
    @rule(data=st.data(), by=MEMBERS, member=MEMBERS, role=st.sampled_from(["officer", "member"]))
    def set_role(self, data: st.DataObject, by: int, member: int, role: str) -> None:
        team = self._team(data)
        theirs = self.model.role(team, member)
        allowed = self.model.role(team, by) == "captain" and {theirs, role} == {"officer", "member"}
        self._both(allowed, service.set_role, team, who(by), member, role)
        if allowed:
            self.model.rosters[team][member] = role

    @precondition(lambda self: self.teams)
    @rule(data=st.data(), by=MEMBERS, member=MEMBERS, manages=st.booleans())
    def transfer(self, data: st.DataObject, by: int, member: int, manages: bool) -> None:
        team = self._team(data)
        may = manages or self.model.role(team, by) == "captain"
        allowed = may and self.model.role(team, member) in ("officer", "member")
        self._both(allowed, service.transfer, team, _as(by, manages), member)
        if allowed:
            there = self.model.rosters[team]
            before = next(each for each, role in there.items() if role == "captain")
            there |= {before: "officer", member: "captain"}

    @precondition(lambda self: self.teams)
    @rule(data=st.data(), by=MEMBERS, name=NAMES)
    def rename(self, data: st.DataObject, by: int, name: str) -> None:
        team = self._team(data)
        others = {each for number, each in self.model.names.items() if number != team}
        allowed = self.model.role(team, by) == "captain" and name not in others
        self._both(allowed, service.edit, team, who(by), Look(name, name[0]))
        if allowed:
            self.model.names[team] = name

    @precondition(lambda self: self.teams)
    @rule(data=st.data(), by=MEMBERS, manages=st.booleans(), sure=st.integers(0, 3))
    def disband(self, data: st.DataObject, by: int, manages: bool, sure: int) -> None:
        if sure:
            return
        team = self._team(data)
        allowed = team in self.model.rosters and (manages or self.model.role(team, by) == "captain")
        self._both(allowed, service.disband, team, _as(by, manages))
        if allowed:
            del self.model.rosters[team], self.model.names[team]
            self.model.open = {n: each for n, each in self.model.open.items() if each.team != team}

    @rule(hours=st.sampled_from([1, 12, 24, 13 * 24, 14 * 24]))
    def time_goes_on(self, hours: int) -> None:
        self.model.later(hours)

    @invariant()
    def it_is_as_the_model_has_it(self) -> None:
        sound(self.forum)
        there: dict[int, dict[int, str]] = {team: {} for team in self.model.rosters}
        for row in self.forum.rows("team_members"):
            if row["left_at"] is None:
                there[row["team_id"]][row["member_id"]] = row["role"]
        assert there == self.model.rosters
        names = {row["id"]: row["name"] for row in self.forum.rows("teams") if row["disbanded_at"] is None}
        assert names == self.model.names
        now = self.model.now.replace(tzinfo=None)
        still = {
            row["id"]: (row["team_id"], row["member_id"], row["kind"])
            for row in self.forum.rows("team_invites")
            if row["outcome"] is None and row["expires_at"] > now
        }
        assert still == {n: (each.team, each.member, each.kind) for n, each in self.model.open.items()}


def _as(member: int, manages: bool) -> Who:
    return who(member, "mohaa_manage") if manages else who(member)


@pytest.fixture
def machine(forum: ForumDatabase) -> Iterator[type[Machine]]:
    more_members(forum)
    connection = connect(forum.address)
    yield type("OnMariaDB", (Machine,), {"forum": forum, "connection": connection})
    connection.close()


def test_any_course_of_things(machine: type[Machine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=50,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
