"""A current ClickHouse that speaks the native protocol, where no server of it can be installed.

The embedded engine does the work: it parses, computes, and writes columns in its `Native` format, which is
the protocol's own. Only packets are made here, as servers of revision 54468 make them. It is no server: it
knows no users, quotas or cancelling. `python -m tests.native_bridge FOLDER` serves until it is killed.
"""

import re
import socketserver
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path
from threading import Thread
from typing import Any

import chdb

from api.stores.clickhouse_text import quote

REVISION = 54468
HELLO, QUERY, DATA, PING = 0, 1, 2, 4
ROWS, EXCEPTION, PONG, END, PROFILE_EVENTS = 1, 2, 4, 5, 14
IMPORTANT = 1
_INSERT = re.compile(r"INSERT INTO (\S+) \((.*)\) VALUES\s*$", re.DOTALL)
_BLOCK_INFO = b"\x01\x00\x02\xff\xff\xff\xff\x00"
_SIZES = {
    **{f"{sign}Int{bits}": bits // 8 for sign in ("", "U") for bits in (8, 16, 32, 64, 128, 256)},
    **{"Float32": 4, "Float64": 8, "Bool": 1, "Nothing": 1, "UUID": 16, "Enum8": 1, "Enum16": 2},
    **{"Date": 2, "Date32": 4, "DateTime": 4, "DateTime64": 8, "Decimal": 8, "IPv4": 4, "IPv6": 16},
}


class Asked(Exception):
    """What cannot be served; its text is the answer."""


class Bridge(socketserver.ThreadingTCPServer):
    """Serves one folder. `seen` are the settings that came with each insert, by name."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        self.seen: list[Mapping[str, str]] = []
        # Held open, or the engine would start anew with each connection.
        self.held = chdb.connect(str(folder))
        super().__init__(("127.0.0.1", port), _Session)

    @property
    def port(self) -> int:
        """Return the port that it listens on."""
        return int(self.server_address[1])


@contextmanager
def bridged(folder: Path) -> Iterator[Bridge]:
    """Serve a folder for the length of the block."""
    with Bridge(folder) as bridge:
        thread = Thread(target=bridge.serve_forever, daemon=True)
        thread.start()
        yield bridge
        bridge.shutdown()
        thread.join()
        bridge.held.close()


class _Session(socketserver.StreamRequestHandler):
    server: Bridge
    wbufsize = -1

    def handle(self) -> None:
        connection = chdb.connect(str(self.server.folder))
        try:
            self._serve(connection)
        except (EOFError, ConnectionError):
            pass
        finally:
            connection.close()

    def _serve(self, connection: Any) -> None:
        for packet in iter(lambda: _read_varint(self.rfile, at_end=-1), -1):
            if packet == HELLO:
                self._greet(connection)
            elif packet == PING:
                self.wfile.write(_varint(PONG))
            elif packet == QUERY:
                try:
                    self._answer(connection, *self._read_query())
                except (chdb.ChdbError, Asked) as error:
                    self._refuse(str(error))
            self.wfile.flush()

    def _greet(self, connection: Any) -> None:
        _text(self.rfile)
        for _ in range(3):
            _read_varint(self.rfile)
        database, _user, _password = (_text(self.rfile) for _ in range(3))
        try:
            connection.query(f"USE {database}")
        except chdb.ChdbError as error:
            self._refuse(str(error))
            return
        self.wfile.write(_varint(HELLO) + _string("bridge") + _varint(26) + _varint(9) + _varint(REVISION))
        self.wfile.write(_string("UTC") + _string("bridge") + _varint(1) + _varint(0) + bytes(8))
        self.wfile.flush()
        _text(self.rfile)  # the quota key

    def _read_query(self) -> tuple[str, dict[str, str], dict[str, str]]:
        _text(self.rfile)
        self.rfile.read(1)
        for _ in range(3):
            _text(self.rfile)
        self.rfile.read(8 + 1)
        for _ in range(3):
            _text(self.rfile)
        for _ in range(3):
            _read_varint(self.rfile)
        _text(self.rfile)
        for _ in range(2):
            _read_varint(self.rfile)
        assert self.rfile.read(1) == b"\x00", "no tracing"
        for _ in range(3):
            _read_varint(self.rfile)
        settings = self._read_settings(IMPORTANT)
        _text(self.rfile)
        _read_varint(self.rfile)
        assert _read_varint(self.rfile) == 0, "no compression"
        sql = _text(self.rfile)
        parameters = {name: _unquoted(value) for name, value in self._read_settings(2).items()}
        self._read_block()
        return sql, settings, parameters

    def _read_settings(self, flags: int) -> dict[str, str]:
        found = {}
        while name := _text(self.rfile):
            assert self.rfile.read(1)[0] == flags, name
            found[name] = _text(self.rfile)
        return found

    def _read_block(self) -> bytes:
        """Read a Data packet; return its block as a file of `Native` has it, nothing for the empty one."""
        assert _read_varint(self.rfile) == DATA
        _text(self.rfile)
        self.rfile.read(len(_BLOCK_INFO))
        columns, rows = _read_varint(self.rfile), _read_varint(self.rfile)
        block = _varint(columns) + _varint(rows)
        for _ in range(columns):
            name, kind = _text(self.rfile), _text(self.rfile)
            assert self.rfile.read(1) == b"\x00", "no sparse columns"
            block += _string(name) + _string(kind)
            if kind == "String":
                block += b"".join(_string(_bytes(self.rfile)) for _ in range(rows))
            else:
                block += self.rfile.read(_SIZES[kind] * rows)
        return block if columns else b""

    def _answer(
        self, connection: Any, sql: str, settings: Mapping[str, str], parameters: Mapping[str, str]
    ) -> None:
        if found := _INSERT.match(sql):
            self._take(connection, found[1], found[2], settings)
        else:
            connection.query(f"SET {_rendered(settings)}")
            for block in _blocks(bytes(connection.query(sql, "Native", params=parameters or None).bytes())):
                self.wfile.write(_varint(ROWS) + _string("") + block)
        self.wfile.write(_varint(END))

    def _take(self, connection: Any, table: str, names: str, settings: Mapping[str, str]) -> None:
        described = connection.query(f"DESCRIBE (SELECT {names} FROM {table})", "TSV").bytes()
        columns = [line.split("\t")[:2] for line in bytes(described).decode().splitlines()]
        header = b"".join(_string(name) + _string(kind) + b"\x00" for name, kind in columns)
        self.wfile.write(_varint(ROWS) + _string("") + _BLOCK_INFO + _varint(len(columns)) + _varint(0))
        self.wfile.write(header)
        self.wfile.flush()
        profile = _varint(PROFILE_EVENTS) + _string("") + _BLOCK_INFO + _varint(0) + _varint(0)
        blocks = []
        while block := self._read_block():
            blocks.append(block)
            self.wfile.write(profile)
            self.wfile.flush()
        self.wfile.write(profile)
        if len(blocks) != 1:
            raise Asked(f"Code: 1. one block was promised, {len(blocks)} came")
        self.server.seen.append(settings)
        with tempfile.NamedTemporaryFile(suffix=".native") as file:
            file.write(blocks[0])
            file.flush()
            connection.query(
                f"INSERT INTO {table} ({names}) SETTINGS {_rendered(settings)} "
                f"SELECT * FROM file({quote(file.name)}, 'Native')"
            )

    def _refuse(self, text: str) -> None:
        found = re.match(r"Code: (\d+)\. (.*)", text, re.DOTALL)
        code, message = (int(found[1]), found[2]) if found else (1001, text)
        self.wfile.write(_varint(EXCEPTION) + code.to_bytes(4, "little") + _string("DB::Exception"))
        self.wfile.write(_string(message) + _string("0. somewhere in the server") + b"\x00")
        self.wfile.flush()


def _rendered(settings: Mapping[str, str]) -> str:
    return ", ".join(f"{name} = {quote(value)}" for name, value in settings.items())


_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CHARACTERS = {"b": "\b", "f": "\f", "r": "\r", "n": "\n", "t": "\t", "0": "\0", "a": "\a", "v": "\v"}


def _unquoted(literal: str) -> str:
    """Read a parameter's value as a server does (readQuoted), before it reads the value's type from it."""
    assert re.fullmatch(r"'(?:[^'\\]|\\.)*'", literal, re.DOTALL), literal
    return _ESCAPED.sub(lambda found: _CHARACTERS.get(found[1], found[1]), literal[1:-1])


def _blocks(native: bytes) -> Iterator[bytes]:
    """Cut what the engine wrote as `Native` into the protocol's blocks; an empty one comes before them."""
    place = 0
    while place < len(native):
        is_first = place == 0
        columns, place = _varint_at(native, place)
        rows, place = _varint_at(native, place)
        header = _BLOCK_INFO + _varint(columns) + _varint(0)
        block = _BLOCK_INFO + _varint(columns) + _varint(rows)
        for _ in range(columns):
            begun = place
            _, place = _string_at(native, place)
            kind, place = _string_at(native, place)
            head, begun = native[begun:place] + b"\x00", place
            place = _after_data(kind, native, place + _prefix(kind), rows)
            header += head
            block += head + native[begun:place]
        if is_first:
            yield header
        yield block


def _prefix(kind: str) -> int:
    name, inner = _parsed(kind)
    if name == "LowCardinality":
        return 8
    return sum(map(_prefix, inner)) if name in ("Array", "Nullable", "Tuple") else 0


def _after_data(kind: str, native: bytes, place: int, rows: int) -> int:
    """Return where the values of a column end."""
    name, inner = _parsed(kind)
    match name:
        case "Nullable":
            return _after_data(inner[0], native, place + rows, rows)
        case "Array":
            ends = native[place : place + 8 * rows]
            total = int.from_bytes(ends[-8:], "little")
            return _after_data(inner[0], native, place + 8 * rows, total)
        case "Tuple":
            for part in inner:
                place = _after_data(part, native, place, rows)
            return place
        case "LowCardinality" if rows:
            flags, keys = (int.from_bytes(native[place + n : place + n + 8], "little") for n in (0, 8))
            place = _after_data(re.sub(r"^Nullable\((.*)\)$", r"\1", inner[0]), native, place + 16, keys)
            return place + 8 + rows * (1 << (flags & 0xFF))
        case "LowCardinality":
            return place
        case "String":
            for _ in range(rows):
                length, place = _varint_at(native, place)
                place += length
            return place
    return place + _SIZES[name] * rows


def _parsed(kind: str) -> tuple[str, list[str]]:
    """Return a type's name and the types inside it: Tuple(a Int8, b String) is ("Tuple", [Int8, String])."""
    name, _, rest = kind.partition("(")
    if name not in ("Array", "Nullable", "Tuple", "LowCardinality", "SimpleAggregateFunction"):
        return name, []
    parts, depth, begun = [], 0, 0
    for place, letter in enumerate(rest):
        depth += (letter == "(") - (letter == ")")
        if (letter == "," and depth == 0) or depth < 0:
            parts.append(rest[begun:place].strip())
            begun = place + 1
    if name == "SimpleAggregateFunction":
        return _parsed(parts[-1])
    return name, [re.sub(r"^`?\w+`? (?=[A-Z])", "", part) for part in parts]


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*encoded, number])


def _string(text: str | bytes) -> bytes:
    encoded = text.encode() if isinstance(text, str) else text
    return _varint(len(encoded)) + encoded


def _varint_at(data: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[place]
        number |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return number, place


def _string_at(data: bytes, place: int) -> tuple[str, int]:
    length, place = _varint_at(data, place)
    return data[place : place + length].decode(), place + length


def _read_varint(file: BufferedIOBase, at_end: int | None = None) -> int:
    number = shift = 0
    while True:
        read = file.read(1)
        if not read:
            if at_end is not None and shift == 0:
                return at_end
            raise EOFError
        number |= (read[0] & 0x7F) << shift
        shift += 7
        if read[0] < 0x80:
            return number


def _bytes(file: BufferedIOBase) -> bytes:
    return file.read(_read_varint(file))


def _text(file: BufferedIOBase) -> str:
    return _bytes(file).decode()


if __name__ == "__main__":
    with Bridge(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0) as served:
        print(f"clickhouse://127.0.0.1:{served.port}", flush=True)
        served.serve_forever()
