"""Tournaments in the forum: who takes part, what is played next, brackets, the desk of who runs them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Meta

from api.errors import Forbidden, Unprocessable
from api.forum.desk import VIEW, ForumRequest, Fragment, Here, Viewer, form, forum_of, fragment
from api.matches import meetings
from api.platform import Platform
from api.ratings import service as ratings
from smf_bridge import members
from smf_bridge.brackets.model import Match
from smf_bridge.statement import Statement
from smf_bridge.tournaments.changes import View
from smf_bridge.tournaments.draw import Bracket
from smf_bridge.tournaments.model import (
    CREATE,
    MANAGE,
    PLAY,
    Format,
    Kind,
    Phase,
    Plan,
    Registration,
    Report,
    Rules,
    Score,
    Seeding,
    Side,
    Staff,
    StoredMatch,
    Team,
    Tournament,
    Who,
    checks_in,
    phase,
)
from smf_bridge.tournaments.service import Meeting, Tournaments

FORMATS: Final[dict[Format, str]] = {
    "single": "single elimination",
    "double": "double elimination",
    "round_robin": "round robin",
    "swiss": "Swiss",
    "groups": "groups and playoffs",
}
PHASES: Final[dict[Phase, str]] = {
    "draft": "draft",
    "announced": "announced",
    "registration": "registration open",
    "closed": "registration closed",
    "check_in": "check-in",
    "running": "running",
    "finished": "finished",
    "cancelled": "cancelled",
}

# Of those who wait, a page shows so many.
_MOST_WAITING: Final = 100

_Id = Annotated[int, Meta(ge=1, le=2**31 - 1)]
_Why = Annotated[str, Meta(max_length=500, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]
_Moment = Annotated[str, Meta(max_length=30)]
_Flag = Literal["on"]


class Standing(msgspec.Struct):
    """A tournament as its page shows it, read in one transaction."""

    tournament: Tournament
    rules: Rules
    phase: Phase
    checks_in: bool
    bracket: Bracket | None
    registrations: dict[int, Registration]
    matches: dict[str, StoredMatch]
    staff: list[Staff]
    mine: list[Registration]
    holding: list[Registration]
    waiting: list[Registration]
    upcoming: list[Match]
    runs_it: bool
    owns_it: bool
    now: datetime


class MatchShown(msgspec.Struct):
    """A match as its page shows it."""

    at: Standing
    match: Match
    stored: StoredMatch
    said: list[Report]
    sides: list[Side]
    draws: bool


class _Act(msgspec.Struct):
    """What the forms of a tournament's page say."""

    do: Literal["register", "check_in", "withdraw"]
    registration: _Id | None = None
    team: _Id | None = None
    why: _Why = ""


class _MatchAct(msgspec.Struct):
    """What the forms of a match's page say. A winner of 0 is a draw."""

    do: Literal["report", "call", "decide", "take_back", "schedule", "propose"]
    winner: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 0
    home: Score = 0
    away: Score = 0
    match_id: Annotated[str, Meta(pattern=r"^[0-9a-f]{16}$")] | None = None
    forfeit: _Flag | None = None
    at: _Moment = ""
    why: _Why = ""


class _PlanForm(msgspec.Struct):
    """The form of a tournament's plan. Times are in UTC."""

    name: str
    format: Format
    about: str = ""
    entrants: Kind = "solo"
    max_entrants: int = 16
    seeding: Seeding = "rating"
    opens_at: _Moment = ""
    closes_at: _Moment = ""
    check_in_at: _Moment = ""
    starts_at: _Moment = ""
    third_place: _Flag | None = None
    no_reset: _Flag | None = None
    twice: _Flag | None = None
    rounds: int | None = None
    groups: int = 2
    advancing: int = 2
    playoffs: Literal["single", "double"] = "single"
    gametype: str = ""
    version: int = 0

    def plan(self) -> Plan:
        """Return the plan. Raises Unprocessable."""
        rules = {
            "third_place": self.third_place == "on",
            "reset": self.no_reset != "on",
            "twice": self.twice == "on",
            "rounds": self.rounds,
            "groups": self.groups,
            "advancing": self.advancing,
            "playoffs": self.playoffs,
            "gametype": self.gametype,
        }
        said = {
            "name": self.name,
            "about": self.about,
            "format": self.format,
            "rules": rules,
            "entrants": self.entrants,
            "max_entrants": self.max_entrants,
            "seeding": self.seeding,
            **{name: _moment(name, getattr(self, name)) for name in _TIMES},
        }
        try:
            return msgspec.convert(said, Plan)
        except msgspec.ValidationError as error:
            raise Unprocessable(str(error).replace("`$.", "`")) from error


class _ManageAct(msgspec.Struct):
    """What the other forms of the desk of those who run a tournament say."""

    do: Literal[
        "edit", "publish", "start", "cancel", "reject", "withdraw", "seed", "add_staff", "remove_staff"
    ]
    registration: _Id | None = None
    member: _Id | None = None
    name: Annotated[str, Meta(max_length=10_000)] = ""
    order: Annotated[str, Meta(max_length=4000)] = ""
    why: _Why = ""


_TIMES: Final = ("opens_at", "closes_at", "check_in_at", "starts_at")


def tournaments_of(platform: Platform) -> Tournaments:
    """Return the forum's tournaments; ratings, and what was played on the servers, come from ClickHouse."""

    async def rated(who: Sequence[int], gametype: str) -> Mapping[int, float]:
        return await ratings.ordinals(platform.clickhouse, who, gametype)

    async def met(home: Sequence[int], away: Sequence[int], since: datetime) -> list[Meeting]:
        found = await meetings.meetings(platform.clickhouse, platform.postgres, home, away, since)
        return [Meeting(**msgspec.structs.asdict(each)) for each in found]

    return Tournaments(forum_of(platform), ratings=rated, meetings=met)


def who_of(viewer: Statement) -> Who:
    """Return who acts."""
    return Who(viewer.member, frozenset(viewer.permissions))


def _looks(viewer: Statement) -> Who:
    """Return who looks. Raises Forbidden for those whom the forum shows no areas."""
    if not any(viewer.may(permission) for permission in (VIEW, PLAY, CREATE, MANAGE)):
        raise Forbidden("the forum does not show you this")
    return who_of(viewer)


@get("/tournaments")
async def list_tournaments(request: ForumRequest, platform: Here, viewer: Viewer) -> Response[Fragment]:
    """Show what runs, what comes, and what was."""
    who = _looks(viewer)
    desk = tournaments_of(platform)
    coming = await desk.page(["registration", "running"])
    over = await desk.page(["finished", "cancelled"], _before(request))
    drafts = await desk.drafts(who) if who.member else []
    now = datetime.now(UTC)
    phases = {row.id: phase(row, now) for row in [*coming, *over, *drafts]}
    links = [("Create a tournament", "/forum/tournaments/new")] if who.may(CREATE) else []
    return fragment(
        request,
        platform,
        "forum/tournaments.html",
        "Tournaments",
        links=links,
        coming=coming,
        over=over,
        drafts=drafts,
        phases=phases,
        formats=FORMATS,
        words=PHASES,
    )


@get("/tournaments/new")
async def ask_for_tournament(request: ForumRequest, platform: Here, viewer: Viewer) -> Response[Fragment]:
    """Show the form of a new tournament."""
    if not _looks(viewer).may(CREATE):
        raise Forbidden("the forum does not let you create tournaments")
    forum_of(platform)
    return _planned(request, platform)


@post("/tournaments/new", status_code=200)
async def create_tournament(request: ForumRequest, platform: Here, viewer: Viewer) -> Response[Fragment]:
    """Make a draft, and show what is to be done next."""
    asked = await form(request, _PlanForm)
    made = await tournaments_of(platform).create(who_of(viewer), asked.plan())
    return _planned(
        request, platform, made=made, notice="The draft is made. Nobody sees it before you publish it."
    )


@get("/tournaments/{tournament_id:int}")
async def show_tournament(
    request: ForumRequest, platform: Here, viewer: Viewer, tournament_id: FromPath[int]
) -> Response[Fragment]:
    """Show a tournament: entrants, brackets, standings, and what whoever looks can do."""
    return await _shown(request, platform, viewer, tournament_id)


@post("/tournaments/{tournament_id:int}", status_code=200)
async def act_in_tournament(
    request: ForumRequest, platform: Here, viewer: Viewer, tournament_id: FromPath[int]
) -> Response[Fragment]:
    """Register, check in or withdraw, and show the tournament anew."""
    asked = await form(request, _Act)
    who, desk = who_of(viewer), tournaments_of(platform)
    if asked.do == "register":
        state = await desk.register(who, tournament_id, asked.team)
        waits = "All places are taken: you are on the waiting list."
        notice = waits if state == "waiting" else "You are registered."
    elif asked.do == "check_in":
        await desk.check_in(who, tournament_id, _needed(asked.registration, "registration"))
        notice = "You are checked in."
    else:
        await desk.withdraw(who, tournament_id, _needed(asked.registration, "registration"), asked.why)
        notice = "The withdrawal is noted."
    return await _shown(request, platform, viewer, tournament_id, notice)


@get("/tournaments/{tournament_id:int}/matches/{key:str}")
async def show_match(
    request: ForumRequest, platform: Here, viewer: Viewer, tournament_id: FromPath[int], key: FromPath[str]
) -> Response[Fragment]:
    """Show a match of a tournament, and what whoever looks can say of it."""
    return await _shown_match(request, platform, viewer, tournament_id, key)


@post("/tournaments/{tournament_id:int}/matches/{key:str}", status_code=200)
async def act_in_match(
    request: ForumRequest, platform: Here, viewer: Viewer, tournament_id: FromPath[int], key: FromPath[str]
) -> Response[Fragment]:
    """Do what a form of the match's page says, and show it anew."""
    asked = await form(request, _MatchAct)
    who, desk = who_of(viewer), tournaments_of(platform)
    winner, score = asked.winner or None, (asked.home, asked.away)
    found: list[Meeting] | None = None
    match asked.do:
        case "report":
            state = await desk.report(who, tournament_id, key, winner, score, asked.match_id)
            notice = _SAID[state]
        case "call":
            await desk.call_staff(who, tournament_id, key, asked.why)
            notice = "Those who run the tournament will decide."
        case "decide":
            forfeit = asked.forfeit == "on"
            await desk.decide(
                who,
                tournament_id,
                key,
                winner,
                score,
                forfeit=forfeit,
                match_id=asked.match_id,
                why=asked.why,
            )
            notice = "The result is set."
        case "take_back":
            await desk.take_back(who, tournament_id, key, asked.why)
            notice = "The result is taken back."
        case "schedule":
            await desk.schedule(who, tournament_id, key, _moment("at", asked.at))
            notice = "The time is set."
        case _:
            found = await desk.propose(who, tournament_id, key)
            notice = f"{len(found)} matches found in which both sides played."
    return await _shown_match(request, platform, viewer, tournament_id, key, notice, found)


@get("/tournaments/{tournament_id:int}/manage")
async def show_desk(
    request: ForumRequest, platform: Here, viewer: Viewer, tournament_id: FromPath[int]
) -> Response[Fragment]:
    """Show those who run a tournament what they can do."""
    return await _managed(request, platform, viewer, tournament_id)


@post("/tournaments/{tournament_id:int}/manage", status_code=200)
async def manage_tournament(
    request: ForumRequest, platform: Here, viewer: Viewer, tournament_id: FromPath[int]
) -> Response[Fragment]:
    """Do what a form of the desk says, and show it anew."""
    asked = await form(request, _ManageAct)
    who, desk = who_of(viewer), tournaments_of(platform)
    match asked.do:
        case "edit":
            sent = await form(request, _PlanForm)
            await desk.edit(who, tournament_id, sent.plan(), sent.version)
            notice = "Saved."
        case "publish":
            await desk.publish(who, tournament_id)
            notice = "Everybody sees it now."
        case "start":
            await desk.start(who, tournament_id)
            notice = "The bracket is drawn."
        case "cancel":
            await desk.cancel(who, tournament_id, asked.why)
            notice = "The tournament is cancelled."
        case "reject":
            await desk.reject(who, tournament_id, _needed(asked.registration, "registration"), asked.why)
            notice = "They are off the list."
        case "withdraw":
            await desk.withdraw(who, tournament_id, _needed(asked.registration, "registration"), asked.why)
            notice = "The withdrawal is noted."
        case "seed":
            await desk.seed(who, tournament_id, _numbers(asked.order))
            notice = "The seeds are set."
        case "add_staff":
            if not asked.name:
                raise Unprocessable("`name` says who")
            added = await desk.add_staff(who, tournament_id, asked.name)
            notice = f"{added} runs the tournament, too."
        case _:
            await desk.remove_staff(who, tournament_id, _needed(asked.member, "member"))
            notice = "They run it no more."
    return await _managed(request, platform, viewer, tournament_id, notice)


_SAID: Final = {
    "reported": "Your word is noted; the other side is to say the same.",
    "confirmed": "The result is confirmed.",
    "disputed": "The two sides say different things. Agree, or those who run the tournament will decide.",
}


def _standing(view: View) -> Standing:
    """Return all that the page shows."""
    rows = list(view.registrations.values())
    bracket = view.bracket if view.has_begun else None
    playable = bracket.playable if bracket is not None and view.tournament.state == "running" else []
    stored = {match.id: view.stored(match) for match in bracket.matches.values()} if bracket else {}

    def when(match: Match) -> tuple[bool, float, str]:
        at = stored[match.id].scheduled_at
        return (at is None, at.timestamp() if at else 0.0, "")

    return Standing(
        tournament=view.tournament,
        rules=view.tournament.told,
        phase=phase(view.tournament, view.now),
        checks_in=checks_in(view.tournament, view.now),
        bracket=bracket,
        registrations=view.registrations,
        matches=stored,
        staff=view.staff,
        mine=[row for row in rows if row.state != "withdrawn" and view.speaks_for(row)],
        holding=view.holding,
        waiting=view.waiting,
        upcoming=sorted(playable, key=when),
        runs_it=view.runs_it,
        owns_it=view.owns_it,
        now=view.now,
    )


async def _shown(
    request: ForumRequest,
    platform: Platform,
    viewer: Statement,
    tournament_id: int,
    notice: str | None = None,
) -> Response[Fragment]:
    who, desk = _looks(viewer), tournaments_of(platform)
    at = await desk.look(tournament_id, who, _standing)
    teams: list[Team] = []
    if at.phase == "registration" and at.tournament.entrants == "team" and who.may(PLAY):
        there = {row.team_id for row in at.mine}
        teams = [team for team in await desk.teams_of(who) if team.id not in there]
    links = [("All tournaments", "/forum/tournaments")]
    if at.runs_it:
        links.append(("Run it", f"/forum/tournaments/{tournament_id}/manage"))
    return fragment(
        request,
        platform,
        "forum/tournament.html",
        at.tournament.name,
        links=links,
        notice=notice,
        at=at,
        plays=who.may(PLAY),
        teams=teams,
        formats=FORMATS,
        most=_MOST_WAITING,
        words=PHASES,
    )


async def _shown_match(
    request: ForumRequest,
    platform: Platform,
    viewer: Statement,
    tournament_id: int,
    key: str,
    notice: str | None = None,
    found: list[Meeting] | None = None,
) -> Response[Fragment]:
    def see(view: View) -> MatchShown:
        match = view.match(key)
        stored = view.stored(match)
        return MatchShown(
            _standing(view), match, stored, stored.said, view.sides(match), key in view.bracket.draws
        )

    shown = await tournaments_of(platform).look(tournament_id, _looks(viewer), see)
    sides = [shown.at.registrations.get(who or 0) for who in (shown.match.first, shown.match.second)]
    return fragment(
        request,
        platform,
        "forum/tournament_match.html",
        f"{shown.at.tournament.name}: match {shown.match.id}",
        links=[(shown.at.tournament.name, f"/forum/tournaments/{tournament_id}")],
        notice=notice,
        shown=shown,
        at=shown.at,
        home=sides[0],
        away=sides[1],
        meetings=found,
    )


async def _managed(
    request: ForumRequest,
    platform: Platform,
    viewer: Statement,
    tournament_id: int,
    notice: str | None = None,
) -> Response[Fragment]:
    who, desk = _looks(viewer), tournaments_of(platform)

    def see(view: View) -> Standing:
        if not view.runs_it:
            raise Forbidden("this is for those who run the tournament")
        return _standing(view)

    at = await desk.look(tournament_id, who, see)
    history = await desk.history(tournament_id, _before(request))
    named = [*(row.member_id for row in at.staff), *(event.member_id for event in history)]
    names = await forum_of(platform).run(lambda transaction: members.names(transaction, named))
    return fragment(
        request,
        platform,
        "forum/tournament_desk.html",
        f"Running {at.tournament.name}",
        links=[(at.tournament.name, f"/forum/tournaments/{tournament_id}")],
        notice=notice,
        at=at,
        names=names,
        history=history,
        formats=FORMATS,
        most=_MOST_WAITING,
        words=PHASES,
    )


def _planned(
    request: ForumRequest, platform: Platform, *, made: int | None = None, notice: str | None = None
) -> Response[Fragment]:
    return fragment(
        request,
        platform,
        "forum/tournament_new.html",
        "A new tournament",
        links=[("All tournaments", "/forum/tournaments")],
        notice=notice,
        made=made,
        formats=FORMATS,
    )


def _before(request: ForumRequest) -> int:
    sent = request.query_params.get("before", "")
    if sent and not (sent.isascii() and sent.isdigit() and len(sent) < 10):
        raise Unprocessable("`before` is an id")
    return int(sent) if sent else 2**31 - 1


def _needed(value: int | None, name: str) -> int:
    if value is None:
        raise Unprocessable(f"`{name}` says which")
    return value


def _numbers(text: str) -> list[int]:
    parts = text.replace(",", " ").split()
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        raise Unprocessable("`order` is ids of registrations, the best first")
    return [int(part) for part in parts]


def _moment(name: str, text: str) -> datetime | None:
    """Read what a field of date and time sends: in UTC, None if it is empty. Raises Unprocessable."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Unprocessable(f"`{name}` is a time, as 2026-03-01T20:00") from error
    if not 2000 <= at.year <= 2200:
        raise Unprocessable(f"`{name}` is not of these times")
    return at.replace(microsecond=0)


handlers: list[Any] = [
    list_tournaments,
    ask_for_tournament,
    create_tournament,
    show_tournament,
    act_in_tournament,
    show_match,
    act_in_match,
    show_desk,
    manage_tournament,
]
