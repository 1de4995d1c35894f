"""Rating matches, in the order in which they began: one that is late, or a merge, computes all after it anew.

For all that, `ratings` is a projection like the others: it follows from the matches that have ended alone.
What a step has computed is noted with the digest of what it was computed from, so whatever changed meanwhile,
or was cut off, is found by the next.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final, NamedTuple

import msgspec
import structlog

from api import metrics
from api.ratings.model import VERSION, Change, Entrant, LineUp, Rating, rate
from api.ratings.record_days import keep_days
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

NOUN = "ratings"
SOURCE = "match_results"
# What the last match of each left in it, for boards.
CURRENT = "current_ratings"

_SQL = queries("clickhouse", "ratings")
# So many at once: a second's work.
_TOGETHER: Final = 500
_CHAIN: Final = 2**64
# The last moment of DateTime64.
_FOR_EVER: Final = 10_413_791_999_999

# Keeps other raters, and whoever makes tables anew, out while it lasts.
Alone = Callable[[], AbstractAsyncContextManager[object]]

log = structlog.get_logger()


class Place(NamedTuple):
    """A match's place in the order: its start in unix milliseconds, then its key."""

    started_ms: int
    match: int


_BEGINNING: Final = Place(0, 0)


class _Told(msgspec.Struct):
    matches: int
    links: int
    bots: int
    flagged: int

    @property
    def people(self) -> tuple[int, int, int]:
        """What is said of people."""
        return self.links, self.bots, self.flagged


class _Stale(msgspec.Struct):
    gametype: str
    first: tuple[int, int]
    matches: int


class _Gametype(msgspec.Struct):
    gametype: str


class _Next(msgspec.Struct):
    started_ms: int
    match_key: int


class _Match(msgspec.Struct):
    match_key: int
    gametype: str
    started_ms: int
    length: int
    winning_team: str
    score: list[int]
    entrants: list[Entrant]
    digest: int

    @property
    def place(self) -> Place:
        """Where it stands in the order."""
        return Place(self.started_ms, self.match_key)

    @property
    def line_up(self) -> LineUp:
        """What the rating is told of it."""
        return LineUp(
            gametype=self.gametype,
            length=self.length,
            winning_team=self.winning_team,
            score=(self.score[0], self.score[1]) if self.score else None,
            entrants=self.entrants,
        )


class _Before(msgspec.Struct):
    player_key: int
    mu: int
    sigma: int
    chain: int


# As the query `rated` takes it apart.
_Row = tuple[int, int, int, int, int, int, int, int, str, int, int, int, int]


class Rater:
    """Rates what is new since it looked last."""

    def __init__(self, clickhouse: ClickHouse, alone: Alone) -> None:
        self._clickhouse = clickhouse
        self._alone = alone
        self._rated: _Told | None = None

    async def step(self) -> None:
        """Rate every match that has ended and is not rated, some at a time."""
        told = await self._clickhouse.one(_SQL["told"], _Told)
        if told == self._rated:
            return
        for stale in await _stale(self._clickhouse):
            metrics.ratings_waiting.labels(stale.gametype).set(stale.matches)
            left, place = stale.matches, Place(*stale.first)
            while True:
                async with self._alone():
                    done, after = await _rate_some(self._clickhouse, NOUN, stale.gametype, place)
                left = max(0, left - done)
                metrics.ratings_waiting.labels(stale.gametype).set(left)
                if after is None:
                    break
                place = after
                log.info("rating matches", gametype=stale.gametype, left=left)
        others = told is None or self._rated is None or told.people != self._rated.people
        async with self._alone():
            await keep_current(self._clickhouse)
            await keep_days(self._clickhouse, others=others)
        # What came meanwhile is no longer what was told.
        self._rated = told


async def unrated(clickhouse: ClickHouse) -> int:
    """Return how many matches wait to be rated, or to be rated anew."""
    return sum(stale.matches for stale in await _stale(clickhouse))


async def rate_all(clickhouse: ClickHouse, table: str = NOUN) -> None:
    """Rate every match, into a `table` like ratings that is empty. The caller keeps others out."""
    for stale in await _stale(clickhouse, table):
        place: Place | None = _BEGINNING
        while place is not None:
            _, place = await _rate_some(clickhouse, table, stale.gametype, place)


async def keep_current(clickhouse: ClickHouse, table: str = CURRENT) -> None:
    """Bring a `table` like current_ratings up to ratings. The caller keeps raters out.

    A chain follows from all matches up to one, and ratings from the same, so that of the last match tells
    whether there is anything to do, whatever was cut off before.
    """
    last_known = _SQL["last_known"]
    for behind in await clickhouse.rows(_SQL["behind"], _Gametype, current=table):
        await clickhouse.command(f"INSERT INTO {table} {last_known}", current=table, gametype=behind.gametype)


async def _stale(clickhouse: ClickHouse, table: str = NOUN) -> list[_Stale]:
    return await clickhouse.rows(_SQL["stale"], _Stale, ratings=table, model=VERSION)


async def _rate_some(
    clickhouse: ClickHouse, table: str, gametype: str, first: Place
) -> tuple[int, Place | None]:
    """Rate the next matches of a game type, from one on.

    Returns how many those were, and where to go on; None behind the last one.
    """
    places = [
        Place(row.started_ms, row.match_key)
        for row in await clickhouse.rows(
            _SQL["next"],
            _Next,
            gametype=gametype,
            started_ms=first.started_ms,
            match=first.match,
            limit=_TOGETHER + 1,
        )
    ]
    some, after = places[:_TOGETHER], places[_TOGETHER] if len(places) > _TOGETHER else None
    keys = [place.match for place in some]
    matches = await clickhouse.rows(_SQL["line_ups"], _Match, model=VERSION, gametype=gametype, matches=keys)
    players = sorted({entrant.player for match in matches for entrant in match.entrants})
    rows = await clickhouse.rows(
        _SQL["before"],
        _Before,
        ratings=table,
        gametype=gametype,
        started_ms=first.started_ms,
        match=first.match,
        players=[0, *players],
    )
    # In a thread, or everything else would wait for it.
    computed = await asyncio.to_thread(_compute, matches, rows)
    # Behind the last one, whatever stands there is of no match.
    last = some[-1] if after else Place(_FOR_EVER, _CHAIN - 1)
    rated = _SQL["rated"]
    await clickhouse.command(
        f"INSERT INTO {table} {rated}",
        ratings=table,
        gametype=gametype,
        from_ms=first.started_ms,
        from_match=first.match,
        to_ms=last.started_ms,
        to_match=last.match,
        rows=computed,
    )
    return len(some), after


def _compute(matches: list[_Match], before: list[_Before]) -> list[_Row]:
    ratings = {row.player_key: Rating(row.mu, row.sigma) for row in before if row.player_key}
    chain = next((row.chain for row in before if not row.player_key), 0)
    rows: list[_Row] = []
    for match in matches:
        chain = (chain + match.digest) % _CHAIN
        rows.append((*match.place, 0, chain, 0, 0, 0, 0, "", 0, 0, 0, 0))
        for change in rate(match.line_up, ratings):
            ratings[change.player] = change.after
            rows.append(_row(match.place, change))
    return rows


def _row(place: Place, change: Change) -> _Row:
    before, after = change.before, change.after
    outcome = (change.team, change.rank, change.share, change.expected, change.result)
    return (*place, change.player, 0, before.mu, before.sigma, after.mu, after.sigma, *outcome)
