"""Refused blocks: shown, set aside, driven again, and counted once whatever ClickHouse had taken of them."""

from typing import Any

import msgspec
import pytest

from api import doctor
from api.audit.service import Actor
from api.errors import Conflict, NotFound
from api.ingest import blocks, inbox
from api.ingest.decode import decode
from api.ingest.sorting import Arrival
from api.platform import Platform
from api.rebuild import service as rebuild
from tests.events_made import body, kill
from tests.stack import Stack, add_server, drain, no_report

ME = Actor("command", "tester")


class _Seqs(msgspec.Struct):
    seqs: list[int]
    kills: int


async def send(platform: Platform, server: int, first: int, last: int) -> None:
    events = [kill(seq, "Ann", "Bob") for seq in range(first, last)]
    decoded = decode(body(events), max_events=1000, max_event_bytes=10_000)
    await platform.inlet.commit(Arrival(server, 1_790_000_000, decoded))


async def counted(platform: Platform) -> tuple[list[int], int]:
    sql = "SELECT groupArray(seq) AS seqs, (SELECT sum(kills) FROM rivals) AS kills FROM raw_events"
    (row,) = await platform.clickhouse.rows(sql, _Seqs)
    return sorted(row.seqs), row.kills


async def refused(platform: Platform, table: str) -> int:
    """Let ClickHouse refuse, in one table, what waits."""
    check = {"raw_events": "server_id = 0", "rivals": "kills > 99"}[table]
    await platform.clickhouse.command(f"ALTER TABLE {table} ADD CONSTRAINT never CHECK {check}")
    await drain(platform)
    (block,) = await inbox.failing(platform.postgres)
    return block.id


async def mended(platform: Platform, table: str) -> None:
    await platform.clickhouse.command(f"ALTER TABLE {table} DROP CONSTRAINT never")


@pytest.mark.parametrize("table", ["raw_events", "rivals"])
def test_set_aside_and_driven_again_is_counted_once(stack: Stack, table: str) -> None:
    async def scenario(platform: Platform) -> tuple[Any, ...]:
        server = await add_server(platform)
        await send(platform, server, 0, 5)
        await drain(platform)
        await send(platform, server, 5, 9)
        await send(platform, server, 9, 12)
        try:
            block = await refused(platform, table)
            done = await blocks.set_aside(platform.postgres, platform.clickhouse, block, ME)
            assert done.events + done.in_the_log == 7
        finally:
            await mended(platform, table)
        # What comes later is not held up, and the rest goes on waiting.
        await send(platform, server, 12, 14)
        await drain(platform)
        await rebuild.rebuild(platform.postgres, platform.clickhouse, platform.settings, None, no_report)
        between = await counted(platform)
        assert len(between[0]) == between[1] == 7 + done.in_the_log
        again = await blocks.drive(platform.postgres, ME)
        assert again.events == done.events
        await drain(platform)
        # Sent again by a relay that heard nothing: the ledger knows them.
        await send(platform, server, 0, 14)
        await drain(platform)
        return await counted(platform), (await inbox.depth(platform.postgres)).set_aside_events

    assert stack.run(scenario) == ((list(range(14)), 14), 0)


def test_what_the_log_has_already_is_not_kept_twice(stack: Stack) -> None:
    """As if ClickHouse had taken the first events of a block, and refused the rest."""

    async def scenario(platform: Platform) -> tuple[Any, ...]:
        server = await add_server(platform)

        async def send_unnumbered(*seconds: int) -> None:
            events = [kill(None, "Ann", "Bob", timestamp=1_790_000_000 + at) for at in seconds]
            decoded = decode(body(events), max_events=10, max_event_bytes=10_000)
            await platform.inlet.commit(Arrival(server, 1_790_000_000, decoded))

        await send_unnumbered(0, 1, 2)
        await drain(platform)
        await platform.postgres.execute("TRUNCATE ingest_sessions, ingest_digests")
        # Without numbers, two that look the same are two; one of them is in the log.
        await send_unnumbered(0, 0, 1, 2, 3)
        try:
            block = await refused(platform, "raw_events")
            done = await blocks.set_aside(platform.postgres, platform.clickhouse, block, ME)
        finally:
            await mended(platform, "raw_events")
        await blocks.drive(platform.postgres, ME)
        await drain(platform)
        return done, len((await counted(platform))[0])

    assert stack.run(scenario) == (blocks.SetAside(2, 3), 5)


def test_a_block_on_its_way_and_none_at_all(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        server = await add_server(platform)
        await send(platform, server, 0, 3)
        await platform.postgres.execute("INSERT INTO ingest_blocks DEFAULT VALUES")
        with pytest.raises(Conflict, match="not refused"):
            await blocks.set_aside(platform.postgres, platform.clickhouse, 1, ME)
        with pytest.raises(NotFound):
            await blocks.set_aside(platform.postgres, platform.clickhouse, 7, ME)
        assert (await blocks.drive(platform.postgres, ME)).events == 0

    stack.run(scenario)


@pytest.mark.parametrize("running", [None, doctor.OverHttp("http://127.0.0.1:9")])
def test_the_doctor_reports_each_refused_block(stack: Stack, running: doctor.OverHttp | None) -> None:
    async def scenario(platform: Platform) -> list[str]:
        server = await add_server(platform)
        await send(platform, server, 0, 3)
        try:
            block = await refused(platform, "raw_events")
            told = [f.text for f in await doctor._platform(platform.postgres, running)]
            await blocks.set_aside(platform.postgres, platform.clickhouse, block, ME)
            return told + [f.text for f in await doctor._platform(platform.postgres, running)]
        finally:
            await mended(platform, "raw_events")

    told = "\n".join(stack.run(scenario))
    assert "refused block 1 with 3 events" in told
    assert "never" in told
    assert "afteraction block set-aside 1" in told
    assert "3 accepted events are set aside" in told
