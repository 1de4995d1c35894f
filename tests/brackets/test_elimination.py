"""Eliminations of every size, played to their end at random and by hand."""

import random
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smf_bridge.brackets.elimination import Elimination, check_open, double, single
from smf_bridge.brackets.model import Result, Results, RuleError
from tests.brackets.playing import play

Format = Callable[[list[int], Results], Elimination]
SIZES = st.one_of(st.integers(2, 40), st.sampled_from([63, 64, 65, 127, 128, 129, 255, 256]))


def _field(size: int) -> list[int]:
    """Entrants are ids, not seeds."""
    return [1000 + 7 * n for n in range(size)]


def _after(
    of: Callable[..., Elimination],
    field: list[int],
    results: Results,
    gone: set[int],
    more: dict[str, Result],
) -> Elimination:
    return of(field, {**results, **more}, withdrawn=gone)


def _check_rounds(state: Elimination) -> None:
    seen = Counter(
        (match.id.split(".")[0], who)
        for match in state.matches
        if not match.bye
        for who in (match.first, match.second)
    )
    assert max(seen.values()) == 1


@settings(max_examples=40, deadline=None)
@given(size=SIZES, seed=st.integers(0, 2**32))
def test_single_everybody_but_one_loses_once(size: int, seed: int) -> None:
    field = _field(size)
    state, met = play(lambda results: single(field, results), random.Random(seed))
    losses = Counter(match.loser for match in state.matches if match.loser is not None)
    assert len(met) == size - 1
    assert losses == Counter({who: 1 for who in field if who != state.winner})
    assert state.winner in field
    _check_rounds(state)
    assert [row.entrant for row in state.standings if row.place == 1] == [state.winner]
    assert sorted(row.place or 0 for row in state.standings)[:2] == [1, 2]


@settings(max_examples=40, deadline=None)
@given(size=SIZES, seed=st.integers(0, 2**32))
def test_double_everybody_but_one_loses_twice(size: int, seed: int) -> None:
    field = _field(size)
    state, met = play(lambda results: double(field, results), random.Random(seed))
    losses = Counter(match.loser for match in state.matches if match.loser is not None)
    assert all(losses[who] == 2 for who in field if who != state.winner)
    assert state.winner is not None
    assert losses[state.winner] <= 1
    assert len(met) == 2 * size - 2 + losses[state.winner]
    _check_rounds(state)
    places = [row.place for row in state.standings]
    assert places.count(1) == places.count(2) == 1
    assert None not in places


@settings(max_examples=30, deadline=None)
@given(size=st.integers(2, 33), seed=st.integers(0, 2**32), gone=st.data())
def test_who_withdraws_in_the_middle_stops_nobody(size: int, seed: int, gone: st.DataObject) -> None:
    field = _field(size)
    dice = random.Random(seed)
    leavers = gone.draw(st.sets(st.sampled_from(field), max_size=size - 1))
    for of in (single, double):
        results: dict[str, Result] = {}
        for _ in range(dice.randrange(size)):
            playable = of(field, results).playable
            if not playable:
                break
            match = dice.choice(playable)
            results[match.id] = Result(dice.choice((match.first, match.second)))
        before = {match.id: match.result for match in of(field, results).matches if match.result}
        state, met = play(partial(_after, of, field, results, leavers), dice)
        assert not {who for pair in met for who in pair} & leavers
        after = {match.id: match.result for match in state.matches}
        assert all(after[id_] == before[id_] for id_ in results)
        out = {row.entrant for row in state.standings if row.place != 1}
        assert state.winner in field
        assert out == set(field) - {state.winner}


@pytest.mark.parametrize("size", [2, 3, 5, 8, 13, 16, 32])
def test_when_the_better_seed_always_wins_seeds_are_places(size: int) -> None:
    field = _field(size)
    for of in (single, double):
        results: dict[str, Result] = {}
        while playable := of(field, results).playable:
            for match in playable:
                assert match.first is not None
                assert match.second is not None
                results[match.id] = Result(min(match.first, match.second))
        standings = of(field, results).standings
        assert [row.entrant for row in standings] == field


def test_byes_are_the_first_seeds_and_one_and_two_meet_in_the_final() -> None:
    state = single([1, 2, 3, 4, 5], {})
    assert [match.first for match in state.matches if match.bye] == [1, 2, 3]
    assert [(match.first, match.second) for match in state.playable] == [(4, 5), (2, 3)]
    state = single([1, 2, 3, 4], {"W1.1": Result(1), "W1.2": Result(2)})
    assert [(match.first, match.second) for match in state.playable] == [(1, 2)]


def test_the_bracket_is_reset_when_the_upper_champion_loses_the_final() -> None:
    first = {"W1.1": Result(1), "W1.2": Result(2), "W2.1": Result(1), "L1.1": Result(3), "L2.1": Result(2)}
    assert [match.id for match in double([1, 2, 3, 4], first).playable] == ["F1.1"]
    lost = first | {"F1.1": Result(2)}
    state = double([1, 2, 3, 4], lost)
    assert state.winner is None
    assert [(match.id, match.first, match.second) for match in state.playable] == [("F2.1", 1, 2)]
    assert double([1, 2, 3, 4], lost | {"F2.1": Result(1)}).winner == 1
    assert double([1, 2, 3, 4], lost, reset=False).winner == 2
    assert double([1, 2, 3, 4], first | {"F1.1": Result(1)}).winner == 1


def test_third_place_is_played_for() -> None:
    results = {"W1.1": Result(1), "W1.2": Result(2)}
    state = single([1, 2, 3, 4], results, third_place=True)
    assert {(match.id, match.first, match.second) for match in state.playable} == {
        ("T1.1", 4, 3),
        ("W2.1", 1, 2),
    }
    state = single([1, 2, 3, 4], results | {"T1.1": Result(4), "W2.1": Result(2)}, third_place=True)
    assert [(row.entrant, row.place) for row in state.standings] == [(2, 1), (1, 2), (4, 3), (3, 4)]


def test_a_corrected_result_changes_what_follows_or_is_refused() -> None:
    results = {"W1.1": Result(1), "W1.2": Result(2), "W2.1": Result(1)}
    with pytest.raises(RuleError, match=r"match W2.1 was won by neither .*; take that result back first"):
        single([1, 2, 3, 4], results | {"W1.1": Result(4)})
    assert single([1, 2, 3, 4], {"W1.1": Result(4), "W1.2": Result(2)}).playable[0].first == 4


@pytest.mark.parametrize(
    ("entrants", "results", "told"),
    [
        ([1], {}, "1 entrants"),
        ([1, 2, 1], {}, "entrant 1 stands in the list twice"),
        (list(range(257)), {}, "257 entrants"),
        ([1, 2], {"W9.9": Result(1)}, "no match 'W9.9'"),
        ([1, 2], {"W1.1": Result(3)}, "W1.1 was won by neither"),
        ([1, 2], {"W1.1": Result(None)}, "somebody must win"),
        ([1, 2, 3, 4], {"W2.1": Result(1)}, "not two entrants"),
    ],
)
def test_what_does_not_fit_is_refused(entrants: list[int], results: Results, told: str) -> None:
    for of in (single, double):
        with pytest.raises(RuleError, match=told):
            of(entrants, results)


def test_only_what_can_be_played_is_reported() -> None:
    state = single([1, 2, 3, 4], {"W1.1": Result(1)})
    assert check_open(state, "W1.2").first == 2
    for id_, told in (("W1.1", "is decided"), ("W2.1", "waits"), ("X", "no match 'X'")):
        with pytest.raises(RuleError, match=told):
            check_open(state, id_)


@settings(max_examples=40, deadline=None)
@given(size=st.integers(2, 33), seed=st.integers(0, 2**32), twice=st.booleans())
def test_who_leaves_changes_nothing_that_was_decided(size: int, seed: int, twice: bool) -> None:
    of: Callable[..., Elimination] = double if twice else single
    field, dice = _field(size), random.Random(seed)
    gone: list[int] = []
    results: dict[str, Result] = {}
    decided: dict[str, int | None] = {}
    while (state := of(field, results, withdrawn=gone)).playable:
        for key, winner in decided.items():
            assert winner == next(match.winner for match in state.matches if match.id == key)
        decided = {match.id: match.winner for match in state.matches if match.result}
        if dice.random() < 0.3 and len(gone) < size - 1:
            gone.append(dice.choice([who for who in field if who not in gone]))
        else:
            match = dice.choice(state.playable)
            results[match.id] = Result(dice.choice((match.first, match.second)))
    assert state.winner not in gone
