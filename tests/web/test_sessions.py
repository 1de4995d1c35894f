"""Who gets into the admin pages, and for how long."""

import dataclasses
import re
from collections.abc import Awaitable, Callable

import httpx
import msgspec
import pytest

from api.auth import keys
from api.auth.sessions import IDLE_SECONDS, LONGEST_SECONDS
from api.servers import service as servers
from tests.stack import Stack
from tests.web.browser import TESTS, Browser, browse


def test_a_key_becomes_a_session(stack: Stack) -> None:
    async def scenario(browser: Browser) -> None:
        away = await browser.get("/admin/keys?kind=a")
        assert (away.status_code, away.headers["location"]) == (
            303,
            "/admin/login?next=%2Fadmin%2Fkeys%3Fkind%3Da",
        )
        answer = await browser.log_in()
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/servers")
        cookie = answer.headers["set-cookie"].lower()
        assert cookie.startswith("afteraction=")
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert "path=/" in cookie
        assert "secure" not in cookie
        shown = await browser.page("/admin/servers")
        assert "anna" in shown
        assert browser.key not in shown
        stored = [await browser.platform.redis.get(k) for k in await browser.platform.redis.keys("session:*")]
        assert len(stored) == 1
        assert browser.cookie not in repr(stored)
        assert browser.key not in repr(stored)

    browse(stack, scenario, logged_in=False)


def test_behind_tls_the_cookie_is_this_hosts_alone(stack: Stack) -> None:
    settings = msgspec.structs.replace(stack.settings, trusted_proxies="127.0.0.1")

    async def scenario(browser: Browser) -> tuple[str, httpx.Response]:
        said = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}
        answer = await browser.log_in(**said)
        cookie = answer.headers["set-cookie"]
        headers = {"Cookie": cookie.partition(";")[0], **said}
        return cookie, await browser.client.get("/admin/servers", headers=headers)

    cookie, answer = browse(dataclasses.replace(stack, settings=settings), scenario, logged_in=False)
    assert cookie.startswith("__Host-afteraction=")
    assert "secure" in cookie.lower()
    assert answer.status_code == 200


@pytest.mark.parametrize("kind", ["server", "forum", "read", "unknown", "none"])
def test_other_keys_do_not_log_in(stack: Stack, kind: str) -> None:
    async def scenario(browser: Browser) -> httpx.Response:
        postgres = browser.platform.postgres
        made = {
            "server": await servers.add(postgres, "one", TESTS),
            "forum": (await keys.add(postgres, "forum", "f", TESTS)).token,
            "read": (await keys.add(postgres, "read", "r", TESTS)).token,
            "unknown": "aaa_" + "x" * 43,
            "none": " ",
        }
        answer = await browser.log_in(made[kind])
        assert (await browser.get("/admin/servers")).status_code == 303
        return answer

    answer = browse(stack, scenario, logged_in=False)
    assert answer.status_code in (401, 403)
    assert "set-cookie" not in answer.headers
    assert 'role="alert"' in answer.text


def test_wrong_keys_are_limited_by_address(stack: Stack) -> None:
    async def scenario(browser: Browser) -> None:
        limit = browser.platform.settings.failed_keys_per_minute
        tried = [(await browser.log_in("guess" + str(n))).status_code for n in range(2 * limit + 2)]
        assert 429 in tried
        assert tried[-1] == 429
        refused = await browser.log_in("guess")
        assert int(refused.headers["retry-after"]) > 0
        assert "text/html" in refused.headers["content-type"]
        # A key that nobody can guess is let in all the same.
        assert (await browser.log_in()).status_code == 303

    browse(stack, scenario, logged_in=False)


async def _logged_in(browser: Browser) -> bool:
    return (await browser.get("/admin/servers")).status_code == 200


def test_a_session_ends_when_it_rests(stack: Stack) -> None:
    async def scenario(browser: Browser) -> None:
        browser.clock.at += IDLE_SECONDS - 1
        assert await _logged_in(browser)
        browser.clock.at += IDLE_SECONDS - 1
        assert await _logged_in(browser)
        browser.clock.at += IDLE_SECONDS
        assert not await _logged_in(browser)
        browser.clock.at -= IDLE_SECONDS
        assert not await _logged_in(browser)

    browse(stack, scenario)


def test_a_session_ends_after_half_a_day_of_work(stack: Stack) -> None:
    async def scenario(browser: Browser) -> None:
        began = browser.clock.at
        while browser.clock.at + 1000 < began + LONGEST_SECONDS:
            browser.clock.at += 1000
            assert await _logged_in(browser)
        browser.clock.at = began + LONGEST_SECONDS
        assert not await _logged_in(browser)

    browse(stack, scenario)


def test_a_login_has_a_new_id_and_ends_the_one_before(stack: Stack) -> None:
    async def scenario(browser: Browser) -> None:
        browser.cookie = "fixed"
        await browser.log_in()
        first = browser.cookie
        assert first != "fixed"
        await browser.log_in()
        second = browser.cookie
        assert second != first
        for given, good in ((first, False), ("fixed", False), (second, True)):
            browser.cookie = given
            assert await _logged_in(browser) == good

    browse(stack, scenario, logged_in=False)


def test_logging_out_ends_it(stack: Stack) -> None:
    async def scenario(browser: Browser) -> None:
        kept = browser.cookie
        assert (await browser.post("/admin/logout")).headers["location"] == "/admin/login"
        assert not await _logged_in(browser)
        browser.cookie = kept
        assert not await _logged_in(browser)

    browse(stack, scenario)


def test_a_revoked_key_ends_its_sessions(stack: Stack) -> None:
    async def scenario(browser: Browser) -> None:
        assert await _logged_in(browser)
        [key] = [k for k in await keys.all_keys(browser.platform.postgres) if k.label == "anna"]
        await keys.revoke(browser.platform.postgres, key.id, TESTS)
        # What a second does to the gate's memory.
        browser.platform.gate.forget()
        assert not await _logged_in(browser)
        assert await browser.platform.redis.keys("session:*") == []

    browse(stack, scenario)


def test_a_key_of_the_settings_logs_in_until_it_is_another(stack: Stack) -> None:
    chosen = "a long enough phrase"
    settings = msgspec.structs.replace(stack.settings, admin_token=chosen)

    async def first(browser: Browser) -> str:
        await browser.log_in(chosen)
        assert await _logged_in(browser)
        [entry] = await browser.platform.redis.keys("session:*")
        assert chosen not in repr(await browser.platform.redis.get(entry))
        return browser.cookie

    kept = browse(dataclasses.replace(stack, settings=settings), first, logged_in=False)

    async def later(browser: Browser) -> bool:
        browser.cookie = kept
        return await _logged_in(browser)

    other = msgspec.structs.replace(settings, admin_token="another long phrase")
    assert browse(dataclasses.replace(stack, settings=settings), later, logged_in=False)
    assert not browse(dataclasses.replace(stack, settings=other), later, logged_in=False)


Sent = Callable[[Browser], Awaitable[httpx.Response]]


async def _without(browser: Browser) -> httpx.Response:
    return await browser.client.post("/admin/servers", data={"name": "evil"})


async def _wrong(browser: Browser) -> httpx.Response:
    return await browser.client.post("/admin/servers", data={"name": "evil", "csrf": "wrong"})


async def _other_session(browser: Browser) -> httpx.Response:
    old = await browser.token()
    await browser.log_in()
    return await browser.client.post("/admin/servers", data={"name": "evil", "csrf": old})


async def _other_origin(browser: Browser) -> httpx.Response:
    sent = {"name": "evil", "csrf": await browser.token()}
    return await browser.client.post("/admin/servers", data=sent, headers={"Origin": "http://evil.example"})


async def _other_site(browser: Browser) -> httpx.Response:
    sent = {"name": "evil", "csrf": await browser.token()}
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "http://test"}
    return await browser.client.post("/admin/servers", data=sent, headers=headers)


async def _login_from_elsewhere(browser: Browser) -> httpx.Response:
    return await browser.log_in(Origin="null")


@pytest.mark.parametrize(
    "send", [_without, _wrong, _other_session, _other_origin, _other_site, _login_from_elsewhere]
)
def test_a_form_of_another_site_changes_nothing(stack: Stack, send: Sent) -> None:
    async def scenario(browser: Browser) -> None:
        assert (await send(browser)).status_code == 403
        assert "evil" not in await browser.page("/admin/servers")

    browse(stack, scenario)


def test_a_form_of_our_own_is_taken(stack: Stack) -> None:
    async def scenario(browser: Browser) -> None:
        sent = {"name": "good", "csrf": await browser.token()}
        headers = {"Sec-Fetch-Site": "same-origin", "Origin": "http://test"}
        answer = await browser.client.post("/admin/servers", data=sent, headers=headers)
        assert answer.status_code == 200

    browse(stack, scenario)


@pytest.mark.parametrize(
    "after", ["https://evil.example", "//evil.example", "/\\evil", "/admin\\@evil", "/administer"]
)
def test_the_login_leads_nowhere_else(stack: Stack, after: str) -> None:
    async def scenario(browser: Browser) -> str:
        answer = await browser.client.post("/admin/login", data={"key": browser.key, "next": after})
        return str(answer.headers["location"])

    assert browse(stack, scenario, logged_in=False) == "/admin"


def test_every_page_says_what_browsers_must_not_do(stack: Stack) -> None:
    async def scenario(browser: Browser) -> None:
        for path, status in (
            ("/admin/login", 303),
            ("/admin", 200),
            ("/admin/nothing", 404),
            ("/nothing", 404),
        ):
            answer = await browser.get(path)
            assert answer.status_code == status
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "same-origin"
            assert answer.headers["cache-control"] == "no-store"
        page = await browser.page("/admin")
        assert re.findall(r"<script(?! src=\"/static/[0-9a-f]{16}/htmx.js\" defer></script>)", page) == []
        assert " style=" not in page

    browse(stack, scenario)


def test_errors_are_pages_for_people_and_problems_for_programs(stack: Stack) -> None:
    async def scenario(browser: Browser) -> None:
        page = await browser.get("/nothing")
        assert page.headers["content-type"].startswith("text/html")
        assert "404" in page.text
        for path, accept in (("/nothing", "*/*"), ("/api/v1/nothing", "text/html"), ("/admin/nothing", "")):
            answer = await browser.client.get(path, headers={"Accept": accept})
            assert answer.headers["content-type"] == "application/problem+json", path
            assert answer.json()["status"] == 404

    browse(stack, scenario)


def test_files_are_kept_for_ever_under_their_hash(stack: Stack) -> None:
    async def scenario(browser: Browser) -> None:
        asked = re.findall(r"/static/[0-9a-f]{16}/[\w.]+", await browser.page("/admin"))
        assert {path.rpartition("/")[2] for path in asked} == {"site.css", "htmx.js", "mark.svg"}
        for path in asked:
            answer = await browser.client.get(path)
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]
        assert (await browser.client.get("/static/0000000000000000/site.css")).status_code == 404

    browse(stack, scenario)
