"""Who is in a game now, as the forum's task hears it."""

from typing import Any

from api.live import job
from api.logins import links
from api.platform import Platform
from tests.events_made import body, kill
from tests.forum.client import Forum
from tests.forum.desk import at_the_forum
from tests.logins.desk import Desk
from tests.mariadb_server import ForumDatabase
from tests.stack import Stack, add_server, drain

PATH = "/forum/playing"
TASK: dict[str, Any] = {"member": 0, "permissions": ["mohaa_task"]}


def test_linked_members_are_named_and_nobody_else(stack: Stack, forum: ForumDatabase) -> None:
    async def use(platform: Platform, client: Forum) -> tuple[Any, Any]:
        server = await add_server(platform)
        before = (await client.get(PATH, **TASK)).json()
        desk = Desk(platform, server)
        try:
            await desk.log_in(7, "c1")
            await desk.log_in(8, "c2")
        finally:
            desk.logins.close()
        fight = kill(0, "<b>Ann", "Nobody", attacker_guid="c1", victim_guid="c9")
        await platform.inlet.take(1, body([fight]), "")
        await drain(platform)
        await links.write_changed(platform.postgres, platform.clickhouse)
        await job.step(platform.clickhouse, platform.postgres, platform.redis, platform.settings)
        return before, (await client.get(PATH, **TASK)).json()

    before, after = at_the_forum(stack, forum, use)
    assert before == {"playing": []}
    [one] = after["playing"]
    assert (one["member"], one["map"]) == (7, "dm/mohdm6")
    assert one["server"]


def test_no_member_hears_it(stack: Stack, forum: ForumDatabase) -> None:
    async def use(_: Platform, client: Forum) -> list[int]:
        asked = [
            {},
            {"permissions": ["mohaa_task"]},
            {"member": 0},
            {"member": 0, "permissions": ["mohaa_manage"]},
        ]
        return [(await client.get(PATH, **who)).status_code for who in asked]  # type: ignore[arg-type]

    assert at_the_forum(stack, forum, use) == [403] * 4
