"""Calendar periods, in UTC."""

from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

import msgspec

Period = Literal["day", "week", "month", "season", "year", "all"]

_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


class Window(msgspec.Struct, frozen=True):
    """Days from `since` up to, and without, `until`."""

    since: date
    until: date


# The days that ClickHouse's Date can hold.
EVER: Final = Window(date(1970, 1, 1), date(2149, 6, 6))


class Calendar(msgspec.Struct, frozen=True):
    """Which day it is, UTC, and how many months a season has, which divide 12."""

    today: date
    season_months: int


def calendar(season_months: int) -> Calendar:
    """Return the calendar of this moment."""
    return Calendar(datetime.now(UTC).date(), season_months)


def seasons(season_months: int) -> str:
    """Say in words when seasons begin."""
    begin = [_MONTHS[month] for month in range(0, 12, season_months)]
    if season_months == 1:
        return "A season is a month."
    if len(begin) == 1:
        return "A season is a year."
    said = f"{', '.join(begin[:-1])} and {begin[-1]}"
    return f"A season lasts {season_months} months: one begins with {said}."


def window(period: Period, calendar: Calendar) -> Window:
    """Return the period that today lies in.

    A week begins on Monday. Seasons follow each other from January on.
    """
    today, season_months = calendar.today, calendar.season_months
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
    return EVER
