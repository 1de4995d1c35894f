"""The area "Game identity": what a member does there reaches the logins, and nobody else's."""

import re
from typing import Any

import pytest

from api.audit import service as audit
from api.errors import NotFound, StoreUnavailable
from api.forum import links
from api.logins import decisions
from api.logins import links as logins
from api.platform import Platform
from api.privacy import job as erasures
from api.privacy import service as privacy
from tests.forum.client import Forum
from tests.forum.desk import ME, at_the_forum
from tests.mariadb_server import ForumDatabase
from tests.stack import Stack, add_server, player

PATH = "/forum/identity"


async def html_of(asker: Forum, **form: str) -> str:
    answer = await asker.post(PATH, form)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["html"])


async def code_of(client: Forum) -> str:
    found = re.search(
        r'<p class="login-code">([0-9A-Z]{4}-[0-9A-Z]{4})</p>', await html_of(client, do="code")
    )
    assert found is not None
    return found[1]


async def log_in(platform: Platform, server: int, code: str, client: str, address: str) -> str:
    who = player(platform, server, client, "<b>Ann</b>", address)
    return (await platform.logins.verify(who, code)).outcome


def test_a_member_goes_all_the_way(stack: Stack, forum: ForumDatabase) -> None:
    async def use(platform: Platform, client: Forum) -> None:
        server = await add_server(platform)
        empty = (await client.get(PATH)).json()
        assert empty["title"] == "Game identity"
        assert "None yet" in empty["html"]
        assert await log_in(platform, server, await code_of(client), "c1", "192.0.2.7") == "logged_in"
        await html_of(client, do="policy", policy="approval")
        assert await log_in(platform, server, await code_of(client), "c2", "198.51.100.9") == "pending"
        shown = (await client.get(PATH)).json()["html"]
        assert "192.0.2.7" in shown
        assert "Somebody wants in" in shown
        assert "<b>Ann" not in shown
        now = await decisions.member(platform.logins, platform.clickhouse, 7)
        await html_of(client, do="approve", id=str(now.approvals[0].id), label="café <i>")
        assert await log_in(platform, server, await code_of(client), "c2", "198.51.100.9") == "logged_in"
        assert "café &lt;i&gt;" in (await client.get(PATH)).json()["html"]
        await html_of(client, do="unlink", client="c1")
        await html_of(client, do="log_out")
        now = await decisions.member(platform.logins, platform.clickhouse, 7)
        assert {row.client_id: row.state for row in now.clients} == {"c1": "unlinked", "c2": "linked"}
        assert [row.session_until for row in now.clients] == [None, None]
        await html_of(client, do="distrust", id=str(now.addresses[0].id))
        now = await decisions.member(platform.logins, platform.clickhouse, 7)
        assert now.addresses[0].revoked_at is not None
        entries = await audit.page(platform.postgres, subject="member 7", limit=20)
        assert {entry.name for entry in entries} == {"our board: member 7"}

    at_the_forum(stack, forum, use)


def test_nobody_acts_for_another(stack: Stack, forum: ForumDatabase) -> None:
    async def use(platform: Platform, client: Forum) -> list[int]:
        server = await add_server(platform)
        await decisions.set_policy(platform.logins, 7, "approval", audit.Actor("t", "t"))
        code = await code_of(client)
        assert await log_in(platform, server, code, "c1", "192.0.2.7") == "pending"
        mine = (await decisions.member(platform.logins, platform.clickhouse, 7)).approvals[0]
        bob = {"member": 8, "name": "Bob"}
        answers = [
            await client.post(PATH, {"do": "approve", "id": str(mine.id)}, **bob),
            await client.post(PATH, {"do": "unlink", "client": "c1"}, **bob),
            await client.post(PATH, {"do": "distrust", "id": "1"}, **bob),
            # Who is looking is what the statement says, whatever a form adds.
            await client.post(PATH, {"do": "approve", "id": str(mine.id), "member": "7"}, **bob),
        ]
        assert (await decisions.member(platform.logins, platform.clickhouse, 7)).approvals == [mine]
        return [answer.status_code for answer in answers]

    assert at_the_forum(stack, forum, use) == [404] * 4


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 422),
        ({"do": "become_admin"}, 422),
        ({"do": "approve"}, 422),
        ({"do": "approve", "id": "x"}, 422),
        ({"do": "approve", "id": "999"}, 404),
        ({"do": "unlink", "client": "a b"}, 422),
        ({"do": "policy", "policy": "none"}, 422),
        ({"do": "erase"}, 422),
        ({"do": "erase", "confirm": "erase"}, 422),
    ],
)
def test_a_form_that_makes_no_sense_is_explained(
    stack: Stack, forum: ForumDatabase, form: dict[str, str], status: int
) -> None:
    async def use(_: Platform, client: Forum) -> Any:
        return await client.post(PATH, form)

    answer = at_the_forum(stack, forum, use)
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_guests_and_the_banned_have_no_identity(stack: Stack, forum: ForumDatabase) -> None:
    forum.run("UPDATE smf_members SET is_activated = 11 WHERE id_member = 8")

    async def use(_: Platform, client: Forum) -> list[int]:
        form = {"do": "code"}
        answers = [await client.post(PATH, form, member=member) for member in (0, 8, 99)]
        answers.append(await client.post(PATH, form, permissions=["mohaa_view"]))
        return [answer.status_code for answer in answers]

    assert at_the_forum(stack, forum, use) == [403, 403, 404, 403]


def test_every_form_can_carry_the_forums_session_and_goes_back_to_its_page(
    stack: Stack, forum: ForumDatabase
) -> None:
    page = 'https://forum.example.org/index.php?action=profile;x="><script>'

    async def use(_: Platform, client: Forum) -> str:
        return str((await client.get(PATH, page=page)).json()["html"])

    shown = at_the_forum(stack, forum, use)
    assert shown.count("<form") == shown.count("<!--afteraction:session-->") > 2
    assert "<script" not in shown
    assert shown.count('action="https://forum.example.org/index.php?action=profile;x=&#34;') == shown.count(
        "<form"
    )
    assert not re.search(r"\son\w+=|style=|javascript:", shown)


async def of_member(platform: Platform, member: int) -> list[str]:
    """Return the tables of Postgres that know a member."""
    tables = await platform.postgres.rows(
        "SELECT table_name AS name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND column_name = 'member_id'",
        dict[str, str],
    )
    found = []
    for table in tables:
        sql = f"SELECT count(*) AS rows FROM {table['name']} WHERE member_id = %s"
        if (await platform.postgres.rows(sql, dict[str, int], member))[0]["rows"]:
            found.append(table["name"])
    return sorted(found)


async def work(platform: Platform) -> None:
    await erasures.step(platform.postgres, platform.clickhouse, platform.redis, platform.settings)
    await links.step(platform.postgres, platform.forum)


def test_who_never_sent_an_event_is_erased(stack: Stack, forum: ForumDatabase) -> None:
    async def use(platform: Platform, client: Forum) -> None:
        server = await add_server(platform)
        for name in ("c1", "c2"):
            assert await log_in(platform, server, await code_of(client), name, "192.0.2.7") == "logged_in"
        await html_of(client, do="policy", policy="approval")
        assert await log_in(platform, server, await code_of(client), "c3", "198.51.100.9") == "pending"
        await links.step(platform.postgres, platform.forum)
        assert len(await of_member(platform, 7)) == 6
        kept = (await client.get(f"{PATH}/export")).json()
        assert (kept["events"], len(kept["links"]), len(kept["approvals"])) == (0, 2, 1)
        answer = (await client.post(PATH, {"do": "erase", "confirm": "ERASE"})).json()
        assert "taken out" in answer["notice"]
        assert "You are being taken out since" in answer["html"]
        # Asked twice is once; and it is asked in a store that outlives a queue.
        await client.post(PATH, {"do": "erase", "confirm": "ERASE"})
        await platform.redis.flushdb()
        await work(platform)
        assert await of_member(platform, 7) == []
        assert [row["member_id"] for row in forum.rows("player_links")] == []
        assert [row["member_id"] for row in forum.rows("login_tokens")] == []
        [told] = forum.rows("alerts")
        assert (told["member_id"], told["path"]) == (7, "identity")
        shown = (await client.get(PATH)).json()["html"]
        assert "Erase me" in shown
        assert "None yet" in shown
        entries = await audit.page(platform.postgres, limit=20)
        assert not [entry for entry in entries if entry.subject in ("member 7", "client c1")]
        assert [entry.name for entry in entries if entry.action == "player.erase"] == ["our board: member 7"]
        # It is over: the next step has nothing to do, and a login begins anew.
        await work(platform)
        assert len(forum.rows("alerts")) == 1
        assert await log_in(platform, server, await code_of(client), "c1", "192.0.2.7") == "logged_in"

    at_the_forum(stack, forum, use)


def test_who_is_in_no_store_is_told_that_it_is_done(stack: Stack, forum: ForumDatabase) -> None:
    async def use(platform: Platform, client: Forum) -> None:
        assert (await client.get(f"{PATH}/export")).json()["member_ids"] == [7]
        await client.post(PATH, {"do": "erase", "confirm": "ERASE"})
        await work(platform)
        assert [row["member_id"] for row in forum.rows("alerts")] == [7]

    at_the_forum(stack, forum, use)


def test_a_request_to_be_erased_waits_while_it_cannot_be_done(
    stack: Stack, forum: ForumDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise StoreUnavailable("clickhouse", "the disk is full")

    async def use(platform: Platform, client: Forum) -> None:
        await client.post(PATH, {"do": "erase", "confirm": "ERASE"})
        with monkeypatch.context() as patch:
            patch.setattr(privacy, "_clean_tables", full)
            with pytest.raises(StoreUnavailable):
                await work(platform)
        assert await of_member(platform, 7) == ["erasures_asked"]
        await work(platform)
        assert await of_member(platform, 7) == []
        assert [row["member_id"] for row in forum.rows("alerts")] == [7]

    at_the_forum(stack, forum, use)


@pytest.mark.parametrize("named", ["by member", "by player"])
def test_an_admin_erases_who_logged_in_and_never_played(
    stack: Stack, forum: ForumDatabase, named: str
) -> None:
    async def use(platform: Platform, client: Forum) -> None:
        server = await add_server(platform)
        await log_in(platform, server, await code_of(client), "c1", "192.0.2.7")
        player_of_member = await logins.player_of(platform.clickhouse, 7)
        id_ = "member:7" if named == "by member" else player_of_member
        stores = platform.postgres, platform.clickhouse, platform.redis, platform.settings
        would = await privacy.erase(*stores, id_, ME, dry_run=True)
        assert (would.done, would.rows["smf_user_mappings"], would.rows["trusted_ips"]) == (False, 1, 1)
        assert (await privacy.erase(*stores, id_, ME, dry_run=False)).done
        assert await of_member(platform, 7) == []
        with pytest.raises(NotFound):
            await privacy.erase(*stores, player_of_member, ME, dry_run=False)

    at_the_forum(stack, forum, use)
