"""The contract of a ClickHouse: parameters arrive as they are, its errors are ours, bulk bytes are right.

Held by the embedded one, and by the same engine behind the native protocol.
"""

import asyncio
import io
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from api.stores.clickhouse import ClickHouse, QueryError
from api.stores.clickhouse_embedded import write_row_binary
from tests.stack import Stack, wipe_clickhouse


@pytest.fixture(params=["embedded", "native"], scope="module")
def either(request: pytest.FixtureRequest, engine_stack: Stack) -> ClickHouse:
    store: ClickHouse = (
        engine_stack.clickhouse if request.param == "embedded" else request.getfixturevalue("native")
    )
    return store


@pytest.fixture
def clickhouse(either: ClickHouse) -> ClickHouse:
    asyncio.run(wipe_clickhouse(either))
    return either


class Text(msgspec.Struct):
    text: str


@hypothesis_settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs"]))
    | st.sampled_from(["\\", "a\tb\n\r\0'\"\\n", "{x:String}", "%s"])
)
def test_text_arrives_as_it_is(either: ClickHouse, text: str) -> None:
    found = asyncio.run(either.one("SELECT {t:String} AS text", Text, t=text))
    assert found == Text(text)


def test_other_parameters(clickhouse: ClickHouse) -> None:
    class Row(msgspec.Struct):
        number: int
        numbers: list[int]
        words: list[str]
        day: date
        nothing: int | None

    found = asyncio.run(
        clickhouse.one(
            "SELECT {n:UInt64} AS number, {ns:Array(UInt64)} AS numbers, {ws:Array(String)} AS words, "
            "{d:Date} AS day, {x:Nullable(Int64)} AS nothing",
            Row,
            n=2**64 - 1,
            ns=[1, 2**64 - 1],
            ws=["a'b", "tab\tand\\slash", "line\nbreak"],
            d=date(2026, 1, 2),
            x=None,
        )
    )
    assert found == Row(
        2**64 - 1, [1, 2**64 - 1], ["a'b", "tab\tand\\slash", "line\nbreak"], date(2026, 1, 2), None
    )


def test_a_refused_statement_says_why(clickhouse: ClickHouse) -> None:
    for sql in ("SELECT nonsense", "SELEC 1", "SELECT * FROM nowhere"):
        with pytest.raises(QueryError, match="Code: "):
            asyncio.run(clickhouse.command(sql))
    asyncio.run(clickhouse.ping())


def test_a_refused_insert_leaves_the_connection_usable(clickhouse: ClickHouse) -> None:
    with pytest.raises(QueryError, match="nowhere"):
        asyncio.run(clickhouse.insert("nowhere", {"a": [1]}, "token"))
    asyncio.run(clickhouse.ping())


def test_a_failure_behind_a_view_is_reported_and_the_repeat_completes_what_was_left(
    clickhouse: ClickHouse,
) -> None:
    class Counts(msgspec.Struct):
        near: int
        far: int

    tables = "ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100"
    made = [
        "CREATE TABLE bulk (a Int64) ENGINE = Null",
        f"CREATE TABLE near (a Int64) {tables}",
        f"CREATE TABLE far (a Int64, CONSTRAINT never CHECK a > 100) {tables}",
        "CREATE MATERIALIZED VIEW near_view TO near AS SELECT a FROM bulk",
        "CREATE MATERIALIZED VIEW far_view TO far AS SELECT a FROM near",
    ]

    async def scenario() -> list[Counts | None]:
        seen = []
        for statement in made:
            await clickhouse.command(statement)
        with pytest.raises(QueryError, match="never"):
            await clickhouse.insert("bulk", {"a": [1, 2]}, "one-token")
        counts = "SELECT (SELECT count() FROM near) AS near, (SELECT count() FROM far) AS far"
        seen.append(await clickhouse.one(counts, Counts))
        await clickhouse.command("ALTER TABLE far DROP CONSTRAINT never")
        for _ in range(2):
            await clickhouse.insert("bulk", {"a": [1, 2]}, "one-token")
            seen.append(await clickhouse.one(counts, Counts))
        for name in ("far_view", "near_view", "far", "near", "bulk"):
            await clickhouse.command(f"DROP TABLE {name} SYNC")
        return seen

    first, *later = asyncio.run(scenario())
    assert first is not None
    assert first.far == 0
    assert later == [Counts(2, 2), Counts(2, 2)]


def test_row_binary_is_int64_and_strings_with_their_lengths() -> None:
    file = io.BytesIO()
    write_row_binary(file, {"n": [-1, 2], "s": [b"", b"x" * 200]})
    assert file.getvalue() == (b"\xff" * 8 + b"\x00" + (2).to_bytes(8, "little") + b"\xc8\x01" + b"x" * 200)
