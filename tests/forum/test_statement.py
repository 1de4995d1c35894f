"""Who is looking: what is signed is believed once, and nothing else is."""

import asyncio
import re
import secrets
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.audit.service import Actor
from api.auth import keys
from api.errors import RequestError, TokenRefused
from api.platform import Platform
from smf_bridge import statement
from tests.forum.client import Forum, b64, said, signed
from tests.forum.desk import at_the_forum
from tests.mariadb_server import ForumDatabase
from tests.stack import Stack

KEY = "aaf_" + "k" * 43
PATH = "/forum/members/7/record"
NOW = 1_800_000_000.0


def payload(**more: Any) -> dict[str, Any]:
    return said("GET", PATH) | {"issued": int(NOW), "expires": int(NOW) + 30} | more


def check(sent: str, at: float = NOW) -> statement.Statement:
    return statement.check(sent, KEY, "GET", PATH, b"", at)


def test_what_is_signed_is_believed() -> None:
    found = check(signed(KEY, payload(permissions=["mohaa_team_create"], groups=[1, 4])))
    assert (found.member, found.name, found.groups) == (7, "Ann", [1, 4])
    assert found.may("mohaa_team_create")
    assert not found.may("admin_forum")


@pytest.mark.parametrize("at", [NOW - 60, NOW, NOW + 30, NOW + 90])
def test_clocks_may_differ_by_a_minute(at: float) -> None:
    assert check(signed(KEY, payload()), at).member == 7


@pytest.mark.parametrize(
    ("at", "why"), [(NOW - 61, "clock is ahead"), (NOW + 91, "ended 61 s ago"), (NOW + 10**6, "ended")]
)
def test_and_by_no_more(at: float, why: str) -> None:
    with pytest.raises(TokenRefused, match=why):
        check(signed(KEY, payload()), at)


@pytest.mark.parametrize(
    "wrong",
    [
        {"expires": int(NOW) + 121},
        {"expires": int(NOW) - 1},
        {"method": "POST"},
        {"path": PATH + "?u=8"},
        {"path": "/forum/members/8/record"},
        {"body": "0" * 64},
        {"nonce": "short"},
        {"nonce": "a" * 21 + "\u0000"},
        {"member": -1},
        {"member": "7"},
        {"member": 2**31},
        {"groups": ["1"]},
        {"issued": None},
    ],
)
def test_a_statement_about_something_else_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused):
        check(signed(KEY, payload(**wrong)))


@given(st.data())
def test_one_changed_character_is_refused(data: st.DataObject) -> None:
    sent = signed(KEY, payload())
    place = data.draw(st.integers(0, len(sent) - 1))
    other = data.draw(st.sampled_from("ABCabc019-_.=+/ "))
    forged = sent[:place] + other + sent[place + 1 :]
    if forged != sent:
        with pytest.raises(TokenRefused):
            check(forged)


@given(st.text(max_size=200))
def test_noise_is_refused(noise: str) -> None:
    with pytest.raises(RequestError):
        check(noise)


@pytest.mark.parametrize("key", ["aaf_" + "l" * 43, "", KEY + "k"])
def test_another_key_is_refused(key: str) -> None:
    with pytest.raises(TokenRefused, match="not signed with this forum's key"):
        check(signed(key, payload()))


def test_a_request_is_taken_once(stack: Stack, forum: ForumDatabase) -> None:
    async def use(_: Platform, client: Forum) -> list[int]:
        sent = signed(client.key, said("GET", PATH))
        first = await client.send_signed("GET", PATH, b"", sent)
        assert first.status_code == 200, first.text
        again = await asyncio.gather(*(client.send_signed("GET", PATH, b"", sent) for _ in range(5)))
        assert "used before" in again[0].json()["detail"]
        return [answer.status_code for answer in again]

    assert at_the_forum(stack, forum, use) == [403] * 5


def test_many_at_once_are_one(stack: Stack, forum: ForumDatabase) -> None:
    async def use(_: Platform, client: Forum) -> list[int]:
        sent = signed(client.key, said("GET", PATH))
        answers = await asyncio.gather(*(client.send_signed("GET", PATH, b"", sent) for _ in range(8)))
        return sorted(answer.status_code for answer in answers)

    assert at_the_forum(stack, forum, use) == [200] + [403] * 7


def test_the_nonce_is_forgotten_when_it_is_too_old_anyway(stack: Stack, forum: ForumDatabase) -> None:
    async def use(platform: Platform, client: Forum) -> tuple[list[int], int]:
        await client.send("GET", PATH, b"", said("GET", PATH))
        names = await platform.redis.keys("statement:*")
        return [await platform.redis.ttl(name) for name in names], 30 + statement.SKEW

    [left], least = at_the_forum(stack, forum, use)
    assert least - 5 <= left <= least + 5


def test_a_statement_is_bound_to_its_request(stack: Stack, forum: ForumDatabase) -> None:
    async def use(_: Platform, client: Forum) -> list[int]:
        answers = []
        for method, path, body, about in (
            ("GET", "/forum/members/8/record", b"", said("GET", PATH)),
            ("GET", PATH + "?more=1", b"", said("GET", PATH)),
            ("GET", PATH, b"x=1", said("GET", PATH)),
            ("GET", PATH + "?a=%41", b"", said("GET", PATH + "?a=%41")),
        ):
            answers.append((await client.send(method, path, body, about)).status_code)
        return answers

    assert at_the_forum(stack, forum, use) == [403, 403, 403, 200]


def test_who_has_no_key_of_a_forum_has_no_say(stack: Stack, forum: ForumDatabase) -> None:
    async def use(platform: Platform, client: Forum) -> list[int]:
        answers = []
        by = Actor("command", "tester")
        for kind in ("admin", "read"):
            other = await keys.add(platform.postgres, kind, "other", by)
            answers.append(await _status(Forum(client._client, other.token)))
        second = await keys.add(platform.postgres, "forum", "second", by)
        # One forum's statement under another's key.
        stolen = signed(second.token, said("GET", PATH))
        answers.append((await client.send_signed("GET", PATH, b"", stolen)).status_code)
        answers.append(await _status(Forum(client._client, "aaf_" + secrets.token_urlsafe(32))))
        await keys.revoke(platform.postgres, second.id, by)
        answers.append(await _status(Forum(client._client, second.token)))
        bare = {"Authorization": f"Bearer {client.key}"}
        answers.append((await client._client.get(PATH, headers=bare)).status_code)
        alone = {"AfterAction-Statement": signed(client.key, said("GET", PATH))}
        answers.append((await client._client.get(PATH, headers=alone)).status_code)
        return answers

    assert at_the_forum(stack, forum, use) == [403, 403, 403, 401, 403, 401, 401]


async def _status(client: Forum) -> int:
    return (await client.get(PATH)).status_code


def test_without_redis_nobody_is_believed(stack: Stack, forum: ForumDatabase) -> None:
    async def use(platform: Platform, client: Forum) -> httpx.Response:
        await platform.redis.aclose()
        platform.redis.connection_pool.connection_kwargs["path"] = "/nowhere"
        return await client.get(PATH)

    answer = at_the_forum(stack, forum, use)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


def test_times_are_those_of_the_day() -> None:
    assert abs(said("GET", PATH)["issued"] - time.time()) < 5


def test_the_example_of_the_docs_holds() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "forum.md").read_text()
    [payload_text] = re.findall(r'^`(\{"member":7,.*\})`$', page, re.MULTILINE)
    [header] = re.findall(r"^    ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43})$", page, re.MULTILINE)
    assert header.split(".")[0] == b64(payload_text.encode())
    found = statement.check(header, "aaf_EXAMPLE", "GET", "/forum/members/7/record", b"", 1_800_000_010)
    assert found.member == 7
