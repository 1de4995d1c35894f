"""What people can do in tournaments. Whoever acts is checked here, whatever page they came from."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec

from api.errors import Conflict, Forbidden, NotFound, Unprocessable
from smf_bridge import members
from smf_bridge.brackets.model import Match, RuleError
from smf_bridge.database import Database, Transaction
from smf_bridge.tournaments import changes, leaving
from smf_bridge.tournaments.changes import SQL, Change, Clock, View, changing, utc_now, viewing
from smf_bridge.tournaments.draw import Played, draw
from smf_bridge.tournaments.model import (
    CREATE,
    PLAY,
    Event,
    How,
    Listed,
    Plan,
    Registration,
    Report,
    State,
    StoredMatch,
    Team,
    Who,
    checks_in,
    phase,
)

R = TypeVar("R")

Ratings = Callable[[Sequence[int], str], Awaitable[Mapping[int, float]]]


class Meeting(msgspec.Struct, frozen=True):
    """A match of the platform in which members of both sides played; scores as its teams had them."""

    match_id: str
    started_at: datetime
    map: str
    server: str
    home_players: int
    away_players: int
    score: tuple[int, int]


Meetings = Callable[[Sequence[int], Sequence[int], datetime], Awaitable[list[Meeting]]]

_MOST_LISTED: Final = 50
_MOST_STAFF: Final = 20
_FIRST_EVER: Final = 2**31 - 1


async def _no_ratings(_members: Sequence[int], _gametype: str) -> Mapping[int, float]:
    return {}


async def _no_meetings(_home: Sequence[int], _away: Sequence[int], _since: datetime) -> list[Meeting]:
    return []


class Tournaments:
    """The tournaments of a forum.

    `ratings` gives members' ratings in a game type (or in the one they play most, if that is empty);
    `meetings` finds matches in which the members of two sides met since a time.
    """

    def __init__(
        self,
        database: Database,
        *,
        ratings: Ratings = _no_ratings,
        meetings: Meetings = _no_meetings,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._ratings = ratings
        self._meetings = meetings
        self._clock = clock

    # Looking.

    async def page(self, states: Sequence[State], before: int = _FIRST_EVER) -> list[Listed]:
        """Return tournaments in some states, the latest made first; `before` an id."""
        return await self._database.rows(
            SQL["page"], Listed, states=list(states), before=before, count=_MOST_LISTED
        )

    async def drafts(self, who: Who) -> list[Listed]:
        """Return the drafts of those tournaments that somebody runs."""
        return await self._database.rows(SQL["drafts"], Listed, member=who.member)

    async def look(self, tournament: int, who: Who, see: Callable[[View], R]) -> R:
        """Return what `see` makes of a tournament, in one transaction. Raises NotFound."""
        return await self._database.run(lambda t: see(viewing(t, tournament, who, self._clock)))

    async def history(self, tournament: int, before: int = 2**62) -> list[Event]:
        """Return what was done in a tournament, the latest first; `before` an id."""
        return await self._database.rows(
            SQL["history"], Event, tournament=tournament, before=before, count=100
        )

    async def teams_of(self, who: Who) -> list[Team]:
        """Return the teams that somebody may register."""
        return await self._database.rows(SQL["led_by"], Team, member=who.member)

    # Organizing.

    async def create(self, who: Who, plan: Plan) -> int:
        """Make a draft, and return its id. Raises Forbidden and Unprocessable."""
        if not who.may(CREATE):
            raise Forbidden("the forum does not let you create tournaments")
        _check(plan)

        def work(transaction: Transaction) -> int:
            now = self._clock()
            made = transaction.insert(SQL["add"], member=who.member, now=now, **_columns(plan))
            transaction.execute(
                SQL["add_staff"], tournament=made, member=who.member, role="owner", by=who.member, now=now
            )
            changing(transaction, made, who, self._clock).note("created", plan=plan)
            return made

        return await self._database.run(work)

    async def edit(self, who: Who, tournament: int, plan: Plan, version: int) -> None:
        """Change what was planned; after the start only name, text and the time of it.

        `version` is the one that was seen. Raises Conflict when somebody else has changed it since.
        """
        _check(plan)

        def work(change: Change) -> None:
            change.need_staff()
            change.need_state("draft", "registration", "running")
            before = change.tournament
            if before.version != version:
                raise Conflict("somebody changed this tournament since you opened the form; look at it again")
            columns = _columns(plan)
            fixed = ["format", "rules", "entrants", "max_entrants", "seeding"]
            if before.state == "running" and any(_differs(before, columns, name) for name in fixed):
                raise Conflict("format, rules and places cannot be changed after the start")
            if change.registrations and _differs(before, columns, "entrants"):
                raise Conflict("players or teams have registered; it cannot become the other now")
            if len(change.holding) > plan.max_entrants:
                raise Conflict(f"{len(change.holding)} hold a place already; there cannot be fewer places")
            change.transaction.execute(SQL["edit"], tournament=tournament, **columns)
            after = {name: value for name, value in columns.items() if _differs(before, columns, name)}
            change.note("edited", before={name: getattr(before, name) for name in after}, after=after)
            change.tournament = msgspec.structs.replace(before, **columns)
            leaving.promote(change)

        await self._changing(who, tournament, work)

    async def publish(self, who: Who, tournament: int) -> None:
        """Show a draft to everybody; registration is open, from its time on."""

        def work(change: Change) -> None:
            change.need_staff()
            change.need_state("draft")
            change.set_state("registration")
            change.note("published")

        await self._changing(who, tournament, work)

    async def cancel(self, who: Who, tournament: int, why: str) -> None:
        """End a tournament without a winner."""

        def work(change: Change) -> None:
            change.need_owner()
            change.need_state("draft", "registration", "running")
            change.set_state("cancelled")
            change.note("cancelled", why=why)

        await self._changing(who, tournament, work)

    async def add_staff(self, who: Who, tournament: int, name: str) -> str:
        """Let a member run the tournament, too, and return what they are called: by their name, or `#7`.

        Adding somebody twice is no mistake. Raises Unprocessable for a name that nobody has, or several have.
        """

        def work(change: Change) -> str:
            change.need_owner()
            member = members.called(change.transaction, name)
            known = members.some(change.transaction, [member]).get(member)
            if known is None:
                raise Unprocessable(f"`name`: the forum has no member {name[:80]!r}")
            if not known.active:
                raise Unprocessable(
                    f"`name`: the forum has not activated {known.name}'s account, or banned it"
                )
            if any(row.member_id == member for row in change.staff):
                return known.name
            if len(change.staff) >= _MOST_STAFF:
                raise Conflict(f"{_MOST_STAFF} run this tournament already")
            change.transaction.execute(
                SQL["add_staff"],
                tournament=tournament,
                member=member,
                role="staff",
                by=who.member,
                now=change.now,
            )
            change.note("staff_added", member=member)
            return known.name

        return await self._changing(who, tournament, work)

    async def remove_staff(self, who: Who, tournament: int, member: int) -> None:
        """Let a member run it no more; owners stay. Who helps may stop by themself."""

        def work(change: Change) -> None:
            if who.member != member:
                change.need_owner()
            if change.transaction.execute(SQL["remove_staff"], tournament=tournament, member=member):
                change.note("staff_removed", member=member)

        await self._changing(who, tournament, work)

    # Taking part.

    async def register(self, who: Who, tournament: int, team: int | None = None) -> str:
        """Register oneself, or a team that one leads; return `registered` or, with no place left, `waiting`.

        Registering twice is no mistake. Raises Conflict outside of the window, Forbidden and Unprocessable.
        """
        if not who.may(PLAY):
            raise Forbidden("the forum does not let you take part in tournaments")

        def work(change: Change) -> str:
            if phase(change.tournament, change.now) != "registration":
                raise Conflict("registration is not open")
            if (change.tournament.entrants == "team") != (team is not None):
                raise Unprocessable(f"this tournament is for {_KINDS[change.tournament.entrants]}")
            name = _name_of(change, who.member, team)
            there = _registration_of(change, who.member, team)
            if there is not None and there.state in ("registered", "checked_in", "waiting"):
                return "waiting" if there.state == "waiting" else "registered"
            if there is not None and there.state == "rejected":
                raise Forbidden("those who run the tournament have taken you off the list")
            state = "registered" if len(change.holding) < change.tournament.max_entrants else "waiting"
            row = {"member": who.member, "name": name, "state": state, "now": change.now}
            if there is None:
                id_ = change.transaction.insert(SQL["register"], tournament=tournament, team=team, **row)
            else:
                id_ = there.id
                change.transaction.execute(SQL["register_again"], registration=id_, **row)
            change.note("registered", registration=id_, state=state)
            return state

        return await self._changing(who, tournament, work)

    async def check_in(self, who: Who, tournament: int, registration: int) -> None:
        """Say that one is there; also from the waiting list, to be there when a place is free."""

        def work(change: Change) -> None:
            row = _own(change, registration)
            if not checks_in(change.tournament, change.now):
                raise Conflict("check-in is not open")
            if row.state not in ("registered", "waiting", "checked_in"):
                raise Conflict("who is not on the list cannot check in")
            if row.checked_in_at is not None:
                return
            state = "waiting" if row.state == "waiting" else "checked_in"
            change.transaction.execute(
                SQL["set_registration"], registration=registration, state=state, checked_in_at=change.now
            )
            change.note("checked_in", registration=registration)

        await self._changing(who, tournament, work)

    async def withdraw(self, who: Who, tournament: int, registration: int, why: str = "") -> None:
        """Take back a registration. In a running tournament, lose all that is left to play.

        By the entrant, or by those who run the tournament. Doing it twice is no mistake.
        """

        def work(change: Change) -> None:
            row = _own(change, registration)
            change.need_state("registration", "running")
            if row.state not in ("withdrawn", "rejected") and not leaving.withdraw(change, row, why):
                raise Conflict("who has no place in the bracket cannot leave it")

        await self._changing(who, tournament, work)

    async def reject(self, who: Who, tournament: int, registration: int, why: str = "") -> None:
        """Take somebody off the list before the start, for good."""

        def work(change: Change) -> None:
            change.need_staff()
            change.need_state("registration")
            row = _registration(change, registration)
            if row.state == "rejected":
                return
            change.transaction.execute(
                SQL["withdraw"], registration=registration, state="rejected", now=change.now
            )
            change.note("rejected", registration=registration, why=why)
            change.forget()
            leaving.promote(change)

        await self._changing(who, tournament, work)

    async def seed(self, who: Who, tournament: int, order: Sequence[int]) -> None:
        """Put entrants into an order by hand, the best first; who is not named comes after them."""

        def work(change: Change) -> None:
            change.need_staff()
            change.need_state("registration")
            known = {row.id for row in [*change.holding, *change.waiting]}
            if unknown := [id_ for id_ in order if id_ not in known]:
                raise Unprocessable(f"{unknown[0]} is not on the list")
            if len(set(order)) != len(order):
                raise Unprocessable("somebody stands in the order twice")
            change.transaction.execute(SQL["no_seeds"], tournament=tournament)
            for place, id_ in enumerate(order, 1):
                change.transaction.execute(SQL["set_seed"], registration=id_, seed=place)
            change.note("seeded", order=list(order))

        await self._changing(who, tournament, work)

    # Playing.

    async def start(self, who: Who, tournament: int) -> None:
        """Draw the bracket, once. Raises Conflict for fewer than two, or rules that do not fit them."""
        ratings: Mapping[int, float] = {}

        def needed(view: View) -> tuple[list[int], str]:
            if not view.runs_it:
                raise Forbidden("this is for those who run the tournament")
            there = [*view.holding, *view.waiting] if view.tournament.seeding == "rating" else []
            return [m for row in there for m in view.players(row.id)], view.tournament.told.gametype

        playing, gametype = await self.look(tournament, who, needed)
        if playing:
            ratings = await self._ratings(playing, gametype)

        def work(change: Change) -> None:
            change.need_staff()
            change.need_state("registration")
            field = _field(change, ratings)
            try:
                draw(change.tournament.format, change.tournament.told, [row.id for row, _ in field], {})
            except RuleError as error:
                raise Conflict(f"it cannot start: {error}") from error
            change.transaction.execute(SQL["no_seeds"], tournament=tournament)
            for seed, (row, rating) in enumerate(field, 1):
                change.transaction.execute(SQL["plays"], registration=row.id, seed=seed, rating=rating)
            # What is played from now on counts, though it was planned for later.
            change.transaction.execute(SQL["begin"], tournament=tournament, now=change.now)
            change.set_state("running")
            change.note("started", order=[row.id for row, _ in field])
            change.settle(None)

        await self._changing(who, tournament, work)

    async def report(
        self,
        who: Who,
        tournament: int,
        key: str,
        winner: int | None,
        score: tuple[int, int],
        match_id: str | None = None,
    ) -> str:
        """Say how a match ended, for the side that one speaks for; scores are those of home and away.

        Returns `reported` when the other side has yet to say so, `confirmed` when both agree, `disputed` when
        they do not. Either side may say something else until it is confirmed. Raises Forbidden for somebody
        else, Conflict for a match that cannot be played now or is decided otherwise.
        """

        def work(change: Change) -> str:
            change.need_state("running", "finished")
            match = change.match(key)
            sides = change.sides(match)
            if not sides:
                raise Forbidden("this is for the two who play: themselves, or their captains and officers")
            stored = change.stored(match)
            said = Report(sides[0], who.member, winner, score, change.now, match_id)
            if stored.state == "confirmed":
                if stored.result is not None and (stored.winner_id, stored.result.score) == (winner, score):
                    return "confirmed"
                raise Conflict("the result is confirmed; those who run the tournament can correct it")
            _check_result(change, match, winner, score)
            reports = [*(one for one in stored.said if one.side != said.side), said]
            if len(reports) < 2:
                change.put(stored, state="reported", reports=_json(reports))
                change.note("reported", key=key, registration=_of(match, said), winner=winner, score=score)
                return "reported"
            if not reports[0].agrees(reports[1]):
                change.put(stored, state="disputed", reports=_json(reports))
                change.note("disputed", key=key, registration=_of(match, said), winner=winner, score=score)
                return "disputed"
            found = reports[0].match_id if reports[0].match_id == reports[1].match_id else None
            how: How = "match" if found else "captains"
            stored = msgspec.structs.replace(stored, reports=_json(reports))
            _confirm(change, match, stored, winner, score, how, found)
            return "confirmed"

        return await self._changing(who, tournament, work)

    async def call_staff(self, who: Who, tournament: int, key: str, why: str) -> None:
        """Ask those who run the tournament to decide a match; by one of the two who play it."""

        def work(change: Change) -> None:
            change.need_state("running")
            match = change.match(key)
            if not change.sides(match):
                raise Forbidden("this is for the two who play")
            stored = change.stored(match)
            if not match.playable or stored.state == "confirmed":
                raise Conflict("this match is decided, or not to be played yet")
            change.put(stored, state="disputed")
            change.note("staff_called", key=key, why=why)

        await self._changing(who, tournament, work)

    async def decide(
        self,
        who: Who,
        tournament: int,
        key: str,
        winner: int | None,
        score: tuple[int, int],
        *,
        forfeit: bool = False,
        match_id: str | None = None,
        why: str = "",
    ) -> None:
        """Set a result, by those who run the tournament; a `forfeit` was not played.

        One that is confirmed is corrected, which needs a reason. Raises Conflict where later results rest on
        it: those are to be taken back first.
        """

        def work(change: Change) -> None:
            change.need_staff()
            change.need_state("running", "finished")
            match = change.match(key)
            stored = change.stored(match)
            if stored.state == "confirmed" and not why:
                raise Unprocessable("a correction needs a reason")
            _check_result(change, match, winner, score)
            how: How = "forfeit" if forfeit else "match" if match_id else "staff"
            _confirm(change, match, stored, winner, score, how, match_id, why)

        await self._changing(who, tournament, work)

    async def take_back(self, who: Who, tournament: int, key: str, why: str) -> None:
        """Take a result back, so that the match is open again. Raises Conflict as `decide` does."""

        def work(change: Change) -> None:
            change.need_staff()
            change.need_state("running", "finished")
            match = change.match(key)
            stored = change.stored(match)
            if stored.state != "confirmed":
                raise Conflict("this match has no result")
            if not why:
                raise Unprocessable("taking a result back needs a reason")
            change.drawn({id_: one for id_, one in change.played().items() if id_ != key})
            before = change.bracket
            change.put(stored, **_OPEN)
            change.note("taken_back", key=key, before=_result(stored), why=why)
            change.settle(before)

        await self._changing(who, tournament, work)

    async def schedule(self, who: Who, tournament: int, key: str, at: datetime | None) -> None:
        """Say when a match is to be played."""

        def work(change: Change) -> None:
            change.need_staff()
            change.need_state("running")
            match = change.match(key)
            stored = change.stored(match)
            if match.bye or stored.state == "confirmed":
                raise Conflict("this match is decided")
            change.put(stored, scheduled_at=at)
            change.note("scheduled", key=key, at=at)

        await self._changing(who, tournament, work)

    async def propose(self, who: Who, tournament: int, key: str) -> list[Meeting]:
        """Return matches of the platform in which the two sides met, the latest first."""

        def needed(view: View) -> tuple[list[int], list[int], datetime]:
            match = view.match(key)
            if not view.runs_it and not view.sides(match):
                raise Forbidden("this is for those who run the tournament, and for the two who play")
            if match.first is None or match.second is None:
                raise Conflict("nobody knows yet who plays this match")
            since = view.tournament.starts_at or view.tournament.created_at
            return view.players(match.first), view.players(match.second), since

        home, away, since = await self.look(tournament, who, needed)
        return await self._meetings(home, away, since)

    async def _changing(self, who: Who, tournament: int, work: Callable[[Change], R]) -> R:
        def run(transaction: Transaction) -> R:
            change = changing(transaction, tournament, who, self._clock)
            return work(change)

        return await self._database.run(run)


_KINDS: Final = {"solo": "single players", "team": "teams"}
_OPEN: Final[dict[str, Any]] = {
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


def _columns(plan: Plan) -> dict[str, Any]:
    return {**msgspec.structs.asdict(plan), "rules": msgspec.json.encode(plan.rules).decode()}


def _check(plan: Plan) -> None:
    """Raise Unprocessable for a plan that contradicts itself."""
    order = [
        ("opens_at", "closes_at"),
        ("opens_at", "starts_at"),
        ("check_in_at", "starts_at"),
        ("closes_at", "starts_at"),
    ]
    for first, second in order:
        before, after = getattr(plan, first), getattr(plan, second)
        if before is not None and after is not None and before >= after:
            raise Unprocessable(f"{second} must come after {first}")


def _differs(before: object, columns: Mapping[str, Any], name: str) -> bool:
    return bool(getattr(before, name) != columns[name])


def _registration(change: View, registration: int) -> Registration:
    row = change.registrations.get(registration)
    if row is None:
        raise NotFound(f"nobody has registered as {registration}")
    return row


def _own(change: Change, registration: int) -> Registration:
    """Return a registration for which who acts speaks, or which they run."""
    row = _registration(change, registration)
    if not change.speaks_for(row) and not change.runs_it:
        raise Forbidden("this is for the entrant, and for those who run the tournament")
    return row


def _registration_of(change: Change, member: int, team: int | None) -> Registration | None:
    rows = change.registrations.values()
    if team is not None:
        return next((row for row in rows if row.team_id == team), None)
    return next((row for row in rows if row.member_id == member and row.team_id is None), None)


def _name_of(change: Change, member: int, team: int | None) -> str:
    """Return the name under which somebody enters. Raises Forbidden for a team that they do not lead."""
    if team is not None:
        found = changes.team(change.transaction, team)
        if not changes.leads(changes.rosters(change.transaction, [team])[team], member):
            raise Forbidden("a team is registered by its captain or an officer")
        return found.name
    known = members.some(change.transaction, [member]).get(member)
    if known is None or not known.active:
        raise Forbidden(f"the forum has no active member {member}")
    return known.name[:100]


def _field(change: Change, ratings: Mapping[int, float]) -> list[tuple[Registration, float | None]]:
    """Return who plays, the best first, each with the rating that said so."""
    there = change.holding
    if change.tournament.check_in_at is not None:
        # Who did not check in loses the place to those who wait and did.
        there = [row for row in there if row.checked_in_at] + [
            row for row in change.waiting if row.checked_in_at
        ]
        there = there[: change.tournament.max_entrants]
    came = {
        row.id: place for place, row in enumerate(sorted(there, key=lambda row: (row.registered_at, row.id)))
    }
    if change.tournament.seeding == "manual":
        by_hand = sorted(there, key=lambda row: (row.seed is None, row.seed or 0, came[row.id]))
        return [(row, None) for row in by_hand]
    rated = [(row, _rating(change.players(row.id), ratings)) for row in there]
    return sorted(rated, key=lambda pair: (pair[1] is None, -(pair[1] or 0.0), came[pair[0].id]))


def _rating(playing: Sequence[int], ratings: Mapping[int, float]) -> float | None:
    """Return the mean of those who have a rating, None if nobody has."""
    known = [ratings[member] for member in playing if member in ratings]
    return sum(known) / len(known) if known else None


def _check_result(change: Change, match: Match, winner: int | None, score: tuple[int, int]) -> None:
    """Raise Conflict or Unprocessable for a result that the match cannot have."""
    if match.first is None or match.second is None:
        raise Conflict("nobody knows yet who plays this match")
    if match.bye or (match.forfeit and change.stored(match).state != "confirmed"):
        raise Conflict("this match is decided without being played")
    if winner is None and match.id not in change.bracket.draws:
        raise Unprocessable("in this match somebody must win")
    if winner not in (None, match.first, match.second):
        raise Unprocessable(f"{winner} does not play in this match")


def _confirm(
    change: Change,
    match: Match,
    stored: StoredMatch,
    winner: int | None,
    score: tuple[int, int],
    how: How,
    match_id: str | None,
    why: str = "",
) -> None:
    """Store a result that fits all others, and what follows from it."""
    confirmed = leaving.confirmed(change, match, winner, score, how, match_id)
    after = msgspec.structs.replace(stored, **confirmed)
    result = after.result
    if result is None:
        raise AssertionError("a confirmed match has a result")
    change.drawn({**change.played(), match.id: Played(match.first, match.second, result)})
    before = change.bracket
    change.put(after)
    if stored.state == "confirmed":
        change.note("corrected", key=match.id, before=_result(stored), after=_result(after), why=why)
    else:
        change.note("confirmed", key=match.id, after=_result(after), why=why)
    change.settle(before)


def _result(stored: StoredMatch) -> dict[str, Any]:
    return {
        "winner": stored.winner_id,
        "score": [stored.home_score, stored.away_score],
        "how": stored.how,
        "match_id": stored.match_id,
    }


def _json(reports: Sequence[Report]) -> str:
    return msgspec.json.encode(list(reports)).decode()


def _of(match: Match, said: Report) -> int | None:
    return match.first if said.side == "home" else match.second
