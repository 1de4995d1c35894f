"""Standings by points, for round robins and Swiss rounds.

A win is 1 point, a draw half a point, a bye 1 point. Ties are broken, in this order, by

- the results between those who are tied (round robin), or **Buchholz** (Swiss): the sum of the points of all
  opponents;
- **Sonneborn-Berger**: the points of those who were beaten, and half of those who were drawn with;
- the difference of scores, over all matches;
- the seed.

Sources: FIDE Handbook C.07, Tie-Break Regulations, 6 (direct encounter), 8.1 (Buchholz), 9.1
(Sonneborn-Berger). A bye and a forfeit have no opponent there: they count in points, and in no tie-break.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from smf_bridge.brackets.model import Match

WIN, DRAW = 1.0, 0.5


class Row(msgspec.Struct, frozen=True):
    """An entrant's line; `place` is from 1, and nobody shares one."""

    entrant: int
    place: int
    points: float
    played: int
    won: int
    drawn: int
    lost: int
    difference: int
    buchholz: float
    sonneborn_berger: float


class _Tally(msgspec.Struct):
    points: float = 0.0
    played: int = 0
    won: int = 0
    drawn: int = 0
    lost: int = 0
    difference: int = 0
    met: list[tuple[int, float]] = []


def table(entrants: Sequence[int], matches: Iterable[Match], *, direct: bool) -> list[Row]:
    """Return how entrants stand, `entrants` in the order of their seeds.

    With `direct`, the results between those who are tied come before the other tie-breaks; else Buchholz
    does.
    """
    done = [match for match in matches if match.result is not None]
    tallies = _tallies(entrants, done)
    seeds = {entrant: seed for seed, entrant in enumerate(entrants)}
    buchholz = {who: _of_opponents(tallies, who, lambda _: 1.0) for who in entrants}
    berger = {who: _of_opponents(tallies, who, lambda got: got) for who in entrants}
    between = _between(entrants, done, tallies) if direct else buchholz

    def rank(who: int) -> tuple[float, float, float, float, int]:
        tally = tallies[who]
        return (-tally.points, -between[who], -berger[who], -tally.difference, seeds[who])

    return [
        Row(
            who,
            place,
            tally.points,
            tally.played,
            tally.won,
            tally.drawn,
            tally.lost,
            tally.difference,
            buchholz[who],
            berger[who],
        )
        for place, who in enumerate(sorted(entrants, key=rank), 1)
        for tally in [tallies[who]]
    ]


def _tallies(entrants: Sequence[int], done: Sequence[Match]) -> dict[int, _Tally]:
    tallies = {entrant: _Tally() for entrant in entrants}
    for match in done:
        result = match.result
        if result is None:
            continue
        for who, other, ahead in (
            (match.first, match.second, result.score[0] - result.score[1]),
            (match.second, match.first, result.score[1] - result.score[0]),
        ):
            if who is None:
                continue
            tally = tallies[who]
            got = DRAW if result.winner is None else WIN if result.winner == who else 0.0
            tally.points += got
            if other is None:
                continue
            tally.played += 1
            tally.won += got == WIN
            tally.drawn += got == DRAW
            tally.lost += got == 0.0
            tally.difference += ahead
            if not match.forfeit:
                tally.met.append((other, got))
    return tallies


def _of_opponents(tallies: Mapping[int, _Tally], who: int, share: Callable[[float], float]) -> float:
    return sum(tallies[other].points * share(got) for other, got in tallies[who].met)


def _between(
    entrants: Sequence[int], done: Sequence[Match], tallies: Mapping[int, _Tally]
) -> dict[int, float]:
    """Return the points that each has from matches against those with as many points."""
    found: defaultdict[int, float] = defaultdict(float)
    for match in done:
        first, second, result = match.first, match.second, match.result
        if first is None or second is None or result is None:
            continue
        if tallies[first].points == tallies[second].points:
            for who in (first, second):
                found[who] += DRAW if result.winner is None else WIN if result.winner == who else 0.0
    return {entrant: found[entrant] for entrant in entrants}
