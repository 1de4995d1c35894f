"""Why an event is not taken: a closed set of codes, and the exception that carries one."""

from typing import Final, Literal, get_args

RejectCode = Literal[
    "not_json",
    "not_an_object",
    "no_type",
    "bad_type",
    "bad_seq",
    "bad_session",
    "bad_timestamp",
    "bad_field",
    "too_large",
    "too_deep",
]

REJECT_CODES: Final[dict[RejectCode, str]] = {
    "not_json": "neither JSON nor an urlencoded line, or cut off",
    "not_an_object": "JSON, but no object",
    "no_type": "no type, event_type or event",
    "bad_type": "the type is not a string, longer than 64 characters, or not of letters, digits and _ . : -",
    "bad_seq": "seq is not a whole number from 0 to 2^62",
    "bad_session": "session_id is not a string of at most 128 characters, or seq stands without it",
    "bad_timestamp": "timestamp is not a number of seconds (or Unix milliseconds) from 0 to the year 2100",
    "bad_field": "a known field holds what is no finite number, whole number or boolean, as it should",
    "too_large": "the event has more bytes than the server's limit",
    "too_deep": "values are nested more than 32 deep",
}
assert tuple(REJECT_CODES) == get_args(RejectCode)  # noqa: S101

_SHOWN = 80


class Refused(ValueError):
    """One event cannot be taken. `reason` says what is wrong, with which value, and what to do."""

    def __init__(self, code: RejectCode, reason: str) -> None:
        super().__init__(reason)
        self.code: RejectCode = code
        self.reason = reason


def shown(value: object) -> str:
    """The value for a message, clipped: `'abc'...`."""
    try:
        text = repr(value[:_SHOWN] if isinstance(value, str | bytes) else value)
    except (ValueError, RecursionError):  # a number of thousands of digits, or too deep to be shown
        return f"a huge {type(value).__name__}"
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
