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
        ("year", date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_a_saturday_in_november(period: Period, since: date, until: date) -> None:
    assert window(period, date(2026, 11, 21)) == Window(since, until)


@given(
    st.dates(date(2020, 1, 1), date(2100, 12, 31)), st.sampled_from(["day", "week", "month", "year", "all"])
)
def test_a_period_holds_its_day_and_follows_on(today: date, period: Period) -> None:
    found = window(period, today)
    assert found.since <= today < found.until
    if period != "all":
        assert window(period, found.since) == found
        assert window(period, found.until - timedelta(days=1)) == found
        assert window(period, found.until).since == found.until
