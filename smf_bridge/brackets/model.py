"""What the formats have in common: matches, their results, and where entrants stand."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

MOST_ENTRANTS = 256


class RuleError(ValueError):
    """What was asked does not fit the rules; the message says which and what to do."""


class Result(msgspec.Struct, frozen=True):
    """How a match ended: scores of the first and the second, and who won, None for a draw.

    A winner may have the lower score: the other gave up, or was disqualified. A `forfeit` was not played.
    """

    winner: int | None
    score: tuple[int, int] = (0, 0)
    forfeit: bool = False


class Match(msgspec.Struct, frozen=True):
    """A match of a tournament. `first` and `second` are entrants, None while nobody knows who it will be."""

    id: Annotated[str, Meta(description="stays the same however results change", examples=["W2.1", "R3.2"])]
    round: Annotated[int, Meta(description="from 1, within its part of the tournament")]
    first: int | None = None
    second: int | None = None
    result: Result | None = None
    bye: Annotated[bool, Meta(description="nobody has to play: one side or both are empty")] = False
    forfeit: Annotated[bool, Meta(description="decided without being played")] = False

    @property
    def playable(self) -> bool:
        """Whether it waits for nothing but being played."""
        known = self.first is not None and self.second is not None
        return known and self.result is None and not self.bye

    @property
    def winner(self) -> int | None:
        """Who won, None while that is open, for a draw, and where nobody came."""
        return self.result.winner if self.result else None

    @property
    def loser(self) -> int | None:
        """Who lost, None while that is open, for a draw, and where the other side was empty."""
        if self.winner is None or self.first is None or self.second is None:
            return None
        return self.second if self.winner == self.first else self.first


Results = Mapping[str, Result]


def check_entrants(entrants: Sequence[int], fewest: int = 2) -> None:
    """Raise RuleError unless there are enough entrants, not too many, and each is there once."""
    if len(set(entrants)) != len(entrants):
        twice = next(entrant for entrant in entrants if entrants.count(entrant) > 1)
        raise RuleError(f"entrant {twice} stands in the list twice")
    if not fewest <= len(entrants) <= MOST_ENTRANTS:
        raise RuleError(f"{len(entrants)} entrants: there must be from {fewest} to {MOST_ENTRANTS}")


def check_results(matches: Sequence[Match], results: Results, *, draws: bool) -> None:
    """Raise RuleError for a result of no match, of one that cannot have been played, or of somebody else."""
    known = {match.id: match for match in matches}
    for id_, result in results.items():
        match = known.get(id_)
        if match is None:
            raise RuleError(f"there is no match {id_!r}")
        if match.first is None or match.second is None:
            raise RuleError(f"match {id_} has a result, but not two entrants; take the result back first")
        if result.winner is None and not draws:
            raise RuleError(f"match {id_} ended in a draw; in this format somebody must win")
        if result.winner not in (None, match.first, match.second):
            raise RuleError(
                f"match {id_} was won by neither of those who would meet there; take that result back first"
            )
