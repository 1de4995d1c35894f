"""What a match says about how good its players are: a model of openskill, and what a match is to it.

docs/ratings.md has the model in words, its figures and its sources.
"""

import math
from collections.abc import Mapping
from typing import Any, Final, Protocol

import msgspec
from openskill.models import ThurstoneMostellerFull

from api.players.skill import UNIT

# Goes into every digest of a match: with another number, all ratings are computed anew.
VERSION: Final = 1

MU: Final = 25.0
SIGMA: Final = MU / 3
# How much of a match is chance. Six times the usual: with less, forecasts were worse than a coin's on noisy
# ladders.
BETA: Final = MU
# Who was in the match for less than this share of it was not part of it.
LEAST_SHARE: Final = 0.1

_TAU: Final = MU / 300
_SIDES: Final = ("allies", "axis")


class Rating(msgspec.Struct, frozen=True):
    """What is believed of a player's skill: a normal distribution, both numbers in millionths."""

    mu: int = round(MU * UNIT)
    sigma: int = round(SIGMA * UNIT)


NEW: Final = Rating()


class Entrant(msgspec.Struct, frozen=True, array_like=True):
    """Somebody in a match, as match_results has them. `playtime` is in milliseconds."""

    player: int
    team: str
    kills: int
    playtime: int
    bot: bool


class LineUp(msgspec.Struct, frozen=True, kw_only=True):
    """A match that has ended. `length` is in milliseconds; `score` is None where none was reported."""

    gametype: str
    length: int
    winning_team: str
    score: tuple[int, int] | None
    entrants: list[Entrant]


class Change(msgspec.Struct, frozen=True):
    """What a match did to a player's rating.

    `rank` is 1 for the best. `expected` is the share of the others, or the chance of a win, that the ratings
    foretold; `result` is what came of it. They and `share`, of the match's length, are in millionths.
    """

    player: int
    before: Rating
    after: Rating
    team: str
    rank: int
    share: int
    expected: int
    result: int


class Model(Protocol):
    """What the models of openskill have in common."""

    def rating(self, mu: float | None = None, sigma: float | None = None) -> Any: ...  # noqa: D102
    def rate(self, teams: list[list[Any]], ranks: list[float] | None = None) -> list[list[Any]]: ...  # noqa: D102
    def predict_win(self, teams: list[list[Any]]) -> list[float]: ...  # noqa: D102


class _Part(msgspec.Struct):
    """An entrant who counts, and who is rated unless a bot."""

    entrant: Entrant
    before: Rating
    share: float


MODEL: Final = ThurstoneMostellerFull(mu=0, sigma=SIGMA, beta=BETA, tau=0)


def rate(line_up: LineUp, ratings: Mapping[int, Rating], model: Model = MODEL) -> list[Change]:
    """Return what a match does to the ratings of its players; nothing for a match that tells nothing.

    The answer does not depend on the order or the keys of the entrants.
    """
    parts = [
        _Part(entrant, NEW if entrant.bot else ratings.get(entrant.player, NEW), share)
        for entrant in line_up.entrants
        if (share := min(1.0, entrant.playtime / max(line_up.length, 1))) >= LEAST_SHARE
    ]
    parts.sort(key=lambda part: (part.before.mu, part.before.sigma, part.share, part.entrant.kills))
    sides, ranks = _free_for_all(parts) if line_up.gametype == "ffa" else _sides(line_up, parts)
    if len(sides) < 2:
        return []
    return _changes(sides, ranks, model)


def _free_for_all(parts: list[_Part]) -> tuple[list[list[_Part]], list[int]]:
    """Everybody is a side of their own; bots are none, since there are always new ones to be beaten."""
    people = [part for part in parts if not part.entrant.bot]
    return [[part] for part in people], [
        1 + sum(other.entrant.kills > part.entrant.kills for other in people) for part in people
    ]


def _sides(line_up: LineUp, parts: list[_Part]) -> tuple[list[list[_Part]], list[int]]:
    sides = [[part for part in parts if part.entrant.team == side] for side in _SIDES]
    ranks = _ranks(line_up)
    if not ranks or not all(any(not part.entrant.bot for part in side) for side in sides):
        return [], []
    return sides, ranks


def _ranks(line_up: LineUp) -> list[int]:
    """Return the ranks of the two sides, none where nobody said how the match ended."""
    if line_up.winning_team in _SIDES:
        return [1 + (line_up.winning_team != side) for side in _SIDES]
    if line_up.score is None:
        return []
    allies, axis = line_up.score
    return [1 + (axis > allies), 1 + (allies > axis)]


def _changes(sides: list[list[_Part]], ranks: list[int], model: Model) -> list[Change]:
    """A player's part in a side is skill times share: what comes back is divided by the share again."""
    before = [[_as_played(part, model) for part in side] for side in sides]
    after = model.rate(before, ranks=[float(rank) for rank in ranks])
    expected = _expected(before, model)
    return [
        Change(
            player=part.entrant.player,
            before=part.before,
            after=Rating(
                round((MU + new.mu / part.share) * UNIT), max(1, round(new.sigma / part.share * UNIT))
            ),
            team=part.entrant.team,
            rank=rank,
            share=round(part.share * UNIT),
            expected=round(chance * UNIT),
            result=round(_result(rank, ranks) * UNIT),
        )
        for side, news, rank, chance in zip(sides, after, ranks, expected, strict=True)
        for part, new in zip(side, news, strict=True)
        if not part.entrant.bot
    ]


def _as_played(part: _Part, model: Model) -> Any:
    """Return the rating as of this match: centred, or a side would be the better for every one more on it."""
    sigma = math.hypot(part.before.sigma / UNIT, _TAU)
    return model.rating(part.share * (part.before.mu / UNIT - MU), part.share * sigma)


def _expected(sides: list[list[Any]], model: Model) -> list[float]:
    """Return for each side the share of the others that it will do better than."""
    sums = [0.0] * len(sides)
    for one in range(len(sides)):
        for other in range(one):
            chance, rest = model.predict_win([sides[one], sides[other]])
            sums[one] += chance
            sums[other] += rest
    return [total / (len(sides) - 1) for total in sums]


def _result(rank: int, ranks: list[int]) -> float:
    beaten = sum(other > rank for other in ranks) + (ranks.count(rank) - 1) / 2
    return beaten / (len(ranks) - 1)
