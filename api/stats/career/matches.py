"""The matches that a player was in: a list, by place, and by session."""

from datetime import date, datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from api import paging
from api.paging import START, Cursor
from api.players.identities import Identity, Known, Person
from api.players.skill import UNIT, Skill, skill
from api.stats.periods import EVER
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "career")
_PAUSE_MS: Final = 1_800_000

Outcome = Literal["won", "lost"]


class Wanted(msgspec.Struct, frozen=True):
    """Which matches are asked for: all that is given must hold. Days are UTC; `until` is not counted in."""

    map: str | None = None
    gametype: str | None = None
    server: int | None = None
    outcome: Outcome | None = None
    since: date | None = None
    until: date | None = None


class RecentMatch(msgspec.Struct, kw_only=True):
    """A match that the player took part in."""

    id: str
    server_id: int
    map: str
    gametype: str
    started_at: datetime
    team: str
    winning_team: str
    outcome: Annotated[str, Meta(description="won or lost; empty where there was no winner or no side")]
    kills: int
    deaths: int
    playtime: Annotated[float, Meta(description="seconds")]
    best_streak: int
    multi_kill: Annotated[int, Meta(description="most kills in a row, each within 4 s; 0 for none")]


class RatingChange(msgspec.Struct):
    """What a match did to a player's rating."""

    gained: Annotated[float, Meta(description="mu after less mu before")]
    after: Skill


class PlayedMatch(RecentMatch, kw_only=True):
    """The same, and what it did to the player's rating."""

    rating: Annotated[RatingChange | None, Meta(description="null where the match was not rated, or not yet")]


class PlayedMatches(msgspec.Struct):
    """A page of the matches that a player was in, the latest first."""

    player: Identity
    matches: list[PlayedMatch]
    next_cursor: str | None


class Place(msgspec.Struct, kw_only=True):
    """A player's matches in one place."""

    matches: int
    won: int
    lost: int
    kills: int
    deaths: int
    kd: float
    playtime: Annotated[float, Meta(description="seconds")]
    best_streak: int
    last_seen: datetime


class MapPlayed(Place, kw_only=True):
    """A player's matches on a map."""

    map: str


class GametypePlayed(Place, kw_only=True):
    """A player's matches of a game type."""

    gametype: str


class ServerPlayed(Place, kw_only=True):
    """A player's matches on a server."""

    server_id: int


class Places(msgspec.Struct):
    """A player's matches by map, by game type and by server, the most kills first, up to 200 of each."""

    player: Identity
    maps: list[MapPlayed]
    gametypes: list[GametypePlayed]
    servers: list[ServerPlayed]


class Session(msgspec.Struct):
    """Matches without a pause of more than 30 minutes between what was played of them."""

    started_at: datetime
    ended_at: datetime
    matches: int
    kills: int
    deaths: int
    playtime: Annotated[float, Meta(description="seconds")]
    servers: Annotated[list[int], Meta(description="their ids")]


class Sessions(msgspec.Struct):
    """A page of a player's sessions, the latest first."""

    player: Identity
    sessions: list[Session]
    next_cursor: str | None


class _Row(RecentMatch, kw_only=True):
    match_key: int
    seen_ms: int


class _Rated(msgspec.Struct):
    match_key: int
    mu_before: int
    sigma_before: int
    mu: int
    sigma: int


class _Place(Place, kw_only=True):
    map: str
    gametype: str
    server_id: int
    axis: Literal["map", "gametype", "server"]


class _Session(Session):
    ended_ms: int


async def matches(
    clickhouse: ClickHouse, who: Known, wanted: Wanted, after: Cursor, limit: int
) -> PlayedMatches:
    """Return a page of a player's matches."""
    rows = await _rows(clickhouse, who.keys, wanted, after, limit + 1)
    shown = rows[:limit]
    changes = await _changes(clickhouse, who.keys, shown)
    end = Cursor(float(shown[-1].seen_ms), shown[-1].match_key) if len(rows) > limit else None
    return PlayedMatches(
        who.identity,
        [_with_rating(row, changes.get(row.match_key)) for row in shown],
        paging.encode(end) if end else None,
    )


async def recent(clickhouse: ClickHouse, keys: list[int], limit: int) -> list[RecentMatch]:
    """Return the matches in which somebody was seen last, some seconds after their events."""
    rows = await _rows(clickhouse, keys, Wanted(), START, limit)
    return [msgspec.convert(row, RecentMatch, from_attributes=True) for row in rows]


async def last_match(clickhouse: ClickHouse, who: Person) -> RecentMatch | None:
    """Return the match in which a player was seen last, some seconds after its events."""
    found = await recent(clickhouse, who.keys, 1)
    return found[0] if found else None


async def places(clickhouse: ClickHouse, who: Known) -> Places:
    """Return a player's matches by map, game type and server."""
    rows = await clickhouse.rows(_SQL["places"], _Place, keys=who.keys)

    def on(axis: str) -> list[_Place]:
        return [row for row in rows if row.axis == axis]

    return Places(
        who.identity,
        [msgspec.convert(row, MapPlayed, from_attributes=True) for row in on("map") if row.map],
        [
            msgspec.convert(row, GametypePlayed, from_attributes=True)
            for row in on("gametype")
            if row.gametype
        ],
        [msgspec.convert(row, ServerPlayed, from_attributes=True) for row in on("server")],
    )


async def sessions(clickhouse: ClickHouse, who: Known, after: Cursor, limit: int) -> Sessions:
    """Return a page of a player's sessions."""
    rows = await clickhouse.rows(
        _SQL["sessions"], _Session, keys=who.keys, pause=_PAUSE_MS, after_value=after.value, limit=limit + 1
    )
    shown = rows[:limit]
    end = Cursor(float(shown[-1].ended_ms), 0) if len(rows) > limit else None
    return Sessions(
        who.identity,
        [msgspec.convert(row, Session, from_attributes=True) for row in shown],
        paging.encode(end) if end else None,
    )


async def _rows(
    clickhouse: ClickHouse, keys: list[int], wanted: Wanted, after: Cursor, limit: int
) -> list[_Row]:
    ever = EVER
    return await clickhouse.rows(
        _SQL["matches"],
        _Row,
        keys=keys,
        map=wanted.map or "",
        gametype=wanted.gametype or "",
        server=wanted.server or 0,
        outcome=wanted.outcome or "",
        since=(wanted.since or ever.since).isoformat(),
        until=(wanted.until or ever.until).isoformat(),
        after_value=after.value,
        after_id=after.id,
        limit=limit,
    )


async def _changes(clickhouse: ClickHouse, keys: list[int], rows: list[_Row]) -> dict[int, RatingChange]:
    if not rows:
        return {}
    rated = await clickhouse.rows(
        _SQL["rated"],
        _Rated,
        gametypes=sorted({row.gametype for row in rows}),
        starts=[round(row.started_at.timestamp() * 1000) for row in rows],
        matches=[row.match_key for row in rows],
        keys=keys,
    )
    return {
        row.match_key: RatingChange(round((row.mu - row.mu_before) / UNIT, 3), skill(row.mu, row.sigma))
        for row in rated
    }


def _with_rating(row: _Row, rating: RatingChange | None) -> PlayedMatch:
    fields = {name: getattr(row, name) for name in RecentMatch.__struct_fields__}
    return msgspec.convert({**fields, "rating": rating}, PlayedMatch, from_attributes=True)
