"""Nothing good is lost beside the bad, as far as each form of body can tell them apart.

Lines: whatever a line holds. An array of an element a line: whatever a line holds. An array in one line: as
long as the quotes and brackets of a bad element are even. A body cut off: all before the cut.
"""

import json
import os

from hypothesis import given, settings
from hypothesis import strategies as st

from api.ingest.decode import Decoded, decode
from tests.events_made import kill

GOOD = [json.dumps(kill(seq, "Ann", "B{o}b]", session_id="good")).encode() for seq in range(12)]
MARKS = b'{ } [ ] " \\ , : \0 \xff \t a=1& %7B null 1e999 {"type":"heartbeat" \xef\xbb\xbf -'.split(b" ")
MARKS.append(b" ")
JUNK = st.binary(max_size=40) | st.lists(st.sampled_from(MARKS), max_size=12).map(b"".join)
LINE = JUNK.filter(lambda junk: b"\n" not in junk)
EVEN = st.sampled_from(
    [
        b"{}",
        b"[]",
        b"{a}",
        b"nonsense",
        b'{"type":}',
        b'{"type":"x" "y"}',
        b"[1,{]",
        b'"}{"',
        b"\xff",
        b"7",
        b"{{}}",
    ]
) | st.recursive(
    st.sampled_from([b"1", b'"a"', b":", b"x"]),
    lambda parts: st.builds(
        lambda pair, inside: pair[:1] + b" ".join(inside) + pair[1:],
        st.sampled_from([b"{}", b"[]"]),
        st.lists(parts, max_size=3),
    ),
)
EVEN = EVEN.filter(lambda junk: junk != b"[1,{]")
EXAMPLES = settings(max_examples=int(os.environ.get("FUZZ_EXAMPLES", "150")), deadline=None)


def taken(body: bytes) -> list[int]:
    """The numbers of the good events that were accepted."""
    result: Decoded = decode(body, max_events=1000, max_event_bytes=10_000)
    return [seq for events in result.sessions if events.session_id == "good" for seq in events.seqs]


def between(junk: list[bytes]) -> list[bytes]:
    """A good event, junk, a good event, junk, ..., a good event."""
    pairs = zip(GOOD, junk, strict=False)
    return [part for pair in pairs for part in pair] + [GOOD[len(junk)]]


@EXAMPLES
@given(st.lists(LINE, max_size=10))
def test_lines(junk: list[bytes]) -> None:
    assert taken(b"\n".join(between(junk))) == list(range(len(junk) + 1))


@EXAMPLES
@given(st.lists(LINE, max_size=10))
def test_an_array_of_an_element_a_line(junk: list[bytes]) -> None:
    assert taken(b"[" + b",\n".join(between(junk)) + b"]") == list(range(len(junk) + 1))


@EXAMPLES
@given(st.lists(EVEN, max_size=10))
def test_an_array_in_one_line(junk: list[bytes]) -> None:
    assert taken(b"[" + b",".join(between(junk)) + b"]") == list(range(len(junk) + 1))


@EXAMPLES
@given(st.integers(0, 10_000), st.sampled_from([b"\n", b",\n", b","]), JUNK)
def test_a_body_cut_off(place: int, seam: bytes, junk: bytes) -> None:
    start = b"" if seam == b"\n" else b"["
    body = start + seam.join(GOOD)
    end = place % len(body)
    whole = sum(len(start + seam.join(GOOD[: number + 1])) <= end for number in range(len(GOOD)))
    assert taken(body[:end])[:whole] == list(range(whole))
    assert taken(body[:end] + b"\n" + junk.replace(b"\n", b""))[:whole] == list(range(whole))
