"""Settling matches: what each player's part in one came to is computed anew whenever more of it has arrived.

Streaks, multi-kills and playtime cannot be added up as events come in, so no view keeps them. For all that,
`match_results` is a projection like the others: it follows from `matches` and `match_players` alone.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import msgspec

from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

NOUN = "match_results"
SOURCES = ("match_players", "matches")

_SQL = queries("clickhouse", "results")
# So many together: their lifelines are in memory at once, and each time nearly all of match_players is read.
_TOGETHER = 5_000

# Keeps writers out while it lasts. It gives False when a block stands half in the tables.
Quiet = Callable[[], AbstractAsyncContextManager[bool]]


class _Told(msgspec.Struct):
    events: int
    links: int


class _Match(msgspec.Struct):
    match_key: int


class Settler:
    """Settles what is new since it looked last."""

    def __init__(self, clickhouse: ClickHouse, quiet: Quiet) -> None:
        self._clickhouse = clickhouse
        self._quiet = quiet
        self._settled: _Told | None = None

    async def step(self) -> None:
        """Settle every match that has changed; writers wait for some of them at a time."""
        told = await self._clickhouse.one(_SQL["told"], _Told)
        if told == self._settled:
            return
        matches = await unsettled(self._clickhouse)
        for first in range(0, len(matches), _TOGETHER):
            async with self._quiet() as whole:
                if not whole:
                    return
                await _settle(self._clickhouse, matches[first : first + _TOGETHER], NOUN)
        self._settled = told


async def unsettled(clickhouse: ClickHouse) -> list[int]:
    """Return the matches whose results are not those of the events and links that there are."""
    return [match.match_key for match in await clickhouse.rows(_SQL["unsettled"], _Match)]


async def settle_all(clickhouse: ClickHouse, table: str = NOUN) -> None:
    """Compute every match anew, into a `table` like match_results. The caller keeps writers out."""
    matches = [match.match_key for match in await clickhouse.rows(_SQL["all"], _Match)]
    for first in range(0, len(matches), _TOGETHER):
        await _settle(clickhouse, matches[first : first + _TOGETHER], table)


async def _settle(clickhouse: ClickHouse, matches: list[int], table: str) -> None:
    computed = _SQL["computed"]
    await clickhouse.command(f"INSERT INTO {table} {computed}", matches=matches, results=table)
