"""Cursors come back as they went out; anything else is refused."""

import base64
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import Unprocessable
from api.paging import LAST_ID, START, Cursor, decode, encode


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, LAST_ID), st.integers(0, 2**53))
def test_a_cursor_comes_back(value: float, id: int, passed: int) -> None:
    assert decode(encode(Cursor(value, id, passed))) == Cursor(value, id, passed)


def test_no_cursor_is_the_beginning() -> None:
    assert decode(None) == START


@given(st.text(max_size=60))
def test_no_text_does_harm(text: str) -> None:
    with suppress(Unprocessable):
        decode(text)


@pytest.mark.parametrize(
    "packed", [[1.0, LAST_ID + 1, 0], [1.0, -1, 0], ["x", 1, 0], [1e400, 1, 0], {}, [1.0]]
)
def test_what_was_never_given_out_is_refused(packed: object) -> None:
    text = base64.urlsafe_b64encode(msgspec.json.encode(packed)).decode().rstrip("=")
    with pytest.raises(Unprocessable):
        decode(text)
