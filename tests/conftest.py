"""Fixtures that start the real engines."""

import asyncio
from collections.abc import Iterator

import pytest

from api.embedded import engines
from api.embedded.folder import DataFolder
from api.settings import Settings
from api.stores import clickhouse as clickhouses
from api.stores.clickhouse import ClickHouse
from tests.stack import Stack, wipe_clickhouse


@pytest.fixture(scope="session")
def engine_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start Postgres and Valkey, open ClickHouse in this process, and migrate."""
    settings = Settings(data=str(tmp_path_factory.mktemp("data")))
    with engines.running(settings, lambda _: None) as found:
        held = clickhouses.embedded(DataFolder(settings.data_folder).clickhouse)
        stack = Stack(settings, found, held)
        stack.migrate()
        yield stack
        held.close()


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
