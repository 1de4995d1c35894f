"""Matches: a list, and one match's scoreboard, timeline and completeness."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from api.errors import NotFound
from api.servers.queries import names as server_names
from api.servers.service import missing_ranges
from api.stats import cursors
from api.stats.cursors import Cursor
from api.stats.identities import Identity, identities, parse, unknown
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres
from api.stores.sql import queries

_SQL = queries("clickhouse", "matches")
_TIMELINE = 5000


class ServerName(msgspec.Struct):
    """The server that a match was played on."""

    id: int
    name: Annotated[str, Meta(description="empty for a server that was removed")] = ""


class MatchLine(msgspec.Struct):
    """A match in the list."""

    id: Annotated[str, Meta(description="16 hexadecimal digits", examples=["00c20860cd93a249"])]
    server: ServerName
    map: Annotated[str, Meta(examples=["dm/mohdm6"])]
    gametype: Annotated[str, Meta(examples=["tdm"])]
    first_time: Annotated[datetime, Meta(description="of its first event")]
    last_time: datetime
    ended: Annotated[bool, Meta(description="whether its end was reported")]
    allies_score: int
    axis_score: int
    winning_team: Annotated[str, Meta(description="allies, axis, as reported, or empty")]
    kills: int
    players: Annotated[int, Meta(description="people, without bots")]
    bots: int


class Matches(msgspec.Struct):
    """A page of matches, the latest first."""

    matches: list[MatchLine]
    next_cursor: str | None


class Score(msgspec.Struct):
    """A player's line on the scoreboard."""

    player: Identity
    name: Annotated[str, Meta(description="the name used in this match")]
    team: Annotated[str, Meta(description="the team last played on")]
    kills: int
    deaths: int
    kd: Annotated[float, Meta(description="kills per death; without a death, kills")]
    suicides: int
    team_kills: int
    kill_headshots: int
    damage_dealt: float
    damage_taken: float
    shots: int
    hits: int
    accuracy: Annotated[float | None, Meta(description="null where no shots were reported")]
    chat_lines: int
    best_streak: int
    multi_kills: Annotated[
        list[int], Meta(description="sizes of the runs of kills, each within 4 s", examples=[[2, 3]])
    ]
    playtime: Annotated[float, Meta(description="seconds")]


class Actor(msgspec.Struct):
    """A player in a moment of the match."""

    id: str
    name: str
    team: str


class Moment(msgspec.Struct, omit_defaults=True):
    """Something that happened in the match; fields that say nothing are left out."""

    time: datetime
    kind: Annotated[
        str,
        Meta(
            description="kill, team_kill, suicide, chat, join, leave, start, end, or the event's own type",
            examples=["kill"],
        ),
    ]
    player: Annotated[Actor | None, Meta(description="who did it")] = None
    target: Annotated[Actor | None, Meta(description="to whom; who died")] = None
    weapon: str = ""
    hitloc: str = ""
    mod: str = ""
    message: str = ""
    to_team: Annotated[bool, Meta(description="chat that only the team could read")] = False


class Session(msgspec.Struct):
    """A tracker session's part in the match, by the numbers of its events."""

    session_id: str
    first_seq: Annotated[int | None, Meta(description="null: the sender does not number events")]
    last_seq: int | None
    events: int
    missing: Annotated[list[tuple[int, int]], Meta(description="ranges not received, both ends included")]


class Completeness(msgspec.Struct):
    """Whether all that the server sent of the match has arrived."""

    complete: Annotated[bool | None, Meta(description="null: the sender does not number events")]
    missing: Annotated[int, Meta(description="events that were not received")]
    sessions: list[Session]


class Match(msgspec.Struct):
    """A match: scoreboard, timeline, completeness."""

    id: str
    match_id: Annotated[str, Meta(description="as the tracker named it")]
    server: ServerName
    map: str
    gametype: str
    first_time: datetime
    last_time: datetime
    started_at: Annotated[datetime | None, Meta(description="as reported")]
    ended_at: datetime | None
    received_at: Annotated[datetime, Meta(description="when its last event arrived")]
    seconds: Annotated[float, Meta(description="from the first event to the last")]
    allies_score: int
    axis_score: int
    winning_team: str
    kills: int
    rounds: int
    events: int
    players: Annotated[list[Score], Meta(description="the most kills first; bots included")]
    timeline: Annotated[list[Moment], Meta(description="in the order of time")]
    timeline_complete: Annotated[
        bool, Meta(description=f"false: only the first {_TIMELINE} moments are here")
    ]
    completeness: Completeness


class _Line(msgspec.Struct):
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


class _Size(msgspec.Struct):
    match_key: int
    players: int
    bots: int


class _Match(msgspec.Struct):
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


class Span(msgspec.Struct):
    """The numbers that a session's events in a match lie between, both ends included."""

    session_id: str
    first_seq: int | None
    last_seq: int | None
    events: int


class _Score(msgspec.Struct):
    player: int
    name: str
    bot: bool
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


class _Moment(msgspec.Struct):
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


async def find(
    clickhouse: ClickHouse,
    servers: Mapping[int, str],
    server: int | None,
    map_name: str | None,
    after: Cursor,
    limit: int,
) -> Matches:
    """Return a page of matches, the latest first; `servers` are the servers' names."""
    rows = await clickhouse.rows(
        _SQL["list"],
        _Line,
        server=server or 0,
        map=map_name or "",
        after_value=after.value,
        after_id=after.id,
        limit=limit + 1,
    )
    shown = rows[:limit]
    sizes = await _sizes(clickhouse, [row.match_key for row in shown])
    end = Cursor(_milliseconds(shown[-1].first_time), shown[-1].match_key) if len(rows) > limit else None
    lines = [_line(row, servers, sizes.get(row.match_key)) for row in shown]
    return Matches(lines, cursors.encode(end) if end else None)


async def match(clickhouse: ClickHouse, postgres: Postgres, public_id: str) -> Match:
    """Return a match. Raises NotFound for an unknown one."""
    head = await _head(clickhouse, public_id)
    completeness = await _completeness(postgres, head.server_id, await spans(clickhouse, head.match_key))
    moments = await timeline(clickhouse, head.server_id, head.match_id, _TIMELINE + 1)
    seconds = (head.last_time - head.first_time).total_seconds()
    known = {
        name: getattr(head, name) for name in _Match.__struct_fields__ if name in Match.__struct_fields__
    }
    return Match(
        **known,
        server=_server(head.server_id, await server_names(postgres)),
        seconds=seconds,
        players=await scoreboard(clickhouse, head.match_key),
        timeline=moments[:_TIMELINE],
        timeline_complete=len(moments) <= _TIMELINE,
        completeness=completeness,
    )


async def scoreboard(clickhouse: ClickHouse, match_key: int) -> list[Score]:
    """Return a line for each player of a match, the most kills first."""
    rows = await clickhouse.rows(_SQL["scoreboard"], _Score, match=match_key)
    people = await identities(clickhouse, [row.player for row in rows])
    return [_score(row, people.get(row.player) or unknown(row.player)) for row in rows]


async def timeline(clickhouse: ClickHouse, server_id: int, match_id: str, limit: int) -> list[Moment]:
    """Return the first `limit` deaths, chat lines, joins and turns of a match, in the order of time."""
    rows = await clickhouse.rows(_SQL["timeline"], _Moment, server=server_id, match_id=match_id, limit=limit)
    return [_moment(row) for row in rows]


async def spans(clickhouse: ClickHouse, match_key: int) -> list[Span]:
    """Return which numbers of which sessions a match is made of."""
    return await clickhouse.rows(_SQL["sessions"], Span, match=match_key)


def completeness_of(sessions: list[Session]) -> Completeness:
    """Add up what is missing. Unknown where a session does not number its events and none has a hole."""
    missing = sum(last - first + 1 for session in sessions for first, last in session.missing)
    numbered = all(session.first_seq is not None for session in sessions)
    return Completeness(False if missing else True if numbered else None, missing, sessions)


async def _completeness(postgres: Postgres, server_id: int, parts: list[Span]) -> Completeness:
    return completeness_of([await _session(postgres, server_id, part) for part in parts])


async def _session(postgres: Postgres, server_id: int, span: Span) -> Session:
    missing: list[tuple[int, int]] = []
    if span.first_seq is not None and span.last_seq is not None:
        missing = await missing_ranges(postgres, server_id, span.session_id, span.first_seq, span.last_seq)
    return Session(span.session_id, span.first_seq, span.last_seq, span.events, missing)


async def _head(clickhouse: ClickHouse, public_id: str) -> _Match:
    found = await clickhouse.one(_SQL["one"], _Match, match=parse(public_id, "match"))
    if found is None:
        raise NotFound(f"no match has the id {public_id!r}")
    return found


async def _sizes(clickhouse: ClickHouse, keys: list[int]) -> dict[int, _Size]:
    rows = await clickhouse.rows(_SQL["sizes"], _Size, matches=keys) if keys else []
    return {row.match_key: row for row in rows}


def _server(server_id: int, servers: Mapping[int, str]) -> ServerName:
    return ServerName(server_id, servers.get(server_id, ""))


def _line(row: _Line, servers: Mapping[int, str], size: _Size | None) -> MatchLine:
    return MatchLine(
        row.id,
        _server(row.server_id, servers),
        row.map,
        row.gametype,
        row.first_time,
        row.last_time,
        bool(row.ended),
        row.allies_score,
        row.axis_score,
        row.winning_team,
        row.kills,
        size.players if size else 0,
        size.bots if size else 0,
    )


def _score(row: _Score, identity: Identity) -> Score:
    return Score(
        player=identity,
        **{name: getattr(row, name) for name in Score.__struct_fields__ if name != "player"},
    )


def _moment(row: _Moment) -> Moment:
    return Moment(
        row.time,
        row.kind,
        _actor(row.actor_key, row.actor_name, row.actor_team),
        _actor(row.target_key, row.target_name, row.target_team),
        row.weapon,
        row.hitloc,
        row.mod,
        row.message,
        row.to_team,
    )


def _actor(key: int, name: str, team: str) -> Actor | None:
    return Actor(f"{key:016x}", name, team) if key else None


def _milliseconds(moment: datetime) -> float:
    return float(round(moment.timestamp() * 1000))
