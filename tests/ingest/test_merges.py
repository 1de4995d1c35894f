"""A merge that a full disk cut short costs nothing, as long as it is found before its sources are removed."""

import os
from pathlib import Path

import msgspec
import pytest

from api.ingest import merges
from api.ingest.merges import Part, cut_short
from api.platform import Platform
from tests.events_made import kill
from tests.sql.feed import feed
from tests.stack import Stack


class _Count(msgspec.Struct):
    events: int


class _Setting(msgspec.Struct):
    name: str
    text: str


def test_every_table_keeps_what_was_merged(stack: Stack) -> None:
    sql = (
        "SELECT name, create_table_query AS text FROM system.tables "
        "WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
    )
    tables = stack.run(lambda p: p.clickhouse.rows(sql, _Setting))
    assert len(tables) > 10
    assert [table.name for table in tables if "old_parts_lifetime = 480" not in table.text] == []


def test_what_a_cut_merge_was_made_of_is_used_again(stack: Stack) -> None:
    async def cut_and_mend(platform: Platform) -> tuple[int, int]:
        for seq in range(4):
            await feed(platform.clickhouse, [msgspec.json.encode(kill(seq, "Ann", "Bob")).decode()])
        for table in ("raw_events", "rivals"):
            await platform.clickhouse.command(f"OPTIMIZE TABLE {table} FINAL")
        merged = await platform.clickhouse.rows(merges._SQL["merged"], Part)
        assert cut_short(merged) == []
        # What other tables merged may be so long ago that its sources are gone.
        parts = [part for part in merged if part.table in ("raw_events", "rivals")]
        assert {part.table for part in parts} == {"raw_events", "rivals"}
        _cut(parts)
        assert cut_short(merged) == parts
        await merges.step(platform.postgres, platform.clickhouse)
        assert cut_short(await platform.clickhouse.rows(merges._SQL["merged"], Part)) == []
        return await _counted(platform)

    assert stack.run(cut_and_mend) == (4, 4)


def test_a_table_that_was_left_closed_is_opened_by_the_next_step(stack: Stack) -> None:
    async def close_and_step(platform: Platform) -> tuple[int, int]:
        await platform.clickhouse.command("DETACH TABLE rivals SYNC")
        await merges.step(platform.postgres, platform.clickhouse)
        await feed(platform.clickhouse, [msgspec.json.encode(kill(0, "Ann", "Bob")).decode()])
        return await _counted(platform)

    assert stack.run(close_and_step) == (1, 1)


def _cut(parts: list[Part]) -> None:
    for part in parts:
        for file in Path(part.path).iterdir():
            os.truncate(file, 0)


async def _counted(platform: Platform) -> tuple[int, int]:
    log = await platform.clickhouse.one("SELECT uniqExact(raw) AS events FROM raw_events", _Count)
    kills = await platform.clickhouse.one("SELECT sum(kills) AS events FROM rivals", _Count)
    assert log is not None
    assert kills is not None
    return log.events, kills.events


@pytest.mark.parametrize(("bytes_", "short"), [(3, False), (4, True)])
def test_a_part_is_cut_short_when_its_files_are_smaller_than_it(
    tmp_path: Path, bytes_: int, short: bool
) -> None:
    (tmp_path / "data.bin").write_bytes(b"abc")
    part = Part("t", "all_1_2_1", str(tmp_path), bytes_)
    assert (cut_short([part]) == [part]) is short


def test_a_part_that_is_not_here_is_not_cut_short(tmp_path: Path) -> None:
    assert cut_short([Part("t", "all_1_2_1", str(tmp_path / "gone"), 9)]) == []
