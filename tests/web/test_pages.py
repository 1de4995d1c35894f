"""What admins see and do on their pages, over the real stores."""

import re

import httpx
import pytest

from api.audit import service as audit
from api.auth import keys
from api.ingest import quarantine
from api.ingest.decode import decode
from api.ingest.sorting import Arrival
from api.logins import decisions, links
from api.platform import Platform
from api.servers import queries as servers
from tests.events_made import body, kill
from tests.stack import Stack, drain
from tests.web import scene
from tests.web.browser import HOSTILE, TESTS, Browser, browse

PAGES = [
    "/admin",
    "/admin/servers",
    "/admin/servers/1",
    "/admin/keys",
    "/admin/keys?ended=true",
    "/admin/approvals",
    "/admin/addresses",
    "/admin/links",
    "/admin/players",
    "/admin/players?bots=include&q=a",
    "/admin/flags",
    "/admin/matches/0123456789abcdef",
    "/admin/quarantine",
    "/admin/blocks",
    "/admin/jobs",
    "/admin/audit",
]
_HIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


async def _last(platform: Platform, action: str) -> audit.Entry:
    found = await audit.page(platform.postgres, action=action, limit=1)
    assert found, action
    return found[0]


def test_hostile_names_stay_names(stack: Stack) -> None:
    async def scenario(browser: Browser) -> dict[str, str]:
        await scene.set_up(browser.platform)
        await keys.add(browser.platform.postgres, "read", "<script>alert('key')</script>", TESTS)
        return {path: await browser.page(path) for path in PAGES}

    for path, page in browse(stack, scenario).items():
        assert page.count("<script") == 1, path
        assert re.findall(r"<[^>]*\sonmouseover", page) == [], path
        assert "<b>" not in page, path
        assert _HIDDEN.findall(page) == [], path
        assert ">49<" not in page, path


def test_every_page_has_words_when_there_is_nothing(stack: Stack) -> None:
    async def scenario(browser: Browser) -> None:
        for path in PAGES:
            if path != "/admin/servers/1":
                page = await browser.page(path)
                assert page.count("<h1>") == 1, path
        for path in (
            "/admin/servers",
            "/admin/approvals",
            "/admin/links",
            "/admin/quarantine",
            "/admin/jobs",
        ):
            assert 'class="empty"' in await browser.page(path), path
        assert (await browser.get("/admin/servers/1")).status_code == 404

    browse(stack, scenario)


def test_no_page_is_for_anybody_else(stack: Stack) -> None:
    async def scenario(browser: Browser) -> None:
        for path in PAGES:
            answer = await browser.get(path)
            assert (answer.status_code, answer.text) == (303, ""), path
        part = await browser.client.get("/admin/jobs", headers={"HX-Request": "true"})
        assert (part.status_code, part.headers["hx-redirect"]) == (204, "/admin/login")

    browse(stack, scenario, logged_in=False)


def test_a_server_is_added_rotated_and_revoked(stack: Stack) -> None:
    async def scenario(browser: Browser) -> None:
        postgres, gate = browser.platform.postgres, browser.platform.gate
        page = await browser.act("/admin/servers", name="Omaha")
        [token] = re.findall(r"aas_[\w-]{43}", page)
        assert (await gate.caller(token, frozenset({"server"}))).label == "Omaha"
        assert token not in await browser.page("/admin/servers")
        assert (await browser.post("/admin/servers", name="Omaha")).status_code == 409
        assert (await browser.post("/admin/servers", name="")).status_code == 422

        [newer] = re.findall(
            r"aas_[\w-]{43}", await browser.act("/admin/servers/1/rotate", overlap_seconds=3600)
        )
        gate.forget()
        for held in (token, newer):
            await gate.caller(held, frozenset({"server"}))
        assert "its keys end within a second" in await browser.act("/admin/servers/1/revoke")
        assert "its keys end" not in await browser.page("/admin/servers")
        [server] = await servers.all_servers(postgres)
        assert not server.active
        revoked = await _last(browser.platform, "server.revoke")
        assert (revoked.name, revoked.key_id, revoked.subject) == ("anna", 1, "server Omaha")
        assert (revoked.before, revoked.after) == ({"keys": [2, 3]}, {"keys": []})

    browse(stack, scenario)


def test_keys_are_made_rotated_and_revoked(stack: Stack) -> None:
    async def scenario(browser: Browser) -> None:
        postgres = browser.platform.postgres
        page = await browser.act("/admin/keys", kind="forum", label="our board")
        assert len(re.findall(r"aaf_[\w-]{43}", page)) == 1
        assert (await browser.post("/admin/keys", kind="server", label="x")).status_code == 422
        await browser.act("/admin/keys/2/rotate", overlap_seconds=0)
        await browser.act("/admin/keys/3/revoke")
        found = {key.id: key.holds for key in await keys.all_keys(postgres)}
        assert found == {1: True, 2: False, 3: False}
        assert "our board" not in await browser.page("/admin/keys")
        assert "our board" in await browser.page("/admin/keys?ended=true")
        assert (await _last(browser.platform, "key.revoke")).name == "anna"

    browse(stack, scenario)


def test_addresses_are_approved_denied_trusted_and_removed(stack: Stack) -> None:
    async def scenario(browser: Browser) -> None:
        platform = browser.platform
        await scene.set_up(platform)
        [waiting] = await decisions.open_approvals(platform.logins)
        assert waiting.network in await browser.page("/admin/approvals")
        path = f"/admin/approvals/{waiting.member_id}/{waiting.id}"
        assert (await browser.post(f"{path}/approve", label="café", days=99999)).status_code == 422
        assert "is trusted" in await browser.act(f"{path}/approve", label="café", days=7)
        assert (await browser.post(f"{path}/deny")).status_code == 404
        assert "café" in await browser.page("/admin/addresses?member=1")
        approved = await _last(platform, "login.approve")
        assert (approved.name, approved.subject) == ("anna", "member 1")

        assert (await browser.post("/admin/addresses", member_id=1, network="nowhere")).status_code == 422
        await browser.act("/admin/addresses", member_id=1, network="203.0.113.0/24", label="", days=30)
        rows = await decisions.addresses(platform.logins, None, 1, 9)
        assert rows[0].network == "203.0.113.0/24"
        await browser.act(f"/admin/addresses/1/{rows[0].id}/remove")
        assert "203.0.113.0" not in await browser.page("/admin/addresses?member=1")

    browse(stack, scenario)


def test_links_are_unlinked_and_conflicts_decided(stack: Stack) -> None:
    async def scenario(browser: Browser) -> None:
        platform = browser.platform
        await scene.set_up(platform)
        [conflict] = await decisions.conflicts(platform.logins)
        assert (conflict.client_id, conflict.member_id) == ("client1", 50)
        assert "To decide" in await browser.page("/admin/links")
        await browser.act("/admin/links/50/link", client_id="client1")
        assert await decisions.conflicts(platform.logins) == []
        [mine] = await links.page(platform.postgres, member_id=50)
        assert mine.state == "linked"
        await browser.act("/admin/links/50/unlink", client_id="client1")
        [mine] = await links.page(platform.postgres, member_id=50)
        assert mine.state == "unlinked"
        assert (await browser.post("/admin/links/51/link", client_id="client1")).status_code == 404
        assert "Fifty" in await browser.page("/admin/links?name=fif")
        assert "Nothing matches" in await browser.page("/admin/links?name=%25")

    browse(stack, scenario)


def test_the_quarantine_is_driven_and_thrown_away(stack: Stack) -> None:
    async def scenario(browser: Browser) -> None:
        platform = browser.platform
        await scene.set_up(platform)
        before = sum(row.events for row in await _tally(platform))
        assert before
        code = (await _tally(platform))[0].code
        assert "still refused" in await browser.act("/admin/quarantine/drive", server=1, code=code)
        assert (await browser.post("/admin/quarantine/discard")).status_code == 422
        await browser.act("/admin/quarantine/discard", event=1)
        assert (await browser.post("/admin/quarantine/discard", event=1)).status_code == 404
        one = await _last(platform, "quarantine.discard")
        assert (one.name, one.subject) == ("anna", "quarantine 1")
        assert one.before == {"events": [{"server": scene.SERVER, "code": code, "events": 1, "times": 1}]}
        for row in await _tally(platform):
            await browser.act("/admin/quarantine/discard", server=row.server_id, code=row.code)
        assert "The quarantine is empty" in await browser.page("/admin/quarantine")

    async def _tally(platform: Platform) -> list[quarantine.Tally]:
        return await quarantine.tally(platform.postgres)

    browse(stack, scenario)


def test_a_refused_block_says_why_and_is_set_aside(stack: Stack) -> None:
    async def scenario(browser: Browser) -> None:
        platform = browser.platform
        await scene.set_up(platform)
        decoded = decode(body([kill(500, "Ann", "Bob")]), max_events=9, max_event_bytes=9_999)
        await platform.inlet.commit(Arrival(1, 1_790_000_000, decoded))
        await platform.clickhouse.command("ALTER TABLE raw_events ADD CONSTRAINT never CHECK server_id = 0")
        await drain(platform)
        await platform.clickhouse.command("ALTER TABLE raw_events DROP CONSTRAINT never")
        refused = "UPDATE ingest_blocks SET failures = 3, last_failure = %s"
        await platform.postgres.execute(refused, "Code: 60. <script>no table</script>")
        page = await browser.page("/admin/blocks")
        assert "refused 3 ×" in page
        assert "Code: 60. &lt;script&gt;" in page
        [path] = re.findall(r"/admin/blocks/\d+/set-aside", page)
        assert "1 events are kept" in await browser.act(path)
        assert (await browser.post(path)).status_code == 404
        assert "1 events wait for ClickHouse again" in await browser.act("/admin/blocks/drive")
        assert "ClickHouse takes everything" in await browser.page("/admin/blocks")
        assert (await _last(platform, "block.set_aside")).name == "anna"

    browse(stack, scenario)


def test_players_are_found_merged_and_split(stack: Stack) -> None:
    async def scenario(browser: Browser) -> None:
        await scene.set_up(browser.platform)
        page = await browser.page("/admin/players?q=ann")
        assert "evil" not in page
        [ann] = re.findall(r'href="/admin/players/([0-9a-f]{16})">', page)
        [bob] = re.findall(
            r'href="/admin/players/([0-9a-f]{16})">', await browser.page("/admin/players?q=bob")
        )
        shown = await browser.page(f"/admin/players/{ann}?q=bob")
        assert f'name="into" value="{bob}"' in shown
        assert "Merged" in await browser.act(f"/admin/players/{ann}/merge", into=bob)
        assert (await browser.post(f"/admin/players/{ann}/merge", into=bob)).status_code == 409
        assert f"/admin/players/{ann}/split" in await browser.page(f"/admin/players/{bob}")
        assert "two players again" in await browser.act(f"/admin/players/{ann}/split")
        assert (await browser.post(f"/admin/players/{ann}/split")).status_code == 404
        assert (await _last(browser.platform, "player.merge")).name == "anna"
        found = re.findall(
            r'href="/admin/players/([0-9a-f]{16})">', await browser.page("/admin/players?bots=include")
        )
        for player in found:
            shown = await browser.page(f"/admin/players/{player}")
            assert shown.count("<script") == 1
            assert _HIDDEN.findall(shown) == []

    browse(stack, scenario)


def test_players_and_matches_are_flagged_and_that_is_undone(stack: Stack) -> None:
    async def scenario(browser: Browser) -> None:
        await scene.set_up(browser.platform)
        found = re.findall(r'href="/admin/players/([0-9a-f]{16})">', await browser.page("/admin/players"))
        rows = await browser.platform.clickhouse.rows(
            "SELECT DISTINCT public_id(match_key) AS id FROM matches", dict[str, str]
        )
        match = rows[0]["id"]
        for player in found:
            assert "Flagged" in await browser.act(f"/admin/players/{player}/flag", reason=HOSTILE[0])
            assert "A bot, from" in await browser.act(f"/admin/players/{player}/mark", word="bot")
            assert _HIDDEN.findall(await browser.page(f"/admin/players/{player}")) == []
            assert HOSTILE[0] not in await browser.page(f"/players/{player}")
        assert "being taken out" in await browser.act(f"/admin/matches/{match}/flag", reason=HOSTILE[0])
        page = await browser.page("/admin/flags")
        assert page.count("on no board") == page.count("a bot</span>") == len(found)
        assert page.count("<script") == 1
        assert _HIDDEN.findall(page) == []
        told = await browser.client.get(f"/matches/{match}", headers={"Accept": "text/html"})
        assert (told.status_code, "is left out" in told.text) == (410, True)
        for path, sent in [
            (f"players/{found[0]}/flag", {"reason": ""}),
            (f"players/{found[0]}/mark", {"word": "cat"}),
            (f"matches/{match}/flag", {"reason": " "}),
        ]:
            assert (await browser.post(f"/admin/{path}", **sent)).status_code == 422
            assert (await browser.client.post(f"/admin/{path}", data=sent)).status_code == 403
        for player in found:
            await browser.act(f"/admin/players/{player}/unflag")
            await browser.act(f"/admin/players/{player}/mark", word="events")
        assert "being put back" in await browser.act(f"/admin/matches/{match}/unflag")
        page = await browser.page("/admin/flags")
        assert "No player is marked" in page
        assert "Every match counts" in page
        assert (await _last(browser.platform, "match.flag")).name == "anna"

    browse(stack, scenario)


def test_a_player_is_exported_and_erased(stack: Stack) -> None:
    async def scenario(browser: Browser) -> None:
        await scene.set_up(browser.platform)
        page = await browser.page("/admin/players?q=ann")
        [ann] = re.findall(r'href="/admin/players/([0-9a-f]{16})">', page)
        kept = await browser.post(f"/admin/players/{ann}/export")
        assert "attachment" in kept.headers["content-disposition"]
        assert kept.json()["names"] == ["Ann"]
        assert (await browser.client.post(f"/admin/players/{ann}/export")).status_code == 403
        asked = await browser.page(f"/admin/players/{ann}/erase")
        assert "raw_events" in asked
        assert asked.count("<script") == 1
        assert ann in await browser.page("/admin/players?q=ann")
        assert (await browser.client.post(f"/admin/players/{ann}/erase")).status_code == 403
        assert "Erased." in await browser.act(f"/admin/players/{ann}/erase")
        assert "Nobody of that name" in await browser.page("/admin/players?q=ann")
        entry = await _last(browser.platform, "player.erase")
        assert entry.name == "anna"

    browse(stack, scenario)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("who=ANN", True),
        ("who=nobody", False),
        ("who=%25", False),
        ("action=admin.", True),
        ("action=server.", False),
        ("subject=admin+pages", True),
        ("since=2020-01-01&until=2020-01-02", False),
        ("since=2020-01-01", True),
    ],
)
def test_the_audit_log_is_filtered(stack: Stack, asked: str, shown: bool) -> None:
    async def scenario(browser: Browser) -> str:
        return await browser.page(f"/admin/audit?{asked}")

    assert ("<code>admin.login</code>" in browse(stack, scenario)) == shown


def test_the_audit_log_is_turned_page_by_page(stack: Stack) -> None:
    async def scenario(browser: Browser) -> None:
        for n in range(60):
            await audit.note(browser.platform.postgres, TESTS, "test.made", f"thing {n}")
        seen: list[str] = []
        path: str | None = "/admin/audit?action=test."
        while path:
            page = await browser.page(path)
            seen += re.findall(r"<bdi>(thing \d+)</bdi>", page)
            more = re.search(r'href="([^"]*before=\d+)"', page)
            path = more[1].replace("&amp;", "&") if more else None
        assert seen == [f"thing {n}" for n in reversed(range(60))]

    browse(stack, scenario)


@pytest.mark.parametrize(
    "asked", ["audit?since=x", "audit?who=%00", "links?member=x", "quarantine?code=x", "keys?ended=x"]
)
def test_bad_questions_are_answered(stack: Stack, asked: str) -> None:
    async def scenario(browser: Browser) -> httpx.Response:
        return await browser.get(f"/admin/{asked}")

    answer = browse(stack, scenario)
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")
