"""Making reports of matches that are over, and anew whenever the results of one were computed anew.

A report is a projection like the others: it follows from the events of its match and from who is whom, by the
rules. Results follow from the same (api/matches/job.py), so a report whose version of them is the present one
is up to date. An erasure gives its keys to stand-ins where it stands, as in every table.
"""

from typing import Final

from api.reports import queries
from api.reports.queries import NOUN as NOUN
from api.reports.service import Alone, named, rules_of, tell
from api.settings import Settings
from api.stores.clickhouse import ClickHouse

# By which those keep each other out who make reports.
LOCK: Final = 0x7265_706F_7274  # "report"

# Made together: their moments are in memory at once.
_TOGETHER: Final = 200


class Reporter:
    """Tells what is over since it looked last."""

    def __init__(self, clickhouse: ClickHouse, settings: Settings, alone: Alone) -> None:
        self._clickhouse = clickhouse
        self._settings = settings
        self._alone = alone
        self._seen: queries.Told | None = None

    async def step(self) -> None:
        """Make every report that is missing or out of date, some at a time."""
        silence = self._settings.live_timeout_seconds
        seen = await queries.told(self._clickhouse, silence)
        if seen == self._seen:
            return
        stale = await queries.stale(self._clickhouse, NOUN, named(rules_of(self._settings)), silence)
        for first in range(0, len(stale), _TOGETHER):
            async with self._alone():
                await tell(self._clickhouse, NOUN, self._settings, stale[first : first + _TOGETHER])
        self._seen = seen


async def tell_all(clickhouse: ClickHouse, settings: Settings, table: str = NOUN) -> None:
    """Make every report, into a `table` like match_reports that is empty. The caller keeps others out."""
    rules, silence = named(rules_of(settings)), settings.live_timeout_seconds
    stale = await queries.stale(clickhouse, table, rules, silence)
    for first in range(0, len(stale), _TOGETHER):
        await tell(clickhouse, table, settings, stale[first : first + _TOGETHER])
