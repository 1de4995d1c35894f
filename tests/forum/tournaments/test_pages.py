"""The pages of tournaments, as the forum gets them."""

from typing import Any

import httpx

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
