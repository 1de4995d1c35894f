"""A ClickHouse server over its native protocol, spoken by clickhouse-driver.

What the embedded ClickHouse writes as JSON comes as Python objects here; `_plain` makes both the same.
"""

import logging
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

import msgspec
from clickhouse_driver import Client
from clickhouse_driver import errors as driver_errors

from api.errors import ConfigurationError, StoreUnavailable
from api.stores.clickhouse_errors import QueryError, refusal
from api.stores.clickhouse_text import quote, texts
from api.stores.cluster import SETTINGS as CLUSTER_SETTINGS
from api.stores.cluster import Cluster

T = TypeVar("T")
R = TypeVar("R")

# It warns of a lost connection with a traceback; the error that we raise says it once.
logging.getLogger("clickhouse_driver").setLevel(logging.ERROR)

_WANTED = "AFTERACTION_CLICKHOUSE_URL must look like clickhouse://user:password@host:9000/database"
_WORD = re.compile(r"[A-Za-z_]\w*")
_CONNECT_SECONDS = 5.0
# The server is gone or talks nonsense; what the statement did is not known.
_LOST = (
    driver_errors.NetworkError,
    driver_errors.SocketTimeoutError,
    driver_errors.UnexpectedPacketFromServerError,
    driver_errors.UnknownPacketFromServerError,
    driver_errors.PartiallyConsumedQueryError,
    driver_errors.ChecksumDoesntMatchError,
    EOFError,
    OSError,
)
_TOO_LATE = (driver_errors.SocketTimeoutError, TimeoutError)


class Address(msgspec.Struct, frozen=True):
    """Where a server answers, as whom we come, and the cluster that it belongs to.

    `ca_certs` is a file of authorities to trust for TLS.
    """

    host: str
    port: int
    user: str
    password: str
    database: str
    tls: bool
    ca_certs: str | None
    cluster: Cluster | None

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(url: str) -> Address:
    """Read clickhouse://user:password@host:9000/database, or clickhouses:// for TLS.

    `?ca_certs=FILE` says whom to trust for TLS, `?cluster=NAME` that the database lies on a cluster.
    Raises ConfigurationError; its message holds no password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        options = parse_qs(parts.query, strict_parsing=bool(parts.query))
    except ValueError as error:
        raise ConfigurationError(f"{_WANTED}: its port, its [address] or what follows ? is wrong") from error
    if parts.scheme not in ("clickhouse", "clickhouses") or not parts.hostname:
        raise ConfigurationError(f"{_WANTED}, not {parts.scheme}://")
    tls = parts.scheme == "clickhouses"
    if options.keys() - {"cluster", *(["ca_certs"] if tls else [])}:
        raise ConfigurationError(
            f"{_WANTED}; after it: ?cluster=NAME, and with clickhouses:// ?ca_certs=FILE"
        )
    database = unquote(parts.path.lstrip("/")) or "default"
    cluster = options["cluster"][0] if "cluster" in options else None
    if cluster and not (_WORD.fullmatch(cluster) and _WORD.fullmatch(database)):
        raise ConfigurationError(f"{_WANTED}; names of clusters and their databases are single words here")
    return Address(
        host=parts.hostname,
        port=port or (9440 if tls else 9000),
        user=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        database=database,
        tls=tls,
        ca_certs=options["ca_certs"][0] if "ca_certs" in options else None,
        cluster=Cluster(cluster, database) if cluster else None,
    )


class Native:
    """One connection to a server. It is made anew when it was lost; every method says what `Driver` says."""

    def __init__(self, address: Address, timeout: float, settings: Mapping[str, object]) -> None:
        self._address = address
        self._timeout = timeout
        self._client = Client(
            host=address.host,
            port=address.port,
            user=address.user,
            password=address.password,
            database=address.database,
            secure=address.tls,
            ca_certs=address.ca_certs,
            connect_timeout=min(timeout, _CONNECT_SECONDS),
            # The driver asks whether the connection still lives before each statement.
            sync_request_timeout=min(timeout, _CONNECT_SECONDS),
            send_receive_timeout=timeout,
            # A setting that the server does not know is an error: exactly once hangs on some.
            settings_is_important=True,
            settings={
                "server_side_params": True,
                **settings,
                **(CLUSTER_SETTINGS if address.cluster else {}),
            },
        )

    def rows(self, sql: str, parameters: Mapping[str, object], row: type[T]) -> list[T]:  # noqa: D102
        found, described = self._repeatable(
            lambda: self._client.execute(
                sql,
                _bound(parameters),
                with_column_types=True,
                settings={"max_execution_time": math.ceil(self._timeout)},
            )
        )
        names = [name for name, _ in described]
        zone = self._zone()
        return [
            msgspec.convert(
                {name: _plain(value, zone) for name, value in zip(names, values, strict=True)},
                row,
                strict=False,
            )
            for values in found
        ]

    def command(self, sql: str, parameters: Mapping[str, object]) -> None:  # noqa: D102
        self._speak(lambda: self._client.execute(sql, _bound(parameters)))

    def insert(  # noqa: D102
        self,
        table: str,
        columns: Mapping[str, Sequence[int] | Sequence[bytes]],
        settings: Mapping[str, object],
    ) -> None:
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES"
        # The driver cuts at `insert_block_size` rows: one block in is one block on.
        own = {"strings_as_bytes": True, "insert_block_size": len(next(iter(columns.values()))) or 1}
        self._repeatable(
            lambda: self._client.execute(
                statement,
                [list(column) for column in columns.values()],
                columnar=True,
                settings={**settings, **own},
            )
        )

    def close(self) -> None:  # noqa: D102
        self._client.disconnect()

    def _repeatable(self, call: Callable[[], R]) -> R:
        """Repeat a call once where a connection of old turns out to be broken: the server may be new."""
        held = self._client.connection.connected
        try:
            return self._speak(call)
        except StoreUnavailable as error:
            if held and isinstance(error.__cause__, _LOST) and not isinstance(error.__cause__, _TOO_LATE):
                return self._speak(call)
            raise

    def _speak(self, call: Callable[[], R]) -> R:
        try:
            return call()
        except driver_errors.ServerException as error:
            # The server's own stack trace follows its message.
            message = str(error.message).partition(". Stack trace:")[0].strip()
            raise refusal(f"Code: {error.code}. {message}") from error
        except _LOST as error:
            cause = "no answer in time" if isinstance(error, _TOO_LATE) else str(error).strip()
            raise StoreUnavailable(
                "clickhouse", f"{self._address}: {cause or type(error).__name__}"
            ) from error
        except driver_errors.Error as error:
            raise QueryError(str(error)) from error

    def _zone(self) -> tzinfo:
        """Return the zone in which the server gives times without one."""
        server = self._client.connection.server_info
        name = server.get_timezone() if server else None
        return ZoneInfo(name) if name else UTC


class _Literal:
    """A text that the driver puts between quotes as it is; its own escapes know neither NULL nor lists."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return quote(self._text)[1:-1]


def _bound(parameters: Mapping[str, object]) -> dict[str, object]:
    return {name: _Literal(text) for name, text in texts(parameters).items()}


def _plain(value: Any, zone: tzinfo) -> Any:
    """Return a value as the embedded ClickHouse's JSON would have it."""
    match value:
        case str() | int() | None:
            return value
        case float():
            return value if math.isfinite(value) else None
        case datetime():
            return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
        case bytes():
            # The driver leaves text that is not UTF-8 as it is.
            return value.decode(errors="replace")
        case list() | tuple():
            return [_plain(item, zone) for item in value]
        case dict():
            return {name: _plain(item, zone) for name, item in value.items()}
    return value
