"""The contract of a ClickHouse: parameters arrive as they are, its errors are ours, bulk bytes are right."""

import asyncio
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from api.stores.clickhouse import ClickHouse, QueryError, row_binary
from tests.stack import Stack


class Text(msgspec.Struct):
    text: str


@hypothesis_settings(max_examples=60, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs"]))
    | st.sampled_from(["\\", "a\tb\n\r\0'\"\\n", "{x:String}", "%s"])
)
def test_text_arrives_as_it_is(engine_stack: Stack, text: str) -> None:
    found = asyncio.run(engine_stack.clickhouse.one("SELECT {t:String} AS text", Text, t=text))
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
    with pytest.raises(QueryError, match="UNKNOWN_TABLE"):
        asyncio.run(clickhouse.insert("nowhere", {"a": [1]}, "token"))
    asyncio.run(clickhouse.ping())


def test_row_binary_is_int64_and_strings_with_their_lengths() -> None:
    assert row_binary({"n": [-1, 2], "s": [b"", b"x" * 200]}) == (
        b"\xff" * 8 + b"\x00" + (2).to_bytes(8, "little") + b"\xc8\x01" + b"x" * 200
    )
