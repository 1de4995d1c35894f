"""The pages of tournaments, as the forum gets them."""

import html
import re
from typing import Any

import httpx
import pytest

from api.platform import Platform
from tests.forum.client import Forum
from tests.forum.desk import at_the_forum
from tests.forum.tournaments.made import add_members
from tests.mariadb_server import ForumDatabase
from tests.stack import Stack

ORGANIZER = {"member": 1, "permissions": ["mohaa_tournament_create", "mohaa_play"]}


def playing(member: int) -> dict[str, Any]:
    return {"member": member, "permissions": ["mohaa_play"]}


def good(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_from_the_form_to_the_winner(stack: Stack, forum: ForumDatabase) -> None:
    four = add_members(forum, 4)

    async def use(_: Platform, client: Forum) -> None:
        new = "/forum/tournaments/new"
        assert "Make a draft" in good(await client.get(new, **ORGANIZER))["html"]
        plan = {"name": "Spring cup", "format": "double", "max_entrants": "4", "seeding": "manual"}
        assert "/manage" in good(await client.post(new, plan, **ORGANIZER))["html"]
        cup = "/forum/tournaments/1"
        desk = cup + "/manage"
        good(await client.post(desk, {"do": "publish"}, **ORGANIZER))
        listed = good(await client.get("/forum/tournaments", **playing(four[0])))
        assert "Spring cup" in listed["html"]
        assert "registration open" in listed["html"]
        for member in four:
            shown = good(await client.post(cup, {"do": "register"}, **playing(member)))
            assert shown["notice"] == "You are registered."
        good(await client.post(desk, {"do": "start"}, **ORGANIZER))
        assert "To be played" in good(await client.get(cup, **playing(four[1])))["html"]
        page = cup + "/matches/W1.1"
        word = {"do": "report", "winner": "1", "home": "10", "away": "3"}
        assert "Your word" in good(await client.get(page, **playing(four[0])))["html"]
        good(await client.post(page, word, **playing(four[0])))
        assert "Agree" in good(await client.get(page, **playing(four[3])))["html"]
        shown = good(await client.post(page, word, **playing(four[3])))
        assert shown["notice"] == "The result is confirmed."
        assert "as both sides said" in shown["html"]
        for key, winner in [("W1.2", 2), ("W2.1", 1), ("L1.1", 3), ("L2.1", 2), ("F1.1", 1)]:
            word = {"do": "decide", "winner": str(winner), "home": "2", "away": "1"}
            good(await client.post(f"{cup}/matches/{key}", word, **ORGANIZER))
        over = good(await client.get(cup, **playing(four[1])))
        assert "Member 100</bdi></strong> has won" in over["html"]
        assert "finished" in over["html"]
        again = await client.post(f"{cup}/matches/W1.1", {**word, "winner": "4"}, **playing(four[0]))
        assert again.status_code == 403
        manage = good(await client.get(desk, **ORGANIZER))
        assert "History" in manage["html"]

    at_the_forum(stack, forum, use)


HOSTILE = "\"><script>alert(1)</script>' onload=x {{7*7}} \u202e%s"


def test_names_and_texts_of_others_are_shown_and_do_nothing(stack: Stack, forum: ForumDatabase) -> None:
    three = add_members(forum, 3)
    forum.run("UPDATE smf_members SET real_name = %s WHERE id_member >= 100", html.escape(HOSTILE))

    async def use(_: Platform, client: Forum) -> None:
        plan = {
            "name": HOSTILE.replace("\u202e", ""),
            "about": HOSTILE,
            "format": "double",
            "seeding": "manual",
        }
        good(await client.post("/forum/tournaments/new", plan, **ORGANIZER))
        cup = "/forum/tournaments/1"
        good(await client.post(cup + "/manage", {"do": "publish"}, **ORGANIZER))
        for member in three:
            good(await client.post(cup, {"do": "register"}, **playing(member)))
        shown = [
            good(await client.get(path, **ORGANIZER)) for path in ("/forum/tournaments", cup, cup + "/manage")
        ]
        good(await client.post(cup + "/manage", {"do": "start"}, **ORGANIZER))
        match = cup + "/matches/W1.2"
        word = {"do": "report", "winner": "2", "home": "1", "away": "0"}
        good(await client.post(match, word, **playing(three[1])))
        good(await client.post(match, {"do": "call", "why": HOSTILE}, **playing(three[2])))
        shown += [good(await client.get(path, **ORGANIZER)) for path in (cup, match, cup + "/manage")]
        shown.append(good(await client.get(match, **playing(three[2]))))
        for page in shown:
            text = page["html"]
            assert "<script" not in text
            assert "&lt;script&gt;" in text
            assert "\u202e" not in text
            assert "{{7*7}}" in text
            tags = re.findall(r"<[a-z][^>]*>", text)
            assert not [tag for tag in tags if re.search(r"\son\w+=", re.sub(r'"[^"]*"', "", tag))]

    at_the_forum(stack, forum, use)


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("", {"do": "nothing"}, 422),
        ("", {"do": "check_in"}, 422),
        ("", {"do": "check_in", "registration": "0 OR 1=1"}, 422),
        ("", {"do": "withdraw", "registration": "999"}, 404),
        ("", {"do": "register", "team": "1"}, 422),
        ("/matches/W1.1", {"do": "report", "winner": "1"}, 409),
        ("/matches/W1.1", {"do": "report", "winner": "-1"}, 422),
        ("/matches/W1.1", {"do": "report", "home": "99999"}, 422),
        ("/matches/W1.1", {"do": "decide", "match_id": "'; DROP TABLE"}, 422),
        ("/matches/" + "x" * 200, {"do": "call"}, 409),
        ("/manage", {"do": "seed", "order": "1; DROP TABLE"}, 422),
        ("/manage", {"do": "start"}, 409),
        ("/manage", {"do": "edit"}, 422),
        ("/manage", {"do": "edit", "name": "x", "format": "knockout"}, 422),
        ("/manage", {"do": "edit", "name": "x", "format": "single", "max_entrants": "257"}, 422),
        ("/manage", {"do": "edit", "name": "x", "format": "single", "opens_at": "tomorrow"}, 422),
        (
            "/manage",
            {"do": "edit", "name": "x", "format": "single", "opens_at": "9999-12-31T23:59-14:00"},
            422,
        ),
        ("/manage", {"do": "add_staff", "member": "99"}, 422),
        ("9", {"do": "register"}, 404),
        ("9" * 25, {"do": "register"}, 404),
    ],
)
def test_a_wrong_form_gets_a_sentence(
    stack: Stack, forum: ForumDatabase, path: str, form: dict[str, str], status: int
) -> None:
    async def use(_: Platform, client: Forum) -> httpx.Response:
        good(await client.post("/forum/tournaments/new", {"name": "Cup", "format": "single"}, **ORGANIZER))
        good(await client.post("/forum/tournaments/1/manage", {"do": "publish"}, **ORGANIZER))
        return await client.post("/forum/tournaments/1" + path, form, **ORGANIZER)

    answer = at_the_forum(stack, forum, use)
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]


def test_who_may_not_look_is_told_so(stack: Stack, forum: ForumDatabase) -> None:
    async def use(_: Platform, client: Forum) -> list[int]:
        good(await client.post("/forum/tournaments/new", {"name": "Cup", "format": "single"}, **ORGANIZER))
        paths = ("/forum/tournaments", "/forum/tournaments/1", "/forum/tournaments/1/manage")
        # The last is a draft of others.
        nobody = [(await client.get(path, member=7, permissions=[])).status_code for path in paths]
        viewing = {"member": 0, "permissions": ["mohaa_view"]}
        return nobody + [(await client.get(path, **viewing)).status_code for path in paths]

    assert at_the_forum(stack, forum, use) == [403, 403, 403, 200, 404, 404]
