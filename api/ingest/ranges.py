"""Sets of sequence numbers as half-open ranges, the way the ledger keeps them."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

Range = tuple[int, int]


def from_numbers(numbers: Iterable[int]) -> list[Range]:
    """Return the ranges [first, past) that hold exactly these numbers, in ascending order."""
    found: list[Range] = []
    for number in sorted(numbers):
        if found and number <= found[-1][1]:
            first, past = found[-1]
            found[-1] = (first, max(past, number + 1))
        else:
            found.append((number, number + 1))
    return found


def contains(ranges: Sequence[Range], number: int) -> bool:
    """Tell whether a number lies in one of the ascending ranges."""
    place = bisect_right(ranges, number, key=lambda r: r[0])
    return place > 0 and number < ranges[place - 1][1]


def to_multirange(ranges: Iterable[Range]) -> str:
    """Return Postgres' text form, e.g. {[0,5),[7,9)}."""
    return "{" + ",".join(f"[{first},{past})" for first, past in ranges) + "}"
