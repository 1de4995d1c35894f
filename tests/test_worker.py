"""The worker: how its steps share a machine."""

import pytest

from api.worker import rest_after


@pytest.mark.parametrize(
    ("taken", "pause", "rest"),
    [(0.01, 2.0, 2.0), (0.5, 2.0, 4.5), (1.0, 10.0, 10.0), (600.0, 2.0, 30.0), (600.0, 86_400.0, 86_400.0)],
)
def test_the_longer_a_step_takes_the_longer_it_rests_within_bounds(
    taken: float, pause: float, rest: float
) -> None:
    assert rest_after(taken, pause) == rest
