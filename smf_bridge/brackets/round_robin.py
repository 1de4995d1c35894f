"""Round robin: everybody plays everybody, once or twice, by the circle method.

Source: the circle method stands in FIDE Handbook C.05, annex 1 (Berger tables): one entrant stays, the
others move on by one seat each round. With an odd number, who would meet the empty seat rests.
"""

from collections.abc import Collection, Sequence

import msgspec

from smf_bridge.brackets.model import Match, Result, Results, check_entrants, check_results
from smf_bridge.brackets.points import Row, table


class RoundRobin(msgspec.Struct, frozen=True):
    """A round robin as far as it has come."""

    matches: list[Match]
    standings: list[Row]
    finished: bool

    @property
    def playable(self) -> list[Match]:
        """Return the matches that can be played now: all that are left, in the order of their rounds."""
        return [match for match in self.matches if match.playable]


def round_robin(
    entrants: Sequence[int],
    results: Results,
    *,
    withdrawn: Collection[int] = (),
    twice: bool = False,
    prefix: str = "R",
) -> RoundRobin:
    """Return a round robin; `entrants` in the order of their seeds.

    What somebody who withdrew has played stays; the rest is won by the others, and by nobody between two
    who withdrew. Raises RuleError for entrants or results that do not fit.
    """
    check_entrants(entrants)
    matches = [_decided(match, results, frozenset(withdrawn)) for match in _fixtures(entrants, twice, prefix)]
    check_results(matches, results, draws=True)
    finished = not any(match.playable for match in matches)
    return RoundRobin(matches, table(entrants, matches, direct=True), finished)


def _fixtures(entrants: Sequence[int], twice: bool, prefix: str) -> list[Match]:
    seats: list[int | None] = [*entrants]
    if len(seats) % 2:
        seats.append(None)
    rounds = len(seats) - 1
    found: list[Match] = []
    for leg in range(2 if twice else 1):
        circle = seats[1:]
        for number in range(1, rounds + 1):
            line = [seats[0], *circle]
            pairs = list(zip(line[: len(line) // 2], line[: len(line) // 2 - 1 : -1], strict=True))
            round_ = leg * rounds + number
            # Sides change, so that nobody is always named first.
            turned = (number + leg) % 2 == 0
            named = [(b, a) if turned else (a, b) for a, b in pairs if a is not None and b is not None]
            found += [
                Match(f"{prefix}{round_}.{place}", round_, first, second)
                for place, (first, second) in enumerate(named, 1)
            ]
            circle = [circle[-1], *circle[:-1]]
    return found


def _decided(match: Match, results: Results, withdrawn: frozenset[int]) -> Match:
    if match.id in results:
        return msgspec.structs.replace(match, result=results[match.id], forfeit=results[match.id].forfeit)
    gone = [who for who in (match.first, match.second) if who in withdrawn]
    if len(gone) == 2:
        return msgspec.structs.replace(match, bye=True)
    if gone:
        winner = match.second if match.first in withdrawn else match.first
        return msgspec.structs.replace(match, result=Result(winner, forfeit=True), forfeit=True)
    return match
