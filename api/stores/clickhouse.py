"""ClickHouse behind one interface: in this process (chDB) or a server over its native protocol.

Both speak the same SQL, bind the same `{name:Type}` parameters and raise the same errors. Calls block in
worker threads and are awaited; a connection serves one call at a time.
"""

import asyncio
import queue
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

import chdb
import msgspec
from clickhouse_driver import Client
from clickhouse_driver import errors as driver_errors

from api.errors import ConfigurationError, StoreUnavailable

T = TypeVar("T")
R = TypeVar("R")
Parameters = Mapping[str, object]
# Bulk columns are 64-bit integers or byte strings: what both ways of inserting agree on without looking
# up a table's types.
Column = Sequence[int] | Sequence[bytes]

DEDUPLICATION = (
    "insert_deduplication_token = {token}, deduplicate_blocks_in_dependent_materialized_views = 1, "
    "max_insert_threads = 1, max_threads = 1, parallel_view_processing = 0, "
    # One block in, one block on: the pieces of a repeated block must be the same.
    "max_block_size = 1048576, min_insert_block_size_rows = 0, min_insert_block_size_bytes = 0"
)
_READ_SETTINGS = {
    "date_time_output_format": "iso",
    "output_format_json_quote_64bit_integers": 0,
    "output_format_json_quote_denormals": 0,
    "join_use_nulls": 1,
}


class QueryError(Exception):
    """ClickHouse refused a statement; the message is its own."""


class Driver(Protocol):
    """One connection. Methods block; none is called by two threads at once. ClickHouse says what they do."""

    def rows(self, sql: str, parameters: Parameters, row: type[T]) -> list[T]: ...  # noqa: D102
    def command(self, sql: str, parameters: Parameters) -> None: ...  # noqa: D102
    def insert(self, table: str, columns: Mapping[str, Column], settings: str) -> None: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


class ClickHouse:
    """A pool of connections to one ClickHouse."""

    def __init__(self, connect: Callable[[], Driver], size: int, description: str) -> None:
        self.description = description
        self._connect = connect
        self._free: queue.LifoQueue[Driver | None] = queue.LifoQueue()
        for _ in range(size):
            self._free.put(None)
        self._size = size
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="clickhouse")

    async def rows(self, sql: str, row: type[T], **parameters: object) -> list[T]:
        """Run a query and return its rows as `row` structs.

        Raises QueryError when ClickHouse refuses it, StoreUnavailable when there is no ClickHouse.
        """
        return await self._run(lambda driver: driver.rows(sql, parameters, row))

    async def one(self, sql: str, row: type[T], **parameters: object) -> T | None:
        """Run a query of at most one row."""
        found = await self.rows(sql, row, **parameters)
        return found[0] if found else None

    async def command(self, sql: str, **parameters: object) -> None:
        """Run a statement that returns nothing."""
        await self._run(lambda driver: driver.command(sql, parameters))

    async def insert(self, table: str, columns: Mapping[str, Column], token: str) -> None:
        """Insert columns of equal length as one block that ClickHouse takes once, views included.

        A second insert under the same token, by anyone, changes nothing where the first one arrived and
        completes what it left undone.
        """
        settings = DEDUPLICATION.format(token=quote(token))
        await self._run(lambda driver: driver.insert(table, columns, settings))

    async def ping(self) -> None:
        """Raise StoreUnavailable unless ClickHouse answers."""
        await self.command("SELECT 1")

    async def _run(self, call: Callable[[Driver], R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._call, call)

    def _call(self, call: Callable[[Driver], R]) -> R:
        with self._driver() as driver:
            return call(driver)

    @contextmanager
    def _driver(self) -> Iterator[Driver]:
        driver = self._free.get()
        try:
            if driver is None:
                driver = self._connect()
            yield driver
        except StoreUnavailable:
            if driver is not None:
                driver.close()
            driver = None
            raise
        finally:
            self._free.put(driver)

    def close(self) -> None:
        """Wait for running calls, then disconnect."""
        self._threads.shutdown(wait=True)
        for _ in range(self._size):
            driver = self._free.get()
            if driver is not None:
                driver.close()


def embedded(folder: Path, size: int = 4) -> ClickHouse:
    """Open ClickHouse in this process, with its data in `folder`. One process at a time may."""
    incoming = folder / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    return ClickHouse(lambda: _Embedded(folder, incoming), size, "embedded")


def server(url: str, size: int = 8, timeout: float = 60) -> ClickHouse:
    """Connect to a ClickHouse server: clickhouse://user:password@host:9000/database; `timeout` in seconds."""
    parts = urlsplit(url)
    if parts.scheme not in ("clickhouse", "clickhouses") or not parts.hostname:
        raise ConfigurationError(
            f"AFTERACTION_CLICKHOUSE_URL must look like clickhouse://user:password@host:9000/database, not {parts.scheme}://"
        )
    return ClickHouse(lambda: _Server(url, timeout), size, f"{parts.hostname}:{parts.port or 9000}")


def quote(text: str) -> str:
    """Return a ClickHouse string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


class _Embedded:
    def __init__(self, folder: Path, incoming: Path) -> None:
        self._incoming = incoming
        try:
            self._connection = chdb.connect(str(folder))
            for name, value in _READ_SETTINGS.items():
                self._connection.query(f"SET {name} = {quote(str(value))}")
        except chdb.ChdbError as error:
            raise StoreUnavailable("clickhouse", str(error)) from error

    def rows(self, sql: str, parameters: Parameters, row: type[T]) -> list[T]:
        lines = self._query(sql, parameters).splitlines()
        decoder = msgspec.json.Decoder(row, strict=False)
        return [decoder.decode(line) for line in lines]

    def command(self, sql: str, parameters: Parameters) -> None:
        self._query(sql, parameters)

    def insert(self, table: str, columns: Mapping[str, Column], settings: str) -> None:
        # chDB's streaming insert keeps quiet about what fails while it runs, behind a view above all; a
        # query over a file does not.
        with tempfile.NamedTemporaryFile(dir=self._incoming) as file:
            write_row_binary(file, columns)
            file.flush()
            types = ", ".join(f"{name} {_bulk_type(column)}" for name, column in columns.items())
            self._query(
                f"INSERT INTO {table} ({', '.join(columns)}) SETTINGS {settings} "  # noqa: S608
                f"SELECT * FROM file({quote(file.name)}, 'RowBinary', {quote(types)})",
                {},
            )

    def close(self) -> None:
        self._connection.close()

    def _query(self, sql: str, parameters: Parameters) -> bytes:
        try:
            answer = self._connection.query(sql, "JSONEachRow", params=_escaped(parameters) or None)
        except chdb.ChdbError as error:
            raise QueryError(str(error)) from error
        return bytes(answer.bytes())


_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r", "\0": r"\0"})


def _escaped(parameters: Parameters) -> dict[str, object]:
    """Parameters as chDB wants them: it reads a text as ClickHouse's TSV does, and so takes escapes out."""
    return {name: _escape(value) for name, value in parameters.items()}


def _escape(value: object) -> object:
    if value is None:
        return r"\N"
    if isinstance(value, list) and value and isinstance(value[0], str):
        return "[" + ",".join(map(quote, value)) + "]"
    return value.translate(_ESCAPES) if isinstance(value, str) else value


class _Server:
    def __init__(self, url: str, timeout: float) -> None:
        parts = urlsplit(url)
        self._client = Client(
            host=parts.hostname or "localhost",
            port=parts.port or (9440 if parts.scheme == "clickhouses" else 9000),
            user=unquote(parts.username or "default"),
            password=unquote(parts.password or ""),
            database=parts.path.lstrip("/") or "default",
            secure=parts.scheme == "clickhouses",
            connect_timeout=min(timeout, 5),
            send_receive_timeout=timeout,
            settings={"server_side_params": True, "use_numpy": False, **_native_settings()},
        )

    def rows(self, sql: str, parameters: Parameters, row: type[T]) -> list[T]:
        with _driver_errors():
            found, described = self._client.execute(sql, dict(parameters), with_column_types=True)
        names = [name for name, _ in described]
        return [msgspec.convert(dict(zip(names, values, strict=True)), row, strict=False) for values in found]

    def command(self, sql: str, parameters: Parameters) -> None:
        with _driver_errors():
            self._client.execute(sql, dict(parameters))

    def insert(self, table: str, columns: Mapping[str, Column], settings: str) -> None:
        statement = f"INSERT INTO {table} ({', '.join(columns)}) SETTINGS {settings} VALUES"
        with _driver_errors():
            self._client.execute(
                statement, list(columns.values()), columnar=True, settings={"strings_as_bytes": True}
            )

    def close(self) -> None:
        self._client.disconnect()


def _native_settings() -> dict[str, Any]:
    return {
        name: value for name, value in _READ_SETTINGS.items() if not name.startswith(("output_", "date_"))
    }


@contextmanager
def _driver_errors() -> Iterator[None]:
    try:
        yield
    except (driver_errors.NetworkError, driver_errors.SocketTimeoutError, EOFError, OSError) as error:
        raise StoreUnavailable("clickhouse", str(error) or type(error).__name__) from error
    except driver_errors.ServerException as error:
        raise QueryError(f"Code: {error.code}. {error.message}") from error


def write_row_binary(file: IO[bytes], columns: Mapping[str, Column]) -> None:
    """Write columns of integers and byte strings as ClickHouse's RowBinary (Int64 and String)."""
    for row in zip(*columns.values(), strict=True):
        for value in row:
            if isinstance(value, int):
                file.write(value.to_bytes(8, "little", signed=True))
            else:
                file.write(_varint(len(value)))
                file.write(value)


def _bulk_type(column: Column) -> str:
    return "Int64" if column and isinstance(column[0], int) else "String"


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
