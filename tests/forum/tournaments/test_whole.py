"""Whole tournaments, played through the service at random, held against the rules of brackets."""

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from api.errors import Conflict
from smf_bridge.brackets.model import Match
from smf_bridge.tournaments.draw import Bracket, Left, Played, draw
from smf_bridge.tournaments.model import Rules
from tests.forum.tournaments.made import OWNER, Hall, add_members, in_hall, player
from tests.mariadb_server import ForumDatabase

MEMBERS = 33
FORMATS = ["single", "double", "round_robin", "swiss", "groups"]


class Play:
    """A tournament that is played at random, and what must stay true meanwhile."""

    def __init__(self, hall: Hall, made: int, dice: random.Random, entrants: list[int]) -> None:
        self.hall = hall
        self.made = made
        self.dice = dice
        self.entrants = entrants
        self.decided: dict[str, tuple[int | None, ...]] = {}
        self.left: list[int] = []
        self.ruled: set[str] = set()

    async def to_the_end(self, withdrawing: float) -> Bracket:
        who = await self.hall.members(self.made)
        for _ in range(3000):
            bracket = await self.bracket()
            self._check(bracket)
            if (await self.hall.tournament(self.made)).state == "finished":
                return bracket
            assert bracket.playable, "it waits for a match that nobody can play"
            assert not bracket.finished
            staying = [entrant for entrant in who if entrant not in self.left]
            if len(staying) > 1 and self.dice.random() < withdrawing:
                gone = self.dice.choice(staying)
                await self.hall.tournaments.withdraw(player(who[gone]), self.made, gone)
                self.left.append(gone)
            else:
                await self._play(self.dice.choice(bracket.playable), bracket, who)
        raise AssertionError("it never ends")

    async def _play(self, match: Match, bracket: Bracket, who: dict[int, int]) -> None:
        assert match.first is not None
        assert match.second is not None
        cups, made, dice = self.hall.tournaments, self.made, self.dice
        draws = match.id in bracket.draws and dice.random() < 0.2
        winner = None if draws else dice.choice([match.first, match.second])
        score = (dice.randrange(20), dice.randrange(20))
        how = dice.random()
        if how < 0.5:
            self.ruled.add(match.id)
            await cups.decide(OWNER, made, match.id, winner, score, forfeit=how < 0.05)
            return
        sides = [player(who[match.first]), player(who[match.second])]
        dice.shuffle(sides)
        said = await cups.report(sides[0], made, match.id, winner, score)
        if how < 0.7:
            other = match.second if winner == match.first else match.first
            assert await cups.report(sides[1], made, match.id, other, score) == "disputed"
            if how < 0.6:
                await cups.decide(OWNER, made, match.id, winner, score)
                return
        else:
            assert said == "reported"
        assert await cups.report(sides[1], made, match.id, winner, score) == "confirmed"

    async def bracket(self) -> Bracket:
        """Return the bracket, drawn anew from what is stored, with nothing else at hand."""

        def see(view: Any) -> tuple[Bracket, Bracket]:
            rows = sorted(
                (row for row in view.registrations.values() if row.left_place), key=lambda row: row.left_place
            )
            played = {
                row.bracket_key: Played(row.home_id, row.away_id, row.result)
                for row in view.matches.values()
                if row.result
            }
            seeded = [row for row in view.registrations.values() if row.seed]
            field = [row.id for row in sorted(seeded, key=lambda row: row.seed)]
            left = [Left(row.id, row.left_stage) for row in rows]
            plan = view.tournament
            return view.bracket, draw(plan.format, plan.told, field, played, left)

        shown, again = await self.hall.tournaments.look(self.made, OWNER, see)
        assert shown == again
        return shown

    def _check(self, bracket: Bracket) -> None:
        """What was decided stays so, whoever leaves later; and nobody plays twice in a round."""
        matches = bracket.matches
        for key, before in self.decided.items():
            match = matches[key]
            assert (match.first, match.second, match.winner) == before, f"{key} was decided otherwise"
        # Of two who both leave a round robin, neither has the point: this alone may change.
        self.decided = {
            key: (match.first, match.second, match.winner)
            for key, match in matches.items()
            if match.result and (match.id not in bracket.draws or not match.forfeit)
        }
        for match in matches.values():
            if match.forfeit and match.id not in self.ruled and match.loser is not None:
                assert match.loser in self.left, f"{match.id}: who stays goes on"
        for part in bracket.parts:
            for round_ in part.rounds:
                seen = Counter(
                    who
                    for match in round_.matches
                    if not match.bye
                    for who in (match.first, match.second)
                    if who is not None
                )
                assert all(count == 1 for count in seen.values()), round_.title


def _rules(format_: str, size: int, dice: random.Random) -> Rules:
    if format_ == "groups":
        groups = dice.randint(1, max(1, size // 3))
        least = size // groups
        advancing = dice.randint(2 if groups == 1 else 1, least)
        return Rules(groups=groups, advancing=advancing, playoffs=dice.choice(["single", "double"]))
    return Rules(third_place=dice.random() < 0.5, reset=dice.random() < 0.8)


def _fits(bracket: Bracket, format_: str, play: Play, rules: Rules, size: int) -> None:
    """What the rules promise of a whole tournament."""
    assert bracket.winner is not None
    assert bracket.finished
    assert [place.entrant for place in bracket.places if place.place == 1].count(
        bracket.winner
    ) == 1 or play.left
    assert sorted(place.entrant for place in bracket.places) == sorted(play.entrants)
    losses = Counter(
        match.loser for match in bracket.matches.values() if match.loser and not match.id.startswith("T")
    )
    if format_ == "single":
        assert len(losses) == size - 1
        assert set(losses.values()) <= {1}
        assert bracket.winner not in losses
    if format_ == "double":
        assert all(count <= 2 for count in losses.values())
        assert losses[bracket.winner] < 2
        if rules.reset:
            assert all(losses[who] == 2 for who in play.entrants if who != bracket.winner)
    if not play.left:
        assert all(place.place is not None for place in bracket.places)
    # Who leaves last but one makes the last one win at once.
    assert bracket.winner not in play.left
    if format_ == "swiss":
        pairs = Counter(
            frozenset((match.first, match.second)) for match in bracket.matches.values() if not match.bye
        )
        assert max(pairs.values(), default=1) == 1


async def _whole(hall: Hall, format_: str, size: int, seed: int, withdrawing: float) -> None:
    dice = random.Random(seed)
    rules = _rules(format_, size, dice)
    made = await hall.started(range(1000, 1000 + size), format=format_, rules=rules)
    play = Play(hall, made, dice, list(await hall.members(made)))
    bracket = await play.to_the_end(withdrawing)
    _fits(bracket, format_, play, rules, size)
    done = await hall.done(made)
    assert done.count("started") == done.count("finished") == 1
    with pytest.raises(Conflict):
        await hall.tournaments.withdraw(OWNER, made, play.entrants[0])


@pytest.mark.parametrize("format_", FORMATS)
def test_whole_tournaments(forum: ForumDatabase, format_: str) -> None:
    add_members(forum, MEMBERS, 1000)
    most = 10 if format_ == "round_robin" else MEMBERS

    @settings(
        max_examples=14,
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        size=st.one_of(st.integers(2, 9), st.integers(2, most)),
        seed=st.integers(0, 2**32),
        withdrawing=st.sampled_from([0.0, 0.1, 0.4]),
    )
    def check(size: int, seed: int, withdrawing: float) -> None:
        in_hall(forum, lambda hall: _whole(hall, format_, size, seed, withdrawing))

    check()


@pytest.mark.parametrize("format_", ["single", "double", "swiss", "groups"])
def test_of_33(forum: ForumDatabase, format_: str) -> None:
    add_members(forum, MEMBERS, 1000)
    in_hall(forum, lambda hall: _whole(hall, format_, MEMBERS, 7, 0.05))
