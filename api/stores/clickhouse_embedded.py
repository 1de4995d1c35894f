"""ClickHouse in this process, by chDB."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, TypeVar

import chdb
import msgspec

from api.errors import StoreUnavailable
from api.stores.clickhouse import Column, Parameters
from api.stores.clickhouse_errors import refusal
from api.stores.clickhouse_text import quote, texts

T = TypeVar("T")

_JSON_SETTINGS: Mapping[str, object] = {
    "date_time_output_format": "iso",
    "output_format_json_quote_64bit_integers": 0,
    "output_format_json_quote_denormals": 0,
    "output_format_json_validate_utf8": 1,
}


class Embedded:
    """One connection to the ClickHouse of this process; every method says what `Driver` says."""

    def __init__(self, folder: Path, incoming: Path, settings: Mapping[str, object]) -> None:
        self._incoming = incoming
        try:
            self._connection = chdb.connect(str(folder))
            self._connection.query(f"SET {_rendered({**settings, **_JSON_SETTINGS})}")
        except chdb.ChdbError as error:
            raise StoreUnavailable("clickhouse", str(error)) from error

    def rows(self, sql: str, parameters: Parameters, row: type[T]) -> list[T]:  # noqa: D102
        lines = self._query(sql, parameters).splitlines()
        decoder = msgspec.json.Decoder(row, strict=False)
        return [decoder.decode(line) for line in lines]

    def command(self, sql: str, parameters: Parameters) -> None:  # noqa: D102
        self._query(sql, parameters)

    def insert(self, table: str, columns: Mapping[str, Column], settings: Mapping[str, object]) -> None:  # noqa: D102
        # chDB's streaming insert keeps quiet about what fails while it runs, behind a view above all; a
        # query over a file does not.
        with tempfile.NamedTemporaryFile(dir=self._incoming) as file:
            write_row_binary(file, columns)
            file.flush()
            types = ", ".join(f"{name} {_bulk_type(column)}" for name, column in columns.items())
            self._query(
                f"INSERT INTO {table} ({', '.join(columns)}) SETTINGS {_rendered(settings)} "  # noqa: S608
                f"SELECT * FROM file({quote(file.name)}, 'RowBinary', {quote(types)})",
                {},
            )

    def close(self) -> None:  # noqa: D102
        self._connection.close()

    def _query(self, sql: str, parameters: Parameters) -> bytes:
        try:
            answer = self._connection.query(sql, "JSONEachRow", params=texts(parameters) or None)
        except chdb.ChdbError as error:
            raise refusal(str(error)) from error
        return bytes(answer.bytes())


def _rendered(settings: Mapping[str, object]) -> str:
    return ", ".join(f"{name} = {quote(str(value))}" for name, value in settings.items())


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
