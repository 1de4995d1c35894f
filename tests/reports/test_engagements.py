"""Fights: what is one and what is not, by cases from the definition and by a plain recount."""

import random
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from api.reports.engagements import Fighter, Rules, engagements
from api.reports.moments import NOBODY, Moment
from tests.reports.made import kill, matches

RULES = Rules()
ANN, BOB, CID, DAN, EVE = range(5)


def fights(*kills: Moment, rules: Rules = RULES) -> list[list[int]]:
    return [fight.kills for fight in engagements(kills, rules)]


def test_a_kill_alone_is_no_fight() -> None:
    assert fights(kill(0, ANN, BOB)) == []
    assert fights(kill(0, ANN, BOB), rules=Rules(minimum=1)) == [[0]]


def test_kills_that_share_a_fighter_are_one_fight_up_to_the_gap() -> None:
    assert fights(kill(0, ANN, BOB), kill(12, CID, BOB)) == [[0, 1]]
    assert fights(kill(0, ANN, BOB), kill(12.001, CID, BOB)) == []
    assert fights(kill(0, ANN, BOB), kill(1, CID, DAN)) == []


def test_no_fight_is_longer_than_the_window() -> None:
    told = [kill(second, ANN, BOB) for second in (0, 10, 20, 30, 30.001)]
    assert fights(*told) == [[0, 1, 2, 3]]
    again = [kill(second, ANN, BOB) for second in (0, 10, 20, 30, 31, 40)]
    assert fights(*again) == [[0, 1, 2, 3], [4, 5]]


def test_two_fights_become_one_by_a_kill_between_them() -> None:
    apart = [kill(0, ANN, BOB), kill(1, CID, DAN), kill(2, ANN, BOB), kill(3, CID, DAN)]
    assert fights(*apart) == [[0, 2], [1, 3]]
    assert fights(*apart, kill(4, ANN, CID)) == [[0, 1, 2, 3, 4]]
    # Not one that is too old for it.
    late = [kill(0, ANN, BOB), kill(10, ANN, BOB), kill(21, CID, DAN), kill(22.5, ANN, CID)]
    assert fights(*late) == [[0, 1], [2, 3]]


def test_team_kills_and_suicides_are_no_part_of_a_fight() -> None:
    own = Moment(5_000, "suicide", BOB, BOB)
    mate = Moment(10_000, "team_kill", ANN, CID, "allies", "allies")
    assert fights(kill(0, ANN, BOB), own, mate, kill(13, ANN, BOB)) == []
    assert fights(kill(0, ANN, BOB), own, mate, kill(12, ANN, BOB)) == [[0, 3]]


def test_what_is_told_of_a_fight() -> None:
    (fight,) = engagements(
        [
            kill(100, ANN, BOB, "allies", (0, 0)),
            kill(103, CID, ANN, "axis", (100, 50)),
            kill(104.5, DAN, CID, "allies", (200, -20)),
        ],
        RULES,
    )
    assert (fight.start, fight.length, fight.by_side) == (100_000, 4_500, [2, 1])
    assert (fight.winning_side, fight.winner, fight.place) == ("allies", NOBODY, (100, 10))
    assert fight.fighters == [
        Fighter(DAN, "allies", 1, 0),
        Fighter(ANN, "allies", 1, 1),
        Fighter(CID, "axis", 1, 1),
        Fighter(BOB, "axis", 0, 1),
    ]


def test_without_sides_whoever_alone_has_the_most_kills_wins() -> None:
    (won,) = engagements([kill(0, ANN, BOB), kill(1, ANN, CID), kill(2, CID, ANN)], RULES)
    assert (won.winner, won.winning_side, won.by_side, won.place) == (ANN, "", [0, 0], None)
    (drawn,) = engagements([kill(0, ANN, BOB), kill(1, BOB, ANN)], RULES)
    assert drawn.winner == NOBODY


def recounted(moments: list[Moment], rules: Rules) -> set[frozenset[int]]:
    """The definition once more: for each kill, everything is asked of all kills before it."""
    label: dict[int, int] = {}
    for number, moment in enumerate(moments):
        if moment.kind != "kill":
            continue
        label[number] = number
        joined = set()
        for other in set(label.values()) - {number}:
            of_it = [moments[n] for n in label if label[n] == other]
            times = [each.at for each in of_it]
            shared = any({each.actor, each.target} & {moment.actor, moment.target} for each in of_it)
            if shared and moment.at - max(times) <= rules.gap and moment.at - min(times) <= rules.window:
                joined.add(other)
        label = {n: number if of in joined else of for n, of in label.items()}
    groups = [frozenset(n for n in label if label[n] == of) for of in set(label.values())]
    return {group for group in groups if len(group) >= rules.minimum}


@given(matches(), st.sampled_from([RULES, Rules(4_000, 4_000, 1), Rules(12_000, 30_000, 3)]))
def test_fights_are_those_of_a_quadratic_recount(moments: list[Moment], rules: Rules) -> None:
    found = engagements(moments, rules)
    assert {frozenset(fight.kills) for fight in found} == recounted(moments, rules)
    assert sum(len(fight.kills) for fight in found) == len({n for fight in found for n in fight.kills})
    for fight in found:
        assert fight.length <= rules.window
        assert sum(who.kills for who in fight.fighters) == len(fight.kills)
    assert found == sorted(found, key=lambda fight: fight.start)


@given(matches(), st.randoms(use_true_random=False))
def test_the_order_of_what_happened_at_once_does_not_matter(
    moments: list[Moment], chance: random.Random
) -> None:
    shuffled: list[Moment] = []
    for _, together in groupby(moments, key=lambda moment: moment.at):
        at_once = list(together)
        shuffled += chance.sample(at_once, len(at_once))

    def told(which: list[Moment]) -> list[object]:
        found = [
            (
                fight.start,
                fight.length,
                sorted(str(which[n]) for n in fight.kills),
                fight.by_side,
                fight.place,
            )
            for fight in engagements(which, RULES)
        ]
        return sorted(found, key=str)

    assert told(shuffled) == told(moments)
