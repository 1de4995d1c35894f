"""Pictures: well-formed, sized by their numbers, named for who does not see them, seen by who does."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import api.web
from api.events.catalogue import HIT_LOCATIONS
from api.stats.maps import Bin, Bounds, Heatmap
from api.web.charts.bar import bar
from api.web.charts.body import body
from api.web.charts.heatmap import heatmap, rule_of
from api.web.charts.race import Runner, race
from api.web.charts.steps import step

STATIC = Path(api.web.__file__).parent / "static"
NOWHERE = {"miss", "general"}


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def classes(svg: str) -> list[str]:
    return [element.get("class", "") for element in parsed(svg).iter()]


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_steps_are_between_none_and_five(value: float, most: float) -> None:
    assert 0 <= step(value, most) <= 5
    assert (step(value, most) == 0) == (value == 0 or most == 0)
    assert step(most, most) == (5 if most else 0)


def test_every_part_of_the_body_is_drawn() -> None:
    parts = set(HIT_LOCATIONS.values()) - NOWHERE
    for part in parts:
        assert [name for name in classes(body({part: 3}, "Hits", "x")) if name == "part heat-5"] != [], part
    assert classes(body({}, "Hits", "x")).count("part heat-0") == len(parts)


def test_a_body_says_its_numbers() -> None:
    drawn = body({"head": 3, "l_foot": 1, "general": 4}, "<b>Hits</b>", "given")
    root = parsed(drawn)
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "given-title given-desc"
    assert [element.text for element in root[:2]] == ["<b>Hits</b>", "head 3, left foot 1"]
    assert "head: 3 (38 %)" in drawn


def _heat(*bins: tuple[int, int, int]) -> Heatmap:
    xs, ys = [x for x, _, _ in bins], [y for _, y, _ in bins]
    bounds = Bounds(min(xs), min(ys), max(xs) + 64, max(ys) + 64)
    return Heatmap("m", "kills", None, 64, sum(n for _, _, n in bins), bounds, [Bin(*bin) for bin in bins])


def test_north_is_up_and_east_is_right() -> None:
    drawn = parsed(heatmap(_heat((-64, 0, 1), (0, 64, 100)), "Kills"))
    west, east = (element for element in drawn.iter() if element.tag == "rect")
    assert (west.get("x"), west.get("y")) == ("0", "64")
    assert (east.get("x"), east.get("y")) == ("64", "0")
    assert (west.get("class"), east.get("class")) == ("heat-1", "heat-5")
    assert drawn[1].text is not None
    assert drawn[1].text.startswith("101 in 2 tiles")


def test_no_place_is_no_picture() -> None:
    assert heatmap(Heatmap("m", "kills", None, 64, 0, None, []), "Kills") == ""
    assert race([Runner("Allies", "look-allies", [])], 100, "Kills", "") == ""


@pytest.mark.parametrize(("wide", "metres"), [(64, 1), (4096, 10), (16_384, 50)])
def test_the_rule_is_about_a_quarter_of_the_map(wide: int, metres: int) -> None:
    assert rule_of(wide) == metres


def test_a_race_goes_up_by_one_at_each_kill() -> None:
    drawn = parsed(race([Runner("A", "look-1", [50, 25]), Runner("B", "look-2", [])], 100, "Kills", "2 : 0"))
    lines = [e.get("d") for e in drawn.iter() if e.get("class", "").startswith("line")]
    assert lines == ["M0 300H250.0V150.0H500.0V0.0H1000", "M0 300H1000"]


@pytest.mark.parametrize(("value", "width"), [(0, "0.00"), (5, "50.00"), (20, "100.00"), (-1, "0.00")])
def test_bars(value: float, width: str) -> None:
    assert parsed(bar(value, 10))[1].get("width") == width
    assert parsed(bar(value, 0))[1].get("width") == "0.00"


def _colours() -> dict[str, tuple[str, str]]:
    sheets = "".join((STATIC / name).read_text() for name in ("site.css", "public.css"))
    found = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", sheets)
    return {name: (light, dark) for name, light, dark in found}


def _luminance(colour: str) -> float:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_can_be_told_apart(scheme: int) -> None:
    """WCAG 2.2: 4.5 for words, 3 for what a picture is read by."""
    colours = {name: pair[scheme] for name, pair in _colours().items()}
    for ground in ("paper", "card", "sunk"):
        for words in ("ink", "quiet", "accent", "allies", "axis"):
            assert _contrast(colours[words], colours[ground]) >= 4.5, (words, ground)
        for line in ("third", "fourth", "heat-4", "heat-5"):
            assert _contrast(colours[line], colours[ground]) >= 3, (line, ground)
        assert _contrast(colours["heat-1"], colours[ground]) >= 1.5, ground
    steps = [_luminance(colours[f"heat-{n}"]) for n in range(1, 6)]
    assert steps == sorted(steps, reverse=scheme == 0)
    for n in range(1, 5):
        assert _contrast(colours[f"heat-{n}"], colours[f"heat-{n + 1}"]) >= 1.25, n
