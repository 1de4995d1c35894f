"""Teams as the forum shows them: what each may do there, and names that want to be more."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from api.platform import Platform
from tests.forum.client import Forum
from tests.forum.desk import at_the_forum
from tests.forum.teams.made import ANN, BOB, CAT, DAN, EVE, more_members, roster, sound
from tests.mariadb_server import ForumDatabase
from tests.stack import Stack

LOOK = {
    "name": "Aces",
    "tag": "ACE",
    "about": "We play.\nOften.",
    "colour": "#112233",
    "second_colour": "#ffffff",
}
AREAS = "https://forum.example.org/index.php?action=afteraction;sa="


class Seat:
    """A member at the forum."""

    def __init__(self, forum: Forum, member: int, *more: str) -> None:
        self._forum = forum
        self._who: dict[str, Any] = {
            "member": member,
            "permissions": ["mohaa_view", "mohaa_play", "mohaa_team_create", *more]
            if member
            else ["mohaa_view"],
            "areas": AREAS,
        }

    async def see(self, path: str = "/forum/teams/1") -> str:
        answer = await self._forum.get(path, **self._who)
        assert answer.status_code == 200, answer.text
        html: str = answer.json()["html"]
        return html

    async def do(self, do: str, path: str = "/forum/teams/1", **form: str) -> httpx.Response:
        return await self._forum.post(path, {"do": do, **form}, **self._who)

    async def did(self, do: str, path: str = "/forum/teams/1", **form: str) -> dict[str, Any]:
        answer = await self.do(do, path, **form)
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said


def with_teams(
    stack: Stack, forum: ForumDatabase, use: Callable[[Callable[..., Seat], Platform], Awaitable[None]]
) -> None:
    """Run something at a forum with Ann's team 1."""
    more_members(forum)

    async def run(platform: Platform, client: Forum) -> None:
        def seat(member: int, *more: str) -> Seat:
            return Seat(client, member, *more)

        await seat(ANN).did("found", "/forum/teams", **LOOK)
        await use(seat, platform)

    at_the_forum(stack, forum, run)
    sound(forum)


def forms(html: str) -> set[str]:
    """Return what a page offers to do."""
    return set(re.findall(r'name="aa_do" value="(\w+)"', html))


def test_a_team_lives_through_its_forms(stack: Stack, forum: ForumDatabase) -> None:
    async def use(seat: Callable[..., Seat], _: Platform) -> None:
        ann, bob, cat = seat(ANN), seat(BOB), seat(CAT)
        assert "We play.\nOften." in await ann.see()
        assert (await ann.did("invite", name="Bob"))["notice"].startswith("They are invited")
        assert "/teams%2F1" not in await seat(CAT).see("/forum/teams?aa_search=bee")
        listed = await bob.see("/forum/teams?aa_search=ace")
        assert f'href="{AREAS}teams%2F1"' in listed
        assert "invites you to" in listed
        await bob.did("accept", id="1")
        await cat.did("request")
        await ann.did("officer", who=str(BOB))
        await bob.did("approve", id="2")
        await ann.did("edit", **{**LOOK, "name": "Bees", "about": ""})
        assert (await ann.did("transfer", who=str(BOB)))["title"] == "Bees"
        await ann.did("leave")
        shown = await bob.see()
        for line in (
            "changed name from <bdi>Aces</bdi> to <bdi>Bees</bdi>",
            "in place of",
            "what it says of itself",
            "Were in the team",
            "No match yet",
            "at least 3",
        ):
            assert line in shown, line
        assert (await bob.do("disband")).status_code == 422
        ended = (await bob.did("disband", confirm="DISBAND"))["html"]
        assert forms(ended) == set()
        assert "disbanded the team" in ended
        assert "There is no team yet" in await bob.see("/forum/teams")

    with_teams(stack, forum, use)
    assert roster(forum) == {}


OFFERED: dict[str, tuple[int, tuple[str, ...], set[str]]] = {
    "guest": (0, (), set()),
    "outsider": (DAN, (), {"request"}),
    "invited": (EVE, (), {"accept", "decline"}),
    "member": (CAT, (), {"leave"}),
    "officer": (BOB, (), {"leave", "invite", "withdraw", "approve", "deny", "kick"}),
    "captain": (
        ANN,
        (),
        {"invite", "withdraw", "approve", "deny", "kick", "officer", "member", "transfer", "edit", "disband"},
    ),
    "moderator": (1, ("mohaa_manage",), {"request", "withdraw", "kick", "transfer", "edit", "disband"}),
}
TRIED: dict[str, dict[str, str]] = {
    "invite": {"name": "Admin"},
    "withdraw": {"id": "3"},
    "accept": {"id": "3"},
    "decline": {"id": "3"},
    "request": {},
    "take_back": {"id": "4"},
    "approve": {"id": "4"},
    "deny": {"id": "4"},
    "leave": {},
    "kick": {"who": str(CAT)},
    "officer": {"who": str(CAT)},
    "member": {"who": str(BOB)},
    "transfer": {"who": str(CAT)},
    "edit": {**LOOK, "name": "Bees"},
    "disband": {"confirm": "DISBAND"},
}


async def _peopled(seat: Callable[..., Seat]) -> None:
    """Bob is an officer, Cat a member, Eve invited (3), and Fay asks to join (4)."""
    for number, member in enumerate((BOB, CAT), 1):
        await seat(ANN).did("invite", name=f"#{member}")
        await seat(member).did("accept", id=str(number))
    await seat(ANN).did("officer", who=str(BOB))
    await seat(ANN).did("invite", name="Eve")
    await seat(12).did("request")


@pytest.mark.parametrize("role", OFFERED)
def test_each_is_offered_what_they_may_do_and_refused_the_rest(
    stack: Stack, forum: ForumDatabase, role: str
) -> None:
    member, more, offered = OFFERED[role]

    async def use(seat: Callable[..., Seat], _: Platform) -> None:
        await _peopled(seat)
        me = seat(member, *more)
        assert forms(await me.see()) == offered
        before = [forum.rows(table) for table in ("teams", "team_members", "team_invites", "team_events")]
        for do in TRIED.keys() - offered:
            answer = await me.do(do, **TRIED[do])
            assert answer.status_code in (403, 404, 409), (do, answer.text)
        after = [forum.rows(table) for table in ("teams", "team_members", "team_invites", "team_events")]
        assert before == after

    with_teams(stack, forum, use)


@pytest.mark.parametrize(
    ("role", "do"), [(role, do) for role, (_, _, offered) in OFFERED.items() for do in sorted(offered)]
)
def test_what_is_offered_can_be_done(stack: Stack, forum: ForumDatabase, role: str, do: str) -> None:
    member, more, _ = OFFERED[role]

    async def use(seat: Callable[..., Seat], _: Platform) -> None:
        await _peopled(seat)
        await seat(member, *more).did(do, **TRIED[do])

    with_teams(stack, forum, use)


def test_an_officer_removes_no_officer(stack: Stack, forum: ForumDatabase) -> None:
    async def use(seat: Callable[..., Seat], _: Platform) -> None:
        await _peopled(seat)
        await seat(ANN).did("officer", who=str(CAT))
        assert "kick" not in forms(await seat(CAT).see())
        assert (await seat(CAT).do("kick", who=str(BOB))).status_code == 403
        assert (await seat(CAT).do("kick", who=str(ANN))).status_code == 403

    with_teams(stack, forum, use)


def test_who_may_not_see_sees_nothing(stack: Stack, forum: ForumDatabase) -> None:
    async def use(platform: Platform, client: Forum) -> None:
        for path in ("/forum/teams", "/forum/teams/1"):
            assert (await client.get(path, permissions=["mohaa_play"])).status_code == 403
            assert (
                await client.post(path, {"do": "found", **LOOK}, permissions=["mohaa_play"])
            ).status_code == 403

    at_the_forum(stack, forum, use)
    assert forum.rows("teams") == []


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"do": "drop"},
        {"do": "accept"},
        {"do": "accept", "id": "x"},
        {"do": "accept", "id": "-1"},
        {"do": "accept", "id": "99999999999999999999"},
        {"do": "kick"},
        {"do": "invite"},
        {"do": "invite", "name": "a\x00b"},
        {"do": "invite", "name": "' OR '1'='1"},
        {"do": "edit", "name": "Aces", "tag": "ACE", "colour": 'x" onload="y'},
    ],
)
def test_a_form_that_says_nothing_is_explained(
    stack: Stack, forum: ForumDatabase, form: dict[str, str]
) -> None:
    async def use(seat: Callable[..., Seat], _: Platform) -> None:
        answer = await seat(ANN)._forum.post(
            "/forum/teams/1", form, member=ANN, permissions=["mohaa_view", "mohaa_play"]
        )
        assert answer.status_code == 422
        assert answer.json()["detail"]

    with_teams(stack, forum, use)


def test_hostile_names_stay_names(stack: Stack, forum: ForumDatabase) -> None:
    evil = "<script>alert(1)</script>"

    async def use(seat: Callable[..., Seat], platform: Platform) -> None:
        forum.run(
            "UPDATE smf_members SET real_name = %s WHERE id_member = 8", "&lt;img src=x onerror=a&gt;\u202e"
        )
        forum.run("UPDATE smf_members SET real_name = %s WHERE id_member = 9", evil)
        bob = seat(BOB)
        await bob.did(
            "found",
            "/forum/teams",
            name='"><svg onload=a>',
            tag="<b>'\"",
            about=f"{evil}\n<!--afteraction:session-->",
        )
        await bob.did("invite", "/forum/teams/2", name="#9")
        await bob.did(
            "edit",
            "/forum/teams/2",
            name="{{ 7 * 7 }}",
            tag="<b>",
            about="[b]",
            colour="#000000",
            second_colour="#000000",
        )
        await bob.did(
            "edit",
            "/forum/teams/2",
            name="<i>' OR 1=1",
            tag="<b>",
            about=evil,
            colour="#000000",
            second_colour="#000000",
        )
        for seen in (
            await bob.see("/forum/teams/2"),
            await seat(CAT).see("/forum/teams"),
            await seat(CAT).see("/forum/teams?aa_search=%22%3E%3Cscript%3E"),
            await seat(0).see("/forum/teams/2"),
        ):
            assert not re.search(r"<(script|img|i|b)\b", seen)
            assert not re.search(r"<[^>]*\s(on\w+|style)=", seen)
            assert "\u202e" not in seen
            assert ">49<" not in seen
            assert seen.count("<!--afteraction:session-->") == len(re.findall(r'<form method="post"', seen))

    with_teams(stack, forum, use)


def test_an_alert_leads_to_the_team(stack: Stack, forum: ForumDatabase) -> None:
    async def use(seat: Callable[..., Seat], _: Platform) -> None:
        ann = seat(ANN)
        await ann.did("invite", name="Bob")
        task = {"member": 0, "permissions": ["mohaa_task"]}
        [alert] = (await ann._forum.get("/forum/alerts?after=0", **task)).json()["alerts"]
        assert (alert["member"], alert["by"], alert["kind"], alert["path"]) == (BOB, ANN, "invite", "teams/1")
        assert alert["text"].endswith("invites you to the team Aces")

    with_teams(stack, forum, use)
