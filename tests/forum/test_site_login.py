"""From the forum to the site, logged in: once, for a minute, as oneself."""

import re

import httpx

from api.app import create_forum_app
from api.auth import keys
from api.auth.visitors import TICKET_SECONDS, Visitors
from api.platform import Platform
from tests.forum.client import Forum
from tests.forum.desk import ME, at_the_forum
from tests.mariadb_server import ForumDatabase
from tests.stack import Stack


async def redirect(client: Forum, **who: object) -> str:
    answer = await client.get("/forum/site", **who)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["redirect"])


def test_a_link_logs_in_once(stack: Stack, forum: ForumDatabase) -> None:
    async def use(platform: Platform, client: Forum) -> None:
        browser = client._client
        address = await redirect(client)
        assert address.startswith("http://test/visit?ticket=")
        [name] = await platform.redis.keys("ticket:*")
        assert 0 < await platform.redis.ttl(name) <= TICKET_SECONDS
        assert address.rpartition("=")[2].encode() not in name
        first = await browser.get(address)
        assert (first.status_code, first.headers["location"]) == (303, "/me")
        assert "httponly" in first.headers["set-cookie"].lower()
        own = await browser.get("/me")
        assert own.status_code == 303
        assert own.headers["location"].startswith("/players/")
        browser.cookies.clear()
        again = await browser.get(address)
        assert again.status_code == 401
        assert "set-cookie" not in again.headers
        assert (await browser.get("/me")).status_code == 404

    at_the_forum(stack, forum, use)


def test_a_session_ends_with_leaving_and_with_the_forums_key(stack: Stack, forum: ForumDatabase) -> None:
    async def use(platform: Platform, client: Forum) -> list[int]:
        browser, seen = client._client, []
        for end in ("leave", "key"):
            await browser.get(await redirect(client))
            cookies = httpx.Cookies(browser.cookies)
            seen.append((await browser.get("/me")).status_code)
            if end == "leave":
                shown = await browser.get("/leave")
                assert "Ann &#34;Ä&#34;" in shown.text
                assert shown.headers["cache-control"] == "no-store"
                [token] = re.findall(r'name="token" value="(\w+)"', shown.text)
                left = await browser.post("/leave", data={"token": token})
                assert (left.status_code, left.headers["location"]) == (303, "/")
            else:
                [key] = [key for key in await keys.all_keys(platform.postgres) if key.kind == "forum"]
                await keys.revoke(platform.postgres, key.id, ME)
                platform.gate.forget()
            browser.cookies = cookies
            seen.append((await browser.get("/me")).status_code)
        return seen

    assert at_the_forum(stack, forum, use) == [303, 404, 303, 404]


def test_nobody_else_can_make_a_browser_leave(stack: Stack, forum: ForumDatabase) -> None:
    async def use(platform: Platform, client: Forum) -> list[int]:
        browser = client._client
        await browser.get(await redirect(client))
        [session_id] = browser.cookies.values()
        other = Visitors(platform.redis, platform.gate).form_token(session_id + "x")
        forms: list[dict[str, str]] = [{}, {"token": ""}, {"token": other}, {"token": "é"}]
        seen = [(await browser.post("/leave", data=form)).status_code for form in forms]
        await browser.get("/leave")
        seen.append((await browser.get("/me")).status_code)
        browser.cookies.clear()
        assert "Nobody is logged in" in (await browser.get("/leave")).text
        return [*seen, (await browser.post("/leave")).status_code]

    assert at_the_forum(stack, forum, use) == [403, 403, 403, 403, 303, 303]


def test_guests_and_the_banned_are_not_let_in(stack: Stack, forum: ForumDatabase) -> None:
    forum.run("UPDATE smf_members SET is_activated = 11 WHERE id_member = 8")

    async def use(_: Platform, client: Forum) -> list[int]:
        return [(await client.get("/forum/site", member=member)).status_code for member in (0, 8, 99)]

    assert at_the_forum(stack, forum, use) == [403, 403, 404]


def test_the_forum_alone_is_served_with_what_its_fragments_need(stack: Stack, forum: ForumDatabase) -> None:
    async def use(platform: Platform, client: Forum) -> list[int]:
        transport = httpx.ASGITransport(app=create_forum_app(platform))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as alone:
            answer = await Forum(alone, client.key).get("/forum/identity")
            sheet = await alone.get(answer.json()["css"][0])
            assert sheet.text.startswith(".afteraction {")
            others = [
                (await alone.get(path)).status_code for path in ("/healthz", "/", "/api/v1/stats/global")
            ]
            return [answer.status_code, sheet.status_code, *others]

    assert at_the_forum(stack, forum, use) == [200, 200, 200, 404, 404]
