"""Numbers as people read them."""

import pytest

from api.stats.metrics import METRICS
from api.web import text, units


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59.4, "59 s"), (59.6, "1 min"), (3569, "59 min"), (3600, "1 h"), (12_000, "3 h 20 min")],
)
def test_spans(seconds: float, said: str) -> None:
    assert units.span(seconds) == said


@pytest.mark.parametrize(
    ("value", "said"), [(0, "0"), (-7, "\u22127"), (-1_234, "\u22121\u202f234"), (None, "–")]
)
def test_numbers(value: float | None, said: str) -> None:
    assert units.number(value) == said


@pytest.mark.parametrize(
    ("in_units", "said"),
    [(0, "0 m"), (64, "1.2 m"), (94, "1.8 m"), (10_000, "190 m"), (1_000_000, "19.1 km")],
)
def test_ways(in_units: float, said: str) -> None:
    assert units.way(in_units) == said


@pytest.mark.parametrize(("seconds", "said"), [(-3, "0:00"), (0, "0:00"), (187.9, "3:07"), (3765, "1:02:45")])
def test_clocks(seconds: float, said: str) -> None:
    assert units.clock(seconds) == said


@pytest.mark.parametrize(
    ("metric", "value", "said"),
    [
        ("kills", 12_345, "12\u202f345"),
        ("kd", 2.5, "2.50"),
        ("accuracy", 0.2345, "23.4\u202f%"),
        ("headshot_ratio", 1, "100.0\u202f%"),
        ("distance", 94, "1.8 m"),
        ("playtime", 3600, "1 h"),
    ],
)
def test_metrics_have_their_unit(metric: str, value: float, said: str) -> None:
    assert units.measured(value, METRICS[metric]) == said


def test_what_is_unknown_is_no_zero() -> None:
    assert units.share(None) == "–"


@pytest.mark.parametrize(
    ("word", "said"),
    [("torso_upper", "torso upper"), ("l_arm_lower", "left arm lower"), ("r", "r"), ("", "")],
)
def test_words_of_the_game(word: str, said: str) -> None:
    assert text.words(word) == said
