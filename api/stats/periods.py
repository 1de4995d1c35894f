"""Calendar periods, in UTC."""

from datetime import date, timedelta
from typing import Literal

import msgspec

Period = Literal["day", "week", "month", "season", "year", "all"]

# A season is a quarter of the calendar, unless it is set to another part of the year.
SEASON_MONTHS = 3

# The days that ClickHouse's Date can hold.
_FIRST_DAY = date(1970, 1, 1)
_LAST_DAY = date(2149, 6, 6)


class Window(msgspec.Struct, frozen=True):
    """Days from `since` up to, and without, `until`."""

    since: date
    until: date


def window(period: Period, today: date, season_months: int = SEASON_MONTHS) -> Window:
    """Return the calendar period that `today` lies in.

    A week begins on Monday. Seasons of `season_months`, which divides 12, follow each other from January on.
    """
    if period == "day":
        return Window(today, today + timedelta(days=1))
    if period == "week":
        monday = today - timedelta(days=today.weekday())
        return Window(monday, monday + timedelta(days=7))
    if period == "month":
        first = today.replace(day=1)
        return Window(first, (first + timedelta(days=31)).replace(day=1))
    if period == "season":
        first_month = (today.month - 1) // season_months * season_months + 1
        first = date(today.year, first_month, 1)
        return Window(first, (first + timedelta(days=31 * season_months)).replace(day=1))
    if period == "year":
        return Window(date(today.year, 1, 1), date(today.year + 1, 1, 1))
    return Window(_FIRST_DAY, _LAST_DAY)
