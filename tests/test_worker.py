"""The worker: how its steps share a machine."""

import asyncio
import random

import pytest

from api import worker
from api.jobs import Steps
from api.worker import Share


class Deaf(Steps):
    """Notes as redis-py does at its worst: a cancellation in the middle of it is taken for its own."""

    def __init__(self, last: int) -> None:
        self.noted, self.last, self.over = 0, last, False

    async def note(self, name: str, pause: float, seconds: float, failure: str | None = None) -> None:
        self.noted += 1
        if self.noted == self.last:
            self.over = True
            begun = asyncio.get_running_loop().create_future()
            begun.set_result(None)
            me = asyncio.current_task()
            assert me is not None
            me.cancel()
            await asyncio.wait_for(begun, 60)


async def nothing() -> None:
    """Do nothing."""


@pytest.mark.parametrize(("last", "pause"), [(3, 0.0), (1, 86_400.0)])
def test_a_step_that_swallows_its_cancellation_keeps_nothing_running(last: int, pause: float) -> None:
    notes = Deaf(last)

    async def work() -> None:
        step = worker._for_ever(notes, "write", nothing, pause, lambda: notes.over)
        await asyncio.wait_for(step, 20)

    asyncio.run(work())
    assert notes.noted == last


def test_a_small_community_waits_for_nothing() -> None:
    share = Share(100.0)
    for now in range(100, 1000, 2):
        assert share.rest(now) == 0
        share.take(0.15, now + 0.15)


def test_together_steps_take_a_tenth_of_the_time_and_what_was_saved() -> None:
    dice, now, taken = random.Random(7), 0.0, 0.0
    share = Share(now)
    while now < 10_000:
        now += share.rest(now)
        step = dice.uniform(0.01, 0.9)
        # Three at once.
        for _ in range(3):
            share.take(step, now + step)
        now, taken = now + step, taken + 3 * step
    assert taken == pytest.approx(0.1 * now, rel=0.02)


def test_nobody_rests_longer_than_half_a_minute() -> None:
    share = Share(0.0)
    share.take(600.0, 600.0)
    assert share.rest(600.0) == pytest.approx(30.0)
    assert share.rest(615.0) == pytest.approx(15.0)
    assert share.rest(631.0) == 0


def test_what_was_saved_is_no_more_than_two_seconds() -> None:
    share = Share(0.0)
    share.take(2.0, 100_000.0)
    assert share.rest(100_000.0) == 0
    share.take(0.5, 100_000.0)
    assert share.rest(100_000.0) == pytest.approx(5.0)
