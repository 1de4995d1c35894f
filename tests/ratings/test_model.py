"""The rating of one match: what may never happen, and plain openskill where nobody came late."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openskill.models import ThurstoneMostellerFull

from api.players.skill import UNIT
from api.ratings.model import BETA, MU, NEW, SIGMA, Change, Entrant, LineUp, Rating, rate

LENGTH = 600_000


def entrant(player: int, kills: int = 0, team: str = "", share: float = 1.0, bot: bool = False) -> Entrant:
    return Entrant(player, team, kills, round(share * LENGTH), bot)


def ffa(*entrants: Entrant) -> LineUp:
    return LineUp(gametype="ffa", length=LENGTH, winning_team="", score=None, entrants=list(entrants))


def tdm(winner: str, *entrants: Entrant, score: tuple[int, int] | None = None) -> LineUp:
    return LineUp(gametype="tdm", length=LENGTH, winning_team=winner, score=score, entrants=list(entrants))


def gains(changes: Sequence[Change]) -> dict[int, int]:
    return {change.player: change.after.mu - change.before.mu for change in changes}


_ratings = st.builds(Rating, st.integers(0, 50 * UNIT), st.integers(UNIT // 2, round(SIGMA * UNIT)))
_shares = st.floats(0.1, 1)


@st.composite
def _free_for_alls(draw: st.DrawFn) -> tuple[LineUp, dict[int, Rating]]:
    players = range(1, draw(st.integers(2, 12)) + 1)
    entrants = [entrant(p, draw(st.integers(0, 9)), share=draw(_shares)) for p in players]
    return ffa(*entrants), {p: draw(_ratings) for p in players}


@st.composite
def _team_matches(draw: st.DrawFn) -> tuple[LineUp, dict[int, Rating]]:
    sizes = draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    players = range(1, sum(sizes) + 1)
    entrants = [entrant(p, team="allies" if p <= sizes[0] else "axis", share=draw(_shares)) for p in players]
    return tdm(draw(st.sampled_from(["allies", "axis"])), *entrants), {p: draw(_ratings) for p in players}


@settings(max_examples=60, deadline=None)
@given(st.one_of(_free_for_alls(), _team_matches()), st.randoms())
def test_neither_the_order_nor_the_keys_of_the_entrants_matter(
    made: tuple[LineUp, dict[int, Rating]], chance: random.Random
) -> None:
    line_up, ratings = made
    others = {player: player * 7919 % 10_007 for player in ratings}
    moved = [Entrant(others[e.player], e.team, e.kills, e.playtime, e.bot) for e in line_up.entrants]
    chance.shuffle(moved)
    again = rate(
        LineUp(
            gametype=line_up.gametype,
            length=LENGTH,
            winning_team=line_up.winning_team,
            score=None,
            entrants=moved,
        ),
        {others[player]: rating for player, rating in ratings.items()},
    )
    told = {change.player: (change.after, change.expected, change.result) for change in again}
    for change in rate(line_up, ratings):
        assert told[others[change.player]] == (change.after, change.expected, change.result)


@settings(max_examples=60, deadline=None)
@given(_free_for_alls())
def test_whoever_beats_all_gains_and_whoever_is_beaten_by_all_loses(
    made: tuple[LineUp, dict[int, Rating]],
) -> None:
    line_up, ratings = made
    kills = sorted(e.kills for e in line_up.entrants)
    gained = gains(rate(line_up, ratings))
    for e in line_up.entrants:
        if e.kills == kills[-1] > kills[-2]:
            assert gained[e.player] >= 0
        if e.kills == kills[0] < kills[1]:
            assert gained[e.player] <= 0


@settings(max_examples=60, deadline=None)
@given(_team_matches())
def test_nobody_of_a_winning_side_loses_and_uncertainty_stays_in_its_bounds(
    made: tuple[LineUp, dict[int, Rating]],
) -> None:
    line_up, ratings = made
    for change in rate(line_up, ratings):
        gained = change.after.mu - change.before.mu
        assert gained >= 0 if change.rank == 1 else gained <= 0
        assert 0 < change.after.sigma <= change.before.sigma + UNIT * MU / 300
        assert 0 <= change.expected <= UNIT


def test_expectations_of_both_sides_add_up_and_the_favourite_gains_less() -> None:
    strong, weak = Rating(35 * UNIT, 3 * UNIT), Rating(20 * UNIT, 3 * UNIT)
    ratings = {1: strong, 2: weak}
    as_foretold = rate(tdm("allies", entrant(1, team="allies"), entrant(2, team="axis")), ratings)
    upset = rate(tdm("axis", entrant(1, team="allies"), entrant(2, team="axis")), ratings)
    assert sum(change.expected for change in as_foretold) == UNIT
    assert gains(as_foretold)[1] < gains(upset)[2]
    assert [change.result for change in as_foretold] == [UNIT, 0]


def test_equals_who_draw_stay_as_they_were() -> None:
    assert gains(rate(ffa(entrant(1, 5), entrant(2, 5)), {})) == {1: 0, 2: 0}
    drawn = tdm("", entrant(1, team="allies"), entrant(2, team="axis"), score=(3, 3))
    assert gains(rate(drawn, {})) == {1: 0, 2: 0}
    assert [change.result for change in rate(drawn, {})] == [UNIT // 2, UNIT // 2]


def test_who_was_there_for_half_of_it_gains_half_as_much() -> None:
    """Among so many that one player's share hardly changes what the others are worth."""
    whole = gains(rate(ffa(*(entrant(p, p) for p in range(20))), {}))
    half = gains(rate(ffa(*(entrant(p, p, share=0.5 if p == 19 else 1) for p in range(20))), {}))
    assert half[19] == pytest.approx(whole[19] / 2, rel=0.02)


@pytest.mark.parametrize(
    "line_up",
    [
        ffa(entrant(1, 5)),
        ffa(entrant(1, 5), entrant(2, 3, bot=True)),
        ffa(entrant(1, 5), entrant(2, 3, share=0.09)),
        tdm("", entrant(1, team="allies"), entrant(2, team="axis")),
        tdm("draw", entrant(1, team="allies"), entrant(2, team="axis")),
        tdm("allies", entrant(1, team="allies"), entrant(2, team="allies")),
        tdm("allies", entrant(1, team="allies"), entrant(2, team="axis", bot=True)),
        tdm("allies", entrant(1, team="allies"), entrant(2, team="spectator")),
        tdm("allies"),
    ],
)
def test_a_match_that_tells_nothing_changes_nobody(line_up: LineUp) -> None:
    assert rate(line_up, {}) == []


def test_bots_are_not_rated_and_make_a_team_match_tell_less() -> None:
    people = [entrant(1, team="allies"), entrant(2, team="axis")]
    bots = [entrant(3, team="allies", bot=True), entrant(4, team="axis", bot=True)]
    alone, among_bots = (
        gains(rate(tdm("allies", *people), {})),
        gains(rate(tdm("allies", *people, *bots), {})),
    )
    assert set(among_bots) == {1, 2}
    assert 0 < among_bots[1] < alone[1]
    beaten = ffa(entrant(1, 5), entrant(2, 4), entrant(3, 9, bot=True))
    assert gains(rate(beaten, {})) == gains(rate(ffa(entrant(1, 5), entrant(2, 4)), {}))


def test_the_score_says_who_won_where_nobody_else_does() -> None:
    people = [entrant(1, team="allies"), entrant(2, team="axis")]
    assert rate(tdm("", *people, score=(2, 1)), {}) == rate(tdm("allies", *people), {})


@settings(max_examples=60, deadline=None)
@given(_free_for_alls())
def test_without_latecomers_it_is_plain_openskill(made: tuple[LineUp, dict[int, Rating]]) -> None:
    line_up, ratings = made
    entrants = [entrant(e.player, e.kills) for e in line_up.entrants]
    model = ThurstoneMostellerFull(mu=MU, sigma=SIGMA, beta=BETA, tau=MU / 300)
    before = [[model.rating(ratings[e.player].mu / UNIT, ratings[e.player].sigma / UNIT)] for e in entrants]
    after = model.rate(before, scores=[float(e.kills) for e in entrants])
    found = {change.player: change.after for change in rate(ffa(*entrants), ratings)}
    for e, (new,) in zip(entrants, after, strict=True):
        assert found[e.player].mu / UNIT == pytest.approx(new.mu, abs=1e-5)
        assert found[e.player].sigma / UNIT == pytest.approx(new.sigma, abs=1e-5)


def test_everybody_begins_as_openskill_begins() -> None:
    assert (NEW.mu, NEW.sigma) == (25_000_000, 8_333_333)
