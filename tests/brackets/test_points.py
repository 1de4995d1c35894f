"""Round robins, Swiss rounds and groups."""

import random
from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smf_bridge.brackets.elimination import single
from smf_bridge.brackets.groups import deal, group_stage
from smf_bridge.brackets.model import Match, Result, RuleError
from smf_bridge.brackets.points import table
from smf_bridge.brackets.round_robin import round_robin
from smf_bridge.brackets.swiss import most_rounds, swiss, usual_rounds
from tests.brackets.playing import play

SIZES = st.one_of(st.integers(2, 20), st.sampled_from([63, 64]))


@settings(max_examples=30, deadline=None)
@given(size=st.integers(2, 40), twice=st.booleans())
def test_in_a_round_robin_each_two_meet_and_nobody_plays_twice_in_a_round(size: int, twice: bool) -> None:
    field = list(range(size))
    matches = round_robin(field, {}, twice=twice).matches
    met = Counter(frozenset((match.first, match.second)) for match in matches)
    assert met == Counter({frozenset(pair): 1 + twice for pair in combinations(field, 2)})
    seen = Counter((match.round, who) for match in matches for who in (match.first, match.second))
    assert max(seen.values()) == 1
    assert max(match.round for match in matches) == (size - 1 + size % 2) * (1 + twice)
    if twice:
        sides = Counter((match.first, match.second) for match in matches)
        assert max(sides.values()) == 1


@settings(max_examples=25, deadline=None)
@given(size=st.integers(2, 24), seed=st.integers(0, 2**32))
def test_points_of_a_round_robin_are_those_of_a_plain_count(size: int, seed: int) -> None:
    field = list(range(size))
    state, met = play(lambda results: round_robin(field, results), random.Random(seed), draws=0.3)
    assert state.finished
    assert len(met) == size * (size - 1) // 2
    plain = {
        who: sum(
            0.5 if match.winner is None else float(match.winner == who)
            for match in state.matches
            if who in (match.first, match.second)
        )
        for who in field
    }
    assert {row.entrant: row.points for row in state.standings} == plain
    assert [row.place for row in state.standings] == list(range(1, size + 1))
    points = [row.points for row in state.standings]
    assert points == sorted(points, reverse=True)


def test_those_who_are_tied_are_told_apart_by_what_they_did_to_each_other() -> None:
    fixtures = {match.id: {match.first, match.second} for match in round_robin([1, 2, 3, 4], {}).matches}
    wins = {(1, 2): 2, (1, 3): 1, (1, 4): 1, (2, 3): 2, (2, 4): 4, (3, 4): 3}
    results = {
        id_: Result(winner)
        for id_, pair in fixtures.items()
        for two, winner in wins.items()
        if pair == set(two)
    }
    standings = round_robin([1, 2, 3, 4], results).standings
    # 1 and 2 have two wins each, and 2 has beaten 1; 3 and 4 have one, and 3 has beaten 4.
    assert [row.entrant for row in standings] == [2, 1, 3, 4]


def test_who_leaves_a_round_robin_gives_the_rest_away() -> None:
    state = round_robin([1, 2, 3, 4], {}, withdrawn=[3, 4])
    assert [(match.first, match.second) for match in state.playable] in ([(1, 2)], [(2, 1)])
    assert {row.entrant: row.points for row in state.standings} == {1: 2.0, 2: 2.0, 3: 0.0, 4: 0.0}


@settings(max_examples=40, deadline=None)
@given(size=SIZES, seed=st.integers(0, 2**32), longest=st.booleans())
def test_in_swiss_rounds_nobody_meets_anybody_twice(size: int, seed: int, longest: bool) -> None:
    field = [100 + n for n in range(size)]
    rounds = min(most_rounds(size), 9) if longest else min(usual_rounds(size), most_rounds(size))
    state, met = play(lambda results: swiss(field, results, rounds=rounds), random.Random(seed), draws=0.2)
    assert state.finished
    assert max(Counter(frozenset(pair) for pair in met).values()) == 1
    seen = Counter(
        (match.round, who) for match in state.matches for who in (match.first, match.second) if who
    )
    assert set(seen.values()) == {1}
    assert len(seen) == rounds * size
    byes = Counter(match.first for match in state.matches if match.bye)
    assert sum(byes.values()) == (rounds if size % 2 else 0)
    assert set(byes.values()) <= {1}
    assert sum(row.points for row in state.standings) == len(met) + sum(byes.values())


def test_swiss_rounds_of_256_are_drawn() -> None:
    field = list(range(256))
    results: dict[str, Result] = {}
    dice = random.Random(1)
    while playable := swiss(field, results).playable:
        for match in playable:
            results[match.id] = Result(dice.choice((match.first, match.second)))
    state = swiss(field, results)
    assert len(results) == 8 * 128
    assert [row.points for row in state.standings].count(8.0) == 1


def test_equals_meet_the_upper_half_the_lower_half() -> None:
    state = swiss([1, 2, 3, 4, 5, 6, 7, 8], {})
    assert [(match.first, match.second) for match in state.playable] == [(1, 5), (2, 6), (3, 7), (4, 8)]
    won = {f"S1.{n}": Result(n) for n in range(1, 5)}
    second = swiss([1, 2, 3, 4, 5, 6, 7, 8], won).playable
    assert [{match.first, match.second} for match in second] == [{1, 3}, {2, 4}, {5, 7}, {6, 8}]


def test_the_last_without_a_bye_has_it_and_its_point() -> None:
    state = swiss([1, 2, 3, 4, 5], {})
    assert [(match.first, match.bye) for match in state.matches if match.bye] == [(5, True)]
    assert state.standings[0].entrant == 5


def test_who_leaves_is_drawn_no_more() -> None:
    first = {"S1.1": Result(1), "S1.2": Result(2)}
    state = swiss([1, 2, 3, 4], first, withdrawn=[(4, 2)])
    assert 4 not in {
        who for match in state.matches if match.round == 2 for who in (match.first, match.second)
    }


def test_too_many_rounds_are_refused() -> None:
    with pytest.raises(RuleError, match="4 entrants can play from 1 to 2"):
        swiss([1, 2, 3, 4], {}, rounds=3)


def test_buchholz_and_sonneborn_berger_are_those_of_the_handbook() -> None:
    matches = [
        Match("a", 1, 1, 2, Result(1)),
        Match("b", 1, 3, 4, Result(None)),
        Match("c", 2, 1, 3, Result(1)),
        Match("d", 2, 2, 4, Result(2)),
    ]
    rows = {row.entrant: row for row in table([1, 2, 3, 4], matches, direct=False)}
    assert {who: row.points for who, row in rows.items()} == {1: 2.0, 2: 1.0, 3: 0.5, 4: 0.5}
    assert {who: row.buchholz for who, row in rows.items()} == {1: 1.5, 2: 2.5, 3: 2.5, 4: 1.5}
    assert {who: row.sonneborn_berger for who, row in rows.items()} == {1: 1.5, 2: 0.5, 3: 0.25, 4: 0.25}


@settings(max_examples=25, deadline=None)
@given(groups=st.integers(1, 8), size=st.integers(2, 5), more=st.integers(0, 3), seed=st.integers(0, 2**32))
def test_groups_send_their_best_on_and_part_those_of_one_group(
    groups: int, size: int, more: int, seed: int
) -> None:
    field = list(range(groups * size + min(more, groups - 1)))
    advancing = 2
    state, _ = play(
        lambda results: _AsPlayable(field, results, groups, advancing), random.Random(seed), draws=0.1
    )
    stage = state.stage
    assert stage.qualified is not None
    best = {row.entrant for group in stage.groups for row in group.standings[:advancing]}
    assert set(stage.qualified) == best
    winners = {group.standings[0].entrant for group in stage.groups}
    assert set(stage.qualified[:groups]) == winners
    if groups > 2:
        home = {row.entrant: n for n, group in enumerate(stage.groups) for row in group.standings}
        first = single(stage.qualified, {}).matches
        assert not [
            match
            for match in first
            if match.id.startswith("W1.")
            and match.first is not None
            and match.second is not None
            and home[match.first] == home[match.second]
        ]


class _AsPlayable:
    def __init__(self, field: list[int], results: dict[str, Result], groups: int, advancing: int) -> None:
        self.stage = group_stage(field, results, groups=groups, advancing=advancing)

    @property
    def playable(self) -> list[Match]:
        return [match for group in self.stage.groups for match in group.playable]


def test_seeds_are_dealt_in_a_snake() -> None:
    assert deal([1, 2, 3, 4, 5, 6, 7], 3) == [[1, 6, 7], [2, 5], [3, 4]]
    with pytest.raises(RuleError, match="from 1 to 3"):
        deal([1, 2, 3, 4, 5, 6, 7], 4)


def test_results_of_no_group_are_refused() -> None:
    with pytest.raises(RuleError, match=r"no match 'Z1\.1'"):
        group_stage([1, 2, 3, 4], {"Z1.1": Result(1)}, groups=2, advancing=1)


def test_the_next_of_a_group_goes_on_for_who_has_left() -> None:
    field = [1, 2, 3, 4, 5, 6]
    fixtures = group_stage(field, {}, groups=2, advancing=2).groups
    results = {m.id: Result(min(m.first or 0, m.second or 0)) for g in fixtures for m in g.matches}
    all_there = group_stage(field, results, groups=2, advancing=2).qualified
    assert set(all_there or []) == {1, 2, 3, 4}
    without = group_stage(field, results, groups=2, advancing=2, withdrawn=[1]).qualified
    assert set(without or []) == {2, 3, 4, 5}


def test_a_forfeit_by_decision_counts_as_one_by_withdrawal() -> None:
    results = {"R1.1": Result(1, forfeit=True)}
    match = next(match for match in round_robin([1, 2], results).matches)
    assert (match.forfeit, match.winner) == (True, 1)
    [first, _] = round_robin([1, 2], results).standings
    assert (first.points, first.sonneborn_berger) == (1.0, 0.0)


def test_when_too_many_have_left_the_rounds_end() -> None:
    # Of four only two are left, and they have met.
    results = {"S1.1": Result(1), "S1.2": Result(2)}
    state = swiss([1, 2, 3, 4], results, withdrawn=[(2, 2), (4, 2)])
    assert (state.finished, state.rounds) == (True, 1)
