"""The area "Combat record", as the forum gets it."""

import re
from random import Random
from typing import Any

import httpx
import pytest

from api.forum import desk
from api.logins import links
from api.platform import Platform
from api.unlocks import recount
from smf_bridge.statement import Statement
from tests.events_made import body
from tests.forum.client import Forum
from tests.forum.desk import at_the_forum
from tests.mariadb_server import ForumDatabase, MariaDB
from tests.ratings.made import match
from tests.sql.feed import settle
from tests.stack import Stack, add_server, drain, player

PATH = "/forum/members/7/record"
STRIP = ("Rarest", "of linked members", "https://f.example/?at=members%2F7%2Fachievements")


def asked(stack: Stack, forum: ForumDatabase | None, path: str, **settings: Any) -> httpx.Response:
    return at_the_forum(stack, forum, lambda _, client: client.get(path), **settings)


def test_a_member_who_never_played_reads_how_to_begin(stack: Stack, forum: ForumDatabase) -> None:
    answer = asked(stack, forum, PATH, public_url="https://stats.example.org/aa/").json()
    assert answer["title"] == 'Combat record of Ann "Ä" 🎖'
    assert answer["html"].startswith('<div class="afteraction">')
    assert "Game identity" in answer["html"]
    assert "Ann &#34;Ä&#34;" in answer["html"]
    assert answer["css"][0].startswith("https://stats.example.org/aa/static/")
    other = asked(stack, forum, "/forum/members/8/record").json()
    assert "Game identity" not in other["html"]


@pytest.mark.parametrize(
    "path", [PATH, "/forum/members/7/achievements", "/forum/achievements", "/forum/teams"]
)
def test_whom_the_forum_shows_no_areas_sees_none(stack: Stack, forum: ForumDatabase, path: str) -> None:
    async def use(_: Platform, client: Forum) -> list[int]:
        said: list[list[str]] = [[], ["mohaa_play"], ["mohaa_view"]]
        return [(await client.get(path, permissions=permissions)).status_code for permissions in said]

    assert at_the_forum(stack, forum, use) == [403, 403, 200]


def test_an_unknown_member_is_not_found(stack: Stack, forum: ForumDatabase) -> None:
    answer = asked(stack, forum, "/forum/members/99/record")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "the forum has no member 99"


def test_without_a_forum_it_is_said_kindly(stack: Stack) -> None:
    answer = asked(stack, None, PATH)
    assert answer.status_code == 404
    assert "AFTERACTION_FORUM_URL" in answer.json()["detail"]


def test_while_mariadb_is_down_the_forum_waits_and_stats_do_not(
    stack: Stack, forum: ForumDatabase, mariadb: MariaDB
) -> None:
    async def use(platform: Platform, client: Forum) -> tuple[httpx.Response, list[int]]:
        mariadb.kill()
        try:
            down = await client.get(PATH)
            stats = [
                (await client._client.get(path)).status_code
                for path in ("/api/v1/stats/global", "/api/v1/stats/players", "/players", "/", "/readyz")
            ]
        finally:
            mariadb.start()
        player = await links.player_of(platform.clickhouse, 7)
        assert len(player) == 16
        assert (await client.get(PATH)).status_code == 200
        return down, stats

    down, stats = at_the_forum(stack, forum, use)
    assert down.status_code == 503
    assert down.json()["detail"] == "forum is away; try again in 5 s"
    assert stats == [200] * 5


@pytest.mark.parametrize("break_it", ["password", "table", "grant"])
def test_what_is_wrong_with_the_database_is_no_fault_of_the_visitor(
    stack: Stack, forum: ForumDatabase, break_it: str
) -> None:
    who = f"'{forum.user}'@'127.0.0.1'"
    forum.run(
        {
            "password": f"ALTER USER {who} IDENTIFIED BY 'other'",
            "table": "RENAME TABLE smf_members TO smf_gone",
            "grant": f"REVOKE SELECT (id_member, real_name) ON {forum.name}.smf_members FROM {who}",
        }[break_it]
    )
    answer = asked(stack, forum, PATH)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "30"


def test_links_lead_to_the_forum_or_to_the_site() -> None:
    areas = "https://f.example/index.php?action=afteraction;at="
    viewer = Statement(
        member=7, areas=areas, issued=0, expires=1, nonce="A" * 22, method="GET", path="/", body="0" * 64
    )
    site = "https://s.example"
    assert desk.address_of("/forum/teams/5?sort=a&page=2", viewer, site) == (
        areas + "teams%2F5%3Fsort%3Da%26page%3D2"
    )
    assert desk.address_of("/players/1", viewer, site) == "https://s.example/players/1"
    assert desk.address_of("https://elsewhere.example/", viewer, site) == "https://elsewhere.example/"


def test_a_member_who_played_sees_all_of_it_and_links_lead_out(stack: Stack, forum: ForumDatabase) -> None:
    async def use(platform: Platform, client: Forum) -> str:
        server = await add_server(platform)
        code = await platform.logins.issue(7, "Ann")
        who = player(platform, server, "c1", "Ann", "192.0.2.7")
        assert (await platform.logins.verify(who, code.code)).outcome == "logged_in"
        names = ["Ann", "<script>x</script>", "Cid", "Dan", "Eve"]
        # Free-for-alls of four days.
        for day in range(4):
            events = [
                event
                | {
                    f"{place}_guid": "c1"
                    for place in ("attacker", "victim", "player")
                    if event.get(f"{place}_name") == "Ann"
                }
                for event in match(96 * day, Random(day), names=names)
            ]
            await platform.inlet.take(server, body(events), "")
        await drain(platform)
        await links.write_changed(platform.postgres, platform.clickhouse)
        await settle(platform.clickhouse)
        forum.run(
            "INSERT INTO smf_mohaa_player_links (client_id, member_id, linked_at) VALUES ('c1', 7, NOW())"
        )
        assert platform.forum is not None
        await recount(platform.clickhouse, platform.postgres, platform.forum)
        answer = (await client.get(PATH, areas="https://f.example/?at=")).json()
        assert answer["links"][0]["href"].startswith("https://stats.example.org/players/")
        return str(answer["html"])

    html = at_the_forum(stack, forum, use, public_url="https://stats.example.org")
    for wanted in ("kills", "Rating", "Hits", "KAR98", "Killed most", "Recent matches", "<svg", *STRIP):
        assert wanted in html, wanted
    assert "<script" not in html
    assert not re.search(r'href="/', html)
    assert not re.search(r"\son\w+=|style=|javascript:", html)
