"""The line of least squares: against numbers from tables and from numpy, and how often its interval holds."""

import random

import pytest

from api.stats.career.bests import days_in_a_row, runs
from api.stats.career.trend import LEAST, line, student

np = pytest.importorskip("numpy")


@pytest.mark.parametrize(
    ("degrees", "t"),
    [
        (6, 2.446912),
        (7, 2.364624),
        (8, 2.306004),
        (10, 2.228139),
        (20, 2.085963),
        (48, 2.010635),
        (1000, 1.962339),
    ],
)
def test_students_t_is_that_of_the_tables(degrees: int, t: float) -> None:
    assert student(degrees) == pytest.approx(t, abs=2e-4)


def test_too_few_values_have_no_line() -> None:
    assert line([1.0] * (LEAST - 1)) is None
    assert line([]) is None


def test_a_straight_line_is_found_and_sure() -> None:
    found = line([1.0 + 0.5 * x for x in range(10)])
    assert found is not None
    assert (found.slope, found.slope_low, found.slope_high) == pytest.approx((0.5, 0.5, 0.5))
    assert found.is_clear
    level = line([3.0] * 10)
    assert level is not None
    assert not level.is_clear


def test_it_is_numpys_line_with_numpys_errors() -> None:
    dice = random.Random(7)
    values = [dice.gauss(0.1 * x, 2) for x in range(30)]
    found = line(values)
    assert found is not None
    (slope, start), covariance = np.polyfit(range(30), values, 1, cov="unscaled")
    residuals = np.array(values) - (start + slope * np.arange(30))
    variance = (residuals**2).sum() / 28
    assert found.slope == pytest.approx(slope)
    assert found.fitted == pytest.approx(list(start + slope * np.arange(30)))
    apart = student(28) * (variance * covariance[0][0]) ** 0.5
    assert found.slope_high - found.slope == pytest.approx(apart)
    at_20 = np.array([20, 1])
    width = student(28) * (variance * at_20 @ covariance @ at_20) ** 0.5
    assert found.high[20] - found.fitted[20] == pytest.approx(width)


def test_19_of_20_intervals_hold_the_truth() -> None:
    dice = random.Random(11)
    lines = [line([dice.gauss(0.3 * x, 5) for x in range(20)]) for _ in range(2000)]
    held = sum(found is not None and found.slope_low <= 0.3 <= found.slope_high for found in lines)
    assert 0.935 < held / 2000 < 0.965


@pytest.mark.parametrize(
    ("outcomes", "told"),
    [([], (0, 0, 0)), ([1], (1, 0, 1)), ([1, 1, -1, 1, 1, 1, -1, -1], (3, 2, -2)), ([-1, 1], (1, 1, 1))],
)
def test_wins_and_losses_in_a_row(outcomes: list[int], told: tuple[int, int, int]) -> None:
    assert runs(outcomes) == told


def test_days_in_a_row() -> None:
    assert days_in_a_row([]) == 0
    assert days_in_a_row([5]) == 1
    assert days_in_a_row([1, 2, 4, 5, 6, 9]) == 3
