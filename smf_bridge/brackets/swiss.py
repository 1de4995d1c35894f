"""Swiss rounds: each round, those with the same points meet, and never the same two twice.

Source: FIDE Handbook C.04.1, basic rules for Swiss systems: the number of rounds is known beforehand, two
players meet once at most, the difference of points between two who meet is zero or as small as can be,
and with an odd number one who had no bye yet, of those with the fewest points, has one and its point.
Within a group of points the upper half meets the lower half (Dutch pairing, C.04.3); nobody is told which
side to play.
"""

from collections.abc import Collection, Sequence

import msgspec

from smf_bridge.brackets.model import Match, Result, Results, RuleError, check_entrants, check_results
from smf_bridge.brackets.points import Row, table


class Swiss(msgspec.Struct, frozen=True):
    """A Swiss tournament as far as it has come: later rounds are drawn when the one before is over."""

    matches: list[Match]
    standings: list[Row]
    rounds: int
    finished: bool

    @property
    def playable(self) -> list[Match]:
        """Return the matches of the current round that can be played."""
        return [match for match in self.matches if match.playable]


def usual_rounds(entrants: int) -> int:
    """Return how many rounds leave at most one without a defeat."""
    return max(1, (entrants - 1).bit_length())


def most_rounds(entrants: int) -> int:
    """Return how many rounds can always be drawn, whatever happens in them.

    While nobody has met half of the others, those who have not met can be paired off (Dirac's theorem).
    """
    return max(1, (entrants + entrants % 2) // 2)


def swiss(
    entrants: Sequence[int],
    results: Results,
    *,
    rounds: int | None = None,
    withdrawn: Collection[tuple[int, int]] = (),
) -> Swiss:
    """Return a Swiss tournament; `entrants` in the order of their seeds.

    `withdrawn` are entrants, each with the first round that they take no part in; a match of an earlier
    round stays theirs to play or to lose. Where so many have left that a round cannot be drawn without a
    rematch, the tournament ends with the one before. Raises RuleError for entrants, results or rounds that
    do not fit.
    """
    check_entrants(entrants)
    planned = usual_rounds(len(entrants)) if rounds is None else rounds
    if not 1 <= planned <= most_rounds(len(entrants)):
        raise RuleError(
            f"{planned} rounds: {len(entrants)} entrants can play from 1 to {most_rounds(len(entrants))} "
            "without meeting anybody twice"
        )
    gone = dict(withdrawn)
    matches: list[Match] = []
    over = True
    for round_ in range(1, planned + 1):
        there = [who for who in entrants if gone.get(who, planned + 1) > round_]
        pairs = _draw(there, entrants, matches, round_)
        if pairs is None:
            planned = round_ - 1
            break
        drawn = [_decided(match, results) for match in pairs]
        matches += drawn
        over = not any(match.playable for match in drawn)
        if not over:
            break
    check_results(matches, results, draws=True)
    finished = over and all(match.round <= planned for match in matches)
    return Swiss(matches, table(entrants, matches, direct=False), planned, finished)


def _decided(match: Match, results: Results) -> Match:
    found = results.get(match.id)
    if found is None or match.bye:
        return match
    return msgspec.structs.replace(match, result=found, forfeit=found.forfeit)


def _draw(
    there: list[int], entrants: Sequence[int], before: Sequence[Match], round_: int
) -> list[Match] | None:
    rows = {row.entrant: row for row in table(entrants, before, direct=False)}
    points = {who: row.points for who, row in rows.items()}
    met = {frozenset((match.first, match.second)) for match in before}
    rested = {match.first for match in before if match.bye}
    order = sorted(there, key=lambda who: rows[who].place) if before else there
    resting: list[int | None] = [None]
    if len(order) % 2:
        # The last who has not rested yet; where that leaves no pairing, the one before.
        resting = [*(who for who in reversed(order) if who not in rested)] or [order[-1]]
    for rest in resting:
        pairs = _pair([who for who in order if who != rest], points, met)
        if pairs is not None:
            drawn = [Match(f"S{round_}.{n}", round_, *pair) for n, pair in enumerate(pairs, 1)]
            bye = Match(f"S{round_}.bye", round_, rest, result=Result(rest), bye=True)
            return [*drawn, bye] if rest is not None else drawn
    return None


def _pair(
    order: list[int], points: dict[int, float], met: set[frozenset[int | None]]
) -> list[tuple[int, int]] | None:
    """Pair off entrants in the order of their places, or return None where that cannot be.

    The first takes whom they should have, else the nearest whom they have not met; where that leaves
    others without a partner, the next nearest.
    """
    if not order:
        return []
    first, others = order[0], order[1:]
    for second in _wanted(first, others, points):
        if frozenset((first, second)) in met:
            continue
        rest = _pair([who for who in others if who != second], points, met)
        if rest is not None:
            return [(first, second), *rest]
    return None


def _wanted(first: int, others: list[int], points: dict[int, float]) -> list[int]:
    """Return opponents, the best first: the middle of one's own points, then down, and up from the middle."""
    equals = [who for who in others if points[who] == points[first]]
    middle = (len(equals) + 1) // 2 - 1 if equals else 0
    below = [who for who in others if points[who] != points[first]]
    return [*equals[middle:], *reversed(equals[:middle]), *below]
