"""Fixtures that start the real engines."""

import asyncio
from collections.abc import Iterator

import pytest

from api.embedded import engines
from api.embedded.folder import DataFolder
from api.settings import Settings
from api.stores import clickhouse
from tests.stack import Stack


@pytest.fixture(scope="session")
def engine_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start Postgres and Valkey, open ClickHouse in this process, and migrate."""
    settings = Settings(data=str(tmp_path_factory.mktemp("data")))
    with engines.running(settings, lambda _: None) as found:
        stack = Stack(settings, found)
        # One connection stays open, or ClickHouse would start anew for every test.
        kept = clickhouse.embedded(DataFolder(settings.data_folder).clickhouse, size=1)
        asyncio.run(kept.ping())
        stack.migrate()
        yield stack
        kept.close()


@pytest.fixture
def stack(engine_stack: Stack) -> Stack:
    """Empty stores."""
    engine_stack.wipe()
    return engine_stack
