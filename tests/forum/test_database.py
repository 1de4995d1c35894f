"""The pool over a true MariaDB: its errors, its rights, and a server that goes away."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeVar

import msgspec
import pytest

from api.errors import ConfigurationError, StoreUnavailable
from smf_bridge import address
from smf_bridge.address import Address
from smf_bridge.database import Database, Duplicate, MissingRights, Transaction
from tests.mariadb_server import ForumDatabase, MariaDB

R = TypeVar("R")

ADD = "INSERT INTO {prefix}mohaa_player_links VALUES (%(client)s, %(member)s, %(at)s)"
ALL = "SELECT client_id, member_id, linked_at FROM {prefix}mohaa_player_links ORDER BY client_id"
NOW = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)


class Link(msgspec.Struct):
    client_id: str
    member_id: int
    linked_at: datetime


class One(msgspec.Struct):
    one: int


def with_pool(where: Address, use: Callable[[Database], Awaitable[R]], size: int = 3, wait: float = 1.5) -> R:
    async def run() -> R:
        database = Database(where, size, wait)
        try:
            return await use(database)
        finally:
            database.close()

    return asyncio.run(run())


def add(client: str, member: int = 7) -> Callable[[Transaction], int]:
    return lambda transaction: transaction.execute(ADD, client=client, member=member, at=NOW)


def test_what_is_written_is_read_as_it_was(forum: ForumDatabase) -> None:
    class Member(msgspec.Struct):
        real_name: str

    async def use(database: Database) -> tuple[list[Link], Member | None]:
        local = NOW.astimezone(timezone(timedelta(hours=9)))
        await database.execute(ADD, client="c'1", member=7, at=local)
        return await database.rows(ALL, Link), await database.one(
            "SELECT real_name FROM {prefix}members WHERE id_member = 7", Member
        )

    links, member = with_pool(forum.address, use)
    assert links == [Link("c'1", 7, NOW)]
    assert member is not None
    assert member.real_name == "Ann &quot;Ä&quot; 🎖"


def test_a_failure_undoes_all_of_a_transaction(forum: ForumDatabase) -> None:
    def fails(transaction: Transaction) -> None:
        add("a")(transaction)
        raise ValueError("after the first statement")

    async def use(database: Database) -> list[Link]:
        with pytest.raises(ValueError, match="after the first"):
            await database.run(fails)
        return await database.rows(ALL, Link)

    assert with_pool(forum.address, use) == []


def test_a_unique_key_is_told_from_other_errors(forum: ForumDatabase) -> None:
    def twice(transaction: Transaction) -> str:
        add("a")(transaction)
        try:
            add("a")(transaction)
        except Duplicate:
            return "there already"
        return "added twice"

    assert with_pool(forum.address, lambda database: database.run(twice)) == "there already"
    assert len(forum.rows("player_links")) == 1


def test_a_victim_of_a_deadlock_does_it_again(forum: ForumDatabase) -> None:
    update = "UPDATE {prefix}mohaa_player_links SET member_id = member_id + 1 WHERE client_id = %(client)s"
    both_hold = threading.Barrier(2)
    tries = []

    def crosswise(first: str, second: str) -> Callable[[Transaction], None]:
        def work(transaction: Transaction) -> None:
            tries.append(first)
            transaction.execute(update, client=first)
            if len(tries) <= 2:
                both_hold.wait(10)
            transaction.execute(update, client=second)

        return work

    async def use(database: Database) -> list[Link]:
        await database.run(add("a", 10))
        await database.run(add("b", 20))
        await asyncio.gather(database.run(crosswise("a", "b")), database.run(crosswise("b", "a")))
        return await database.rows(ALL, Link)

    assert [link.member_id for link in with_pool(forum.address, use)] == [12, 22]
    assert len(tries) == 3


def test_requests_over_a_restart_are_answered_or_refused_calmly(
    mariadb: MariaDB, forum: ForumDatabase
) -> None:
    done: list[str] = []
    refused: list[str] = []

    async def use(database: Database) -> None:
        stopping = asyncio.Event()

        async def sender(name: str) -> None:
            number = 0
            while not stopping.is_set():
                client = f"{name}-{number}"
                number += 1
                try:
                    await database.run(add(client))
                except StoreUnavailable:
                    refused.append(client)
                    await asyncio.sleep(0.05)
                else:
                    done.append(client)

        async def more(of: list[str], by: int) -> None:
            seen = len(of)
            await _until(lambda: len(of) >= seen + by)

        async def restarts() -> None:
            for _ in range(2):
                await more(done, 20)
                await asyncio.to_thread(mariadb.kill)
                await more(refused, 1)
                await asyncio.to_thread(mariadb.start)
            await more(done, 20)
            stopping.set()

        await asyncio.gather(restarts(), *(sender(name) for name in "xyz"))

    with_pool(forum.address, use)
    there = {row["client_id"] for row in forum.rows("player_links")}
    assert set(done) <= there
    # Of what was refused, only a commit whose answer was lost may stand: one for each connection and kill.
    assert len(there - set(done)) <= 6


async def _until(seen: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def test_a_connection_that_was_killed_costs_nobody_an_answer(mariadb: MariaDB, forum: ForumDatabase) -> None:
    async def use(database: Database) -> int:
        await database.run(add("a"))
        for row in mariadb.run("SHOW PROCESSLIST"):
            if row["User"] == forum.user:
                mariadb.run(f"KILL {row['Id']}")
        return await database.run(add("b"))

    assert with_pool(forum.address, use) == 1


def test_a_frozen_server_holds_nobody_for_ever(mariadb: MariaDB, forum: ForumDatabase) -> None:
    async def use(database: Database) -> str:
        await database.run(add("a"))
        mariadb.freeze()
        try:
            with pytest.raises(StoreUnavailable) as caught:
                await asyncio.wait_for(database.run(add("b")), 30)
        finally:
            mariadb.thaw()
        await database.run(add("c"))
        return caught.value.store

    assert with_pool(forum.address, use) == "forum"


def test_who_finds_all_connections_busy_is_sent_away(forum: ForumDatabase) -> None:
    leave = threading.Event()

    def sits(transaction: Transaction) -> int:
        leave.wait(30)
        return transaction.rows("SELECT 1 AS one", One)[0].one

    async def use(database: Database) -> tuple[str, list[int], int]:
        sitting = [asyncio.create_task(database.run(sits)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(StoreUnavailable) as caught:
            await database.rows("SELECT 1 AS one", One)
        leave.set()
        answers = [await task for task in sitting]
        return str(caught.value), answers, (await database.rows("SELECT 1 AS one", One))[0].one

    said, answers, after = with_pool(forum.address, use, size=2, wait=0.1)
    assert "all 2 connections were busy" in said
    assert (answers, after) == ([1, 1], 1)


def test_who_gives_up_waiting_leaves_the_place_to_the_work_that_goes_on(forum: ForumDatabase) -> None:
    leave = threading.Event()

    def sits(_: Transaction) -> None:
        leave.wait(30)

    async def use(database: Database) -> None:
        task = asyncio.create_task(database.run(sits))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(StoreUnavailable):
            await database.rows("SELECT 1 AS one", One)
        leave.set()
        await _until(lambda: not database._places.locked())
        assert await database.rows("SELECT 1 AS one", One)

    with_pool(forum.address, use, size=1, wait=0.1)


def test_the_server_has_no_more_connections_to_give(mariadb: MariaDB, forum: ForumDatabase) -> None:
    held = [mariadb.connect() for _ in range(41)]
    try:
        with pytest.raises(StoreUnavailable, match="Too many connections"):
            with_pool(forum.address, lambda database: database.rows("SELECT 1 AS one", One))
    finally:
        for connection in held:
            connection.close()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"password": "nope"}, "AFTERACTION_FORUM_URL holds user and password"),
        ({"port": 1}, "Can't connect"),
        ({"database": "mysql"}, "afteraction forum grants"),
        ({"prefix": "other_"}, "afteraction forum grants"),
    ],
)
def test_a_wrong_address_is_explained_without_the_password(
    forum: ForumDatabase, wrong: dict[str, object], said: str
) -> None:
    where = msgspec.structs.replace(forum.address, **wrong)
    with pytest.raises(StoreUnavailable) as caught:
        with_pool(where, lambda database: database.rows(ALL, Link))
    assert said in str(caught.value)
    assert forum.password not in str(caught.value)
    assert "nope" not in str(caught.value)


def test_the_bridge_may_do_what_the_docs_grant_and_no_more(forum: ForumDatabase) -> None:
    async def use(database: Database) -> None:
        await database.run(add("a"))
        for forbidden in (
            "SELECT passwd AS one FROM {prefix}members",
            "UPDATE {prefix}members SET id_group = 1",
            "DELETE FROM {prefix}membergroups",
            "CREATE TABLE {prefix}other (a INT)",
            "DROP TABLE {prefix}members",
        ):
            with pytest.raises(MissingRights):
                await database.execute(forbidden)

    with_pool(forum.address, use)


def test_missing_tables_name_the_command(empty_forum: ForumDatabase) -> None:
    empty_forum.grant()
    with pytest.raises(StoreUnavailable, match="afteraction forum migrate"):
        with_pool(empty_forum.address, lambda database: database.rows(ALL, Link))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://a:hidden@host/db",
        "mysql://a:hidden@host",
        "mysql://a:hidden@host/db/more",
        "mysql://host/db",
        "mysql://a:hidden@host:port/db",
        "mysql://a:hidden@host/db?prefix=x;y",
        "mysql://a:hidden@host/db?prefx=smf_",
    ],
)
def test_an_address_that_is_none_is_explained(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        address.parse(url)
    assert "AFTERACTION_FORUM_URL" in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_an_address_is_taken_apart() -> None:
    found = address.parse("mysql://a%40b:p%2Fw@[::1]:3307/forum?prefix=&socket=/run/s")
    assert found == Address("::1", 3307, "a@b", "p/w", "forum", "", "/run/s")
    assert "p/w" not in found.place
