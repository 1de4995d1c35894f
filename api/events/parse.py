"""The bytes of one event, in whatever form and state they came, as a dict of what they say."""

import codecs
import json
import re
from typing import Final
from urllib.parse import unquote_to_bytes

import msgspec

from api.events.refusal import Refused, shown

_BOM: Final = b"\xef\xbb\xbf"
_FORM: Final = re.compile(rb"[A-Za-z_][^\s={}\[\]\"]*(?:\[\])?=")
_TOKEN: Final = re.compile(rb'[{}\[\]:]|"[^"\\]*(?:\\.[^"\\]*)*"')
_JSON: Final = msgspec.json.Decoder()


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """A codec error handler: bytes that are not UTF-8 were typed on a Windows keyboard of the time."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    text = "".join(_CP1252[byte] for byte in wrong)
    return text, error.end


# Five bytes mean nothing in cp1252; as in latin-1, they stay distinct.
_CP1252: Final = [
    bytes([byte]).decode("cp1252", "ignore") or bytes([byte]).decode("latin-1") for byte in range(256)
]
codecs.register_error("cp1252", _as_cp1252)


def readable(data: bytes) -> str:
    """Text of bytes that should be UTF-8: what is not is read as cp1252, NULs are left out."""
    return data.replace(b"\0", b"").decode("utf-8", "cp1252")


def parse(piece: bytes) -> tuple[dict[str, object], bool]:
    """One event as a dict, and whether the bytes are sound JSON as they stand, without a repeated key.

    Raises Refused: not_json, not_an_object or too_deep. Of a repeated key the last value holds.
    """
    if _FORM.match(piece):
        return _parse_form(piece), False
    try:
        value, sound = _parse_json(piece)
    except RecursionError:
        raise Refused("too_deep", "values are nested too deep: send events as flat objects") from None
    if not isinstance(value, dict):
        raise Refused("not_an_object", f"{shown(value)} is no object: send each event as a JSON object")
    return value, sound and (piece.count(b":") == len(value) or _keys(piece) == len(value))


def _keys(piece: bytes) -> int:
    """How many keys an object of sound JSON has, repeated ones included, without those of objects in it."""
    depth = keys = 0
    for token in _TOKEN.finditer(piece):
        mark = token[0]
        if mark in b"{[":
            depth += 1
        elif mark in b"]}":
            depth -= 1
        elif mark == b":" and depth == 1:
            keys += 1
    return keys


def _parse_json(piece: bytes) -> tuple[object, bool]:
    try:
        return _JSON.decode(piece), True
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _parse_loosely(readable(piece.removeprefix(_BOM))), False


def _parse_loosely(text: str) -> object:
    """JSON with control characters in strings, lone surrogates, numbers of any size, NaN."""
    try:
        return json.loads(text.strip(), strict=False)
    except json.JSONDecodeError as error:
        at = f"{error.msg} at character {error.pos}, near {shown(text[error.pos : error.pos + 40])}"
        reason = f"cannot be read: {at}; send JSON objects or urlencoded lines"
    except ValueError:
        reason = "cannot be read: a number has thousands of digits"
    raise Refused("not_json", reason)


def _parse_form(line: bytes) -> dict[str, object]:
    pairs = (pair.partition("=") for pair in readable(line.replace(b"+", b" ")).split("&") if pair)
    return {_unquoted(name): _unquoted(value) for name, _, value in pairs}


def _unquoted(text: str) -> str:
    return readable(unquote_to_bytes(text)) if "%" in text else text
