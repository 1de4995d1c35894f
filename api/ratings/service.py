"""Ratings to be read: a player's, with the reason for every change, and everybody's of a game type."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from api import paging
from api.errors import NotFound
from api.paging import Cursor
from api.players.identities import Identity, identities, parse, person, seen, unknown
from api.players.skill import UNIT, Skill, skill
from api.ratings import queries
from api.ratings.queries import ChangeRow, HeadRow, RatedRow
from api.stores.clickhouse import ClickHouse

_CURVE_DAYS: Final = 1000

Outcome = Literal["beaten", "drew", "lost_to", "team_mate"]


class Current(msgspec.Struct):
    """A player's rating in a game type."""

    gametype: str
    rating: Skill
    matches: Annotated[int, Meta(description="rated ones")]
    last_at: Annotated[datetime, Meta(description="start of the latest of them")]
    rank: Annotated[int, Meta(description="place among all players of the game type, by ordinal")]
    players: Annotated[int, Meta(description="how many those are")]


class Day(msgspec.Struct):
    """A player's rating at the end of a day (UTC)."""

    gametype: str
    day: date
    rating: Skill
    matches: Annotated[int, Meta(description="of that day")]


class Other(msgspec.Struct):
    """Somebody else who was rated in the match."""

    player: Identity
    outcome: Annotated[Outcome, Meta(description="seen from the player whose change this is")]
    before: Skill


class RatedMatch(msgspec.Struct):
    """The match that a change came from."""

    id: Annotated[str, Meta(description="16 hexadecimal digits")]
    server_id: int
    map: str
    started_at: datetime


class Change(msgspec.Struct):
    """What a match did to a player's rating, and why."""

    match: RatedMatch
    gametype: str
    before: Skill
    after: Skill
    gained: Annotated[float, Meta(description="mu after less mu before")]
    reason: Annotated[
        str,
        Meta(examples=["Expected to beat 61% of 7 others, beat 86% of them, in all of the match: +0.42."]),
    ]
    team: Annotated[str, Meta(description="the team last played on")]
    rank: Annotated[int, Meta(description="1 for the best, or for the winning side")]
    share: Annotated[
        float, Meta(description="of the match's length that the player was in it; it weighs the change")
    ]
    expected: Annotated[
        float, Meta(description="share of the others to be beaten, or chance to win, by the ratings before")
    ]
    result: Annotated[float, Meta(description="what came of it; a draw counts half")]
    others: Annotated[list[Other], Meta(description="the best first")]


class MatchChange(msgspec.Struct):
    """What a match did to the rating of one who was in it, and why."""

    player: Identity
    before: Skill
    after: Skill
    gained: Annotated[float, Meta(description="mu after less mu before")]
    reason: Annotated[
        str,
        Meta(examples=["Expected to beat 61% of 7 others, beat 86% of them, in all of the match: +0.42."]),
    ]
    expected: Annotated[
        float, Meta(description="share of the others to be beaten, or chance to win, by the ratings before")
    ]
    result: Annotated[float, Meta(description="what came of it; a draw counts half")]


class PlayerRating(msgspec.Struct):
    """A player's ratings, how they came about, and a page of changes, the latest first."""

    player: Identity
    current: Annotated[list[Current], Meta(description="one for each game type, the latest played first")]
    curve: Annotated[list[Day], Meta(description=f"the latest {_CURVE_DAYS} days with a match, latest first")]
    changes: list[Change]
    next_cursor: str | None


class Place(msgspec.Struct):
    """A player's place among those of a game type."""

    rank: int
    player: Identity
    rating: Skill
    matches: int
    last_at: datetime


class Gametype(msgspec.Struct):
    """A game type in which players are rated."""

    gametype: str
    matches: int
    players: int


class Ratings(msgspec.Struct):
    """A page of a game type's players, the highest ordinal first."""

    gametype: str
    gametypes: Annotated[list[Gametype], Meta(description="all that have ratings, the most played first")]
    players: list[Place]
    next_cursor: str | None


async def ordinals(clickhouse: ClickHouse, members: Sequence[int], gametype: str) -> dict[int, float]:
    """Return the ordinals of those members who are rated, by member; 0 is where everybody begins.

    In a game type; in the one in which each was rated most often, if that is empty.
    """
    rows = await queries.of_members(clickhouse, list(members), gametype)
    return {row.member: skill(row.mu, row.sigma).ordinal for row in rows}


async def player_rating(
    clickhouse: ClickHouse, public_id: str, gametype: str | None, after: Cursor, limit: int
) -> PlayerRating:
    """Return a player's ratings, empty without a rated match. Raises NotFound for an unknown player."""
    who = await person(clickhouse, parse(public_id))
    known, current, curve, rows = await asyncio.gather(
        seen(clickhouse, [who.player]),
        queries.current(clickhouse, who.keys),
        queries.curve(clickhouse, who.keys, gametype, _CURVE_DAYS),
        queries.changes(clickhouse, who.keys, gametype, after, limit + 1),
    )
    if who.player not in known:
        raise NotFound(f"no player has the id {public_id!r}")
    shown = rows[:limit]
    more = len(rows) > limit
    end = Cursor(float(shown[-1].started_ms), shown[-1].match_key) if more else None
    return PlayerRating(
        known[who.player],
        [
            Current(row.gametype, skill(row.mu, row.sigma), row.matches, row.last_at, row.place, row.players)
            for row in current
            if gametype in (None, row.gametype)
        ],
        [Day(row.gametype, row.day, skill(row.mu, row.sigma), row.matches) for row in curve],
        await _changes(clickhouse, shown),
        paging.encode(end) if end else None,
    )


async def board(clickhouse: ClickHouse, gametype: str, minimum: int, after: Cursor, limit: int) -> Ratings:
    """Return a page of a game type's players, the highest ordinal first; empty where nobody is rated."""
    rows, kinds = await asyncio.gather(
        queries.board(clickhouse, gametype, minimum, after, limit + 1), queries.gametypes(clickhouse)
    )
    shown = rows[:limit]
    people = await identities(clickhouse, [row.player for row in shown])
    end = Cursor(shown[-1].value, shown[-1].player, after.passed + len(shown)) if len(rows) > limit else None
    return Ratings(
        gametype,
        [Gametype(kind.gametype, kind.matches, kind.players) for kind in kinds],
        [
            Place(after.passed + n, people[row.player], skill(row.mu, row.sigma), row.matches, row.last_at)
            for n, row in enumerate(shown, 1)
        ],
        paging.encode(end) if end else None,
    )


async def of_match(
    clickhouse: ClickHouse, match_key: int, gametype: str, started_at: datetime
) -> list[RatedRow]:
    """Return everybody who was rated in a match, the best first; nobody before it is rated."""
    return await queries.of_match(clickhouse, match_key, gametype, round(started_at.timestamp() * 1000))


def told(rows: Sequence[RatedRow], gametype: str, people: Mapping[str, Identity]) -> list[MatchChange]:
    """Return what a match did to the ratings of those in it, as people read it; `people` by their ids."""
    return [
        MatchChange(
            player=people.get(f"{row.player_key:016x}") or unknown(row.player_key),
            before=skill(row.mu_before, row.sigma_before),
            after=skill(row.mu, row.sigma),
            gained=round((row.mu - row.mu_before) / UNIT, 3),
            reason=reason(row, gametype, len(rows) - 1),
            expected=row.expected / UNIT,
            result=row.result / UNIT,
        )
        for row in rows
    ]


async def _changes(clickhouse: ClickHouse, rows: list[ChangeRow]) -> list[Change]:
    there, heads = await asyncio.gather(
        queries.of_matches(clickhouse, rows), queries.heads(clickhouse, [row.match_key for row in rows])
    )
    people = await identities(clickhouse, [other.player_key for all_ in there.values() for other in all_])
    return [_change(row, there.get(row.match_key, []), heads.get(row.match_key), people) for row in rows]


def _change(
    row: ChangeRow, there: list[RatedRow], head: HeadRow | None, people: dict[int, Identity]
) -> Change:
    others = [
        Other(people[other.player_key], _outcome(row, other), skill(other.mu_before, other.sigma_before))
        for other in there
        if other.player_key != row.player_key
    ]
    return Change(
        match=RatedMatch(
            f"{row.match_key:016x}", head.server_id if head else 0, head.map if head else "", row.started_at
        ),
        gametype=row.gametype,
        before=skill(row.mu_before, row.sigma_before),
        after=skill(row.mu, row.sigma),
        gained=round((row.mu - row.mu_before) / UNIT, 3),
        reason=reason(row, row.gametype, len(others)),
        team=row.team,
        rank=row.rank,
        share=row.share / UNIT,
        expected=row.expected / UNIT,
        result=row.result / UNIT,
        others=others,
    )


def _outcome(row: ChangeRow, other: RatedRow) -> Outcome:
    if row.gametype != "ffa" and row.team == other.team:
        return "team_mate"
    return "beaten" if other.rank > row.rank else "lost_to" if other.rank < row.rank else "drew"


def reason(row: RatedRow, gametype: str, others: int) -> str:
    """Say in a sentence why a rating changed."""
    played = "all" if row.share == UNIT else f"{row.share / UNIT:.0%}"
    gained = f"in {played} of the match: {(row.mu - row.mu_before) / UNIT:+.2f}."
    expected = f"{row.expected / UNIT:.0%}"
    if gametype == "ffa":
        beat = f"{row.result / UNIT:.0%}"
        return f"Expected to beat {expected} of {others} others, beat {beat} of them, {gained}"
    came = {0: "lost", UNIT: "won"}.get(row.result, "drew")
    return f"Expected to win with a chance of {expected}, {came}, {gained}"
