"""What each day came to, by record: records are asked of the days on which one was broken, and of no others.

For all that, `record_days` is a projection like the others: it follows from match_results, ratings, and who
is left off boards. Each day is kept with digests of what it was computed from.
"""

from datetime import date
from typing import Final

import msgspec

from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries, whole

NOUN = "record_days"

_SQL = queries("clickhouse", "records")
# So many at once.
_TOGETHER: Final = 50


class _Day(msgspec.Struct, frozen=True):
    day: date
    chain: int
    people: int
    matches: int


class _Played(msgspec.Struct):
    day: date
    chain: int
    matches: int


class _People(msgspec.Struct):
    day: date
    people: int


async def keep_days(clickhouse: ClickHouse, table: str = NOUN, *, others: bool = True) -> None:
    """Bring a `table` like record_days up to date. The caller keeps raters out.

    Where nobody is known to be somebody else than before, `others` is false: then days of which neither
    matches nor ratings have changed are not looked at.
    """
    known = {row.day: row for row in await clickhouse.rows(_SQL["known_days"], _Day, record_days=table)}
    played = {row.day: row for row in await clickhouse.rows(_SQL["played_days"], _Played)}
    changed = {
        day for day in known.keys() | played.keys() if _state(known.get(day)) != _state(played.get(day))
    }
    rows = await clickhouse.rows(
        _SQL["people_of_days"], _People, every_day=others, days=[day.isoformat() for day in sorted(changed)]
    )
    people = {row.day: row.people for row in rows}
    if others:
        changed |= {day for day, row in known.items() if row.people != people.get(day, 0)}
    stale = [
        _Day(day, now.chain, people.get(day, 0), now.matches) if now else _Day(day, 0, 0, 0)
        for day in sorted(changed)
        for now in [played.get(day)]
    ]
    for first in range(0, len(stale), _TOGETHER):
        await _compute(clickhouse, table, stale[first : first + _TOGETHER])


def _state(row: _Day | _Played | None) -> tuple[int, int] | None:
    return (row.chain, row.matches) if row else None


async def _compute(clickhouse: ClickHouse, table: str, days: list[_Day]) -> None:
    day_bests = whole(_SQL, "day_bests")
    await clickhouse.command(
        f"INSERT INTO {table} {day_bests}",
        record_days=table,
        every_day=False,
        days=[row.day.isoformat() for row in days],
        chains=[row.chain for row in days],
        people=[row.people for row in days],
        matches=[row.matches for row in days],
        server=0,
        map="",
        gametype="",
    )
