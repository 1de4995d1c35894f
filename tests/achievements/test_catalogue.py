"""The catalogue holds together, and the judging keeps to its targets."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.achievements import page
from api.achievements.catalogue import ACHIEVEMENTS, CATEGORIES, FAMILIES, Family, read
from api.achievements.judging import End, Facts, judge
from tests.achievements.made import BEGIN

_GOOD = b"""
[[family]]
id = "a"
category = "combat"
counts = "career"
of = "kills"
about = "Kill {at}."
tiers = [{ tier = "bronze", at = 1, name = "One" }, { tier = "silver", at = 2, name = "Two" }]
"""


def test_there_are_enough_of_every_kind() -> None:
    assert len(ACHIEVEMENTS) >= 100
    assert {family.category for family in FAMILIES} == set(CATEGORIES)
    assert {family.counts for family in FAMILIES} == {"career", "match", "matches"}
    assert 10 <= sum(each.hidden for each in ACHIEVEMENTS.values()) <= len(ACHIEVEMENTS) / 4
    names = [each.name for each in ACHIEVEMENTS.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.id)
def test_it_fits_where_it_is_written_down(family: Family) -> None:
    for each in family.achievements:
        assert len(each.id) <= 64
        assert re.fullmatch(r"[a-z_]+", each.id)
        assert len(each.name) <= 100
        assert len(each.about) <= 255
        assert each.about.endswith(".")
        if each.target == 1:
            assert re.search(r"\b(once|an enemy|a match|a free-for-all match)\b|\b1 k?[hm]\b", each.about)
            assert not re.search(r"\b1 [a-z -]+s\b", each.about)
        else:
            assert f"{each.target:,.10g}" in each.about


def test_the_example_is_good() -> None:
    assert [each.id for each in read(_GOOD)[0].achievements] == ["a_bronze", "a_silver"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b'"kills"', b'"kd"', "cannot be counted"),
        (b'"kills"', b'"rating"', "cannot be counted"),
        (b'"kills"', b'"luck"', "cannot be counted"),
        (b"at = 2", b"at = 1", "tiers rise"),
        (b'"silver"', b'"bronze"', "tiers rise"),
        (b"{at}", b"some", "does not say the target"),
        (b'of = "kills"', b'of = "kills"\nmost = { deaths = 0 }', "about one match"),
        (b'counts = "career"', b'counts = "matches"', "not `of` something"),
        (b'counts = "career"', b'counts = "match"\nmost = { luck = 0 }', "no fact of a match"),
        (b'tier = "bronze"', b'tier = "tin"', "Invalid enum"),
        (b"at = 1", b"at = 0", "> 0"),
        (b"about", b"abuot", "unknown field"),
    ],
)
def test_what_does_not_hold_together_is_refused(old: bytes, new: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read(_GOOD.replace(old, new))


def test_an_id_is_there_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        read(_GOOD + _GOOD)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.id)
def test_the_target_earns_it_and_a_little_less_does_not(family: Family) -> None:
    ends = [End(f"{n:016x}", BEGIN) for n in range(len(family.tiers))]
    last = End("f" * 16, BEGIN)
    for tier, each in enumerate(family.achievements):
        for value, wanted in ((each.target - 0.001, False), (each.target, True), (each.target + 1, True)):
            facts = Facts(1, {family.id: value}, {family.id: [*ends]}, 1, last)
            judged = {one.achievement.id: one for one in judge(facts)}
            assert judged.keys() == ACHIEVEMENTS.keys()
            assert judged[each.id].earned is wanted
            assert judged[each.id].value == value
            assert sum(one.earned for one in judged.values()) == tier + wanted or value > each.target
            if wanted:
                assert judged[each.id].end == (last if family.counts == "career" else ends[tier])
        for excluded in ({"bot": True}, {"flagged": True}):
            facts = Facts(1, {family.id: each.target}, {family.id: [*ends]}, 1, last, **excluded)
            assert not any(one.earned for one in judge(facts))


@given(
    st.dictionaries(st.sampled_from([family.id for family in FAMILIES]), st.floats(0, 1e6)), st.floats(0, 1e5)
)
def test_more_never_earns_less(counted: dict[str, float], more: float) -> None:
    def earned(facts: dict[str, float]) -> set[str]:
        return {one.achievement.id for one in judge(Facts(1, facts)) if one.earned}

    before = earned(counted)
    assert before <= earned({name: value + more for name, value in counted.items()})
    for family in FAMILIES:
        tiers = [each.id in before for each in family.achievements]
        assert tiers == sorted(tiers, reverse=True), "a tier without the one below it"


def test_the_page_is_up_to_date() -> None:
    written = Path(__file__).parents[2] / "docs" / "achievements.md"
    assert written.read_text(encoding="utf-8") == page.render_markdown(), "run: make docs"
    told = page.render_markdown()
    for each in ACHIEVEMENTS.values():
        assert (each.id in told) is not each.hidden
