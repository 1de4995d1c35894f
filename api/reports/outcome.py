"""Who won a match, and by what that is known."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from api.reports.moments import SIDES

Basis = Literal["reported", "score", "kills", ""]


class Verdict(NamedTuple):
    """Who won: a side, or players; neither is a draw. Without a basis nobody knows."""

    basis: Basis
    side: str = ""
    players: tuple[int, ...] = ()


def of_sides(reported: str, score: tuple[int, int], kills: tuple[int, int]) -> Verdict:
    """Return which side won: as reported, else that of the higher score, else that of more kills.

    Pairs are of allies and axis. A score of 0 to 0 says nothing.
    """
    if reported in SIDES:
        return Verdict("reported", reported)
    if any(score):
        return Verdict("score", _ahead(score))
    return Verdict("kills", _ahead(kills)) if any(kills) else Verdict("")


def of_players(kills: Sequence[int]) -> Verdict:
    """Return which players won, by their places: those with the most kills; several are a draw."""
    most = max(kills, default=0)
    if not most:
        return Verdict("")
    return Verdict("kills", "", tuple(place for place, count in enumerate(kills) if count == most))


def _ahead(pair: tuple[int, int]) -> str:
    return "" if pair[0] == pair[1] else SIDES[pair[0] < pair[1]]
