"""Links: the forum's database has the truth, and Postgres a copy that follows it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
import pytest

from api.errors import StoreUnavailable
from api.forum import links
from api.forum.links import Reconciled
from api.logins import decisions
from api.platform import Platform
from api.privacy import service as privacy
from smf_bridge import alerts
from smf_bridge.database import Database
from smf_bridge.members import Gone
from tests.events_made import body, kill
from tests.forum.desk import ME, with_forum
from tests.forum.tournaments.made import add_team
from tests.logins.desk import Desk
from tests.mariadb_server import ForumDatabase, MariaDB
from tests.stack import Stack, add_server, drain

R = TypeVar("R")


class Row(msgspec.Struct):
    client_id: str
    member_id: int
    state: str


def at_the_desk(stack: Stack, forum: ForumDatabase, use: Callable[[Desk, Database], Awaitable[R]]) -> R:
    async def run(platform: Platform) -> R:
        desk = Desk(platform, await add_server(platform))
        assert platform.forum is not None
        try:
            return await use(desk, platform.forum)
        finally:
            desk.logins.close()

    return with_forum(stack, forum).run(run)


def told(forum: ForumDatabase) -> dict[str, int]:
    return {row["client_id"]: row["member_id"] for row in forum.rows("player_links")}


async def kept(desk: Desk) -> set[tuple[str, int, str]]:
    rows = await desk.postgres.rows("SELECT client_id, member_id, state FROM smf_user_mappings", Row)
    return {(row.client_id, row.member_id, row.state) for row in rows}


def test_every_change_of_a_link_reaches_the_forum(stack: Stack, forum: ForumDatabase) -> None:
    async def use(desk: Desk, database: Database) -> list[dict[str, int]]:
        seen = []

        async def told_now() -> None:
            await links.step(desk.postgres, database)
            seen.append(told(forum))

        await desk.log_in(7, "c1")
        await desk.log_in(8, "c2")
        await told_now()
        await desk.log_in(8, "c1")
        await told_now()
        await decisions.link(desk.logins, 8, "c1", ME)
        await told_now()
        await decisions.unlink(desk.logins, 8, "c2", ME)
        await told_now()
        return seen

    assert at_the_desk(stack, forum, use) == [
        {"c1": 7, "c2": 8},
        {"c1": 7, "c2": 8},
        {"c1": 8, "c2": 8},
        {"c1": 8},
    ]


def test_links_older_than_the_forum_reach_it_at_first(stack: Stack, forum: ForumDatabase) -> None:
    async def use(desk: Desk, database: Database) -> None:
        await desk.log_in(7, "c1")
        await desk.log_in(8, "c2")
        await decisions.unlink(desk.logins, 8, "c2", ME)
        # Without a forum what is over is forgotten, and what is linked waits.
        await links.step(desk.postgres, None)
        await links.step(desk.postgres, database)

    at_the_desk(stack, forum, use)
    assert told(forum) == {"c1": 7}


def test_logins_do_not_wait_for_the_forum(stack: Stack, forum: ForumDatabase, mariadb: MariaDB) -> None:
    async def use(desk: Desk, database: Database) -> str:
        mariadb.kill()
        try:
            answer = await desk.log_in(7, "c1")
            with pytest.raises(StoreUnavailable):
                await links.step(desk.postgres, database)
        finally:
            mariadb.start()
        await links.step(desk.postgres, database)
        return answer.outcome

    assert at_the_desk(stack, forum, use) == "logged_in"
    assert told(forum) == {"c1": 7}


def test_what_became_of_each_code(stack: Stack, forum: ForumDatabase) -> None:
    async def use(desk: Desk, database: Database) -> str:
        code = await desk.code(7)
        await desk.verify(code, "c1")
        await desk.code(7)
        await decisions.revoke_codes(desk.logins, 7, ME)
        await links.step(desk.postgres, database)
        await desk.code(7)
        await links.step(desk.postgres, database)
        return code

    code = at_the_desk(stack, forum, use)
    rows = forum.rows("login_tokens")
    assert [row["outcome"] for row in rows] == ["used", "revoked", "issued"]
    assert [row["ended_at"] is None for row in rows] == [False, False, True]
    shown = repr([row.values() for row in rows])
    assert code not in shown
    assert code.replace("-", "") not in shown


def test_the_forum_holds_where_both_differ(stack: Stack, forum: ForumDatabase) -> None:
    async def use(desk: Desk, database: Database) -> tuple[Reconciled, Reconciled, Reconciled, Any]:
        for client, member in (("same", 7), ("moved", 7), ("ended", 7)):
            await desk.log_in(member, client)
        await links.step(desk.postgres, database)
        forum.run("UPDATE smf_mohaa_player_links SET member_id = 8 WHERE client_id = 'moved'")
        forum.run("DELETE FROM smf_mohaa_player_links WHERE client_id = 'ended'")
        forum.run(
            "INSERT INTO smf_mohaa_player_links VALUES ('new', 8, '2026-01-01'), ('gone', 99, '2026-01-01')"
        )
        dry = await links.reconcile(desk.postgres, database, ME, dry_run=True)
        first = await links.reconcile(desk.postgres, database, ME)
        return dry, first, await links.reconcile(desk.postgres, database, ME), await kept(desk)

    dry, first, second, now = at_the_desk(stack, forum, use)
    found = {(each.client_id, each.what, each.forum_member, each.kept_member) for each in first.differences}
    assert found == {
        ("moved", "other_member", 8, 7),
        ("ended", "only_kept", None, 7),
        ("new", "only_in_forum", 8, None),
        ("gone", "no_such_member", 99, None),
    }
    assert [each.what for each in dry.differences] == [each.what for each in first.differences]
    assert not any(each.mended for each in dry.differences)
    assert [each.client_id for each in first.differences if not each.mended] == ["gone"]
    assert [each.what for each in second.differences] == ["no_such_member"]
    assert now == {
        ("same", 7, "linked"),
        ("moved", 7, "unlinked"),
        ("moved", 8, "linked"),
        ("ended", 7, "unlinked"),
        ("new", 8, "linked"),
    }
    assert told(forum) == {"same": 7, "moved": 8, "new": 8, "gone": 99}


def test_whom_the_forum_has_deleted_is_reported_until_they_are_erased(
    stack: Stack, forum: ForumDatabase
) -> None:
    async def use(desk: Desk, database: Database) -> None:
        await desk.log_in(8, "c1")
        await links.step(desk.postgres, database)
        add_team(forum, "Aces", [8, 7])
        forum.run("DELETE FROM smf_members WHERE id_member = 8")
        for dry_run in (True, False):
            done = await links.reconcile(desk.postgres, database, ME, dry_run=dry_run)
            assert done.gone == [Gone(8, {"codes": 1, "links": 1, "teams": 1})]
        assert told(forum) == {"c1": 8}
        platform = desk.platform
        stores = platform.postgres, platform.clickhouse, platform.redis, platform.settings
        await privacy.erase(*stores, "member:8", ME, dry_run=False)
        await links.step(desk.postgres, database)
        done = await links.reconcile(desk.postgres, database, ME)
        assert (done.gone, done.differences) == ([], [])
        assert [row["member_id"] for row in forum.rows("team_members") if row["captain_of"]] == [7]
        assert forum.rows("alerts")[-1]["member_id"] == 7

    at_the_desk(stack, forum, use)


def test_what_the_forum_is_still_to_hear_is_no_difference(stack: Stack, forum: ForumDatabase) -> None:
    async def use(desk: Desk, database: Database) -> list[Reconciled]:
        await desk.log_in(7, "c1")
        await links.step(desk.postgres, database)
        await decisions.unlink(desk.logins, 7, "c1", ME)
        await desk.log_in(8, "c2")
        dry = await links.reconcile(desk.postgres, database, ME, dry_run=True)
        return [dry, await links.reconcile(desk.postgres, database, ME)]

    assert [done.differences for done in at_the_desk(stack, forum, use)] == [[], []]
    assert told(forum) == {"c2": 8}


def test_a_lost_table_ends_nothing_by_itself(stack: Stack, forum: ForumDatabase) -> None:
    async def use(desk: Desk, database: Database) -> tuple[Reconciled, Reconciled, Reconciled]:
        for number in range(12):
            await desk.postgres.execute(
                "INSERT INTO smf_user_mappings VALUES (%s, 7, 'Ann', 'linked', now(), now(), NULL)",
                f"c{number}",
            )
        await links.step(desk.postgres, database)
        forum.run("DELETE FROM smf_mohaa_player_links")
        withheld = await links.reconcile(desk.postgres, database, ME)
        refilled = await links.reconcile(desk.postgres, database, ME, refill=True)
        there = told(forum)
        assert len(there) == 12
        forum.run("DELETE FROM smf_mohaa_player_links")
        return withheld, refilled, await links.reconcile(desk.postgres, database, ME, force=True)

    withheld, refilled, forced = at_the_desk(stack, forum, use)
    assert withheld.withheld is not None
    assert "--refill" in withheld.withheld
    assert not any(each.mended for each in withheld.differences)
    assert refilled.differences == []
    assert sum(each.mended for each in forced.differences) == 12


def test_logins_and_reconciliations_at_once_agree_in_the_end(stack: Stack, forum: ForumDatabase) -> None:
    async def use(desk: Desk, database: Database) -> set[tuple[str, int, str]]:
        async def logins() -> None:
            for number in range(4):
                # Nobody's code runs out because of the other.
                both = await asyncio.gather(*(desk.log_in(who, f"m{who}-{number}") for who in (7, 8)))
                assert [answer.outcome for answer in both] == ["logged_in"] * 2
                desk.clock.move(minutes=6)

        async def reconciled() -> None:
            for _ in range(6):
                assert (await links.reconcile(desk.postgres, database, ME)).differences == []
                await asyncio.sleep(0)

        await asyncio.gather(logins(), reconciled(), reconciled())
        await links.step(desk.postgres, database)
        return await kept(desk)

    now = at_the_desk(stack, forum, use)
    assert len(now) == 8
    assert {(client, member, "linked") for client, member in told(forum).items()} == now


def test_who_is_erased_is_gone_from_the_forum_too(stack: Stack, forum: ForumDatabase) -> None:
    async def use(desk: Desk, database: Database) -> None:
        await desk.log_in(7, "c1")
        await desk.log_in(8, "c2")
        await links.step(desk.postgres, database)
        forum.run(
            "INSERT INTO smf_mohaa_achievements (id, name, about, category, tier, kind, position) "
            "VALUES ('a', 'A', '', 'x', 'gold', 'match', 1)"
        )
        for member in (7, 8):
            forum.run(
                "INSERT INTO smf_mohaa_achievement_progress (member_id, achievement_id) VALUES (%s, 'a')",
                member,
            )
            await database.run(
                lambda transaction, who=member: alerts.tell(  # type: ignore[misc]
                    transaction, "unlock", who, "A", "members/7/record", datetime.now(UTC)
                )
            )
        platform = desk.platform
        sent = body([kill(1, "Ann", "Bob", attacker_guid="c1")])
        await platform.inlet.take(desk.server_id, sent, "")
        await drain(platform)
        player = (await decisions.member(desk.logins, platform.clickhouse, 7)).player
        assert player is not None
        await privacy.erase(
            platform.postgres,
            platform.clickhouse,
            platform.redis,
            platform.settings,
            player,
            ME,
            dry_run=False,
        )
        await links.step(desk.postgres, database)

    at_the_desk(stack, forum, use)
    assert told(forum) == {"c2": 8}
    assert [row["member_id"] for row in forum.rows("login_tokens")] == [8]
    assert [row["member_id"] for row in forum.rows("achievement_progress")] == [8]
    assert {(row["member_id"], row["path"]) for row in forum.rows("alerts")} == {
        (7, "identity"),
        (8, "members/7/record"),
    }
