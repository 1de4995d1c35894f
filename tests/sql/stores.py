"""One ClickHouse, held open for the whole session: opening the embedded engine takes longer than a test."""

import asyncio
from collections.abc import Iterator

import pytest

from api.stores import clickhouse as stores
from api.stores.clickhouse import ClickHouse
from tests.stack import Stack, wipe_clickhouse


@pytest.fixture(scope="session")
def held_clickhouse(engine_stack: Stack) -> Iterator[ClickHouse]:
    """A migrated ClickHouse, with whatever the test before left in it."""
    engines = engine_stack.engines
    if engines.clickhouse_folder is not None:
        store = stores.embedded(engines.clickhouse_folder)
    else:
        store = stores.server(engines.clickhouse_url or "")
    yield store
    store.close()


@pytest.fixture
def clickhouse(held_clickhouse: ClickHouse) -> ClickHouse:
    """A migrated ClickHouse without a row."""
    asyncio.run(wipe_clickhouse(held_clickhouse))
    return held_clickhouse
