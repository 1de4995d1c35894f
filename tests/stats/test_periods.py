"""Periods are those of the calendar, in UTC."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.stats.periods import Calendar, Period, Window, seasons, window


@pytest.mark.parametrize(
    ("period", "since", "until"),
    [
        ("day", date(2026, 11, 21), date(2026, 11, 22)),
        ("week", date(2026, 11, 16), date(2026, 11, 23)),
        ("month", date(2026, 11, 1), date(2026, 12, 1)),
        ("season", date(2026, 10, 1), date(2027, 1, 1)),
        ("year", date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_a_saturday_in_november(period: Period, since: date, until: date) -> None:
    assert window(period, Calendar(date(2026, 11, 21), 3)) == Window(since, until)


@given(
    st.dates(date(2020, 1, 1), date(2100, 12, 31)),
    st.sampled_from(["day", "week", "month", "season", "year", "all"]),
)
def test_a_period_holds_its_day_and_follows_on(today: date, period: Period) -> None:
    found = window(period, Calendar(today, 3))
    assert found.since <= today < found.until
    if period != "all":
        assert window(period, Calendar(found.since, 3)) == found
        assert window(period, Calendar(found.until - timedelta(days=1), 3)) == found
        assert window(period, Calendar(found.until, 3)).since == found.until


@pytest.mark.parametrize("months", [1, 2, 3, 4, 6, 12])
def test_seasons_of_any_length_fill_a_year(months: int) -> None:
    first, seasons = date(2026, 1, 1), 0
    while first < date(2027, 1, 1):
        season = window("season", Calendar(first, months))
        assert season.since == first
        first, seasons = season.until, seasons + 1
    assert (first, seasons) == (date(2027, 1, 1), 12 // months)


@pytest.mark.parametrize(
    ("months", "said"),
    [
        (1, "A season is a month."),
        (3, "A season lasts 3 months: one begins with January, April, July and October."),
        (6, "A season lasts 6 months: one begins with January and July."),
        (12, "A season is a year."),
    ],
)
def test_seasons_are_told_in_words(months: int, said: str) -> None:
    assert seasons(months) == said
