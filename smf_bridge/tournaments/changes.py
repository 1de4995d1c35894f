"""One change of a tournament: its row locked, its state read, what is done noted in its history."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

import msgspec

from api.errors import Conflict, Forbidden, NotFound, Unprocessable
from smf_bridge import alerts
from smf_bridge.brackets.model import Match, RuleError
from smf_bridge.database import Transaction, queries
from smf_bridge.tournaments.draw import Bracket, Left, Played, draw
from smf_bridge.tournaments.model import (
    HOLDING,
    MANAGE,
    Registration,
    Side,
    Staff,
    State,
    StoredMatch,
    Team,
    TeamMember,
    Tournament,
    Who,
)

SQL: Final = queries("tournaments")

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the time, in the precision in which it is stored."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


class View:
    """A tournament as it is read in one transaction."""

    def __init__(self, transaction: Transaction, tournament: Tournament, who: Who, now: datetime) -> None:
        self.transaction = transaction
        self.tournament = tournament
        self.who = who
        self.now = now

    @cached_property
    def staff(self) -> list[Staff]:
        """Who runs it: owners first."""
        return self.transaction.rows(SQL["staff"], Staff, tournament=self.tournament.id)

    @cached_property
    def registrations(self) -> dict[int, Registration]:
        """All who ever registered, by id: by seed, then by when they came."""
        rows = self.transaction.rows(SQL["registrations"], Registration, tournament=self.tournament.id)
        return {row.id: row for row in rows}

    @cached_property
    def matches(self) -> dict[str, StoredMatch]:
        """What is known of matches, by their keys in the bracket."""
        rows = self.transaction.rows(SQL["matches"], StoredMatch, tournament=self.tournament.id)
        return {row.bracket_key: row for row in rows}

    @cached_property
    def rosters(self) -> dict[int, list[TeamMember]]:
        """Who is in the teams that registered, captains first."""
        teams = sorted({row.team_id for row in self.registrations.values() if row.team_id is not None})
        return rosters(self.transaction, teams)

    @property
    def entrants(self) -> list[int]:
        """Who plays in the bracket, in the order of seeds; before the start nobody."""
        if not self.has_begun:
            return []
        return [row.id for row in self.registrations.values() if row.seed is not None]

    @property
    def has_begun(self) -> bool:
        """Whether the bracket was drawn."""
        return any(row.state == "playing" or row.left_place for row in self.registrations.values())

    @property
    def holding(self) -> list[Registration]:
        """Who holds a place before the start."""
        return [row for row in self.registrations.values() if row.state in HOLDING]

    @property
    def waiting(self) -> list[Registration]:
        """The waiting list, in its order."""
        rows = [row for row in self.registrations.values() if row.state == "waiting"]
        return sorted(rows, key=lambda row: (row.registered_at, row.id))

    @cached_property
    def bracket(self) -> Bracket:
        """The bracket as it stands. Raises Conflict before the start."""
        return self.drawn(self.played())

    def played(self) -> dict[str, Played]:
        """Return the confirmed results."""
        return {
            key: Played(row.home_id, row.away_id, result)
            for key, row in self.matches.items()
            if (result := row.result) is not None
        }

    def drawn(self, played: Mapping[str, Played]) -> Bracket:
        """Return the bracket with other results. Raises Conflict for those that do not fit the rest."""
        if not self.has_begun:
            raise Conflict(f"{self.tournament.name!r} has not begun")
        gone = sorted(
            (row for row in self.registrations.values() if row.left_place),
            key=lambda row: row.left_place or 0,
        )
        left = [Left(row.id, row.left_stage or 1) for row in gone]
        try:
            return draw(self.tournament.format, self.tournament.told, self.entrants, played, left)
        except RuleError as error:
            raise Conflict(str(error)) from error

    def match(self, key: str) -> Match:
        """Return a match of the bracket. Raises NotFound."""
        found = self.bracket.matches.get(key)
        if found is None:
            raise NotFound(f"{self.tournament.name!r} has no match {key[:20]!r}")
        return found

    def stored(self, match: Match) -> StoredMatch:
        """Return what is known of a match. What was said while others met there is left out."""
        row = self.matches.get(match.id)
        if row is None:
            return StoredMatch(
                0,
                match.id,
                match.first,
                match.second,
                None,
                "open",
                None,
                None,
                None,
                None,
                None,
                "[]",
                None,
                None,
                0,
            )
        if row.state != "confirmed" and (row.home_id, row.away_id) != (match.first, match.second):
            return msgspec.structs.replace(row, **_blank(match))
        return row

    @property
    def runs_it(self) -> bool:
        """Whether who acts runs this tournament."""
        return self.who.may(MANAGE) or any(row.member_id == self.who.member for row in self.staff)

    @property
    def owns_it(self) -> bool:
        """Whether who acts may hand it to others, or cancel it."""
        return self.who.may(MANAGE) or any(
            row.member_id == self.who.member and row.role == "owner" for row in self.staff
        )

    def speaks_for(self, registration: Registration) -> bool:
        """Tell whether who acts speaks for an entrant: themself, or a team as its captain or an officer."""
        if self.who.member == 0:
            return False
        if registration.team_id is None:
            return registration.member_id == self.who.member
        return leads(self.rosters.get(registration.team_id, []), self.who.member)

    def sides(self, match: Match) -> list[Side]:
        """Return the sides of a match for which who acts speaks."""
        entrants: list[tuple[Side, int | None]] = [("home", match.first), ("away", match.second)]
        return [
            side for side, who in entrants if who is not None and self.speaks_for(self.registrations[who])
        ]

    def players(self, entrant: int) -> list[int]:
        """Return the members who play for an entrant."""
        row = self.registrations[entrant]
        if row.team_id is None:
            return [row.member_id]
        return [member.member_id for member in self.rosters.get(row.team_id, [])]


class Change(View):
    """A change of a tournament. Its row is locked until the transaction ends."""

    def note(
        self, what: str, *, key: str | None = None, registration: int | None = None, **detail: Any
    ) -> None:
        """Write into the history what was done."""
        self.transaction.execute(
            SQL["note"],
            tournament=self.tournament.id,
            now=self.now,
            member=self.who.member,
            what=what,
            bracket_key=key,
            registration=registration,
            detail=msgspec.json.encode(detail).decode(),
        )

    def need_staff(self) -> None:
        """Raise Forbidden unless who acts runs this tournament."""
        if not self.runs_it:
            raise Forbidden("this is for those who run the tournament")

    def need_owner(self) -> None:
        """Raise Forbidden unless who acts owns this tournament."""
        if not self.owns_it:
            raise Forbidden("this is for the tournament's owner")

    def need_state(self, *states: State) -> None:
        """Raise Conflict in another state."""
        if self.tournament.state not in states:
            raise Conflict(
                f"{self.tournament.name!r} is {_STATES[self.tournament.state]}; this cannot be done then"
            )

    def set_state(self, state: State) -> None:
        """Bring the tournament into a state."""
        finished_at = self.now if state == "finished" else None
        self.transaction.execute(
            SQL["set_state"], tournament=self.tournament.id, state=state, finished_at=finished_at
        )
        self.tournament = msgspec.structs.replace(self.tournament, state=state, finished_at=finished_at)

    def put(self, match: StoredMatch, **changed: Any) -> StoredMatch:
        """Store what is known of a match."""
        row = msgspec.structs.replace(match, **changed)
        fields = {
            name: value
            for name, value in msgspec.structs.asdict(row).items()
            if name not in ("id", "version")
        }
        self.transaction.execute(SQL["put_match"], tournament=self.tournament.id, **fields)
        self.forget()
        return row

    def forget(self) -> None:
        """Read anew what is asked for next."""
        for name in ("staff", "registrations", "matches", "rosters", "bracket"):
            self.__dict__.pop(name, None)

    def settle(self, before: Bracket | None) -> None:
        """Do what follows from a change of the bracket that was `before`; None before the start.

        When all is decided the tournament ends; when a correction undid that, it runs again. Who has another
        match to play next is told so.
        """
        self.forget()
        over = self.bracket.finished
        self._tell_next(_next_of(before) if before is not None else {})
        if over and self.tournament.state == "running":
            self.set_state("finished")
            self.note("finished", registration=self.bracket.winner)
        elif not over and self.tournament.state == "finished":
            self.set_state("running")
            self.note("reopened")

    def _tell_next(self, known: Mapping[int, Match]) -> None:
        tournament = self.tournament
        for entrant, match in _next_of(self.bracket).items():
            other = match.second if match.first == entrant else match.first
            if match == known.get(entrant) or other is None:
                continue
            row = self.registrations[entrant]
            leading = [
                one.member_id for one in self.rosters.get(row.team_id or 0, []) if one.role != "member"
            ]
            against = self.registrations[other].name
            for member in [row.member_id] if row.team_id is None else leading:
                alerts.tell(
                    self.transaction,
                    "match",
                    member,
                    f"{tournament.name}: your next match is {match.id}, against {against}",
                    f"tournaments/{tournament.id}/matches/{match.id}",
                    self.now,
                    once=f"match:{tournament.id}:{match.id}:{entrant}:{other}:{member}",
                )


def _next_of(bracket: Bracket) -> dict[int, Match]:
    """Return the first match that each entrant can play now."""
    found: dict[int, Match] = {}
    for match in bracket.playable:
        for entrant in (match.first, match.second):
            if entrant is not None:
                found.setdefault(entrant, match)
    return found


_STATES: Final[dict[State, str]] = {
    "draft": "a draft",
    "registration": "open for registration",
    "running": "running",
    "finished": "finished",
    "cancelled": "cancelled",
}


def changing(transaction: Transaction, tournament: int, who: Who, clock: Clock) -> Change:
    """Lock a tournament. Raises NotFound, also for a draft of others."""
    change = locked(transaction, tournament, who, clock)
    if change.tournament.state == "draft" and not change.runs_it:
        raise NotFound(f"there is no tournament {tournament}")
    return change


def locked(transaction: Transaction, tournament: int, who: Who, clock: Clock) -> Change:
    """Lock a tournament, whoever asks. Raises NotFound."""
    row = transaction.one(SQL["lock"], Tournament, tournament=tournament)
    if row is None:
        raise NotFound(f"there is no tournament {tournament}")
    # A deadline holds for who has the lock, not for who asked for it.
    return Change(transaction, row, who, clock())


def viewing(transaction: Transaction, tournament: int, who: Who, clock: Clock) -> View:
    """Read a tournament. Raises NotFound, also for a draft of others."""
    row = transaction.one(SQL["one"], Tournament, tournament=tournament)
    if row is not None:
        view = View(transaction, row, who, clock())
        if row.state != "draft" or view.runs_it:
            return view
    raise NotFound(f"there is no tournament {tournament}")


def rosters(transaction: Transaction, teams: Sequence[int]) -> dict[int, list[TeamMember]]:
    """Return who is in some teams, captains first."""
    found: dict[int, list[TeamMember]] = {team: [] for team in teams}
    if teams:
        for row in transaction.rows(SQL["rosters"], TeamMember, teams=list(teams)):
            found[row.team_id].append(row)
    return found


def leads(roster: Sequence[TeamMember], member: int) -> bool:
    """Tell whether a member speaks for a team: its captain and its officers do."""
    return any(row.member_id == member and row.role != "member" for row in roster)


def team(transaction: Transaction, team_id: int) -> Team:
    """Return a team, which is not disbanded before the transaction ends. Raises Unprocessable."""
    found = transaction.one(SQL["team"], Team, team=team_id)
    if found is None or not found.there:
        raise Unprocessable(f"there is no team {team_id}")
    return found


def _blank(match: Match) -> dict[str, Any]:
    """Return what a match is before anything is said of it."""
    return {
        "home_id": match.first,
        "away_id": match.second,
        "state": "open",
        "winner_id": None,
        "home_score": None,
        "away_score": None,
        "how": None,
        "match_id": None,
        "reports": "[]",
        "confirmed_by": None,
        "confirmed_at": None,
    }
