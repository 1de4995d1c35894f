"""The contract of a Postgres: what is away is said so, in time, and what is at fault is not called away."""

import asyncio
import time

import msgspec
import psycopg
import pytest

from api.errors import StoreUnavailable
from api.platform import Platform
from api.stores import postgres
from api.stores.postgres import Postgres
from tests.stack import Stack


class One(msgspec.Struct):
    n: int


def test_a_statement_that_does_not_end_is_left_behind(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_STATEMENT_SECONDS", 0.5)

    async def scenario(platform: Platform) -> One | None:
        started = time.monotonic()
        with pytest.raises(StoreUnavailable, match="no answer"):
            await platform.postgres.execute("SELECT pg_sleep(20)")
        assert time.monotonic() - started < 5
        return await platform.postgres.one("SELECT 1 AS n", One)

    assert stack.run(scenario) == One(1)


def test_no_postgres_is_said_in_time() -> None:
    async def scenario() -> None:
        gone = Postgres("postgresql://nobody@127.0.0.1:1/none", timeout=1)
        await gone.open()
        try:
            with pytest.raises(StoreUnavailable):
                await gone.ping()
        finally:
            await gone.close()

    asyncio.run(scenario())


def test_a_statement_at_fault_is_no_outage(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        with pytest.raises(psycopg.errors.UndefinedTable):
            await platform.postgres.execute("SELECT * FROM nowhere")

    stack.run(scenario)


def test_whoever_waits_for_a_lock_keeps_nobody_from_a_connection(stack: Stack) -> None:
    async def scenario(platform: Platform) -> One | None:
        store = platform.postgres

        async def wait() -> None:
            async with store.lock(7, shared=True):
                pass

        async with asyncio.TaskGroup() as waiting, store.lock(7):
            for _ in range(12):
                waiting.create_task(wait())
            await asyncio.sleep(0.5)
            answer = await store.one("SELECT 1 AS n", One)
        return answer

    assert stack.run(scenario) == One(1)
