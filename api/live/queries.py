"""What ClickHouse knows about matches that are being played."""

from datetime import datetime

import msgspec

from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "live")


class MatchRow(msgspec.Struct):
    """A match that was heard from lately."""

    match_key: int
    id: str
    server_id: int
    map: str
    gametype: str
    started_at: datetime
    received_at: datetime
    last_time: datetime
    allies_score: int
    axis_score: int
    has_score: bool


class PlayerRow(msgspec.Struct):
    """A player in such a match; `gone_ms` is the last disconnect in unix milliseconds, 0 without one."""

    match_key: int
    id: str
    name: str
    team: str
    kills: int
    deaths: int
    last_seen: datetime
    gone_ms: int


class LastEvent(msgspec.Struct):
    """The newest event of a match."""

    match_key: int
    type: str
    time: datetime
    actor: str
    target: str
    weapon: str


async def matches(clickhouse: ClickHouse, timeout_seconds: int) -> list[MatchRow]:
    """Return the matches heard from within the timeout that have not ended."""
    return await clickhouse.rows(_SQL["matches"], MatchRow, timeout=timeout_seconds)


async def players(clickhouse: ClickHouse, match_keys: list[int]) -> list[PlayerRow]:
    """Return the players of these matches, the best first."""
    if not match_keys:
        return []
    return await clickhouse.rows(_SQL["players"], PlayerRow, matches=match_keys)


async def last_events(clickhouse: ClickHouse, match_keys: list[int]) -> dict[int, LastEvent]:
    """Return the newest event of each of these matches."""
    if not match_keys:
        return {}
    found = await clickhouse.rows(_SQL["last_events"], LastEvent, matches=match_keys)
    return {event.match_key: event for event in found}
