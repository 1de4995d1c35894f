"""Migrations: run once, in a dry run not at all, and never over a file that changed."""

import re
from pathlib import Path

import msgspec
import pytest

from api.errors import ConfigurationError
from api.platform import Platform
from api.stores import sql
from api.stores.migrations import Recorded, pending
from tests.stack import Stack, migrated


def test_a_second_run_does_nothing(stack: Stack) -> None:
    assert stack.run(migrated) == []


def test_a_dry_run_says_what_would_run_and_runs_nothing(stack: Stack) -> None:
    class Count(msgspec.Struct):
        n: int

    async def forget_then_try(platform: Platform) -> tuple[list[str], int]:
        last = sql.migrations("clickhouse")[-1]
        await platform.clickhouse.command(
            "DELETE FROM schema_migrations WHERE number = {n:UInt32}", n=last.number
        )
        steps = await migrated(platform, dry_run=True)
        rows = await platform.clickhouse.one("SELECT count() AS n FROM schema_migrations", Count)
        await migrated(platform)
        assert rows is not None
        return [f"{s.engine} {s.name}" for s in steps], rows.n

    steps, recorded = stack.run(forget_then_try)
    assert steps == [f"clickhouse {sql.migrations('clickhouse')[-1].name}"]
    assert recorded == len(sql.migrations("clickhouse")) - 1


def _recorded() -> list[Recorded]:
    return [Recorded(m.number, m.name, m.checksum) for m in sql.migrations("postgres")]


def test_a_changed_file_is_refused() -> None:
    recorded = _recorded()
    recorded[1] = msgspec.structs.replace(recorded[1], checksum="0" * 64)
    with pytest.raises(ConfigurationError, match=r"0002_ledger\.sql was changed"):
        pending("postgres", recorded)


def test_a_store_newer_than_the_program_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="older than the data"):
        pending("postgres", [*_recorded(), Recorded(9999, "future", "")])


def test_what_has_run_does_not_run_again() -> None:
    assert pending("postgres", _recorded()) == []


@pytest.mark.parametrize("engine", ["clickhouse", "postgres"])
def test_the_folders_hold_sql_alone(engine: sql.Engine) -> None:
    others = [p for p in sql.sql_root(engine).rglob("*") if p.is_file() and p.suffix != ".sql"]
    assert others == []


def test_every_clickhouse_statement_may_run_twice() -> None:
    for migration in sql.migrations("clickhouse"):
        for statement in migration.statements:
            code = [line for line in statement.splitlines() if line.strip() and not line.startswith("--")]
            # An UPDATE that masks finds nothing more to mask, and what is materialized stays so.
            again = "IF (NOT )?EXISTS|ALTER TABLE \\w+ (MODIFY|UPDATE|MATERIALIZE) "
            assert re.search(again, code[0]), f"{migration.name}: {code[0]}"


def test_every_table_recognises_repeats_and_is_on_disk_when_it_says_so() -> None:
    for path in Path(sql.sql_root("clickhouse") / "migrations").glob("*.sql"):
        for statement in sql.split_statements(path.read_text()):
            if "MergeTree" in statement:
                assert "non_replicated_deduplication_window = 10000" in statement, path.name
                assert "fsync_after_insert = 1, fsync_part_directory = 1" in statement, path.name
