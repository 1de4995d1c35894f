"""Leaderboards: players ranked by a metric over a calendar period."""

from datetime import date
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from api import paging
from api.paging import Cursor
from api.players.identities import Bots, Identity, identities
from api.stats.metrics import Metric, metric
from api.stats.periods import Period, window
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "leaderboards")
# How far down a board a player is looked for.
SEARCHED: Final = 5_000
# Which hits count depends on the day.
_BY_DAY = frozenset({"accuracy"})


class Scope(msgspec.Struct, frozen=True):
    """What a board counts."""

    period: Period = "all"
    server: int | None = None
    map: str | None = None
    gametype: str | None = None
    bots: Bots = "exclude"


class Place(msgspec.Struct):
    """A player's place on a board."""

    rank: Annotated[int, Meta(description="place in the list; equal values are ordered by id")]
    player: Identity
    value: Annotated[float, Meta(examples=[2.5])]
    sample: Annotated[int, Meta(description="how many cases the value stands on, in the metric's `sample`")]
    note: Annotated[str | None, Meta(description="what is special about the value")] = None


class Board(msgspec.Struct):
    """A page of a board, the best first. `since` and `until` are UTC days, `until` is not counted in."""

    metric: Metric
    scope: Scope
    since: date
    until: date
    players: list[Place]
    next_cursor: str | None


class Metrics(msgspec.Struct):
    """Every metric that has a board."""

    metrics: list[Metric]


class _Row(msgspec.Struct):
    player: int
    value: float
    sample: int
    deathless: int


async def board(
    clickhouse: ClickHouse, name: str, scope: Scope, today: date, after: Cursor, limit: int
) -> Board:
    """Return a page of a board. Raises Unprocessable for an unknown metric."""
    chosen = metric(name)
    rows = await _rows(clickhouse, chosen, scope, today, after, limit + 1)
    shown = rows[:limit]
    people = await identities(clickhouse, [row.player for row in shown])
    places = [
        Place(after.passed + n, people[row.player], row.value, row.sample, _note(chosen, row))
        for n, row in enumerate(shown, 1)
    ]
    more = len(rows) > limit
    end = Cursor(shown[-1].value, shown[-1].player, after.passed + len(shown)) if more else None
    days = window(scope.period, today)
    return Board(chosen, scope, days.since, days.until, places, paging.encode(end) if end else None)


class Standing(msgspec.Struct):
    """A player's rank on a board, and the player just above; `rank` is None below the first `SEARCHED`."""

    metric: Metric
    rank: int | None = None
    value: float = 0
    above: int | None = None
    above_value: float = 0


async def standing(clickhouse: ClickHouse, name: str, scope: Scope, today: date, player: int) -> Standing:
    """Return where a player stands on a board. Raises Unprocessable for an unknown metric."""
    chosen = metric(name)
    rows = await _rows(clickhouse, chosen, scope, today, paging.START, SEARCHED)
    for place, row in enumerate(rows):
        if row.player == player:
            if not place:
                return Standing(chosen, 1, row.value)
            above = rows[place - 1]
            return Standing(chosen, place + 1, row.value, above.player, above.value)
    return Standing(chosen)


async def _rows(
    clickhouse: ClickHouse, chosen: Metric, scope: Scope, today: date, after: Cursor, limit: int
) -> list[_Row]:
    days = window(scope.period, today)
    return await clickhouse.rows(
        _SQL[chosen.source],
        _Row,
        scores=_table(chosen, scope),
        metric=chosen.name,
        sample=chosen.sample,
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
    return "player_totals" if everything and chosen.name not in _BY_DAY else "player_daily"


def _note(chosen: Metric, row: _Row) -> str | None:
    return "no deaths: kills are shown" if chosen.name == "kd" and row.deathless else None
