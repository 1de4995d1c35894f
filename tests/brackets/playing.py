"""Playing a tournament to its end, one random result after the other."""

import random
from collections.abc import Callable
from typing import Protocol, TypeVar

from smf_bridge.brackets.model import Match, Result


class Playable(Protocol):
    """A tournament as far as it has come."""

    @property
    def playable(self) -> list[Match]: ...


S = TypeVar("S", bound=Playable)


def play(
    state_of: Callable[[dict[str, Result]], S], dice: random.Random, *, draws: float = 0.0
) -> tuple[S, list[tuple[int, int]]]:
    """Report random matches at random until none is left; return the end, and who met whom, in order."""
    results: dict[str, Result] = {}
    met: list[tuple[int, int]] = []
    while True:
        state = state_of(results)
        if not state.playable:
            return state, met
        match = dice.choice(state.playable)
        assert match.first is not None
        assert match.second is not None
        winner = None if dice.random() < draws else dice.choice((match.first, match.second))
        score = dice.randrange(20), dice.randrange(20)
        results[match.id] = Result(winner, score)
        met.append((match.first, match.second))
