"""The forum's MariaDB: a few connections in threads, transactions, and rows as structs.

What is done in a transaction is a plain function: it runs in a thread, and again from its beginning when
MariaDB chose it as the victim of a deadlock or went away before the commit. So it does nothing but what the
transaction undoes.
"""

import asyncio
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

import msgspec
import pymysql
from pymysql.constants import CR, ER, FIELD_TYPE
from pymysql.converters import conversions, convert_datetime, escape_datetime
from pymysql.cursors import DictCursor

from api.errors import ConfigurationError, StoreUnavailable
from api.stores.sql import named
from smf_bridge import address
from smf_bridge.address import Address

T = TypeVar("T")
R = TypeVar("R")
Connection: TypeAlias = "pymysql.Connection[DictCursor]"

STORE: Final = "forum"
# The forum's PHP waits for two seconds, so nothing here takes longer than it by much.
_CONNECT_SECONDS: Final = 2
_ANSWER_SECONDS: Final = 4
_STATEMENT_SECONDS: Final = 3
_WAIT_SECONDS: Final = 1.5
# A connection is believed to live for so long without a question.
_ALIVE_SECONDS: Final = 1.0
# One that rested for longer is not kept.
_REST_SECONDS: Final = 60.0
_TRIES: Final = 4
_AGAIN_SECONDS: Final = 1.0

_SESSION: Final = (
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_ENGINE_SUBSTITUTION', time_zone = '+00:00', innodb_lock_wait_timeout = 2",
)
_SHUTTING_DOWN: Final = 1053
_KILLED: Final = 1927
_TOO_LONG: Final = 1969
_LOST: Final = frozenset(
    {CR.CR_SERVER_GONE_ERROR, CR.CR_SERVER_LOST, CR.CR_SERVER_LOST_EXTENDED, _SHUTTING_DOWN, _KILLED}
)
_AWAY: Final = _LOST | {
    CR.CR_CONNECTION_ERROR,
    CR.CR_CONN_HOST_ERROR,
    CR.CR_UNKNOWN_HOST,
    ER.CON_COUNT_ERROR,
    ER.TOO_MANY_USER_CONNECTIONS,
    ER.USER_LIMIT_REACHED,
    ER.LOCK_WAIT_TIMEOUT,
    ER.LOCK_DEADLOCK,
    ER.DISK_FULL,
    ER.OPTION_PREVENTS_STATEMENT,
    ER.QUERY_INTERRUPTED,
    _TOO_LONG,
}
_PASSWORD: Final = frozenset({ER.ACCESS_DENIED_ERROR, 1698})
_RIGHTS: Final = frozenset(
    {
        ER.DBACCESS_DENIED_ERROR,
        ER.TABLEACCESS_DENIED_ERROR,
        ER.COLUMNACCESS_DENIED_ERROR,
        ER.SPECIFIC_ACCESS_DENIED_ERROR,
    }
)
_SCHEMA: Final = frozenset({ER.NO_SUCH_TABLE, ER.BAD_FIELD_ERROR})


class Duplicate(Exception):
    """A row that a unique key has already; the transaction may go on."""


class MissingRights(StoreUnavailable):
    """MariaDB lets the bridge in, and not do what it must."""


class Transaction:
    """A transaction, inside a thread. Names in `{braces}` of queries are the forum's prefix."""

    def __init__(self, connection: Connection, prefix: str) -> None:
        self._connection = connection
        self.prefix = prefix

    def rows(self, sql: str, row: type[T], **parameters: object) -> list[T]:
        """Run one statement and return its rows as `row` structs. Times are in UTC."""
        with self._connection.cursor() as cursor:
            cursor.execute(_with_prefix(sql, self.prefix), parameters)
            return [msgspec.convert(found, row, strict=False) for found in cursor.fetchall()]

    def one(self, sql: str, row: type[T], **parameters: object) -> T | None:
        """Run one statement of at most one row."""
        found = self.rows(sql, row, **parameters)
        return found[0] if found else None

    def execute(self, sql: str, **parameters: object) -> int:
        """Run one statement and return how many rows it changed.

        Raises Duplicate where a unique key forbids it.
        """
        return self._do(sql, parameters)[0]

    def insert(self, sql: str, **parameters: object) -> int:
        """Add one row and return the id that it was given. Raises Duplicate."""
        return self._do(sql, parameters)[1]

    def _do(self, sql: str, parameters: dict[str, object]) -> tuple[int, int]:
        try:
            with self._connection.cursor() as cursor:
                return cursor.execute(_with_prefix(sql, self.prefix), parameters), int(cursor.lastrowid or 0)
        except pymysql.err.IntegrityError as error:
            if _code(error) == ER.DUP_ENTRY:
                raise Duplicate(_said(error)) from error
            raise


class Database:
    """A pool of connections to the forum's database. Connects when it is first asked."""

    def __init__(self, where: Address, size: int = 6, wait: float = _WAIT_SECONDS) -> None:
        """`wait` in seconds bounds the wait for a connection."""
        self.address = where
        self._size = size
        self._wait = wait
        self._places = asyncio.Semaphore(size)
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="forum")
        self._lock = threading.Lock()
        self._resting: list[tuple[Connection, float]] = []

    async def run(self, work: Callable[[Transaction], R]) -> R:
        """Do something in a transaction that commits at its end, and return what it returns.

        Raises StoreUnavailable when MariaDB is away, or refuses, or all connections stay busy.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._wait):
                await self._places.acquire()
        except TimeoutError as error:
            cause = f"all {self._size} connections were busy for {self._wait:g} s"
            raise StoreUnavailable(STORE, cause, retry_after=2) from error

        def leave(_: Future[R]) -> None:
            # Only now is the thread free again, whoever still waits for it.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._places.release)

        try:
            task = self._threads.submit(self._in_thread, work)
        except RuntimeError as error:
            self._places.release()
            raise StoreUnavailable(STORE, "the application is stopping") from error
        task.add_done_callback(leave)
        return await asyncio.wrap_future(task)

    async def rows(self, sql: str, row: type[T], **parameters: object) -> list[T]:
        """Run one statement in a transaction of its own and return its rows as `row` structs."""
        return await self.run(lambda transaction: transaction.rows(sql, row, **parameters))

    async def one(self, sql: str, row: type[T], **parameters: object) -> T | None:
        """Run one statement of at most one row."""
        return await self.run(lambda transaction: transaction.one(sql, row, **parameters))

    async def execute(self, sql: str, **parameters: object) -> int:
        """Run one statement in a transaction of its own and return how many rows it changed."""
        return await self.run(lambda transaction: transaction.execute(sql, **parameters))

    def close(self) -> None:
        """Let go of the threads and of what rests."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            resting, self._resting = self._resting, []
        for connection, _ in resting:
            _drop(connection)

    def _in_thread(self, work: Callable[[Transaction], R]) -> R:
        began = time.monotonic()
        for left in reversed(range(_TRIES)):
            try:
                return self._once(work)
            except pymysql.err.MySQLError as error:
                late = time.monotonic() - began > _AGAIN_SECONDS
                if left and not late and _code(error) in _LOST | {ER.LOCK_DEADLOCK}:
                    continue
                raise self._explained(error) from error
        raise AssertionError("the last try returns or raises")

    def _once(self, work: Callable[[Transaction], R]) -> R:
        connection = self._take()
        try:
            done = work(Transaction(connection, self.address.prefix))
        except BaseException as error:
            self._after_failure(connection, error)
            raise
        try:
            connection.commit()
        except pymysql.err.MySQLError as error:
            _drop(connection)
            # What was done may stand or not: to do it again could do it twice.
            cause = f"it went away at the end of a transaction: {_said(error)}"
            raise StoreUnavailable(STORE, cause) from error
        self._rest(connection)
        return done

    def _after_failure(self, connection: Connection, error: BaseException) -> None:
        if isinstance(error, pymysql.err.MySQLError) and _code(error) in _LOST:
            _drop(connection)
            return
        try:
            connection.rollback()
        except pymysql.err.MySQLError:
            _drop(connection)
        else:
            self._rest(connection)

    def _take(self) -> Connection:
        while True:
            with self._lock:
                if not self._resting:
                    break
                connection, since = self._resting.pop()
            rested = time.monotonic() - since
            if rested < _ALIVE_SECONDS or (rested < _REST_SECONDS and _is_alive(connection)):
                return connection
            _drop(connection)
        return connect(self.address)

    def _rest(self, connection: Connection) -> None:
        with self._lock:
            self._resting.append((connection, time.monotonic()))

    def _explained(self, error: pymysql.err.MySQLError) -> Exception:
        return explained(error, self.address)


def connect(where: Address, answer_seconds: float = _ANSWER_SECONDS, statement: float = 0) -> Connection:
    """Open one connection; `statement` seconds bound each statement, as the pool's own if 0."""
    connection: Connection = pymysql.connect(
        host=where.host,
        port=where.port,
        user=where.user,
        # As bytes: a text would have to be Latin-1.
        password=where.password.encode(),
        database=where.database,
        unix_socket=where.socket,
        ssl=_tls(where.ca_certs) if where.ca_certs else None,
        ssl_disabled=where.ca_certs is None,
        charset="utf8mb4",
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=answer_seconds,
        write_timeout=answer_seconds,
        conv=_conversions(),
        cursorclass=DictCursor,
    )
    try:
        with connection.cursor() as cursor:
            for statement_of_session in _SESSION:
                cursor.execute(statement_of_session)
            _bound(cursor, statement or _STATEMENT_SECONDS)
    except BaseException:
        _drop(connection)
        raise
    return connection


def explained(error: pymysql.err.MySQLError, where: Address) -> Exception:
    """Return what an error of MariaDB means for whoever asked; itself, where it is a fault of ours."""
    code, said = _code(error), _said(error)
    if code in _PASSWORD:
        cause = f"MariaDB does not let {where.user} in: {said}. {address.SETTING} holds user and password"
        return StoreUnavailable(STORE, cause, retry_after=30)
    if code in _RIGHTS:
        cause = f"{said}. `afteraction forum grants` prints what {where.user} is to be granted"
        return MissingRights(STORE, cause, retry_after=30)
    if code == ER.BAD_DB_ERROR:
        return StoreUnavailable(STORE, f"{said}: {address.SETTING} names the forum's own database", 30)
    if code in _SCHEMA:
        cause = f"{said}. `afteraction forum migrate` makes the tables; {address.SETTING} has SMF's ?prefix="
        return StoreUnavailable(STORE, cause, retry_after=30)
    if code in _AWAY or isinstance(error, pymysql.err.InterfaceError):
        return StoreUnavailable(STORE, said)
    return error


@cache
def queries(noun: str) -> dict[str, str]:
    """Return the named queries of `queries/<noun>.sql`."""
    return named((Path(__file__).parent / "queries" / f"{noun}.sql").read_text())


@cache
def _tls(ca_certs: str) -> Any:
    try:
        return ssl.create_default_context(cafile=ca_certs)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"{address.SETTING}: ?ca_certs={ca_certs} cannot be read: {error}"
        ) from error


@cache
def _with_prefix(sql: str, prefix: str) -> str:
    return sql.replace("{prefix}", prefix)


def _bound(cursor: DictCursor, seconds: float) -> None:
    # MariaDB's own; MySQL has no such variable, and there the answer's time bounds it.
    with suppress(pymysql.err.OperationalError, pymysql.err.ProgrammingError):
        cursor.execute("SET SESSION max_statement_time = %s", (seconds,))


@cache
def _conversions() -> dict[Any, Any]:
    """Return how values are written and read: times are in UTC on both ways."""

    def write(at: datetime, _mapping: object = None) -> str:
        if at.tzinfo is None:
            raise TypeError(f"a time without its zone: {at}")
        return str(escape_datetime(at.astimezone(UTC).replace(tzinfo=None)))

    def read(text: str | bytes) -> object:
        at = convert_datetime(text)
        return at.replace(tzinfo=UTC) if isinstance(at, datetime) else at

    return {**conversions, datetime: write, FIELD_TYPE.DATETIME: read, FIELD_TYPE.TIMESTAMP: read}


def _code(error: pymysql.err.MySQLError) -> int:
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0


def _said(error: pymysql.err.MySQLError) -> str:
    return str(error.args[1] if len(error.args) > 1 else error)


def _is_alive(connection: Connection) -> bool:
    try:
        connection.ping(reconnect=False)
    except pymysql.err.MySQLError:
        return False
    return True


def _drop(connection: Connection) -> None:
    with suppress(Exception):
        connection.close()
