"""What is stored of tournaments, and who may do what in them."""

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from smf_bridge.brackets.model import MOST_ENTRANTS, Result

Format = Literal["single", "double", "round_robin", "swiss", "groups"]
State = Literal["draft", "registration", "running", "finished", "cancelled"]
Kind = Literal["solo", "team"]
Seeding = Literal["rating", "manual"]
How = Literal["staff", "captains", "match", "forfeit"]
MatchState = Literal["open", "reported", "disputed", "confirmed"]
Side = Literal["home", "away"]
Phase = Literal[
    "draft", "announced", "registration", "closed", "check_in", "running", "finished", "cancelled"
]
EntryState = Literal["registered", "waiting", "checked_in", "playing", "withdrawn", "rejected"]

# What the forum grants to groups.
PLAY: Final = "mohaa_play"
CREATE: Final = "mohaa_tournament_create"
MANAGE: Final = "mohaa_manage"
# Who holds a place.
HOLDING: Final = ("registered", "checked_in")
MOST_POINTS: Final = 9999

Score = Annotated[int, Meta(ge=-MOST_POINTS, le=MOST_POINTS)]
_Line = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
_Text = Annotated[str, Meta(max_length=10_000, pattern=r"^[^\x00]*$")]


class Rules(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a format is told beside its entrants; each takes what concerns it."""

    third_place: bool = False
    reset: bool = True
    twice: bool = False
    rounds: Annotated[int, Meta(ge=1, le=MOST_ENTRANTS)] | None = None
    groups: Annotated[int, Meta(ge=1, le=MOST_ENTRANTS // 2)] = 2
    advancing: Annotated[int, Meta(ge=1, le=MOST_ENTRANTS)] = 2
    playoffs: Literal["single", "double"] = "single"
    gametype: Annotated[str, Meta(max_length=32)] = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What its owner says of a tournament. Times that are None set no bound."""

    name: _Line
    about: _Text = ""
    format: Format
    rules: Rules = Rules()
    entrants: Kind = "solo"
    max_entrants: Annotated[int, Meta(ge=2, le=MOST_ENTRANTS)] = 16
    seeding: Seeding = "rating"
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    check_in_at: datetime | None = None
    starts_at: datetime | None = None


class Tournament(msgspec.Struct, frozen=True):
    """A tournament as it is stored; `rules` in JSON."""

    id: int
    name: str
    about: str
    format: Format
    rules: str
    entrants: Kind
    max_entrants: int
    seeding: Seeding
    state: State
    created_by: int
    created_at: datetime
    opens_at: datetime | None
    closes_at: datetime | None
    check_in_at: datetime | None
    starts_at: datetime | None
    finished_at: datetime | None
    version: int

    @property
    def told(self) -> Rules:
        """What its format is told."""
        return msgspec.json.decode(self.rules, type=Rules)


class Listed(msgspec.Struct, frozen=True):
    """A tournament in a list; `entered`: who holds a place, or took part."""

    id: int
    name: str
    format: Format
    entrants: Kind
    max_entrants: int
    state: State
    opens_at: datetime | None
    closes_at: datetime | None
    check_in_at: datetime | None
    starts_at: datetime | None
    finished_at: datetime | None
    entered: int


class Registration(msgspec.Struct, frozen=True):
    """Who wants to take part. After the start, who has a seed is an entrant of the bracket."""

    id: int
    member_id: int
    team_id: int | None
    name: str
    state: EntryState
    seed: int | None
    rating: float | None
    registered_at: datetime
    checked_in_at: datetime | None
    left_place: int | None
    left_stage: int | None


class Report(msgspec.Struct, frozen=True):
    """What a side said of a match: who won (None: a draw), and both scores."""

    side: Side
    member: int
    winner: int | None
    score: tuple[int, int]
    at: datetime
    match_id: str | None = None

    def agrees(self, other: "Report") -> bool:
        """Whether both say the same."""
        return (self.winner, self.score) == (other.winner, other.score)


class StoredMatch(msgspec.Struct, frozen=True):
    """What is known of a match beyond the draw: its time, what sides said, and its result once confirmed."""

    id: int
    bracket_key: str
    home_id: int | None
    away_id: int | None
    scheduled_at: datetime | None
    state: MatchState
    winner_id: int | None
    home_score: int | None
    away_score: int | None
    how: How | None
    match_id: str | None
    reports: str
    confirmed_by: int | None
    confirmed_at: datetime | None
    version: int

    @property
    def said(self) -> list[Report]:
        """What each side said last."""
        return msgspec.json.decode(self.reports, type=list[Report])

    @property
    def result(self) -> Result | None:
        """How it ended, once that is confirmed."""
        if self.state != "confirmed":
            return None
        score = (self.home_score or 0, self.away_score or 0)
        return Result(self.winner_id, score, forfeit=self.how == "forfeit")


class Staff(msgspec.Struct, frozen=True):
    """Somebody who runs a tournament."""

    member_id: int
    role: Literal["owner", "staff"]


class Team(msgspec.Struct, frozen=True):
    """A team; `there` until it is disbanded."""

    id: int
    name: str
    there: bool


class TeamMember(msgspec.Struct, frozen=True):
    """Somebody in a team now."""

    team_id: int
    member_id: int
    role: Literal["captain", "officer", "member"]


class Event(msgspec.Struct, frozen=True):
    """Something that was done in a tournament; `detail` in JSON."""

    id: int
    at: datetime
    member_id: int
    what: str
    bracket_key: str | None
    registration_id: int | None
    detail: str


class Who(msgspec.Struct, frozen=True):
    """Who acts, and what the forum grants them. A guest is member 0."""

    member: int
    permissions: frozenset[str] = frozenset()

    def may(self, permission: str) -> bool:
        """Tell whether the forum grants a permission; who manages may do all."""
        return self.member > 0 and (permission in self.permissions or MANAGE in self.permissions)


def phase(tournament: Tournament | Listed, now: datetime) -> Phase:
    """Return how far a tournament has come: from its state, and before the start from its times."""
    if tournament.state != "registration":
        return tournament.state
    if tournament.opens_at is not None and now < tournament.opens_at:
        return "announced"
    if tournament.closes_at is None or now < tournament.closes_at:
        return "registration"
    return "check_in" if checks_in(tournament, now) else "closed"


def checks_in(tournament: Tournament | Listed, now: datetime) -> bool:
    """Tell whether entrants can check in now: from the time set for it until the start."""
    return (
        tournament.state == "registration"
        and tournament.check_in_at is not None
        and now >= tournament.check_in_at
    )
