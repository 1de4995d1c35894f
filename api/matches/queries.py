"""What ClickHouse knows about matches."""

from datetime import datetime

import msgspec

from api.paging import Cursor
from api.players.skill import Rated
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres
from api.stores.sql import queries

_SQL = queries("clickhouse", "matches")
_LEFT_OUT = queries("postgres", "left_out")


class Line(msgspec.Struct):
    """A match in the list."""

    match_key: int
    id: str
    server_id: int
    map: str
    gametype: str
    first_time: datetime
    last_time: datetime
    ended: int
    allies_score: int
    axis_score: int
    winning_team: str
    kills: int


class Size(msgspec.Struct):
    """How many people and bots took part in a match."""

    match_key: int
    players: int
    bots: int


class Head(msgspec.Struct):
    """A match, without its parts."""

    match_key: int
    id: str
    server_id: int
    match_id: str
    map: str
    gametype: str
    first_time: datetime
    last_time: datetime
    started_at: datetime | None
    ended_at: datetime | None
    received_at: datetime
    allies_score: int
    axis_score: int
    winning_team: str
    kills: int
    rounds: int
    events: int


class LeftOut(msgspec.Struct):
    """Why a match is in no number."""

    reason: str


class Span(msgspec.Struct):
    """The numbers that a session's events in a match lie between, both ends included."""

    session_id: str
    first_seq: int | None
    last_seq: int | None
    events: int


class ScoreRow(msgspec.Struct):
    """A player's line on the scoreboard."""

    player: int
    name: str
    team: str
    kills: int
    deaths: int
    kd: float
    suicides: int
    team_kills: int
    kill_headshots: int
    damage_dealt: float
    damage_taken: float
    shots: int
    hits: int
    accuracy: float | None
    chat_lines: int
    best_streak: int
    multi_kills: list[int]
    playtime: float


class MomentRow(msgspec.Struct):
    """An event of the timeline."""

    time: datetime
    kind: str
    actor_key: int
    actor_name: str
    actor_team: str
    target_key: int
    target_name: str
    target_team: str
    weapon: str
    hitloc: str
    mod: str
    message: str
    to_team: bool


async def lines(
    clickhouse: ClickHouse, server: int | None, map_name: str | None, after: Cursor, limit: int
) -> list[Line]:
    """Return matches, the latest first."""
    return await clickhouse.rows(
        _SQL["list"],
        Line,
        server=server or 0,
        map=map_name or "",
        after_value=after.value,
        after_id=after.id,
        limit=limit,
    )


async def sizes(clickhouse: ClickHouse, keys: list[int]) -> dict[int, Size]:
    """Return how many took part in each of the matches."""
    found = await clickhouse.rows(_SQL["sizes"], Size, matches=keys) if keys else []
    return {size.match_key: size for size in found}


async def head(clickhouse: ClickHouse, match_key: int) -> Head | None:
    """Return a match, or None for an unknown one."""
    return await clickhouse.one(_SQL["one"], Head, match=match_key)


async def left_out(postgres: Postgres, public_id: str) -> LeftOut | None:
    """Return why a match is in no number, None for one that counts."""
    return await postgres.one(_LEFT_OUT["open"], LeftOut, public_id)


async def spans(clickhouse: ClickHouse, match_key: int) -> list[Span]:
    """Return which numbers of which sessions a match is made of."""
    return await clickhouse.rows(_SQL["sessions"], Span, match=match_key)


async def scores(clickhouse: ClickHouse, match: Head) -> list[ScoreRow]:
    """Return a line for each player of a match, the most kills first."""
    return await clickhouse.rows(
        _SQL["scoreboard"],
        ScoreRow,
        match=match.match_key,
        first_ms=_milliseconds(match.first_time),
        last_ms=_milliseconds(match.last_time),
    )


async def ratings(clickhouse: ClickHouse, match: Head) -> list[Rated]:
    """Return what a match did to its players' ratings; nothing for one that is not rated yet."""
    return await clickhouse.rows(
        _SQL["ratings"],
        Rated,
        gametype=match.gametype,
        started_ms=_milliseconds(match.first_time),
        match=match.match_key,
    )


async def moments(clickhouse: ClickHouse, match: Head, limit: int) -> list[MomentRow]:
    """Return the first `limit` deaths, chat lines, joins and turns of a match, in the order of time."""
    return await clickhouse.rows(
        _SQL["timeline"],
        MomentRow,
        server=match.server_id,
        match_id=match.match_id,
        first_ms=_milliseconds(match.first_time),
        received_ms=_milliseconds(match.received_at),
        limit=limit,
    )


class MeetingRow(msgspec.Struct):
    """A match in which members of two sides played, and for whom."""

    id: str
    server_id: int
    map: str
    gametype: str
    started_at: datetime
    home_players: int
    away_players: int
    home_allies: int
    home_axis: int
    away_allies: int
    away_axis: int
    home_kills: int
    away_kills: int
    scored: bool
    allies: int
    axis: int


async def meetings(
    clickhouse: ClickHouse, home: list[int], away: list[int], since: datetime, limit: int
) -> list[MeetingRow]:
    """Return matches that have ended in which members of two sides played, the latest first."""
    since_ms = int(since.timestamp() * 1000)
    return await clickhouse.rows(
        _SQL["meetings"], MeetingRow, home=home, away=away, since_ms=since_ms, limit=limit
    )


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
