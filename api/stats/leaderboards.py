"""Leaderboards: players ranked by a metric over a calendar period."""

import re
from datetime import date
from functools import cache
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from api import paging
from api.errors import Unprocessable
from api.paging import Cursor
from api.players.identities import Bots, Identity, identities
from api.stats.metrics import RECIPES, Metric, metric, reporting
from api.stats.periods import Calendar, Period, window
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "leaderboards")
_SIGNED: Final = {
    "count()": "sum(sign)",
    "countIf(": "sumIf(sign, ",
    "sum(": "sum(sign * ",
    "sumIf(": "sumIf(sign * ",
}
_SUMS: Final = re.compile(rf"\b(?:{'|'.join(map(re.escape, _SIGNED))})")
# How far down a board a player is looked for.
SEARCHED: Final = 5_000


class Scope(msgspec.Struct, frozen=True):
    """What a board counts."""

    period: Period = "all"
    server: int | None = None
    map: str | None = None
    gametype: str | None = None
    bots: Bots = "exclude"
    weapon: str | None = None


class Place(msgspec.Struct):
    """A player's place on a board."""

    rank: Annotated[int, Meta(description="place in the list; equal values are ordered by id")]
    player: Identity
    value: Annotated[float, Meta(examples=[2.5])]
    sample: Annotated[int, Meta(description="how many cases the value stands on, in the metric's `sample`")]
    score: Annotated[
        float,
        Meta(description="what the place follows from, as the metric's `ranks` says; the highest is first"),
    ]
    note: Annotated[str | None, Meta(description="what is special about the value")] = None


class Board(msgspec.Struct):
    """A page of a board, the best first. `since` and `until` are UTC days, `until` is not counted in."""

    metric: Metric
    scope: Scope
    since: date
    until: date
    players: list[Place]
    next_cursor: str | None
    unknown: Annotated[
        str | None, Meta(description="why nothing can be said: no server here reports what it takes")
    ] = None


class Metrics(msgspec.Struct):
    """Every metric that has a board."""

    metrics: list[Metric]


class _Row(msgspec.Struct):
    player: int
    value: float
    sample: int
    score: float


class _Reporting(msgspec.Struct):
    servers: int


async def board(
    clickhouse: ClickHouse, name: str, scope: Scope, calendar: Calendar, after: Cursor, limit: int
) -> Board:
    """Return a page of a board.

    Raises Unprocessable for an unknown metric, and for a scope that the metric is not counted by.
    """
    chosen = metric(name)
    _check(chosen, scope)
    rows = await _rows(clickhouse, chosen, scope, calendar, after, limit + 1)
    shown = rows[:limit]
    people = await identities(clickhouse, [row.player for row in shown])
    places = [
        Place(after.passed + n, people[row.player], row.value, row.sample, row.score, _note(chosen, row))
        for n, row in enumerate(shown, 1)
    ]
    more = len(rows) > limit
    end = Cursor(shown[-1].score, shown[-1].player, after.passed + len(shown)) if more else None
    days = window(scope.period, calendar)
    unknown = None if rows else await why_unknown(clickhouse, chosen, scope.server)
    return Board(chosen, scope, days.since, days.until, places, paging.encode(end) if end else None, unknown)


class Standing(msgspec.Struct):
    """A player's rank on a board, and the player just above; `rank` is None below the first `SEARCHED`."""

    metric: Metric
    rank: int | None = None
    value: float = 0
    above: int | None = None
    above_value: float = 0


async def standing(
    clickhouse: ClickHouse, name: str, scope: Scope, calendar: Calendar, player: int
) -> Standing:
    """Return where a player stands on a board. Raises Unprocessable as `board` does."""
    chosen = metric(name)
    _check(chosen, scope)
    rows = await _rows(clickhouse, chosen, scope, calendar, paging.START, SEARCHED)
    for place, row in enumerate(rows):
        if row.player == player:
            if not place:
                return Standing(chosen, 1, row.value)
            above = rows[place - 1]
            return Standing(chosen, place + 1, row.value, above.player, above.value)
    return Standing(chosen)


@cache
def composed(name: str, *, by_weapon: bool = False, of_a_period: bool = False) -> str:
    """Return the SQL of a metric's board: that of its source, with the catalogue's expressions in it."""
    chosen, recipe = metric(name), RECIPES[name]
    value, sample = recipe.weapon if by_weapon else recipe.value, recipe.sample
    score = "wilson_95(counted, cases)" if chosen.ranks == "wilson_95" else "counted"
    if by_weapon:
        inner = _SQL["by_weapon"]
    elif chosen.source == "rated" and of_a_period:
        inner = _SQL["rated_between"]
    elif chosen.source == "by_match" and "max(" in value:
        inner = _SQL["by_match_most"]
    elif chosen.source == "by_match":
        inner, value, sample = _SQL["by_match"], _by_sign(value), _by_sign(sample)
    else:
        inner = _SQL[chosen.source]
    # Few kills are by fire: the rows of other kinds need not be read to add nothing.
    kinds = f"kind IN ({', '.join(map(repr, recipe.kinds))})" if recipe.kinds else "true"
    counted = (
        inner.replace("{value:Expression}", value)
        .replace("{sample:Expression}", sample)
        .replace("{kinds:Expression}", kinds)
    )
    return (
        _SQL["board"]
        .replace("{counted:Query}", counted)
        .replace("{score:Expression}", f"-{score}" if chosen.direction == "lowest" else score)
    )


def _by_sign(aggregates: str) -> str:
    """Return sums and counts of rows that hold as such of all rows, less those that were taken back."""
    return _SUMS.sub(lambda found: _SIGNED[found[0]], aggregates)


async def _rows(
    clickhouse: ClickHouse, chosen: Metric, scope: Scope, calendar: Calendar, after: Cursor, limit: int
) -> list[_Row]:
    days, recipe = window(scope.period, calendar), RECIPES[chosen.name]
    return await clickhouse.rows(
        composed(chosen.name, by_weapon=scope.weapon is not None, of_a_period=scope.period != "all"),
        _Row,
        scores=_table(chosen, scope),
        acts=list(recipe.acts),
        reporting=reporting(chosen),
        weapon=scope.weapon or "",
        signed=recipe.signed,
        minimum=chosen.minimum,
        since=days.since.isoformat(),
        until=days.until.isoformat(),
        server=scope.server or 0,
        map=scope.map or "",
        gametype=scope.gametype or "",
        bots=scope.bots,
        after_value=after.value,
        after_id=after.id,
        limit=limit,
    )


def _table(chosen: Metric, scope: Scope) -> str:
    """Return what a board by day is asked of: totals, unless it is about some days, servers or maps only."""
    everything = Scope(bots=scope.bots) == scope
    return "player_totals" if everything and not RECIPES[chosen.name].by_day else "player_daily"


def _check(chosen: Metric, scope: Scope) -> None:
    if scope.weapon is not None and not chosen.by_weapon:
        raise Unprocessable(f"{chosen.name!r} is not told by weapon: leave `weapon` away")
    if scope.weapon is not None and Scope(bots=scope.bots, weapon=scope.weapon) != scope:
        raise Unprocessable(
            "what was done with a weapon is counted over all times and places only: leave `period`, "
            "`server`, `map` and `gametype` away"
        )
    if chosen.source == "rated" and (scope.server or scope.map):
        raise Unprocessable("ratings are one for all servers and maps: leave `server` and `map` away")
    if chosen.name == "rating" and scope.period != "all":
        raise Unprocessable(
            "a rating is where a player stands now: leave `period` away, or ask for rating_gained"
        )


async def why_unknown(clickhouse: ClickHouse, chosen: Metric, server: int | None) -> str | None:
    """Say why nothing can be known of a metric on a server, or on any; None where something can."""
    if not chosen.reports:
        return None
    types = list(chosen.reports)
    found = await clickhouse.one(_SQL["reporting"], _Reporting, types=types, server=server or 0)
    if found is not None and found.servers:
        return None
    where = "This server never" if server else "No server ever"
    return f"{where} reported {' or '.join(types)}, so {chosen.title.lower()} cannot be known."


def _note(chosen: Metric, row: _Row) -> str | None:
    return "no deaths: kills are shown" if chosen.name == "kd" and row.value == row.sample else None
