"""Matches: a list, and one match's scoreboard, timeline and completeness."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from api import paging
from api.errors import Gone, NotFound
from api.matches import queries
from api.matches.queries import Head
from api.paging import Cursor
from api.players.identities import Identity, identities, parse
from api.players.skill import UNIT, Rated, Skill, skill
from api.servers import reported
from api.servers.queries import names as server_names
from api.servers.service import missing_ranges
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres

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


class RatingChange(msgspec.Struct):
    """What the match did to a player's rating in its game type."""

    before: Skill
    after: Skill
    expected: Annotated[
        float, Meta(description="share of the others to be beaten, or chance to win, by the ratings before")
    ]
    result: Annotated[float, Meta(description="what came of it; a draw counts half")]


class Score(msgspec.Struct):
    """A player's line on the scoreboard; null is what the server has never reported of anybody."""

    player: Identity
    name: Annotated[str, Meta(description="the name used in this match")]
    team: Annotated[str, Meta(description="the team last played on")]
    kills: int
    deaths: int
    kd: Annotated[float, Meta(description="kills per death; without a death, kills")]
    suicides: int
    team_kills: int
    kill_headshots: int
    damage_dealt: float | None
    damage_taken: float | None
    shots: int | None
    hits: int | None
    accuracy: Annotated[float | None, Meta(description="null where no shots were reported")]
    chat_lines: int | None
    best_streak: int
    multi_kills: Annotated[
        list[int], Meta(description="sizes of the runs of kills, each within 4 s", examples=[[2, 3]])
    ]
    playtime: Annotated[float, Meta(description="seconds")]
    rating: Annotated[
        RatingChange | None,
        Meta(description="some seconds after the end; null for bots, and where the match tells nothing"),
    ]


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


async def find(
    clickhouse: ClickHouse,
    servers: Mapping[int, str],
    server: int | None,
    map_name: str | None,
    after: Cursor,
    limit: int,
) -> Matches:
    """Return a page of matches, the latest first; `servers` are the servers' names."""
    rows = await queries.lines(clickhouse, server, map_name, after, limit + 1)
    shown = rows[:limit]
    sizes = await queries.sizes(clickhouse, [row.match_key for row in shown])
    end = Cursor(_milliseconds(shown[-1].first_time), shown[-1].match_key) if len(rows) > limit else None
    lines = [_line(row, servers, sizes.get(row.match_key)) for row in shown]
    return Matches(lines, paging.encode(end) if end else None)


async def match(clickhouse: ClickHouse, postgres: Postgres, public_id: str) -> Match:
    """Return a match. Raises as `head_of`."""
    head = await head_of(clickhouse, postgres, public_id)
    return await whole(clickhouse, postgres, head, queries.ratings(clickhouse, head))


async def head_of(clickhouse: ClickHouse, postgres: Postgres, public_id: str) -> Head:
    """Return a match without its parts.

    Raises NotFound for an unknown one, Gone for one that an admin left out.
    """
    match_key = parse(public_id, "match")
    left_out = await queries.left_out(postgres, public_id)
    if left_out is not None:
        raise Gone(f"match {public_id} is left out: {left_out.reason or 'no reason is told any more'}")
    head = await queries.head(clickhouse, match_key)
    if head is None:
        raise NotFound(f"no match has the id {public_id!r}")
    return head


async def whole(
    clickhouse: ClickHouse, postgres: Postgres, head: Head, rated: Awaitable[Sequence[Rated]]
) -> Match:
    """Return a match with its parts. What it did to ratings is asked for by the caller, and awaited here."""
    moments, players, completeness, servers = await asyncio.gather(
        queries.moments(clickhouse, head, _TIMELINE + 1),
        scoreboard(clickhouse, head, rated),
        _completeness(clickhouse, postgres, head),
        server_names(postgres),
    )
    return Match(
        **_shared(head, Match),
        server=_server(head.server_id, servers),
        seconds=(head.last_time - head.first_time).total_seconds(),
        players=players,
        timeline=[_moment(row) for row in moments[:_TIMELINE]],
        timeline_complete=len(moments) <= _TIMELINE,
        completeness=completeness,
    )


async def scoreboard(clickhouse: ClickHouse, head: Head, rated: Awaitable[Sequence[Rated]]) -> list[Score]:
    """Return a line for each player of a match, the most kills first; `rated` as in `whole`."""
    rows, rated_rows, told = await asyncio.gather(
        queries.scores(clickhouse, head), rated, reported.types(clickhouse, [head.server_id])
    )
    ratings = {row.player_key: row for row in rated_rows}
    people = await identities(clickhouse, [row.player for row in rows])
    scores = (
        Score(**_shared(row, Score) | {"player": people[row.player]}, rating=_rating(ratings.get(row.player)))
        for row in rows
    )
    return [reported.known(score, told) for score in scores]


def completeness_of(sessions: list[Session]) -> Completeness:
    """Add up what is missing. Unknown where a session does not number its events and none has a hole."""
    missing = sum(last - first + 1 for session in sessions for first, last in session.missing)
    numbered = all(session.first_seq is not None for session in sessions)
    return Completeness(False if missing else True if numbered else None, missing, sessions)


async def _completeness(clickhouse: ClickHouse, postgres: Postgres, head: Head) -> Completeness:
    spans = await queries.spans(clickhouse, head.match_key)
    return completeness_of([await _session(postgres, head.server_id, span) for span in spans])


async def _session(postgres: Postgres, server_id: int, span: queries.Span) -> Session:
    missing: list[tuple[int, int]] = []
    if span.first_seq is not None and span.last_seq is not None:
        missing = await missing_ranges(postgres, server_id, span.session_id, span.first_seq, span.last_seq)
    return Session(span.session_id, span.first_seq, span.last_seq, span.events, missing)


def _shared(row: msgspec.Struct, shown: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the fields of a row that what is shown has too."""
    return {name: getattr(row, name) for name in row.__struct_fields__ if name in shown.__struct_fields__}


def _rating(row: Rated | None) -> RatingChange | None:
    if row is None:
        return None
    return RatingChange(
        skill(row.mu_before, row.sigma_before),
        skill(row.mu, row.sigma),
        row.expected / UNIT,
        row.result / UNIT,
    )


def _server(server_id: int, servers: Mapping[int, str]) -> ServerName:
    return ServerName(server_id, servers.get(server_id, ""))


def _line(row: queries.Line, servers: Mapping[int, str], size: queries.Size | None) -> MatchLine:
    return MatchLine(
        **_shared(row, MatchLine) | {"ended": bool(row.ended)},
        server=_server(row.server_id, servers),
        players=size.players if size else 0,
        bots=size.bots if size else 0,
    )


def _moment(row: queries.MomentRow) -> Moment:
    return Moment(
        **_shared(row, Moment),
        player=_actor(row.actor_key, row.actor_name, row.actor_team),
        target=_actor(row.target_key, row.target_name, row.target_team),
    )


def _actor(key: int, name: str, team: str) -> Actor | None:
    return Actor(f"{key:016x}", name, team) if key else None


def _milliseconds(moment: datetime) -> float:
    return float(round(moment.timestamp() * 1000))
