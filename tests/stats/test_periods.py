"""Periods are those of the calendar, in UTC."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.stats.periods import Period, Window, window


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
    assert window(period, date(2026, 11, 21)) == Window(since, until)


@given(
    st.dates(date(2020, 1, 1), date(2100, 12, 31)),
    st.sampled_from(["day", "week", "month", "season", "year", "all"]),
)
def test_a_period_holds_its_day_and_follows_on(today: date, period: Period) -> None:
    found = window(period, today)
    assert found.since <= today < found.until
    if period != "all":
        assert window(period, found.since) == found
        assert window(period, found.until - timedelta(days=1)) == found
        assert window(period, found.until).since == found.until


@pytest.mark.parametrize("months", [1, 2, 3, 4, 6, 12])
def test_seasons_of_any_length_fill_a_year(months: int) -> None:
    first, seasons = date(2026, 1, 1), 0
    while first < date(2027, 1, 1):
        season = window("season", first, months)
        assert season.since == first
        first, seasons = season.until, seasons + 1
    assert (first, seasons) == (date(2027, 1, 1), 12 // months)
