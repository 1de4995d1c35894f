"""Form: whether a player is getting better, with how sure that is."""

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from api.players.identities import Identity, Known
from api.stats.career.trend import LEAST, line
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "career")
# Of so many matches at most, the latest, each played for so many seconds at least.
MATCHES: Final = 50
SECONDS: Final = 120

Verdict = Literal["rising", "falling", "no clear trend", "too few matches"]


class FormMatch(msgspec.Struct):
    """A match in a player's form."""

    id: str
    map: str
    started_at: datetime
    kills: int
    deaths: int
    playtime: Annotated[float, Meta(description="seconds")]
    rate: Annotated[float, Meta(description="kills less deaths per 10 minutes played")]
    fitted: Annotated[float | None, Meta(description="the trend at this match; null for too few matches")]
    low: Annotated[float | None, Meta(description="95% interval of the trend at this match")]
    high: float | None


class Change(msgspec.Struct):
    """By how much the rate changes in 10 matches, with its 95% interval."""

    per_10_matches: float
    low: float
    high: float


class Form(msgspec.Struct):
    """A player's form over the latest matches: a least-squares line through the rates.

    The rate of a match is (kills - deaths) / minutes played * 10. The verdict is "no clear trend" where the
    95% interval of the slope holds zero; formulas and their source stand in api/stats/career/trend.py.
    """

    player: Identity
    gametype: Annotated[str | None, Meta(description="null: of all game types")]
    verdict: Verdict
    change: Change | None
    average: Annotated[float | None, Meta(description="of the rates")]
    matches: Annotated[
        list[FormMatch], Meta(description=f"the latest {MATCHES} played for {SECONDS} s, the earliest first")
    ]


class _Row(msgspec.Struct):
    id: str
    map: str
    started_at: datetime
    kills: int
    deaths: int
    playtime: float


async def form(clickhouse: ClickHouse, who: Known, gametype: str | None = None) -> Form:
    """Return a player's form."""
    rows = await clickhouse.rows(
        _SQL["form"], _Row, keys=who.keys, seconds=SECONDS, gametype=gametype or "", limit=MATCHES
    )
    rows.reverse()
    rates = [600 * (row.kills - row.deaths) / row.playtime for row in rows]
    through = line(rates)
    matches = [
        FormMatch(
            row.id,
            row.map,
            row.started_at,
            row.kills,
            row.deaths,
            row.playtime,
            round(rates[n], 3),
            round(through.fitted[n], 3) if through else None,
            round(through.low[n], 3) if through else None,
            round(through.high[n], 3) if through else None,
        )
        for n, row in enumerate(rows)
    ]
    average = round(sum(rates) / len(rates), 3) if rates else None
    if through is None:
        return Form(who.identity, gametype, "too few matches", None, average, matches)
    change = Change(
        *(round(10 * value, 3) for value in (through.slope, through.slope_low, through.slope_high))
    )
    clear: Verdict = "rising" if through.slope > 0 else "falling"
    return Form(
        who.identity, gametype, clear if through.is_clear else "no clear trend", change, average, matches
    )


def missing(found: Form) -> int:
    """Return how many matches a form lacks to have a trend."""
    return max(0, LEAST - len(found.matches))
