"""A player's personal bests, each with its match, and streaks of every kind."""

import asyncio
from collections import Counter
from datetime import datetime
from itertools import groupby
from typing import Annotated

import msgspec
from msgspec import Meta

from api.players.identities import Identity, Known
from api.stats.career.parts import Farthest, longest_kill
from api.stats.career.summary import MultiKill, multi_kills_of
from api.stats.records import DEFINITIONS, Definition
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "career")


class Best(msgspec.Struct):
    """The most that a player reached in one match, and the earliest match in which that was."""

    best: Definition
    value: float
    match: Annotated[str, Meta(description="its id")]
    server_id: int
    map: str
    gametype: str
    started_at: datetime


class Bests(msgspec.Struct):
    """A player's personal bests."""

    player: Identity
    bests: list[Best]
    farthest: Annotated[Farthest | None, Meta(description="the longest kill, where places are reported")]


class StreakCount(msgspec.Struct):
    """In how many matches the best streak was so long."""

    kills: int
    matches: int


class Streaks(msgspec.Struct):
    """Streaks of a player.

    A streak of kills ends with a death and with the match. Wins and losses in a row leave out matches
    without an outcome. Days are UTC.
    """

    player: Identity
    best_streak: int
    best_streaks: Annotated[list[StreakCount], Meta(description="the best streak of each match, counted")]
    multi_kills: list[MultiKill]
    most_wins: Annotated[int, Meta(description="in a row")]
    most_losses: int
    current: Annotated[int, Meta(description="wins in a row up to now; negative for losses")]
    most_days: Annotated[int, Meta(description="in a row on which a match began for the player")]


class _Best(msgspec.Struct):
    name: str
    value: float
    id: str
    server_id: int
    map: str
    gametype: str
    started_at: datetime


class _Outcomes(msgspec.Struct):
    outcomes: list[int]
    streaks: list[int]
    multi_kills: list[int]
    days: list[int]


async def bests(clickhouse: ClickHouse, who: Known) -> Bests:
    """Return a player's personal bests."""
    rows, farthest = await asyncio.gather(
        clickhouse.rows(_SQL["bests"], _Best, keys=who.keys), longest_kill(clickhouse, who.keys)
    )
    found = {row.name: row for row in rows}
    return Bests(
        who.identity,
        [
            Best(definition, row.value, row.id, row.server_id, row.map, row.gametype, row.started_at)
            for name, definition in DEFINITIONS.items()
            if (row := found.get(name)) is not None
        ],
        farthest,
    )


async def streaks(clickhouse: ClickHouse, who: Known) -> Streaks:
    """Return a player's streaks."""
    row = await clickhouse.one(_SQL["outcomes"], _Outcomes, keys=who.keys)
    told = row or _Outcomes([], [], [], [])
    wins, losses, current = runs(told.outcomes)
    return Streaks(
        player=who.identity,
        best_streak=max(told.streaks, default=0),
        best_streaks=[StreakCount(*pair) for pair in sorted(Counter(told.streaks).items()) if pair[0]],
        multi_kills=multi_kills_of(told.multi_kills),
        most_wins=wins,
        most_losses=losses,
        current=current,
        most_days=days_in_a_row(told.days),
    )


def runs(outcomes: list[int]) -> tuple[int, int, int]:
    """Return the most wins (1) and losses (-1) in a row, and the run at the end, negative for losses."""
    found = [(outcome, len(list(same))) for outcome, same in groupby(outcomes)]
    wins = max((length for outcome, length in found if outcome > 0), default=0)
    losses = max((length for outcome, length in found if outcome < 0), default=0)
    return wins, losses, found[-1][0] * found[-1][1] if found else 0


def days_in_a_row(days: list[int]) -> int:
    """Return the most days in a row among days in their order, each once."""
    lengths = Counter(day - place for place, day in enumerate(days))
    return max(lengths.values(), default=0)
