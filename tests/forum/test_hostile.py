"""As somebody who wants in: every field and parameter of every area, with what breaks into other systems."""

from typing import Any, Final
from urllib.parse import quote

from api.platform import Platform
from tests.forum.client import Forum
from tests.forum.desk import at_the_forum
from tests.mariadb_server import ForumDatabase
from tests.stack import Stack

ALL: Final = ["mohaa_view", "mohaa_play", "mohaa_team_create", "mohaa_tournament_create", "mohaa_manage"]
PAYLOADS: Final = [
    "' OR '1'='1",
    "1); DROP TABLE smf_mohaa_teams; -- ",
    "id DESC, (SELECT passwd FROM smf_members LIMIT 1)",
    "%(member)s %s %",
    "\\' UNION SELECT 1 -- ",
    "{prefix}members",
    "\u0000",
    "-1",
    "9" * 30,
    "1e3",
    "[]",
    "😀" * 30,
]
GETS: Final = {
    "/forum/teams": ["aa_search", "after", "sort", "order"],
    "/forum/teams/1": ["before", "id"],
    "/forum/tournaments": ["before", "sort"],
    "/forum/tournaments/1": ["before"],
    "/forum/tournaments/1/manage": ["before", "order"],
    "/forum/tournaments/1/matches/{}": [],
    "/forum/teams/{}": [],
    "/forum/tournaments/{}": [],
    "/forum/achievements/{}": [],
    "/forum/members/{}/achievements": [],
}
POSTS: Final[dict[str, tuple[list[str], list[str]]]] = {
    "/forum/teams/1": (
        ["invite", "withdraw", "kick", "officer", "edit"],
        ["id", "who", "name", "tag", "about", "colour", "confirm"],
    ),
    "/forum/identity": (
        ["approve", "unlink", "policy", "erase"],
        ["id", "client", "label", "policy", "confirm"],
    ),
    "/forum/tournaments/1": (["register", "check_in", "withdraw"], ["registration", "team", "why"]),
    "/forum/tournaments/1/matches/W1.1": (
        ["report", "decide", "schedule"],
        ["winner", "home", "match_id", "at", "why", "forfeit"],
    ),
    "/forum/tournaments/1/manage": (
        ["seed", "reject", "add_staff", "remove_staff"],
        ["registration", "member", "name", "order", "why"],
    ),
}


def good(answer: Any) -> None:
    assert answer.status_code == 200, answer.text


async def made(client: Forum) -> None:
    """Found Bob's team, and make a tournament of his whose registration is open."""
    bob = {"member": 8, "permissions": ALL}
    good(await client.post("/forum/teams", {"do": "found", "name": "Aces", "tag": "ACE"}, **bob))
    good(await client.post("/forum/tournaments/new", {"name": "Cup", "format": "single"}, **bob))
    good(await client.post("/forum/tournaments/1/manage", {"do": "publish"}, **bob))


def kept(forum: ForumDatabase) -> dict[str, Any]:
    tables = ("teams", "team_members", "team_invites", "tournaments", "tournament_admins", "player_links")
    return {table: forum.rows(table) for table in tables} | {"m": forum.run("SELECT * FROM smf_members")}


def test_no_parameter_is_more_than_a_value(stack: Stack, forum: ForumDatabase) -> None:
    async def use(_: Platform, client: Forum) -> None:
        await made(client)
        before = kept(forum)
        for path, names in GETS.items():
            for payload in PAYLOADS:
                value = quote(payload, safe="")
                for asked in [f"{path}?{name}={value}" for name in names] or [path.format(value)]:
                    answer = await client.get(asked, permissions=ALL)
                    assert answer.status_code in (200, 400, 404, 409, 422), (asked, answer.text)
                    assert "a secret" not in answer.text, asked
                    if "aa_search" in asked:
                        # What is looked for is in no name, whatever else it says.
                        assert "/forum/teams/1" not in answer.text, asked
                        assert "teams%2F1" not in answer.text, asked
        assert kept(forum) == before

    at_the_forum(stack, forum, use)


def test_no_field_is_more_than_a_value(stack: Stack, forum: ForumDatabase) -> None:
    async def use(_: Platform, client: Forum) -> None:
        await made(client)
        before = kept(forum)
        for path, (deeds, fields) in POSTS.items():
            for payload in PAYLOADS:
                for do in deeds:
                    # A member like any other: what is Bob's is not theirs to change, whatever the fields say.
                    sent = {"do": do, **dict.fromkeys(fields, payload), "member_id": "8", "by": "8"}
                    answer = await client.post(path, sent)
                    assert answer.status_code in (400, 403, 404, 409, 422), (path, do, payload, answer.text)
        assert kept(forum) == before

    at_the_forum(stack, forum, use)


def test_every_form_of_every_area_carries_the_forums_session(stack: Stack, forum: ForumDatabase) -> None:
    async def use(_: Platform, client: Forum) -> None:
        await made(client)
        forms = 0
        for member in (7, 8):
            for path in (
                "/forum/identity",
                "/forum/teams",
                "/forum/teams/1",
                "/forum/tournaments",
                "/forum/tournaments/new",
                "/forum/tournaments/1",
                "/forum/tournaments/1/manage",
            ):
                answer = await client.get(path, member=member, permissions=ALL)
                shown = answer.json()["html"]
                posts = shown.count('<form method="post"')
                assert shown.count("<!--afteraction:session-->") == posts, path
                assert shown.count("<form") == posts + shown.count('<form method="get"'), path
                forms += posts
        assert forms > 15

    at_the_forum(stack, forum, use)


def test_what_is_asked_with_get_changes_nothing(stack: Stack, forum: ForumDatabase) -> None:
    async def use(_: Platform, client: Forum) -> None:
        await made(client)
        before = kept(forum)
        for path, (deeds, _fields) in POSTS.items():
            for do in deeds:
                await client.get(f"{path}?aa_do={do}&do={do}&aa_confirm=DISBAND", member=8, permissions=ALL)
        assert kept(forum) == before

    at_the_forum(stack, forum, use)
