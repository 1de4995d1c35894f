"""Records: the most that was ever reached, who holds it, and each time that it was broken."""

import asyncio
from calendar import isleap
from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from api.players.identities import Identity, identities
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries, whole

_SQL = queries("clickhouse", "records")
_CAREER = queries("clickhouse", "career")
_RATING: Final = "rating_"
# Of each record's history; the chance to break one of many falls as 1/n, so few are longer.
HISTORY: Final = 20
# ClickHouse's Date begins here.
_FIRST_YEAR: Final = 1970

Of = Literal["player", "match", "day"]
Unit = Literal["count", "per minute", "seconds", "points"]


class Definition(msgspec.Struct, frozen=True):
    """What a record is of."""

    name: Annotated[str, Meta(examples=["best_streak"])]
    title: str
    definition: str
    unit: Unit
    of: Annotated[Of, Meta(description="whose it is: a player's in a match, a match's, a day's")]


class RecordMatch(msgspec.Struct):
    """The match in which a record was broken."""

    id: str
    server_id: int
    map: str
    gametype: str


class Broken(msgspec.Struct):
    """A record when it was broken."""

    value: float
    before: Annotated[float | None, Meta(description="what it was until then; null for the first")]
    at: Annotated[datetime, Meta(description="beginning of the match, or of the day (UTC)")]
    player: Annotated[Identity | None, Meta(description="null where it is a match's or a day's")]
    match: Annotated[RecordMatch | None, Meta(description="null where it is a day's")]


class Record(msgspec.Struct):
    """A record: who holds it, and how it came to that."""

    record: Definition
    current: Broken
    history: Annotated[
        list[Broken], Meta(description=f"each time it was broken, the latest first, up to {HISTORY}")
    ]


class Records(msgspec.Struct):
    """The records of the community, or of one server, map or game type. Bots and flagged players set none."""

    server: int | None
    map: str | None
    gametype: str | None
    records: list[Record]


class YearAgo(msgspec.Struct):
    """The same day of an earlier year."""

    day: date
    matches: int
    players: int
    kills: int
    best: Annotated[Identity | None, Meta(description="who killed most in one match of it")]
    best_kills: int
    match: Annotated[RecordMatch | None, Meta(description="that match")]


class BrokenRecord(msgspec.Struct):
    """A record that was broken on this day, of whatever year."""

    record: Definition
    broken: Broken


class OnThisDay(msgspec.Struct):
    """What was played on this day of earlier years, the latest first, and which records were broken on it."""

    day: date
    years: list[YearAgo]
    records: list[BrokenRecord]


def _definitions() -> dict[str, Definition]:
    of_players: tuple[tuple[str, str, str, Unit], ...] = (
        ("kills", "Most kills in a match", "Kills of enemies by one player in one match.", "count"),
        ("best_streak", "Longest streak", "Kills between two deaths, within one match.", "count"),
        (
            "multi_kill",
            "Biggest multi-kill",
            "Kills of which each follows the one before within 4 s.",
            "count",
        ),
        ("flawless", "Most kills without dying", "Kills in a match in which the player never died.", "count"),
        (
            "kill_rate",
            "Fastest killer",
            "Kills per minute played in one match, of at least 5 minutes played.",
            "per minute",
        ),
        ("playtime", "Longest match played", "Time played in one match.", "seconds"),
    )
    of_matches: tuple[tuple[str, str, str, Of], ...] = (
        ("match_kills", "Deadliest match", "Kills of all players in one match.", "match"),
        ("match_players", "Fullest match", "Players in one match.", "match"),
        (
            "day_kills",
            "Deadliest day",
            "Kills in the matches that began on one day (UTC).",
            "day",
        ),
        ("day_players", "Busiest day", "Players in the matches that began on one day (UTC).", "day"),
        ("day_matches", "Most matches in a day", "Matches that began on one day (UTC).", "day"),
    )
    found = [Definition(name, title, text, unit, "player") for name, title, text, unit in of_players]
    found += [Definition(name, title, text, "count", of) for name, title, text, of in of_matches]
    return {definition.name: definition for definition in found}


DEFINITIONS: Final = _definitions()


class _Row(msgspec.Struct):
    record: str
    value: float
    started_at: datetime
    match_key: int
    player: int
    before: float


class _Day(msgspec.Struct):
    day: date


class _Head(msgspec.Struct):
    match_key: int
    id: str
    server_id: int
    map: str
    gametype: str


class _Year(msgspec.Struct):
    day: date
    matches: int
    players: int
    kills: int
    best_kills: int
    match_key: int
    player: int


async def records(
    clickhouse: ClickHouse, server: int | None = None, map: str | None = None, gametype: str | None = None
) -> Records:
    """Return every record that there is, with its history; those of ratings only without a server or map."""
    rows = await _broken(clickhouse, server, map, gametype)
    people, heads = await _told(clickhouse, [row.player for row in rows], [row.match_key for row in rows])
    found: dict[str, list[Broken]] = {}
    for row in rows:
        found.setdefault(row.record, []).append(_one(row, people, heads))
    return Records(
        server,
        map,
        gametype,
        [Record(definition, found[name][0], found[name]) for name, definition in _in_order(found)],
    )


async def on_this_day(clickhouse: ClickHouse, day: date) -> OnThisDay:
    """Return what was played, and which records were broken, on this day of earlier years."""
    earlier = [day.replace(year=year) for year in range(_FIRST_YEAR, day.year) if _has(year, day)]
    rows, years = await asyncio.gather(
        _broken(clickhouse, None, None, None, 1000),
        clickhouse.rows(_SQL["on_day"], _Year, days=[each.isoformat() for each in earlier]),
    )
    then = [
        row
        for row in rows
        if (row.started_at.month, row.started_at.day) == (day.month, day.day) and row.started_at.date() < day
    ]
    keys = [row.match_key for row in then] + [row.match_key for row in years]
    players = [row.player for row in then] + [row.player for row in years]
    people, heads = await _told(clickhouse, players, keys)
    named = dict(_in_order({row.record for row in then}))
    return OnThisDay(
        day,
        [
            YearAgo(
                row.day,
                row.matches,
                row.players,
                row.kills,
                people[row.player] if row.best_kills else None,
                row.best_kills,
                heads.get(row.match_key) if row.best_kills else None,
            )
            for row in years
        ],
        [BrokenRecord(named[row.record], _one(row, people, heads)) for row in then if row.record in named],
    )


def _has(year: int, day: date) -> bool:
    return (day.month, day.day) != (2, 29) or isleap(year)


def _in_order(found: Iterable[str]) -> list[tuple[str, Definition]]:
    ratings = [name for name in sorted(found) if name.startswith(_RATING)]
    known = [(name, definition) for name, definition in DEFINITIONS.items() if name in found]
    return [*known, *((name, _rating(name.removeprefix(_RATING))) for name in ratings)]


def _rating(gametype: str) -> Definition:
    return Definition(
        _RATING + gametype,
        f"Highest rating, {gametype or 'game type unknown'}",
        "The ordinal (mu - 3 sigma) after a match.",
        "points",
        "player",
    )


async def _broken(
    clickhouse: ClickHouse, server: int | None, map: str | None, gametype: str | None, limit: int = HISTORY
) -> list[_Row]:
    everywhere = server is None and map is None and gametype is None
    days = await clickhouse.rows(_SQL["days"], _Day) if everywhere else []
    return await clickhouse.rows(
        whole(_SQL, "broken"),
        _Row,
        every_day=not everywhere,
        days=[row.day.isoformat() for row in days],
        server=server or 0,
        map=map or "",
        gametype=gametype or "",
        limit=limit,
    )


async def _told(
    clickhouse: ClickHouse, players: list[int], matches: list[int]
) -> tuple[dict[int, Identity], dict[int, RecordMatch]]:
    wanted = sorted({match for match in matches if match})
    people, heads = await asyncio.gather(
        identities(clickhouse, (player for player in players if player)),
        clickhouse.rows(_CAREER["heads"], _Head, matches=wanted),
    )
    return people, {row.match_key: RecordMatch(row.id, row.server_id, row.map, row.gametype) for row in heads}


def _one(row: _Row, people: dict[int, Identity], heads: dict[int, RecordMatch]) -> Broken:
    return Broken(
        row.value, row.before or None, row.started_at, people.get(row.player), heads.get(row.match_key)
    )
