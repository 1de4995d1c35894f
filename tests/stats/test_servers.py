"""When a server was up, and when people were there: against a plain recount, and by hand."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from api.platform import Platform
from api.servers.queries import DayCompleteness, completeness
from api.stats.servers import Hour, presence
from tests.events_made import body, kill
from tests.stack import Stack, add_server

_MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
_HOURS = st.dictionaries(
    st.integers(0, 28 * 24 - 1), st.tuples(st.integers(0, 64), st.none() | st.integers(0, 64)), max_size=80
)


@given(_HOURS, st.integers(0, 59))
def test_presence_is_what_a_plain_recount_says(heard: dict[int, tuple[int, int | None]], minute: int) -> None:
    now = _MONDAY + timedelta(hours=28 * 24 - 1, minutes=minute)
    told = presence([Hour(_MONDAY + timedelta(hours=n), *figures) for n, figures in heard.items()], now)
    if not heard:
        assert (told.uptime, told.peak, told.peak_at, told.reported_peak) == (None, 0, None, None)
        return
    everything = range(min(heard), 28 * 24)
    assert told.hours == len(everything)
    assert told.hours_up == len(heard)
    assert told.uptime == len(heard) / len(everything)
    assert told.peak == max(players for players, _ in heard.values())
    assert told.reported_peak == max((r for _, r in heard.values() if r is not None), default=None)
    seen = defaultdict(list)
    for n in everything:
        seen[n // 24 % 7, n % 24].append(heard.get(n, (0, None))[0])
    for day in range(7):
        for hour in range(24):
            counts = seen[day, hour]
            assert told.punchcard[day][hour] == round(sum(counts) / max(1, len(counts)), 3)


def test_an_hour_without_a_word_is_down_and_one_that_is_still_to_come_is_none() -> None:
    hours = [Hour(_MONDAY, 3, 9), Hour(_MONDAY + timedelta(hours=2), 5, None)]
    ahead = Hour(_MONDAY + timedelta(hours=9), 50, 60)
    told = presence([*hours, ahead], _MONDAY + timedelta(hours=3, minutes=59))
    assert (told.hours, told.hours_up, told.uptime) == (4, 2, 0.5)
    assert (told.peak, told.peak_at, told.reported_peak) == (5, hours[1].hour, 9)
    assert told.punchcard[0][:4] == [3, 0, 5, 0]


def test_completeness_is_told_by_the_day_on_which_a_session_began(stack: Stack) -> None:
    """A session without gaps, one that lacks two numbers in the middle, one that lacks its first three."""

    def numbered(session: str, *numbers: int) -> bytes:
        return body([kill(n, "Ann", "Bob", session_id=session, match_id=session) for n in numbers])

    async def ask(platform: Platform) -> list[DayCompleteness]:
        await add_server(platform)
        await add_server(platform, "two")
        await platform.inlet.take(1, numbered("whole", 0, 1, 2), "")
        await platform.inlet.take(1, numbered("holed", 0, 3, 4), "")
        await platform.inlet.take(1, numbered("late", 3), "")
        await platform.inlet.take(2, numbered("elsewhere", 9), "")
        since = datetime.now(UTC) - timedelta(hours=1)
        told = await completeness(platform.postgres, 1, since)
        await platform.inlet.take(1, numbered("holed", 1, 2), "")
        later = await completeness(platform.postgres, 1, since)
        ahead = await completeness(platform.postgres, 1, datetime.now(UTC) + timedelta(hours=1))
        return [*told, *later, *ahead]

    told, later = stack.run(ask)
    assert (told.sessions, told.received, told.missing) == (3, 7, 2 + 3)
    assert (later.sessions, later.received, later.missing) == (3, 9, 3)
