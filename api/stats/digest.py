"""The weekly digest: what was played in a week, who led, what was new.

A match belongs to the week in which it began; weeks begin on Monday, in UTC. Of a week that has ended,
nothing changes any more, but for what is sent late or decided by an admin.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta

from api.errors import Unprocessable
from api.players.identities import Bots, Identity, identities
from api.players.skill import Skill, skill
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "digest")
_WEEK: Final = re.compile(r"(\d{4})-W(\d\d)")
# The days that ClickHouse's Date can hold, with a week to spare.
_YEARS: Final = range(1971, 2149)
_SHOWN: Final = 5
_PLACES: Final = 10
# Kills and deaths together, below which kills per death say little.
DUELS: Final = 20

K = TypeVar("K", int, str)
Leading = Literal["kills", "kd", "playtime"]
Record = Literal["best_streak", "most_kills", "multi_kill"]


class Leader(msgspec.Struct):
    """A player among the first of the week."""

    player: Identity
    value: float


class Leaders(msgspec.Struct):
    """The first by kills, by kills per death (20 duels at least), or by playtime (seconds)."""

    metric: Leading
    players: list[Leader]


class WeekRecord(msgspec.Struct):
    """The best of the week: a streak, kills in one match, or kills each within 4 s of the one before."""

    record: Record
    value: int
    player: Identity
    match: Annotated[str, Meta(description="the id of the match in which it happened, the first of equals")]


class ServerMatches(msgspec.Struct):
    """How many matches of the week a server had."""

    server: int
    matches: int


class MapMatches(msgspec.Struct):
    """How many matches of the week were played on a map."""

    map: str
    matches: int


class BestMatch(msgspec.Struct):
    """The match with the most people, and among those the one with the most kills."""

    id: str
    map: str
    server: int
    players: int
    kills: int


class RatingGain(msgspec.Struct):
    """How far a rating rose over the week, by what can be said for sure of it (its ordinal)."""

    player: Identity
    gametype: str
    before: Skill
    after: Skill
    gain: float
    matches: int


class Today(msgspec.Struct):
    """Of the current UTC day, where it lies in the week."""

    matches: int = 0
    kills: int = 0
    players: int = 0


class Digest(msgspec.Struct):
    """A week of the community. `players` and what ranks them follow `bots`; kills are everybody's."""

    week: Annotated[str, Meta(description="by ISO 8601", examples=["2026-W47"])]
    since: date
    until: Annotated[date, Meta(description="the day after the last")]
    ended: Annotated[bool, Meta(description="nothing will be added but what is sent late")]
    matches: int
    seconds: Annotated[float, Meta(description="length of all matches together")]
    kills: int
    deaths: int
    players: int
    newcomers: Annotated[int, Meta(description="players of the week who were first seen in it")]
    today: Today
    servers: list[ServerMatches]
    maps: list[MapMatches]
    leaders: list[Leaders]
    best_match: BestMatch | None
    records: list[WeekRecord]
    rating_gains: list[RatingGain]
    previous: str
    next: Annotated[str | None, Meta(description="null for the current week")]


class _Matches(msgspec.Struct):
    matches: int
    seconds: float
    kills: int
    deaths: int
    players: int
    matches_today: int
    kills_today: int
    players_today: int
    by_server: tuple[list[int], list[int]]
    by_map: tuple[list[str], list[int]]
    best_match: int
    best_map: str
    best_server: int
    best_players: int
    best_kills: int


class _Player(msgspec.Struct):
    player: int
    kills: int
    deaths: int
    kd: float
    playtime: float
    best_streak: int
    best_streak_match: str
    most_kills: int
    most_kills_match: str
    multi_kill: int
    multi_kill_match: str
    by_kills: int
    by_kd: int
    by_playtime: int
    by_streak: int
    by_most: int
    by_multi: int
    newcomers: int


class _Gain(msgspec.Struct):
    player: int
    gametype: str
    mu_before: int
    sigma_before: int
    mu: int
    sigma: int
    matches: int


def week_of(day: date) -> str:
    """Return the ISO week that a day lies in: 2026-W47."""
    year, week, _ = day.isocalendar()
    return f"{year:04}-W{week:02}"


def monday_of(week: str) -> date:
    """Return the first day of a week. Raises Unprocessable for what is none."""
    found = _WEEK.fullmatch(week)
    try:
        if found is None or int(found[1]) not in _YEARS:
            raise ValueError("no week")
        return date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError as error:
        raise Unprocessable(
            f"{week[:40]!r} is no week; one is written like 2026-W47, the year and the ISO week"
        ) from error


async def digest(
    clickhouse: ClickHouse, week: str | None, bots: Bots, today: date, *, gains: bool = True
) -> Digest:
    """Return the digest of a week; without one, of the week of `today`; if asked so, without rating gains.

    Raises Unprocessable for what is no week.
    """
    monday = monday_of(week or week_of(today))
    until = monday + timedelta(days=7)
    asked = {"since": monday.isoformat(), "until": until.isoformat()}
    about, rows, gained = await asyncio.gather(
        clickhouse.one(_SQL["matches"], _Matches, **asked, today=today.isoformat(), bots=bots),
        clickhouse.rows(_SQL["players"], _Player, **asked, bots=bots, duels=DUELS, limit=_SHOWN),
        clickhouse.rows(_SQL["gains"], _Gain, **asked, limit=_SHOWN) if gains else _nobody(),
    )
    players = {row.player for row in rows} | {row.player for row in gained}
    people = await identities(clickhouse, players)
    if about is None:
        raise AssertionError("an aggregate has a row")
    return Digest(
        week=week_of(monday),
        since=monday,
        until=until,
        ended=until <= today,
        matches=about.matches,
        seconds=about.seconds,
        kills=about.kills,
        deaths=about.deaths,
        players=about.players,
        newcomers=rows[0].newcomers if rows else 0,
        today=Today(about.matches_today, about.kills_today, about.players_today),
        servers=[ServerMatches(*each) for each in _most(*about.by_server)],
        maps=[MapMatches(*each) for each in _most(*about.by_map) if each[0]],
        leaders=_leaders(rows, people),
        best_match=_best(about),
        records=_records(rows, people),
        rating_gains=[_gain(row, people) for row in gained],
        previous=week_of(monday - timedelta(days=7)),
        next=week_of(until) if until <= today else None,
    )


async def _nobody() -> list[_Gain]:
    return []


def _most(keys: Sequence[K], counts: Sequence[int]) -> list[tuple[K, int]]:
    """Return what there is most of, with how much."""
    return sorted(zip(keys, counts, strict=True), key=lambda pair: (-pair[1], str(pair[0])))[:_PLACES]


def _leaders(rows: list[_Player], people: Mapping[int, Identity]) -> list[Leaders]:
    def first(metric: Leading, rank: Callable[[_Player], int], value: Callable[[_Player], float]) -> Leaders:
        best = sorted((row for row in rows if rank(row) <= _SHOWN and value(row) > 0), key=rank)
        return Leaders(metric, [Leader(people[row.player], value(row)) for row in best])

    return [
        first("kills", lambda row: row.by_kills, lambda row: row.kills),
        first("kd", lambda row: row.by_kd, lambda row: row.kd if row.kills + row.deaths >= DUELS else 0),
        first("playtime", lambda row: row.by_playtime, lambda row: row.playtime),
    ]


def _records(rows: list[_Player], people: Mapping[int, Identity]) -> list[WeekRecord]:
    def told(
        record: Record, of: Callable[[_Player], tuple[int, int, str]], least: int = 2
    ) -> list[WeekRecord]:
        return [
            WeekRecord(record, value, people[row.player], match)
            for row in rows
            for rank, value, match in [of(row)]
            if rank == 1 and value >= least
        ]

    return [
        *told("most_kills", lambda row: (row.by_most, row.most_kills, row.most_kills_match), 1),
        *told("best_streak", lambda row: (row.by_streak, row.best_streak, row.best_streak_match)),
        *told("multi_kill", lambda row: (row.by_multi, row.multi_kill, row.multi_kill_match)),
    ]


def _best(about: _Matches) -> BestMatch | None:
    if not about.matches:
        return None
    return BestMatch(
        f"{about.best_match:016x}", about.best_map, about.best_server, about.best_players, about.best_kills
    )


def _gain(row: _Gain, people: Mapping[int, Identity]) -> RatingGain:
    before, after = skill(row.mu_before, row.sigma_before), skill(row.mu, row.sigma)
    gain = round(after.ordinal - before.ordinal, 3)
    return RatingGain(people[row.player], row.gametype, before, after, gain, row.matches)
