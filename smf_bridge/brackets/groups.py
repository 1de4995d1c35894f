"""Groups into playoffs: round robins, whose best go on into an elimination.

Seeds are dealt to the groups in a snake (1 2 3 4, 4 3 2 1, ...). Group winners are the playoffs' first
seeds, then come the seconds, and so on; within each, by points, then by the tie-breaks of points.py. Two
of one group meet in the first round of the playoffs only where it cannot be helped.
"""

from collections.abc import Collection, Sequence

import msgspec

from smf_bridge.brackets.model import Results, RuleError, check_entrants
from smf_bridge.brackets.points import Row
from smf_bridge.brackets.round_robin import RoundRobin, round_robin


class Groups(msgspec.Struct, frozen=True):
    """The groups as far as they have come; `qualified` in the order of their seeds, once all is played."""

    groups: list[RoundRobin]
    qualified: list[int] | None


def deal(entrants: Sequence[int], groups: int) -> list[list[int]]:
    """Return who plays in which group. Raises RuleError unless each has two at least."""
    check_entrants(entrants)
    if not 1 <= groups <= len(entrants) // 2:
        raise RuleError(f"{groups} groups: {len(entrants)} entrants make from 1 to {len(entrants) // 2}")
    dealt: list[list[int]] = [[] for _ in range(groups)]
    for place, entrant in enumerate(entrants):
        lap, seat = divmod(place, groups)
        dealt[seat if lap % 2 == 0 else groups - 1 - seat].append(entrant)
    return dealt


def group_stage(
    entrants: Sequence[int],
    results: Results,
    *,
    groups: int,
    advancing: int,
    withdrawn: Collection[int] = (),
    twice: bool = False,
) -> Groups:
    """Return the groups; matches are called A1.1, B1.1, ... Raises RuleError for what does not fit.

    `withdrawn` are those who left before the groups were over: the next of their group goes on.
    """
    dealt = deal(entrants, groups)
    smallest = min(len(group) for group in dealt)
    if not 1 <= advancing <= smallest or groups * advancing < 2:
        raise RuleError(f"{advancing} of each group cannot go on: the smallest has {smallest}")
    names = [_name(n) for n in range(groups)]
    known = {id_: name for name in names for id_ in results if id_.rstrip("0123456789.") == name}
    if unknown := [id_ for id_ in results if id_ not in known]:
        raise RuleError(f"there is no match {unknown[0]!r}")
    played = [
        round_robin(
            group,
            {i: r for i, r in results.items() if known[i] == name},
            withdrawn=withdrawn,
            twice=twice,
            prefix=name,
        )
        for name, group in zip(names, dealt, strict=True)
    ]
    finished = all(group.finished for group in played)
    return Groups(played, _qualified(played, advancing, withdrawn) if finished else None)


def _name(number: int) -> str:
    """Return A, B, ... Z, AA, AB, ..."""
    letters = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def _qualified(groups: Sequence[RoundRobin], advancing: int, withdrawn: Collection[int]) -> list[int]:
    order: list[int] = []
    staying = [[row for row in group.standings if row.entrant not in withdrawn] for group in groups]
    for place in range(advancing):
        rows = [(rows[place], n) for n, rows in enumerate(staying) if place < len(rows)]
        order += [row.entrant for row, _ in sorted(rows, key=lambda pair: (_strength(pair[0]), pair[1]))]
    return _apart(
        order, {row.entrant: n for n, group in enumerate(groups) for row in group.standings}, len(groups)
    )


def _strength(row: Row) -> tuple[float, float, float]:
    share = row.points / row.played if row.played else 0.0
    return (-share, -row.sonneborn_berger, -row.difference)


def _apart(order: list[int], group_of: dict[int, int], groups: int) -> list[int]:
    """Swap neighbours of the lower half where the first round would bring two of one group together."""
    size = 1 << (len(order) - 1).bit_length()
    found = [*order]
    for seed in range(size // 2, len(found)):
        against = found[size - 1 - seed]
        if group_of[found[seed]] != group_of[against]:
            continue
        for other in [*range(seed + 1, len(found)), *range(seed - 1, size // 2 - 1, -1)]:
            swapped_against = found[size - 1 - other]
            if (
                group_of[found[other]] != group_of[against]
                and group_of[found[seed]] != group_of[swapped_against]
            ):
                found[seed], found[other] = found[other], found[seed]
                break
    return found
