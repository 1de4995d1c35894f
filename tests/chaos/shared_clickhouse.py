"""A ClickHouse that several processes share, for want of a server: one process holds the embedded one.

    python -m tests.chaos.shared_clickhouse hold FOLDER SOCKET
    python -m tests.chaos.shared_clickhouse use SOCKET serve|worker|migrate

`hold` opens the folder and answers calls over a Unix socket. `use` runs a command of `afteraction` whose
ClickHouse is a client of that socket instead of the native protocol; all else is what people run.
"""

import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from api import platform
from api.cli import main as command
from api.embedded.engines import Engines
from api.errors import StoreUnavailable
from api.stores import clickhouse as clickhouses
from api.stores.clickhouse import ClickHouse, Column, Driver, Parameters, QueryError

T = TypeVar("T")
_AWAY = (OSError, EOFError)


class _Remote:
    """A driver whose calls are answered by the process that holds the folder."""

    def __init__(self, socket: str) -> None:
        try:
            self._connection = Client(socket, "AF_UNIX")
        except _AWAY as error:
            raise StoreUnavailable("clickhouse", str(error)) from error

    def rows(self, sql: str, parameters: Parameters, row: type[T]) -> list[T]:
        decoder = msgspec.json.Decoder(row, strict=False)
        return [decoder.decode(line) for line in self._ask("rows", sql, dict(parameters))]

    def command(self, sql: str, parameters: Parameters) -> None:
        self._ask("command", sql, dict(parameters))

    def insert(self, table: str, columns: Mapping[str, Column], settings: Mapping[str, object]) -> None:
        self._ask("insert", table, dict(columns), dict(settings))

    def close(self) -> None:
        self._connection.close()

    def _ask(self, *call: object) -> Any:
        try:
            self._connection.send(call)
            refused, answer = self._connection.recv()
        except _AWAY as error:
            raise StoreUnavailable("clickhouse", str(error) or type(error).__name__) from error
        if refused:
            raise QueryError(refused)
        return answer


def hold(folder: Path, socket: str) -> None:
    """Answer calls until killed."""
    # The pool's own way of opening a connection: each client has one, as it would have of a server.
    connect = clickhouses.embedded(folder)._connect
    with Listener(socket, "AF_UNIX", backlog=64) as listener:
        print("held", flush=True)
        while True:
            connection = listener.accept()
            threading.Thread(target=_answer, args=(connection, connect()), daemon=True).start()


def _answer(connection: Connection, driver: Driver) -> None:
    with suppress(*_AWAY):
        while True:
            name, *arguments = connection.recv()
            try:
                if name == "rows":
                    arguments.append(msgspec.Raw)
                answer = getattr(driver, name)(*arguments)
                if name == "rows":
                    answer = [bytes(line) for line in answer]
            except QueryError as error:
                connection.send((str(error), None))
            else:
                connection.send(("", answer))
    driver.close()


def use(socket: str, arguments: list[str]) -> None:
    """Run a command with the shared ClickHouse."""

    def shared(engines: Engines) -> ClickHouse:
        return ClickHouse(lambda: _Remote(socket), 4, "shared")

    platform._clickhouse = shared
    command(arguments)


if __name__ == "__main__":
    if sys.argv[1] == "hold":
        hold(Path(sys.argv[2]), sys.argv[3])
    else:
        use(sys.argv[2], sys.argv[3:])
