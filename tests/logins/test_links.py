"""Whose a client is, in Postgres and in ClickHouse: conflicts, undoing, and rebuilding the copy."""

import asyncio
from typing import Any

import msgspec

from api.audit.service import Actor
from api.logins import decisions, job, links
from tests.logins.desk import CAFE, HOME, Desk, at_the_desk
from tests.stack import Stack

ADMIN = Actor("admin", "tests")


async def owners(desk: Desk) -> dict[str, tuple[bool, bool]]:
    """Of each client in ClickHouse: whether it is a member's, and verified."""
    found = {}
    for client in ("c1", "c2"):
        rows = await desk.platform.clickhouse.rows(
            "SELECT player = player_key AS alone, verified, player FROM links "
            "WHERE player_key = player_key('', {client:String}, false)",
            dict[str, Any],
            client=client,
        )
        if rows:
            found[client] = (not rows[0]["alone"], bool(rows[0]["verified"]))
    return found


async def owner_is(desk: Desk, client: str, member_id: int) -> bool:
    rows = await desk.platform.clickhouse.rows(
        "SELECT public_id(player) AS id FROM links WHERE player_key = player_key('', {client:String}, false)",
        dict[str, Any],
        client=client,
    )
    return bool(rows) and rows[0]["id"] == await links.player_of(desk.platform.clickhouse, member_id)


async def write(desk: Desk) -> None:
    await job.step(desk.postgres, desk.platform.clickhouse)


def test_a_login_links_and_unlinking_undoes_it(stack: Stack) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.log_in(1, "c1")
        await write(desk)
        assert await owner_is(desk, "c1", 1)
        await decisions.unlink(desk.logins, 1, "c1", ADMIN)
        await write(desk)
        assert await owners(desk) == {"c1": (False, False)}
        assert (await desk.resume("c1")).outcome == "none"
        await decisions.link(desk.logins, 1, "c1", ADMIN)
        await write(desk)
        assert await owner_is(desk, "c1", 1)

    at_the_desk(stack, scenario)


def test_a_second_member_takes_nothing_and_an_admin_sees_it(stack: Stack) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.log_in(1, "c1")
        answer = await desk.log_in(2, "c1")
        assert answer.outcome == "logged_in"
        assert "another member's" in answer.message
        await write(desk)
        assert await owner_is(desk, "c1", 1)
        # Who logged in last is who comes back.
        assert (await desk.resume("c1")).member_id == 2
        (conflict,) = await decisions.conflicts(desk.logins)
        assert (conflict.member_id, conflict.linked_member_id) == (2, 1)

        await decisions.link(desk.logins, 2, "c1", ADMIN)
        await write(desk)
        assert await owner_is(desk, "c1", 2)
        assert await decisions.conflicts(desk.logins) == []

    at_the_desk(stack, scenario)


def test_two_members_at_the_same_instant(stack: Stack) -> None:
    async def scenario(desk: Desk) -> list[str]:
        codes = [await desk.code(member) for member in (1, 2)]
        await asyncio.gather(
            *(desk.verify(code, "c1", a) for code, a in zip(codes, (HOME, CAFE), strict=True))
        )
        rows = await desk.postgres.rows("SELECT state FROM smf_user_mappings ORDER BY state", dict[str, Any])
        return [row["state"] for row in rows]

    assert at_the_desk(stack, scenario) == ["conflict", "linked"]


def test_the_copy_is_made_anew(stack: Stack) -> None:
    async def scenario(desk: Desk) -> int:
        await desk.log_in(1, "c1")
        await write(desk)
        clickhouse = desk.platform.clickhouse
        # Lost, and one that Postgres knows nothing of.
        await clickhouse.command("TRUNCATE TABLE player_links")
        await clickhouse.command(
            "INSERT INTO player_links SELECT player_key('', 'c2', false), 5, true, now64(3) - 1"
        )
        # And one that an admin merged, which is not ours.
        await clickhouse.command("INSERT INTO player_links SELECT 7, 8, false, now64(3) - 1")
        await asyncio.sleep(0.01)
        count = await links.reconcile(desk.postgres, clickhouse)
        assert await owner_is(desk, "c1", 1)
        assert (await owners(desk))["c2"] == (False, False)
        merged = await clickhouse.rows("SELECT player FROM links WHERE player_key = 7", dict[str, Any])
        assert merged == [{"player": 8}]
        return count

    assert at_the_desk(stack, scenario) == 1


def test_what_changes_while_it_is_written_is_written_again(stack: Stack) -> None:
    async def scenario(desk: Desk) -> None:
        await desk.log_in(1, "c1")
        (changed,) = await desk.postgres.rows("SELECT changes FROM changed_links", dict[str, Any])
        await decisions.unlink(desk.logins, 1, "c1", ADMIN)
        deleted = await desk.postgres.execute(links._SQL["written"], "c1", changed["changes"])
        assert deleted == 0
        assert await links.write_changed(desk.postgres, desk.platform.clickhouse) == 1
        assert await links.write_changed(desk.postgres, desk.platform.clickhouse) == 0

    at_the_desk(stack, scenario)


def test_logging_out_races_logging_in(stack: Stack) -> None:
    """Whichever comes second has the last word: the session is there or not, and coming back agrees."""

    async def scenario(desk: Desk) -> None:
        for n in range(10):
            code = await desk.code()
            await asyncio.gather(
                desk.verify(code, f"c{n}", f"192.0.2.{n}"),
                decisions.end_sessions(desk.logins, 1, None, ADMIN),
                decisions.revoke_codes(desk.logins, 1, ADMIN),
            )
            await decisions.end_sessions(desk.logins, 1, None, ADMIN)
            assert (await desk.resume(f"c{n}", f"192.0.2.{n}")).outcome == "none"
            assert (await desk.verify(code, f"c{n}", f"192.0.2.{n}")).outcome == "not_valid"

    at_the_desk(stack, scenario)


def test_approved_and_denied_at_the_same_instant(stack: Stack) -> None:
    async def scenario(desk: Desk) -> None:
        await decisions.set_policy(desk.logins, 1, "approval", ADMIN)
        for n in range(1, 8):
            address = f"192.0.2.{n}"
            desk.clock.move(minutes=3)
            assert (await desk.log_in(1, f"c{n}", address)).outcome == "pending"
            (waiting,) = await decisions.open_approvals(desk.logins)
            done = await asyncio.gather(
                decisions.approve(desk.logins, 1, waiting.id, "", None, ADMIN),
                decisions.deny(desk.logins, 1, waiting.id, ADMIN),
                return_exceptions=True,
            )
            assert sum(result is None for result in done) == 1
            approved = done[0] is None
            outcome = (await desk.log_in(1, f"c{n}", address)).outcome
            assert outcome == ("logged_in" if approved else "pending")
            for left in await decisions.open_approvals(desk.logins):
                await decisions.deny(desk.logins, 1, left.id, ADMIN)

    at_the_desk(stack, scenario)


def test_old_things_are_forgotten_and_refusals_later(stack: Stack) -> None:
    async def scenario(desk: Desk) -> list[list[int]]:
        await desk.log_in(1, "c1")
        await decisions.set_policy(desk.logins, 2, "approval", ADMIN)
        for client in ("c2", "c3"):
            await desk.log_in(2, client, CAFE if client == "c2" else "203.0.113.5")
        first, _ = await decisions.open_approvals(desk.logins)
        await decisions.deny(desk.logins, 2, first.id, ADMIN)
        # The desk's clock stands in March; tidying goes by today's, long after.
        counts: list[list[int]] = []
        for days in (3650, 365):
            settings = msgspec.structs.replace(desk.platform.settings, login_refused_days=days)
            await job.tidy(desk.postgres, settings)
            counts.append([])
            for table in ("login_tokens", "login_token_history", "pending_ip_approvals", "trusted_ips"):
                (row,) = await desk.postgres.rows(f"SELECT count(*) AS n FROM {table}", dict[str, Any])
                counts[-1].append(row["n"])
        return counts

    assert at_the_desk(stack, scenario) == [[0, 0, 1, 0], [0, 0, 0, 0]]
