"""Fixtures that start the real engines."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from api.embedded import engines
from api.embedded.folder import DataFolder
from api.settings import Settings
from api.stores import clickhouse as clickhouses
from api.stores import remembered
from api.stores.clickhouse import ClickHouse
from tests.mariadb_server import ForumDatabase, MariaDB
from tests.native_bridge import Bridge, bridged
from tests.stack import Stack, scratch_database, wipe_clickhouse


@pytest.fixture(scope="session")
def engine_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start Postgres and Valkey, open ClickHouse, and migrate.

    ClickHouse is in this process, or a database of its own on the server that TEST_CLICKHOUSE_URL names.
    """
    with scratch_database(os.environ.get("TEST_CLICKHOUSE_URL")) as clickhouse_url:
        settings = Settings(data=str(tmp_path_factory.mktemp("data")), clickhouse_url=clickhouse_url)
        with engines.running(settings, lambda _: None) as found:
            held = (
                clickhouses.server(clickhouse_url)
                if clickhouse_url
                else clickhouses.embedded(DataFolder(settings.data_folder).clickhouse)
            )
            stack = Stack(settings, found, held)
            stack.migrate()
            yield stack
            held.close()


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test knows at once what is there for the first time."""
    monkeypatch.setattr(remembered, "SECONDS", 0)


@pytest.fixture
def stack(engine_stack: Stack) -> Stack:
    """Empty stores."""
    engine_stack.wipe()
    return engine_stack


@pytest.fixture
def clickhouse(engine_stack: Stack) -> ClickHouse:
    """A migrated ClickHouse without a row."""
    asyncio.run(wipe_clickhouse(engine_stack.clickhouse))
    return engine_stack.clickhouse


@pytest.fixture(scope="session")
def bridge(engine_stack: Stack) -> Iterator[Bridge]:
    """Serve the embedded ClickHouse over the native protocol."""
    if engine_stack.settings.clickhouse_url:
        pytest.skip("TEST_CLICKHOUSE_URL names a server, so everything speaks the native protocol already")
    with bridged(DataFolder(engine_stack.settings.data_folder).clickhouse) as bridge:
        yield bridge


@pytest.fixture(scope="session")
def native(bridge: Bridge) -> Iterator[ClickHouse]:
    """Reach the embedded ClickHouse over the native protocol, as if it were a server."""
    native = clickhouses.server(f"clickhouse://127.0.0.1:{bridge.port}", size=3)
    yield native
    native.close()


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """Start a MariaDB server. Tests that stop it start it again."""
    # As root it runs as somebody else, who cannot come into the folders of pytest.
    with TemporaryDirectory(prefix="mariadb-") as folder, MariaDB(Path(folder)) as server:
        yield server


@pytest.fixture
def empty_forum(mariadb: MariaDB) -> ForumDatabase:
    """Make a database with SMF's tables and none of the bridge's, whose user may do nothing yet."""
    return ForumDatabase(mariadb)


@pytest.fixture(scope="session")
def forums() -> list[ForumDatabase]:
    """The forum's database that tests have after one another; none before the first."""
    return []


@pytest.fixture
def forum(mariadb: MariaDB, forums: list[ForumDatabase]) -> ForumDatabase:
    """Make a forum's database with the bridge's tables, reached with the rights that the docs name.

    It is the one of the test before, emptied, unless that changed more than rows.
    """
    if not forums or not forums[-1].empty():
        forums.append(ForumDatabase(mariadb))
        forums[-1].grant()
        forums[-1].migrate()
        forums[-1].keep()
    return forums[-1]
