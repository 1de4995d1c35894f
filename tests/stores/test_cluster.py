"""The cluster variant of the migrations: rendered, parsed by the engine, and run on two stand-in shards.

No cluster runs here. What a cluster adds to the statements (ON CLUSTER, Replicated, Distributed) is parsed;
without those words the rest is run: two databases as the shards, and Merge tables over both in the place of
Distributed ones.
"""

import asyncio
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from api.embedded.folder import DataFolder
from api.errors import ConfigurationError
from api.platform import Platform
from api.players import people
from api.stores import clickhouse as clickhouses
from api.stores.clickhouse import ClickHouse
from api.stores.clickhouse_native import parse_address
from api.stores.cluster import SHARDING_KEYS, Cluster, databases, render
from api.stores.migrations import rendered
from api.stores.sql import migrations
from tests.sql.feed import NOON, Batch, feed
from tests.stack import Stack, add_server, http_client
from tests.stores.test_native_answers import paths

CLUSTER = Cluster("stats", "aa")
STATEMENTS = [
    statement for migration in migrations("clickhouse") for statement in rendered(migration, CLUSTER)
]
CAPTURES = Path(__file__).resolve().parents[1] / "captures"


def _made(pattern: str) -> set[str]:
    """Return the names of what the statements make, and do not take away again."""
    made: dict[str, None] = {}
    for statement in STATEMENTS:
        if found := re.search(rf"^{pattern} IF NOT EXISTS ([\w.]+)", statement, re.MULTILINE):
            made[found[1]] = None
        if found := re.search(r"^DROP \w+ IF EXISTS ([\w.]+)", statement, re.MULTILINE):
            made.pop(found[1], None)
    return set(made)


def test_the_engine_parses_every_statement(clickhouse: ClickHouse) -> None:
    class Formatted(msgspec.Struct):
        text: str

    for statement in [*databases(CLUSTER), *STATEMENTS]:
        found = asyncio.run(clickhouse.one("SELECT formatQuery({q:String}) AS text", Formatted, q=statement))
        assert found is not None
        assert "ON CLUSTER stats" in found.text


def test_every_table_is_stored_on_replicas_and_reached_over_all_shards() -> None:
    tables = {name.split(".")[1] for name in _made("CREATE TABLE") if name.startswith("aa_local.")}
    assert {name.split(".")[1] for name in _made("CREATE TABLE") if name.startswith("aa.")} == tables
    for statement in STATEMENTS:
        if "MergeTree" in statement:
            assert re.search(r"ENGINE = Replicated\w*MergeTree", statement), statement
            assert "non_replicated" not in statement
            assert "replicated_deduplication_window = 10000" in statement, statement
            assert "replicated_deduplication_window_seconds = 2592000" in statement, statement


def test_what_no_view_fills_has_a_sharding_key() -> None:
    """An insert into a Distributed table without one is refused, where there are shards to choose from."""
    tables = {name.split(".")[1] for name in _made("CREATE TABLE")}
    filled = {found[1] for s in STATEMENTS if (found := re.search(r" TO aa_local\.(\w+) AS", s))}
    assert tables - filled == set(SHARDING_KEYS)


def test_what_fills_a_table_is_called_so() -> None:
    assert all(name.endswith("_view") for name in _made("CREATE MATERIALIZED VIEW"))
    assert not any(name.endswith("_view") for name in _made("CREATE VIEW"))


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "-- why\nALTER TABLE t ADD COLUMN c Int8",
            [
                "ALTER TABLE aa_local.t ON CLUSTER stats ADD COLUMN c Int8",
                "ALTER TABLE aa.t ON CLUSTER stats ADD COLUMN c Int8",
            ],
        ),
        (
            "ALTER TABLE t ADD INDEX i a TYPE minmax",
            ["ALTER TABLE aa_local.t ON CLUSTER stats ADD INDEX i a TYPE minmax"],
        ),
        (
            "ALTER TABLE t_view MODIFY QUERY SELECT s.a FROM s WHERE a IN (SELECT b FROM u AS v)",
            [
                "ALTER TABLE aa_local.t_view ON CLUSTER stats MODIFY QUERY "
                "SELECT s.a FROM aa_local.s AS s WHERE a IN (SELECT b FROM aa_local.u AS v)"
            ],
        ),
        ("DROP VIEW IF EXISTS t_view", ["DROP VIEW IF EXISTS aa_local.t_view ON CLUSTER stats"]),
        ("DROP VIEW IF EXISTS links", ["DROP VIEW IF EXISTS aa.links ON CLUSTER stats"]),
        ("DROP TABLE t", ["DROP TABLE aa.t ON CLUSTER stats", "DROP TABLE aa_local.t ON CLUSTER stats"]),
        ("DROP FUNCTION f", ["DROP FUNCTION f ON CLUSTER stats"]),
        ("CREATE VIEW v AS SELECT a FROM t", ["CREATE VIEW aa.v ON CLUSTER stats AS SELECT a FROM t"]),
        (
            "CREATE TABLE schema_migrations (a Int8) ENGINE = MergeTree ORDER BY a",
            [
                "CREATE TABLE aa.schema_migrations ON CLUSTER stats (a Int8) ENGINE = ReplicatedMergeTree("
                "'/clickhouse/tables/aa/schema_migrations', '{shard}-{replica}') ORDER BY a"
            ],
        ),
    ],
)
def test_statements(statement: str, expected: list[str]) -> None:
    assert render(statement, CLUSTER) == expected


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO t SELECT 1",
        "OPTIMIZE TABLE t",
        "ALTER TABLE t ADD COLUMN c Int8, ADD INDEX i c TYPE minmax",
    ],
)
def test_what_is_not_known_is_refused(statement: str) -> None:
    with pytest.raises(ConfigurationError, match="on a cluster"):
        render(statement, CLUSTER)


def test_the_address_names_the_cluster() -> None:
    assert parse_address("clickhouse://h/aa?cluster=stats").cluster == CLUSTER
    assert parse_address("clickhouse://h/aa").cluster is None
    with pytest.raises(ConfigurationError, match="single words"):
        parse_address("clickhouse://h/aa?cluster=a%20b")


# Two shards


@pytest.fixture
def shards(engine_stack: Stack) -> Iterator[tuple[ClickHouse, list[ClickHouse]]]:
    """Make two databases that store and one over both; return connections to each."""
    if engine_stack.settings.clickhouse_url:
        pytest.skip("needs databases that see each other, on one embedded engine")
    folder = DataFolder(engine_stack.settings.data_folder).clickhouse
    over, one, two = (clickhouses.embedded(folder, size=1) for _ in range(3))

    async def make() -> None:
        for name, store in (("aa", over), ("aa_local", one), ("aa_local2", two)):
            await store.command(f"CREATE DATABASE {name}")
            await store.command(f"USE {name}")
        for statement in map(_on_one_machine, STATEMENTS):
            await over.command(statement)
            if "aa_local." in statement and "Merge(" not in statement:
                await over.command(statement.replace("aa_local.", "aa_local2."))

    asyncio.run(make())
    yield over, [one, two]
    for name in ("aa", "aa_local", "aa_local2"):
        asyncio.run(over.command(f"DROP DATABASE {name} SYNC"))
    for store in (over, one, two):
        store.close()


def _on_one_machine(statement: str) -> str:
    statement = statement.replace(" ON CLUSTER stats", "").replace("ENGINE = Replicated", "ENGINE = ")
    statement = re.sub(
        r"replicated_deduplication_window_seconds = \d+, replicated", "non_replicated", statement
    )
    return re.sub(
        r"Distributed\('stats', 'aa_local', ('\w+').*\)",
        r"Merge(REGEXP('^aa_local2?$'), '^' || \1 || '$')",
        statement,
    )


def test_answers_are_the_same_whichever_shard_the_rows_are_on(
    stack: Stack, shards: tuple[ClickHouse, list[ClickHouse]]
) -> None:
    over, stores = shards

    async def scenario(platform: Platform) -> None:
        for called in ("one", "two"):
            await add_server(platform, called)
        for number, name in enumerate(("ffa", "team", "team")):
            lines = (CAPTURES / name / "spool.ndjson").read_text().splitlines()
            server = 1 + number % 2
            # The same players on both shards.
            batch = Batch(server_id=server, session_id=f"{name}{number}", received_ms=NOON + number)
            for store in (platform.clickhouse, stores[server - 1]):
                await feed(store, lines[number::2], batch, token=f"{name}{number}")
        await people.define(over)
        on_cluster = dataclasses.replace(platform, clickhouse=over)
        async with http_client(platform) as single, http_client(on_cluster) as cluster:
            for path in await paths(single):
                answers = [await client.get(path) for client in (single, cluster)]
                assert [answer.status_code for answer in answers] == [200, 200], (path, answers[1].text)
                assert answers[0].json() == answers[1].json(), path

    stack.run(scenario)
