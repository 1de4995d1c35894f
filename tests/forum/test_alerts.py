"""Alerts: told with what they are about, fetched each once, by the forum's own task alone."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest

from api.platform import Platform
from smf_bridge import alerts
from smf_bridge.alerts import Alert
from smf_bridge.database import Database, Transaction
from tests.forum.client import Forum
from tests.forum.desk import at_the_forum
from tests.forum.test_database import with_pool
from tests.mariadb_server import ForumDatabase
from tests.stack import Stack

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def tell(transaction: Transaction, member: int, once: str | None = None, by: int = 0) -> None:
    alerts.tell(transaction, "unlock", member, f"to {member}", "teams/5", NOW, by=by, once=once)


def texts(fetched: list[Alert]) -> list[str]:
    return [alert.text for alert in fetched]


def test_each_comes_once_in_order_and_again_to_whom_asks_again(forum: ForumDatabase) -> None:
    async def use(database: Database) -> None:
        assert await alerts.fetch(database, 0) == []
        for member in (1, 2, 3):
            await database.run(lambda transaction, who=member: tell(transaction, who))  # type: ignore[misc]
        first = await alerts.fetch(database, 0, limit=2)
        assert texts(first) == ["to 1", "to 2"]
        assert await alerts.fetch(database, 0, limit=2) == first
        second = await alerts.fetch(database, first[-1].id)
        assert texts(second) == ["to 3"]
        assert await alerts.fetch(database, second[-1].id) == []

    with_pool(forum.address, use)


def test_a_transaction_that_commits_late_is_not_passed_over(forum: ForumDatabase) -> None:
    told, leave = threading.Event(), threading.Event()

    def late(transaction: Transaction) -> None:
        tell(transaction, 1)
        told.set()
        leave.wait(10)

    async def use(database: Database) -> None:
        task = asyncio.create_task(database.run(late))
        await asyncio.to_thread(told.wait, 10)
        await database.run(lambda transaction: tell(transaction, 2))
        early = await alerts.fetch(database, 0)
        assert texts(early) == ["to 2"]
        leave.set()
        await task
        assert texts(await alerts.fetch(database, early[-1].id)) == ["to 1"]

    with_pool(forum.address, use)


def test_two_tasks_at_once_give_no_number_twice(forum: ForumDatabase) -> None:
    async def use(database: Database) -> None:
        def fifty(transaction: Transaction) -> None:
            for member in range(1, 51):
                tell(transaction, member)

        await database.run(fifty)
        both = await asyncio.gather(*(alerts.fetch(database, 0, limit=30) for _ in range(3)))
        assert len({tuple(texts(each)) for each in both}) == 1
        rest = await alerts.fetch(database, both[0][-1].id)
        assert texts(both[0]) + texts(rest) == [f"to {n}" for n in range(1, 51)]

    with_pool(forum.address, use, size=4)


def test_what_is_undone_is_not_told_and_what_has_a_name_is_told_once(forum: ForumDatabase) -> None:
    def fails(transaction: Transaction) -> None:
        tell(transaction, 1)
        raise ValueError("no")

    async def use(database: Database) -> list[str]:
        with pytest.raises(ValueError, match="no"):
            await database.run(fails)
        for _ in range(2):
            await database.run(lambda transaction: tell(transaction, 7, once="unlock:7:a"))
        await database.run(lambda transaction: tell(transaction, 8, by=8))
        return texts(await alerts.fetch(database, 0))

    assert with_pool(forum.address, use) == ["to 7"]


def test_old_ones_are_forgotten_and_numbers_go_on(forum: ForumDatabase) -> None:
    async def use(database: Database) -> None:
        await database.run(lambda transaction: tell(transaction, 1))
        before = await alerts.fetch(database, 0)
        assert await alerts.tidy(database, NOW + timedelta(days=29)) == 0
        assert await alerts.tidy(database, NOW + timedelta(days=31)) == 1
        await database.run(lambda transaction: tell(transaction, 2))
        assert texts(await alerts.fetch(database, before[-1].id)) == ["to 2"]

    with_pool(forum.address, use)


def test_a_long_text_is_cut(forum: ForumDatabase) -> None:
    async def use(database: Database) -> str:
        await database.run(lambda tr: alerts.tell(tr, "unlock", 1, "ä" * 300, "teams", NOW))
        return texts(await alerts.fetch(database, 0))[0]

    assert with_pool(forum.address, use) == "ä" * 254 + "…"


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ({"member": 0, "permissions": ["mohaa_task"]}, 200),
        ({"member": 0, "permissions": []}, 403),
        ({"member": 1, "permissions": ["mohaa_task"]}, 403),
    ],
)
def test_only_the_forums_task_fetches_them(
    stack: Stack, forum: ForumDatabase, who: dict[str, object], status: int
) -> None:
    async def use(platform: Platform, client: Forum) -> None:
        assert platform.forum is not None
        await platform.forum.run(lambda transaction: tell(transaction, 8, by=7))
        answer = await client.get("/forum/alerts?after=0", **who)
        assert answer.status_code == status
        if status == 200:
            [alert] = answer.json()["alerts"]
            assert alert["at"].startswith("2026-03-01T12:00:00")
            assert (alert["member"], alert["by"], alert["path"]) == (8, 7, "teams/5")
            assert (await client.get(f"/forum/alerts?after={alert['id']}", **who)).json() == {"alerts": []}

    at_the_forum(stack, forum, use)
