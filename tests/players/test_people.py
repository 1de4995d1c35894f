"""The dictionary of people: what queries are told of links, bots and marks."""

import asyncio
from typing import Any

import msgspec

from api.platform import Platform
from api.players import people
from api.stores.clickhouse import ClickHouse
from api.stores.cluster import Cluster
from tests.stack import Stack

SAID = (
    "SELECT person_of(key) AS person, arraySort(keys_of(person)) AS keys, is_bot(person) AS bot, "
    "is_flagged(person) AS flagged, is_verified(person) AS verified "
    "FROM (SELECT toUInt64(arrayJoin([5, 6, 7, 9])) AS key)"
)


def test_what_is_said_of_one_key_holds_for_the_person(stack: Stack) -> None:
    async def scenario(platform: Platform) -> list[dict[str, Any]]:
        clickhouse = platform.clickhouse
        await clickhouse.command("INSERT INTO player_links SELECT 5, 9, true, now64(3)")
        await clickhouse.command("INSERT INTO player_links SELECT 6, 9, false, now64(3)")
        await clickhouse.command("INSERT INTO player_marks SELECT 6, 1, true, 'why', now64(3), now64(3)")
        await people.refresh(clickhouse)
        return await clickhouse.rows(SAID, dict[str, Any])

    all_of_it = {"person": 9, "keys": [5, 6, 9], "bot": True, "flagged": True, "verified": True}
    alone = {"person": 7, "keys": [7], "bot": False, "flagged": False, "verified": False}
    assert stack.run(scenario) == [all_of_it, all_of_it, alone, all_of_it]


def test_a_link_that_is_undone_and_a_mark_that_says_nothing_are_nothing(stack: Stack) -> None:
    async def scenario(platform: Platform) -> list[dict[str, Any]]:
        clickhouse = platform.clickhouse
        for player in (9, 5):
            await clickhouse.command(
                "INSERT INTO player_links SELECT 5, {p:UInt64}, {p:UInt64} = 9, now64(3)", p=player
            )
            await asyncio.sleep(0.002)
        await clickhouse.command("INSERT INTO player_marks SELECT 9, -1, false, '', now64(3), now64(3)")
        await people.refresh(clickhouse)
        return await clickhouse.rows(SAID, dict[str, Any])

    for said in stack.run(scenario):
        assert said["keys"] == [said["person"]]
        assert (said["bot"], said["flagged"], said["verified"]) == (False, False, False)


class _Spy(ClickHouse):
    """A server's statements, kept instead of sent."""

    def __init__(self) -> None:
        super().__init__(
            lambda: None,  # type: ignore[arg-type, return-value]
            1,
            "spy",
            cluster=Cluster("stats", "aa"),
            itself="USER 'me' PASSWORD 'it\\'s' DB 'aa' ",
        )
        self.statements: list[str] = []

    async def command(self, sql: str, **parameters: object) -> None:
        self.statements.append(sql)


def test_a_cluster_s_servers_read_it_as_the_user_who_made_it(clickhouse: ClickHouse) -> None:
    class Formatted(msgspec.Struct):
        text: str

    spy = _Spy()
    asyncio.run(people.define(spy))
    [statement] = spy.statements
    found = asyncio.run(clickhouse.one("SELECT formatQuery({q:String}) AS text", Formatted, q=statement))
    assert found is not None
    assert "CREATE OR REPLACE DICTIONARY people ON CLUSTER stats" in found.text
    assert "USER 'me' PASSWORD 'it\\'s' DB 'aa' TABLE 'known_people'" in found.text
