"""The adapter over the native protocol, against a real server: what it promises whatever the server's age."""

import asyncio
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Thread, Timer
from typing import Self
from urllib.parse import quote
from uuid import UUID

import msgspec
import pytest

from api.errors import ConfigurationError, StoreUnavailable
from api.stores import clickhouse as clickhouses
from api.stores.clickhouse import ClickHouse, QueryError
from api.stores.clickhouse_errors import refusal
from api.stores.clickhouse_native import Native, parse_address
from tests.clickhouse_server import PASSWORD, USER, OldServer, free_port, has_ipv6

# The first byte of the driver's packets that ask something; a ping is 4.
QUERY = 1


class HangingUp:
    """A proxy that can cut a connection between the driver's ping and its statement."""

    def __init__(self, port: int) -> None:
        self.hang_up_at_next_query = False
        self.hung_up = 0
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                Thread(target=self._pass_on, args=(near, far, True), daemon=True).start()
                Thread(target=self._pass_on, args=(far, near, False), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, from_client: bool) -> None:
        with suppress(OSError), source, target:
            while data := source.recv(1 << 16):
                if from_client and data[0] == QUERY and self.hang_up_at_next_query:
                    self.hang_up_at_next_query = False
                    self.hung_up += 1
                    return
                target.sendall(data)


class WithoutToken(Native):
    """Inserts without the settings that this old server does not know."""

    def insert(
        self,
        table: str,
        columns: Mapping[str, Sequence[int] | Sequence[bytes]],
        settings: Mapping[str, object],
    ) -> None:
        super().insert(table, columns, {"max_threads": settings["max_threads"]})


class One(msgspec.Struct):
    n: int


class Row(msgspec.Struct):
    n: int
    s: str


@pytest.fixture(scope="module")
def old_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OldServer]:
    with OldServer(tmp_path_factory.mktemp("clickhouse")) as server:
        yield server


def url(server: OldServer, *, host: str = "127.0.0.1", password: str = PASSWORD, rest: str = "") -> str:
    return f"clickhouse://{USER}:{quote(password, safe='')}@{host}:{server.port}{rest}"


def opened(server: OldServer, size: int, timeout: float, patience: float = 15) -> ClickHouse:
    address = parse_address(url(server))
    return ClickHouse(lambda: WithoutToken(address, timeout, {}), size, "old", patience)


@pytest.fixture
def store(old_server: OldServer) -> Iterator[ClickHouse]:
    """A pool of two; a call takes three seconds at most."""
    store = opened(old_server, size=2, timeout=3)
    asyncio.run(store.command("DROP TABLE IF EXISTS t"))
    asyncio.run(store.command("CREATE TABLE t (n Int64, s String) ENGINE = MergeTree ORDER BY n"))
    yield store
    store.close()


def count(store: ClickHouse) -> int:
    found = asyncio.run(store.one("SELECT count() AS n FROM t", One))
    assert found is not None
    return found.n


# Connecting


def test_a_wrong_password_is_told_from_a_bad_statement(old_server: OldServer) -> None:
    for wrong, said in (
        (url(old_server, password="wrong"), "Wrong password"),
        (url(old_server).replace(USER, "nobody"), "Unknown user"),
        (url(old_server, rest="/nowhere"), "nowhere"),
    ):
        store = clickhouses.server(wrong, size=1, timeout=3)
        with pytest.raises(StoreUnavailable, match=said) as raised:
            asyncio.run(store.ping())
        assert "AFTERACTION_CLICKHOUSE_URL" in str(raised.value)
        assert "Stack trace" not in str(raised.value)
        store.close()


def test_a_database_is_chosen_by_the_address(old_server: OldServer, store: ClickHouse) -> None:
    class Name(msgspec.Struct):
        name: str

    system = clickhouses.server(url(old_server, rest="/system"), size=1, timeout=3)
    assert asyncio.run(system.one("SELECT currentDatabase() AS name", Name)) == Name("system")
    system.close()


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 on this machine")
def test_an_ipv6_address(old_server: OldServer) -> None:
    store = clickhouses.server(url(old_server, host="[::1]"), size=1, timeout=3)
    asyncio.run(store.ping())
    assert store.description == f"[::1]:{old_server.port}"
    store.close()


def test_tls_trusts_whom_it_is_told_to_and_nobody_else(old_server: OldServer) -> None:
    if old_server.ca_certs is None:
        pytest.skip("no openssl to make a certificate with")
    secure = url(old_server).replace("clickhouse://", "clickhouses://", 1)
    secure = secure.replace(f":{old_server.port}", f":{old_server.tls_port}")
    trusting = clickhouses.server(f"{secure}?ca_certs={old_server.ca_certs}", size=1, timeout=3)
    asyncio.run(trusting.ping())
    trusting.close()
    careful = clickhouses.server(secure, size=1, timeout=3)
    with pytest.raises(StoreUnavailable, match="certificate"):
        asyncio.run(careful.ping())
    careful.close()


def test_nobody_listens() -> None:
    store = clickhouses.server(f"clickhouse://127.0.0.1:{free_port()}", size=1, timeout=3)
    with pytest.raises(StoreUnavailable, match="refused"):
        asyncio.run(store.ping())
    store.close()


@pytest.mark.parametrize(
    ("text", "host", "port", "shown"),
    [
        ("clickhouse://h", "h", 9000, "h:9000"),
        ("clickhouses://h", "h", 9440, "h:9440"),
        ("clickhouse://u:p@[2001:db8::1]:9001/d", "2001:db8::1", 9001, "[2001:db8::1]:9001"),
    ],
)
def test_addresses(text: str, host: str, port: int, shown: str) -> None:
    address = parse_address(text)
    assert (address.host, address.port, str(address)) == (host, port, shown)
    assert address.tls == text.startswith("clickhouses")


def test_an_address_is_unquoted() -> None:
    address = parse_address("clickhouse://a%40b:p%2Fw%3A@h/my%20db")
    assert (address.user, address.password, address.database) == ("a@b", "p/w:", "my db")


@pytest.mark.parametrize(
    "text",
    [
        "http://h",
        "clickhouse://",
        "clickhouse://u:secret@h:port",
        "clickhouse://u:secret@h:99999",
        "clickhouse://u:secret@[h",
        "clickhouse://u:secret@h?verify=0",
        "clickhouse://u:secret@h?ca_certs=f",
        "clickhouses://u:secret@h?ca_certs",
    ],
)
def test_a_wrong_address_is_explained_without_its_password(text: str) -> None:
    with pytest.raises(ConfigurationError, match="AFTERACTION_CLICKHOUSE_URL") as raised:
        clickhouses.server(text)
    assert "secret" not in str(raised.value)


# Blocks


def test_a_block_arrives_byte_for_byte(store: ClickHouse) -> None:
    strings = [b"", b"\x00\xff\xfe", b"tab\tline\n'\\", "ß🎯".encode(), b"x" * 300_000]
    asyncio.run(store.insert("t", {"n": [-(2**63), -1, 0, 1, 2**63 - 1], "s": strings}, "token"))

    class Bytes(msgspec.Struct):
        n: int
        s: str

    found = asyncio.run(store.rows("SELECT n, hex(s) AS s FROM t ORDER BY n", Bytes))
    assert [bytes.fromhex(row.s) for row in found] == strings
    assert [row.n for row in found] == [-(2**63), -1, 0, 1, 2**63 - 1]


def test_a_server_that_cannot_keep_the_promise_is_refused(old_server: OldServer, store: ClickHouse) -> None:
    """What makes an insert happen once reaches the server with it, and none of it may be passed over."""
    current = clickhouses.server(url(old_server), size=1, timeout=3)
    with pytest.raises(QueryError, match="Unknown setting deduplicate_blocks"):
        asyncio.run(current.insert("t", {"n": [1], "s": [b""]}, "token"))
    current.close()
    assert count(store) == 0


def test_one_block_in_is_one_part(store: ClickHouse) -> None:
    """A block of many megabytes and of more rows than the driver's usual cut goes as one."""
    rows = 1_100_000
    asyncio.run(store.insert("t", {"n": range(rows), "s": [b"x" * 20] * rows}, "token"))
    parts = asyncio.run(store.one("SELECT count() AS n FROM system.parts WHERE table = 't' AND active", One))
    assert parts == One(1)
    assert count(store) == rows


def test_a_refused_block_says_why_and_leaves_the_connection_usable(store: ClickHouse) -> None:
    with pytest.raises(QueryError, match=r"Code: 60\. .*nowhere"):
        asyncio.run(store.insert("nowhere", {"n": [1]}, "token"))
    with pytest.raises(QueryError, match="Code: 16"):
        asyncio.run(store.insert("t", {"x": [1]}, "token"))
    assert count(store) == 0


def test_values_of_the_wrong_type_are_no_outage(store: ClickHouse) -> None:
    with pytest.raises(QueryError, match="Type mismatch"):
        asyncio.run(store.insert("t", {"n": [b"text"], "s": [b""]}, "token"))
    assert count(store) == 0


# Rows


def test_values_become_what_the_embedded_one_gives(store: ClickHouse) -> None:
    """The server's zone is Tokyo: a time without a zone is that zone's, and never this machine's."""

    class Values(msgspec.Struct):
        utc: datetime
        elsewhere: datetime
        bare: datetime
        absent: datetime | None
        day: date
        flag: bool
        uuid: UUID
        decimal: float
        big: int
        nan: float | None
        word: str
        low: str
        kind: str
        pair: tuple[int, str, datetime]
        pairs: list[tuple[int, float | None]]
        broken: str
        brokens: list[str]

    found = asyncio.run(
        store.one(
            "SELECT toDateTime(1700000000, 'UTC') AS utc,"
            " toDateTime(1700000000, 'America/New_York') AS elsewhere,"
            " toDateTime(1700000000) AS bare, CAST(NULL, 'Nullable(DateTime)') AS absent,"
            " toDate('2026-01-02') AS day, 1 = 1 AS flag,"
            " toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0') AS uuid, toDecimal64(1.25, 3) AS decimal,"
            " toUInt64(18446744073709551615) AS big, nan AS nan, toNullable('w') AS word,"
            " CAST('l', 'LowCardinality(String)') AS low, CAST('k', 'Enum8(\\'k\\' = 1)') AS kind,"
            " (1, 'a', toDateTime(1700000000)) AS pair, [(1, 0.5), (2, inf)] AS pairs,"
            " unhex('61FF62') AS broken, [unhex('FF')] AS brokens",
            Values,
        )
    )
    moment = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert found == Values(
        utc=moment,
        elsewhere=moment,
        bare=moment,
        absent=None,
        day=date(2026, 1, 2),
        flag=True,
        uuid=UUID("61f0c404-5cb3-11e7-907b-a6006ad3dba0"),
        decimal=1.25,
        big=2**64 - 1,
        nan=None,
        word="w",
        low="l",
        kind="k",
        pair=(1, "a", moment),
        pairs=[(1, 0.5), (2, None)],
        broken="a�b",
        brokens=["�"],
    )
    for name in ("utc", "elsewhere", "bare"):
        assert msgspec.json.encode(getattr(found, name)) == b'"2023-11-14T22:13:20Z"'


# Errors


@pytest.mark.parametrize("sql", ["SELECT nonsense", "SELEC 1", "SELECT * FROM nowhere"])
def test_a_refused_statement_says_why(store: ClickHouse, sql: str) -> None:
    with pytest.raises(QueryError, match=r"^Code: ") as raised:
        asyncio.run(store.command(sql))
    assert "Stack trace" not in str(raised.value)
    asyncio.run(store.ping())


def test_a_busy_server_is_an_outage_and_not_a_bad_statement(old_server: OldServer) -> None:
    crowd = clickhouses.server(url(old_server), size=16, timeout=10)

    async def scenario() -> list[BaseException | None]:
        return await asyncio.gather(
            *(crowd.command("SELECT sleep(1)") for _ in range(16)), return_exceptions=True
        )

    refused = [error for error in asyncio.run(scenario()) if error is not None]
    crowd.close()
    assert refused
    assert all(isinstance(error, StoreUnavailable) for error in refused)
    assert "Code: 202" in str(refused[0])


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("Code: 62. DB::Exception: Syntax error", False),
        ("Code: 252. DB::Exception: Too many parts", True),
        ("Code: 241. DB::Exception: Memory limit (total) exceeded", True),
        ("Code: 241. DB::Exception: Memory limit (for query) exceeded", False),
        ("Code: 241. DB::Exception: Query memory limit exceeded: would use 1 GiB", False),
        ("Code: 242. DB::Exception: Table is in readonly mode", True),
        ("Code: 999. Coordination::Exception: Session expired", True),
        ("Code: 516. DB::Exception: Authentication failed", True),
        ("without a code", False),
    ],
)
def test_which_errors_pass(text: str, passes: bool) -> None:
    assert isinstance(refusal(text), StoreUnavailable if passes else QueryError)


# Time


def test_a_query_that_takes_too_long_is_ended(store: ClickHouse) -> None:
    with pytest.raises(StoreUnavailable, match="Code: 159"):
        asyncio.run(
            store.rows("SELECT count() AS n FROM system.numbers WHERE NOT ignore(sipHash64(number))", One)
        )


def test_a_frozen_server_is_given_up_on_and_calls_behind_it_do_not_pile_up(old_server: OldServer) -> None:
    store = opened(old_server, size=2, timeout=2, patience=1)

    async def scenario() -> list[BaseException | None]:
        return await asyncio.gather(*(store.ping() for _ in range(12)), return_exceptions=True)

    asyncio.run(store.ping())
    old_server.freeze()
    try:
        began = time.monotonic()
        errors = asyncio.run(scenario())
        waited = time.monotonic() - began
    finally:
        old_server.thaw()
    assert all(isinstance(error, StoreUnavailable) for error in errors)
    texts = [str(error) for error in errors]
    assert sum("are busy" in text for text in texts) == 10
    assert sum("no answer in time" in text for text in texts) == 2
    # 2 s to see that the connection is dead, 2 s for a new one, and room for a slow machine.
    assert waited < 30
    asyncio.run(store.ping())
    store.close()


def test_more_calls_than_connections_wait_their_turn(store: ClickHouse) -> None:
    async def scenario() -> list[One | None]:
        return await asyncio.gather(*(store.one("SELECT sleep(0.1) AS n", One) for _ in range(8)))

    assert asyncio.run(scenario()) == [One(0)] * 8


def test_a_caller_that_leaves_takes_nothing_with_it(store: ClickHouse) -> None:
    async def scenario() -> None:
        calls = [asyncio.create_task(store.command("SELECT sleep(0.3)")) for _ in range(6)]
        await asyncio.sleep(0.1)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await store.ping()

    asyncio.run(scenario())


# A server that goes and comes


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[OldServer]:
    with OldServer(tmp_path) as server:
        yield server


def test_a_restart_is_not_noticed_by_who_asks_next(mortal: OldServer) -> None:
    store = opened(mortal, size=2, timeout=5)

    async def both() -> list[One | None]:
        return await asyncio.gather(*(store.one("SELECT sleep(0.2) + 1 AS n", One) for _ in range(2)))

    assert asyncio.run(both()) == [One(1)] * 2
    mortal.kill()
    mortal.start()
    assert asyncio.run(both()) == [One(1)] * 2
    mortal.kill()
    with pytest.raises(StoreUnavailable):
        asyncio.run(store.ping())
    mortal.start()
    asyncio.run(store.ping())
    store.close()


def test_a_server_killed_in_the_middle_of_an_insert_is_an_outage_and_the_repeat_goes_through(
    mortal: OldServer,
) -> None:
    store = opened(mortal, size=1, timeout=10)
    asyncio.run(store.command("CREATE TABLE t (n Int64, s String) ENGINE = MergeTree ORDER BY n"))
    # A view that takes its time holds the insert up until the server is killed in its middle.
    asyncio.run(store.command("CREATE TABLE v (n UInt8) ENGINE = MergeTree ORDER BY n"))
    asyncio.run(store.command("CREATE MATERIALIZED VIEW slow TO v AS SELECT sleep(3) AS n FROM t"))
    killer = Timer(1, mortal.kill)
    killer.start()
    with pytest.raises(StoreUnavailable):
        asyncio.run(store.insert("t", {"n": [1, 2], "s": [b"a", b"b"]}, "token"))
    killer.join()
    mortal.start()
    asyncio.run(store.command("DROP TABLE slow"))
    asyncio.run(store.command("TRUNCATE TABLE t"))
    asyncio.run(store.insert("t", {"n": [1, 2], "s": [b"a", b"b"]}, "token"))
    assert count(store) == 2
    store.close()


def test_a_connection_lost_while_asking_is_made_anew_once(mortal: OldServer) -> None:
    """Through a proxy that hangs up after the question whether the connection lives."""
    with HangingUp(mortal.port) as proxy:
        store = clickhouses.server(
            url(mortal).replace(f":{mortal.port}", f":{proxy.port}"), size=1, timeout=5
        )
        asyncio.run(store.ping())
        proxy.hang_up_at_next_query = True
        assert asyncio.run(store.one("SELECT 7 AS n", One)) == One(7)
        assert proxy.hung_up == 1
        # What may not be repeated blindly is not.
        proxy.hang_up_at_next_query = True
        with pytest.raises(StoreUnavailable):
            asyncio.run(store.command("CREATE TABLE IF NOT EXISTS u (n Int64) ENGINE = Memory"))
        store.close()
