"""A request body, whatever it is packed in and shaped like, as the bytes of single events."""

import re
import zlib
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final, Protocol
from urllib.parse import unquote_to_bytes

import msgspec
import zstandard

from api.errors import BadRequest, BodyTooLarge

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_ENCODINGS: Final = frozenset(("", "identity", "gzip", "x-gzip", "zstd"))
# A relay packs, and a proxy may pack again.
_MAX_LAYERS: Final = 2
# What one step unpacks at once stays about 16 MB for both: zstd needs 4 bytes for 128 kB, gzip 1 for 1 kB.
_STEP: Final = 512
_GZIP_STEP: Final = 16 << 10
_ZSTD_WINDOW: Final = 2**23

_JUNK: Final = b" \t\r\n\v\f\0"
_BOM: Final = b"\xef\xbb\xbf"
# Commas an event has; with more, count the pieces one by one rather than let the parser list them all.
_COMMAS: Final = 128
# Counted by the scan in one element. An event has some hundreds.
_ELEMENT_TOKENS: Final = 50_000
# Counted by the scan in all: some seconds' work, and more than the events of a body have within their limits.
_TOKENS: Final = 4_000_000
_TOKEN: Final = re.compile(rb'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"?|[\[\]{},]')
_SEAM: Final = re.compile(rb"}[\s\0,]*{")
_PRETTY: Final = re.compile(rb'{[ \t]*\r?\n\s*"')
_LINE_BREAKS: Final = re.compile(rb"\n(?:[ \t\r\v\f\0]*+\n)++")
_NEXT_OBJECT: Final = re.compile(rb"\n[ \t\r\v\f\0]*+{")
_WRAPPED: Final = re.compile(rb"(?:payload|events|data|json|body)=(?:\s|\+)*(?:[\[{]|%5b|%7b)", re.IGNORECASE)
_RAW: Final = msgspec.json.Decoder(msgspec.Raw)
_RAWS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class BodyUnreadable(BadRequest):
    """The body is packed in a way that cannot be undone."""


class TooManyEvents(BodyTooLarge):
    """More events in one body than the server's limit."""


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def is_packed(body: bytes) -> bool:
    """Whether `decompress` has work to do, which may be much for a small body."""
    return _packed_as(body) is not None


def decompress(body: bytes, content_encoding: str, limit: int) -> bytes:
    """The body unpacked from gzip or zstd, told by its first bytes rather than by its label.

    Raises BodyTooLarge when it has more than `limit` bytes, BodyUnreadable when it is cut off, broken,
    packed more than twice, or labelled with an encoding that is not spoken here.
    """
    labels = {label.strip().lower() for label in content_encoding.split(",")}
    layers = 0
    while (kind := _packed_as(body)) is not None:
        layers += 1
        if layers > _MAX_LAYERS:
            raise BodyUnreadable(f"the body is packed more than {_MAX_LAYERS} times: pack it once")
        body = _unpack(body, kind, limit)
    if not layers and not labels <= _ENCODINGS:
        raise BodyUnreadable(f"Content-Encoding {content_encoding[:40]!r}: send gzip, zstd or none")
    if len(body) > limit:
        raise BodyTooLarge(f"the body has {len(body)} bytes, the limit is {limit}: send smaller batches")
    return body


def split(body: bytes, limit: int) -> list[bytes]:
    """The bytes of each event, in order, from any of the forms that senders use.

    Takes a JSON array, one JSON object, newline-delimited JSON, urlencoded lines, and lines of arrays. A
    broken piece is a piece of its own, as far as the text around it can be told from it; where an array is
    cut off, the rest is one piece. Raises TooManyEvents when there are more than `limit`.
    """
    body = body.removeprefix(_BOM).strip(_JUNK).removeprefix(_BOM)
    budget = iter(range(_TOKENS))
    if body.startswith(b"["):
        pieces = _split_array(body, limit, budget)
    elif body.startswith(b"{") and (b"\n" not in body or _is_one_object(body)):
        pieces = _split_objects(body, limit, budget)
    else:
        pieces = _split_lines(body, limit, budget)
    if len(pieces) > limit:
        raise TooManyEvents(f"the body has more than {limit} events: send smaller batches")
    return pieces


def _packed_as(body: bytes) -> Callable[[], _Unpacker] | None:
    if body.startswith(_GZIP):
        return _gunzip
    return _unzstd if body.startswith(_ZSTD) else None


def _gunzip() -> _Unpacker:
    return zlib.decompressobj(wbits=31)


def _unzstd() -> _Unpacker:
    return zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()


def _unpack(body: bytes, kind: Callable[[], _Unpacker], limit: int) -> bytes:
    """All members of the body, one after the other."""
    parts: list[bytes] = []
    size = 0
    try:
        for part in _unpacked(body, kind):
            parts.append(part)
            size += len(part)
            if size > limit:
                raise BodyTooLarge(f"the body unpacks to more than {limit} bytes: send smaller batches")
    except (zlib.error, zstandard.ZstdError, MemoryError) as error:
        raise BodyUnreadable(f"the body cannot be unpacked: {error}") from None
    return b"".join(parts)


def _unpacked(body: bytes, kind: Callable[[], _Unpacker]) -> Iterator[bytes]:
    unpacker = kind()
    size = _GZIP_STEP if kind is _gunzip else _STEP
    for start in range(0, len(body), size):
        step = body[start : start + size]
        while step:
            if unpacker.eof:
                if not step.strip(b"\0") and not body[start + size :].strip(b"\0"):
                    return  # padding
                unpacker = kind()
            yield unpacker.decompress(step)
            step = unpacker.unused_data if unpacker.eof else b""
    if not unpacker.eof:
        raise BodyUnreadable("the packed body is cut off: send all of it")


def _is_one_object(body: bytes) -> bool:
    """Whether a body of many lines that begins with a brace is to be read across its lines."""
    if _PRETTY.match(body):
        return True
    try:
        _RAW.decode(body)
    except _UNREADABLE:
        return not _NEXT_OBJECT.search(body) and not _is_closed(body.partition(b"\n")[0])
    return True


def _is_closed(line: bytes) -> bool:
    """Whether a line closes all brackets that it opens."""
    depth = 0
    for token in islice(_TOKEN.finditer(line), _ELEMENT_TOKENS):
        mark = token[0][:1]
        depth += (mark in b"{[") - (mark in b"}]")
    return depth == 0


def _split_array(body: bytes, limit: int, budget: Iterator[int]) -> list[bytes]:
    if body.count(b",") <= _COMMAS * limit:
        try:
            return [bytes(raw) for raw in _RAWS.decode(body)]
        except _UNREADABLE:
            pass
    return list(islice(_scan(body, budget), limit + 1))


def _split_objects(body: bytes, limit: int, budget: Iterator[int]) -> list[bytes]:
    return list(islice(_scan(body, budget), limit + 1)) if _SEAM.search(body) else [body]


def _split_lines(body: bytes, limit: int, budget: Iterator[int]) -> list[bytes]:
    if body.count(b"\n") > 2 * limit:
        body = _LINE_BREAKS.sub(b"\n", body)
    lines = body.split(b"\n", limit + 1)
    if _are_objects(body, lines):
        return lines
    pieces: list[bytes] = []
    for line in lines:
        if line := line.strip(_JUNK):
            _split_line(line, limit, budget, pieces)
        if len(pieces) > limit:
            break
    return pieces


def _are_objects(body: bytes, lines: list[bytes]) -> bool:
    """Whether each line begins with the one brace that it has, and ends without junk: the common case."""
    braces = len([line for line in lines if line[:1] == b"{"])
    return braces == len(lines) == body.count(b"{") and b"\r" not in body and b"\0" not in body


def _split_line(line: bytes, limit: int, budget: Iterator[int], pieces: list[bytes]) -> None:
    first = line[:1]
    if first == b"[":
        pieces.extend(_split_array(line, limit, budget))
    elif first == b"{":
        pieces.extend(_split_objects(line, limit, budget))
    elif _WRAPPED.match(line):
        pieces.extend(_split_wrapped(line, limit, budget))
    else:
        pieces.append(line)


def _split_wrapped(line: bytes, limit: int, budget: Iterator[int]) -> list[bytes]:
    """`payload=[...]`, as forms send it."""
    value = line.partition(b"=")[2].strip(b" +")
    if value.startswith(b"%"):
        value = _unquoted(value.partition(b"&")[0].replace(b"+", b" "))
    value = value.strip(_JUNK)
    split_value = _split_array if value.startswith(b"[") else _split_objects
    return split_value(value, limit, budget)


def _unquoted(value: bytes) -> bytes:
    """Percent signs undone part by part: it costs 70 times the memory of what is undone at once."""
    parts = []
    start = 0
    while start < len(value):
        end = start + _STEP
        cut = value.rfind(b"%", end - 2, end)  # not between a sign and its digits
        end = cut if cut > start else end
        parts.append(unquote_to_bytes(value[start:end]))
        start = end
    return b"".join(parts)


def _scan(body: bytes, budget: Iterator[int]) -> Iterator[bytes]:
    """The values in a sequence of arrays and objects, told by brackets and quotes alone.

    An element of more tokens than any event has ends the scan, and is one piece with all that follows it; so
    does the end of the `budget`, which has an element for each token. It goes on where a parser gives up:
    after a broken element whose brackets are even, between arrays that follow each other, and at a line that
    begins with an object no deeper than the one without end before.
    """
    depth = base = start = indent = tokens = 0
    for token, _ in zip(_TOKEN.finditer(body), budget, strict=False):
        tokens += 1
        if tokens > _ELEMENT_TOKENS:
            break
        mark, at, after = token[0][:1], token.start(), token.end()
        cut = -1
        if mark == b'"':
            continue
        if mark in b"[{":
            if depth > base and mark == b"{" and 0 <= _indent(body, at) <= indent:
                depth = base
            if depth == base:
                yield from _whole(body[start:at])
                start, indent = at, max(0, _indent(body, at))
            if depth == 0 and mark == b"[":
                base, start = 1, after
            depth += 1
        elif mark == b",":
            cut = at if depth == base else -1
        elif depth > base:
            depth -= 1
            cut = after if depth == base else -1
        else:
            depth = base = 0
            cut = at
        if cut >= 0:
            yield from _whole(body[start:cut])
            start, tokens = after, 0
    yield from _whole(body[start:])


def _indent(body: bytes, at: int) -> int:
    """How many blanks lead the line that begins at `at`, or -1 where no line begins, or far to the right."""
    before = body[max(0, at - 64) : at]
    line = before.rstrip(b" \t")
    return len(before) - len(line) if line.endswith(b"\n") else -1


def _whole(piece: bytes) -> tuple[bytes, ...]:
    piece = piece.strip(_JUNK)
    return (piece,) if piece else ()
