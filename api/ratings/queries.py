"""What ClickHouse knows of ratings. Numbers are in millionths, as model.py has them."""

from datetime import date, datetime

import msgspec

from api.paging import Cursor
from api.players.skill import Rated
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "ratings")


class CurrentRow(msgspec.Struct):
    """A player's rating in a game type, and their place among so many players."""

    gametype: str
    mu: int
    sigma: int
    matches: int
    last_at: datetime
    place: int
    players: int


class DayRow(msgspec.Struct):
    """A player's rating at the end of a day."""

    gametype: str
    day: date
    mu: int
    sigma: int
    matches: int


class RatedRow(Rated, kw_only=True):
    """What a match did to a rating, and by what."""

    match_key: int
    team: str
    rank: int
    share: int


class ChangeRow(RatedRow, kw_only=True):
    """The same, and when it was."""

    started_ms: int
    started_at: datetime
    gametype: str


class HeadRow(msgspec.Struct):
    """Where a match was."""

    match_key: int
    id: str
    server_id: int
    map: str


class BoardRow(msgspec.Struct):
    """A player of a game type."""

    player: int
    mu: int
    sigma: int
    matches: int
    last_at: datetime
    value: float


class GametypeRow(msgspec.Struct):
    """A game type in which players are rated."""

    gametype: str
    matches: int
    players: int


async def current(clickhouse: ClickHouse, keys: list[int]) -> list[CurrentRow]:
    """Return a player's ratings, that of the latest match first."""
    return await clickhouse.rows(_SQL["current"], CurrentRow, keys=keys)


async def curve(clickhouse: ClickHouse, keys: list[int], gametype: str | None, limit: int) -> list[DayRow]:
    """Return a player's rating at the end of each day with a match, the latest first."""
    return await clickhouse.rows(_SQL["curve"], DayRow, keys=keys, gametype=gametype or "", limit=limit)


async def changes(
    clickhouse: ClickHouse, keys: list[int], gametype: str | None, after: Cursor, limit: int
) -> list[ChangeRow]:
    """Return what matches did to a player's rating, the latest first."""
    return await clickhouse.rows(
        _SQL["changes"],
        ChangeRow,
        keys=keys,
        gametype=gametype or "",
        after_value=after.value,
        after_id=after.id,
        limit=limit,
    )


async def of_matches(clickhouse: ClickHouse, rows: list[ChangeRow]) -> dict[int, list[RatedRow]]:
    """Return everybody who was rated in the matches of these rows, the best first."""
    if not rows:
        return {}
    found: dict[int, list[RatedRow]] = {}
    for row in await clickhouse.rows(
        _SQL["of_matches"],
        RatedRow,
        gametypes=sorted({row.gametype for row in rows}),
        starts=[row.started_ms for row in rows],
        matches=[row.match_key for row in rows],
    ):
        found.setdefault(row.match_key, []).append(row)
    return found


async def of_match(clickhouse: ClickHouse, match_key: int, gametype: str, started_ms: int) -> list[RatedRow]:
    """Return everybody who was rated in a match, which began at that unix millisecond; the best first."""
    return await clickhouse.rows(
        _SQL["of_matches"],
        RatedRow,
        gametypes=[gametype],
        starts=[started_ms],
        matches=[match_key],
    )


async def heads(clickhouse: ClickHouse, matches: list[int]) -> dict[int, HeadRow]:
    """Return where matches were."""
    rows = await clickhouse.rows(_SQL["heads"], HeadRow, matches=matches) if matches else []
    return {row.match_key: row for row in rows}


async def board(
    clickhouse: ClickHouse, gametype: str, minimum: int, after: Cursor, limit: int
) -> list[BoardRow]:
    """Return players of a game type by their ordinal, the highest first."""
    return await clickhouse.rows(
        _SQL["board"],
        BoardRow,
        gametype=gametype,
        minimum=minimum,
        after_value=after.value,
        after_id=after.id,
        limit=limit,
    )


async def gametypes(clickhouse: ClickHouse) -> list[GametypeRow]:
    """Return the game types in which players are rated, the most played first."""
    return await clickhouse.rows(_SQL["gametypes"], GametypeRow)


class MemberRow(msgspec.Struct):
    """A member's rating."""

    member: int
    mu: int
    sigma: int


async def of_members(clickhouse: ClickHouse, members: list[int], gametype: str) -> list[MemberRow]:
    """Return the ratings of those members who have one; in any game type if that is empty."""
    return await clickhouse.rows(_SQL["of_members"], MemberRow, members=members, gametype=gametype)
