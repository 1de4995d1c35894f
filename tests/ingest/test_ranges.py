"""Sets of numbers as ranges, against Python's own sets."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from api.ingest import ranges

numbers = st.sets(st.integers(0, 60) | st.integers(0, 2**62))


@given(numbers)
def test_ranges_hold_exactly_the_numbers(held: set[int]) -> None:
    found = ranges.from_numbers(held)
    assert sum(past - first for first, past in found) == len(held)
    assert all(ranges.contains(found, n) for n in held)
    assert not any(ranges.contains(found, n + 1) for n in held if n + 1 not in held)
    assert all(past < first for (_, past), (first, _) in pairwise(found))
