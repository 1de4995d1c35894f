"""Where a page of a list ended, as opaque text for the caller.

Lists are ordered by a value and, among equal values, by an id; both descend. The next page begins after the
last row's pair, so rows that arrive between two pages neither repeat nor push others out.
"""

import base64
import binascii
import math
from typing import Annotated

import msgspec

from api.errors import Unprocessable

LAST_ID = 2**64 - 1


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """A place in a list: after the row with this value and id, `passed` rows from its beginning."""

    value: float
    id: Annotated[int, msgspec.Meta(ge=0)]
    passed: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0


START = Cursor(math.inf, LAST_ID)


def encode(cursor: Cursor) -> str:
    """Return a cursor as URL-safe text."""
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).rstrip(b"=").decode()


def decode(text: str | None) -> Cursor:
    """Return the place that a cursor names, or the beginning for none.

    Raises Unprocessable for text that `encode` did not make.
    """
    if text is None:
        return START
    try:
        packed = base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        cursor = msgspec.json.decode(packed, type=Cursor)
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise _bad(text) from error
    if not math.isfinite(cursor.value) or cursor.id > LAST_ID:
        raise _bad(text)
    return cursor


def _bad(text: str) -> Unprocessable:
    return Unprocessable(
        f"cursor {text[:40]!r} is not one that this API gave out; leave it away to begin anew"
    )
