"""The pages for everybody: they say what the JSON API says, to whom it says it, whatever the names."""

import dataclasses
import html
import re
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import pytest

from api.auth import keys
from api.bench.pages import addresses
from api.platform import Platform
from api.servers import service as servers
from api.web.public import leaderboards as public_leaderboards
from api.web.public import matches as public_matches
from api.web.public import players as public_players
from api.web.public.career import SECTIONS
from tests.events_made import body, kill
from tests.sql.feed import settle
from tests.stack import Stack, drain
from tests.web.browser import TESTS, browse
from tests.web.browser import Browser as Admin
from tests.web.played import HTML, read

LISTS = [
    "/",
    "/players",
    "/matches",
    "/live",
    "/weapons",
    "/maps",
    "/servers",
    "/digest",
    "/search",
    "/records",
    "/compare",
    "/achievements",
]
BOARDS = [
    "/leaderboards",
    "/docs/stats",
    "/stats/query?bots=include",
    "/leaderboards/kills",
    "/leaderboards/distance?bots=only&period=year",
]
EMBEDS = ["/embed/live", "/embed/leaderboards/kd?bots=include"]
_HIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


async def api(client: httpx.AsyncClient, path: str) -> Any:
    answer = await client.get(f"/api/v1{path}")
    assert answer.status_code == 200, (path, answer.text)
    return answer.json()


async def page(client: httpx.AsyncClient, path: str) -> str:
    answer = await client.get(path, headers=HTML)
    assert answer.status_code == 200, (path, answer.status_code, answer.text[:2000])
    assert answer.headers["content-type"].startswith("text/html"), path
    return answer.text


async def every_page(client: httpx.AsyncClient) -> list[str]:
    """Return the addresses of the lists, and of everything that the JSON API lists."""
    people = (await api(client, "/stats/players?limit=100"))["players"]
    players = [*people, *(await api(client, "/stats/players?bots=only&limit=2"))["players"]]
    matches = (await api(client, "/stats/matches?limit=100"))["matches"]
    maps = (await api(client, "/stats/maps"))["maps"]
    weapons = (await api(client, "/stats/weapons"))["weapons"]
    return [
        *LISTS,
        *BOARDS,
        *EMBEDS,
        "/players?bots=include",
        "/digest?bots=include",
        "/digest/2026-W39?bots=include",
        "/search?q=a",
        *(f"/servers/{server['id']}?bots=include" for server in (await api(client, "/servers"))["servers"]),
        *(f"{frame}/players/{line['player']['id']}" for line in players for frame in ("", "/embed")),
        *(f"/players/{line['player']['id']}/{part}" for line in players for part in SECTIONS),
        *(
            f"{frame}/players/{line['player']['id']}/achievements"
            for line in players
            for frame in ("", "/embed")
        ),
        "/compare?players=" + ",".join(line["player"]["id"] for line in players[:4]),
        f"/compare?players={players[0]['player']['id']}&q=a",
        *(f"{frame}/matches/{match['id']}" for match in matches for frame in ("", "/embed")),
        *(f"/maps/{quote(each['map'])}?kind={kind}" for each in maps for kind in ("kills", "deaths")),
        *(f"/weapons/{quote(each['weapon'])}?bots=include" for each in weapons),
    ]


def words(page: str) -> str:
    """Return what a reader sees of a page, without thin spaces between digits."""
    seen = re.sub(r"<[^>]+>", " ", page).replace("\u202f", "")
    return re.sub(r"\s+", " ", html.unescape(seen))


def figures(page: str) -> dict[str, str]:
    """Return the numbers of a page's tiles by what they are."""
    found = re.findall(r'<span class="figure">(.*?)</span><span>(.*?)</span>', page)
    return {words(label).strip(): words(figure).strip() for figure, label in found}


def rows(page: str) -> list[list[str]]:
    """Return the cells of every row of a page's tables."""
    bodies = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    return [
        [words(cell).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)] for row in bodies
    ]


def test_hostile_names_stay_names(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, _: Platform) -> None:
        for path in await every_page(client):
            shown = await page(client, path)
            assert (
                re.findall(r"<script(?! src=\"/static/[0-9a-f]{16}/(?:htmx|sse).js\" defer></script>)", shown)
                == []
            )
            assert re.findall(r"<[^>]*\s(?:on\w+|style)=", shown) == [], path
            assert _HIDDEN.findall(shown) == [], path
            assert "<b>" not in shown, path
            assert ">49<" not in shown, path

    read(stack, scenario)


def test_the_first_page_says_what_the_api_says(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, _: Platform) -> None:
        shown = await page(client, "/")
        totals = await api(client, "/stats/global")
        for label in ("kills", "players", "bots", "matches", "events"):
            assert figures(shown)[label] == str(totals[label]), label
        board = await api(client, "/stats/leaderboards/kills?limit=5")
        for place in board["players"]:
            assert f'href="/players/{place["player"]["id"]}"' in shown
        matches = (await api(client, "/stats/matches?limit=6"))["matches"]
        assert re.findall(r'class="match-map" href="/matches/(\w+)"', shown) == [m["id"] for m in matches]

    read(stack, scenario)


def test_a_players_page_says_what_the_api_says(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, _: Platform) -> None:
        for line in (await api(client, "/stats/players?bots=include&limit=8"))["players"]:
            player = await api(client, f"/stats/players/{line['player']['id']}")
            here = f"/players/{line['player']['id']}"
            shown = await page(client, here)
            totals, tiles = player["totals"], figures(shown)
            assert [part for part in SECTIONS if f'href="{here}/{part}"' in shown] == list(SECTIONS)
            shown += "".join([await page(client, f"{here}/{part}") for part in SECTIONS])
            assert tiles["kills"] == str(totals["kills"])
            assert tiles["deaths"] == str(totals["deaths"])
            assert tiles["best streak"] == str(player["best_streak"])
            assert tiles["matches"] == str(player["matches"])
            assert tiles["damage dealt"] == f"{totals['damage_dealt']:.0f}"
            assert tiles["covered"] == f"{totals['distance'] * 0.01905:.0f} m"
            cells = rows(shown)
            for part in player["hit_locations"]["given"]:
                name = part["hitloc"].replace("l_", "left ").replace("r_", "right ").replace("_", " ")
                assert not part["hits"] or [name, str(part["hits"])] in cells
            for rival in player["nemeses"]:
                counts = [str(rival["kills"]), str(rival["deaths"])]
                assert counts in [[row[1], row[3]] for row in cells if len(row) > 3]
            for match in player["recent_matches"]:
                assert f'href="/matches/{match["id"]}"' in shown

    read(stack, scenario)


def test_a_matchs_page_says_what_the_api_says(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, _: Platform) -> None:
        for line in (await api(client, "/stats/matches?limit=100"))["matches"]:
            report = await api(client, f"/matches/{line['id']}/report")
            match = report["match"]
            shown = await page(client, f"/matches/{line['id']}")
            scores = "".join(re.findall(r'<table class="tight scores">.*?</table>', shown, re.DOTALL))
            cells = [row for row in rows(scores) if row]
            assert len(cells) == len(match["players"])
            assert sorted((int(row[1]), int(row[2])) for row in cells) == sorted(
                (score["kills"], score["deaths"]) for score in match["players"]
            )
            kills = [moment for moment in match["timeline"] if moment["kind"] == "kill"]
            assert shown.count('<li class="moment kill">') == len(kills)
            assert shown.count('<li class="engagement"') == len(report["engagements"])
            assert shown.count('<a href="#fight-') == sum(
                f["place"] is not None for f in report["engagements"]
            )
            weapons = rows(shown.partition('id="weapons-table"')[2].partition("</table>")[0])
            assert [row[1] for row in weapons if row] == [str(w["kills"]) for w in report["weapons"]]
            in_pairs = rows(shown.partition('tight versus">')[2].partition("</table>")[0])
            assert sum(int(row[0]) for row in in_pairs if row) == len(kills)
            if report["mvp"]:
                assert '<p class="mvp-who"><a class=' in shown
                assert f"{report['mvp']['points']} points" in words(shown)
            assert ("still being played" in shown) == report["running"]
            if report["lead_changes"]:
                assert shown.count('<path class="mark"') == report["lead_changes"]
            assert ("complete</span> Every event" in shown) == (match["completeness"]["complete"] is True)

    read(stack, scenario)


def test_players_are_found_page_by_page(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, _: Platform) -> None:
        assert [row[0] for row in rows(await page(client, "/players?q=aN")) if row] == ["Ann"]
        nobody = await page(client, "/players?q=%27%25_%22")
        assert "Nobody of that name" in nobody
        assert "Show them, too" in nobody

    read(stack, scenario)


def test_every_page_has_words_when_there_is_nothing(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, _: Platform) -> None:
        for path in LISTS:
            shown = await page(client, path)
            assert shown.count("<h1>") == 1, path
            # What can be earned is there before anybody earns it.
            assert 'class="empty' in shown or path == "/achievements", path
        for path in ("/players/00000000000000aa", "/matches/00000000000000aa", "/players/x"):
            answer = await client.get(path, headers=HTML)
            assert answer.status_code == 404
            assert answer.headers["content-type"].startswith("text/html")

    read(stack, scenario, played=False)


@pytest.mark.parametrize(
    "path",
    [
        "/players?sort=x",
        "/players?cursor=x",
        "/players?q=%00",
        "/leaderboards/nothing",
        "/leaderboards/kills?period=x",
        "/maps/x?kind=y",
        "/matches?server=0",
        "/digest/2026-W54",
        "/digest/x?bots=include",
        "/records?server=0",
        "/compare?players=a,b,c,d,e",
        "/stats/query?metric=wins&by=weapon",
        "/leaderboards/wins?weapon=x",
        "/leaderboards/kills?weapon=x&period=week",
        "/leaderboards/rating_gained?server=1",
        "/stats/query?metric=kills&by=map&hour=24",
        "/stats/query?metric=kills&by=map&reach=x",
    ],
)
def test_bad_questions_are_answered(stack: Stack, path: str) -> None:
    async def scenario(client: httpx.AsyncClient, _: Platform) -> None:
        answer = await client.get(path, headers=HTML)
        assert answer.status_code == 422
        assert answer.headers["content-type"].startswith("text/html")

    read(stack, scenario, played=False)


def test_a_page_that_a_browser_has_is_not_sent_again(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, _: Platform) -> None:
        first = await client.get("/players", headers=HTML)
        assert first.headers["cache-control"] == "public, max-age=10"
        known = {**HTML, "If-None-Match": f'"other", W/{first.headers["etag"]}'}
        again = await client.get("/players", headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        other = await client.get("/players?q=x", headers=known)
        assert other.status_code == 200

    read(stack, scenario, played=False)


def test_a_closed_communitys_pages_are_closed(stack: Stack) -> None:
    closed = dataclasses.replace(stack, settings=msgspec.structs.replace(stack.settings, read_access="key"))

    async def scenario(browser: Admin) -> None:
        key = (await keys.add(browser.platform.postgres, "read", "r", TESTS)).token
        for path in (*LISTS, *BOARDS, *EMBEDS):
            refused = await browser.client.get(path, headers=HTML)
            assert refused.status_code == 401, path
            assert refused.headers["content-type"].startswith("text/html")
            let_in = await browser.client.get(path, headers={**HTML, "Authorization": f"Bearer {key}"})
            assert let_in.status_code == 200
            assert let_in.headers["cache-control"] == "private, no-cache"
        await browser.log_in()
        for path in LISTS:
            assert (await browser.get(path)).status_code == 200

    browse(closed, scenario, logged_in=False)


def test_boards_say_what_the_api_says(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, _: Platform) -> None:
        metrics = (await api(client, "/stats/leaderboards"))["metrics"]
        listed = re.findall(r'href="/leaderboards/(\w+)"', await page(client, "/leaderboards"))
        assert listed == [metric["name"] for metric in metrics]
        for asked in (
            "kills?bots=only",
            "kills",
            "suicides?bots=include&gametype=ffa&map=dm/box&server=1",
            "kills?weapon=M1+Garand&bots=include",
            "kills?period=season&bots=include",
            "kills?period=week&bots=include&server=1",
        ):
            board = await api(client, f"/stats/leaderboards/{asked}{'&' if '?' in asked else '?'}limit=50")
            shown = await page(client, f"/leaderboards/{asked}")
            # What was recorded, and the kill that is told in September, may lie before the period.
            assert board["players"] or "period" in asked, asked
            assert re.findall(r'<a href="/players/(\w+)"', shown) == [
                place["player"]["id"] for place in board["players"]
            ]
            cells = [(row[0], row[2]) for row in rows(shown) if row]
            assert cells == [(str(p["rank"]), f"{p['value']:.0f}") for p in board["players"]]

    read(stack, scenario)


def test_lists_go_on_where_they_ended(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (public_players, public_leaderboards, public_matches):
        monkeypatch.setattr(module, "_ROWS", 3)

    async def scenario(client: httpx.AsyncClient, _: Platform) -> None:
        for path, listed, found in (
            ("/players?sort=last_seen&bots=include", "/stats/players?bots=include&limit=100", "players"),
            (
                "/leaderboards/deaths?bots=include",
                "/stats/leaderboards/deaths?bots=include&limit=100",
                "players",
            ),
            ("/matches", "/stats/matches?limit=100", "matches"),
        ):
            seen: list[str] = []
            at: str | None = path
            while at:
                shown = await page(client, at)
                seen += re.findall(r'href="/(?:players|matches)/([0-9a-f]{16})"', shown)
                more = re.search(r'rel="next" href="([^"]+)"', shown)
                at = html.unescape(more[1]) if more else None
            everything = (await api(client, listed))[found]
            ids = [line["id"] if "id" in line else line["player"]["id"] for line in everything]
            assert len(seen) == len(set(seen))
            assert set(seen) == set(ids)

    read(stack, scenario)


def test_weapons_and_maps_say_what_the_api_says(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, _: Platform) -> None:
        weapons = (await api(client, "/stats/weapons"))["weapons"]
        shown = {row[0]: row for row in rows(await page(client, "/weapons")) if row}
        assert {name: row[1] for name, row in shown.items()} == {
            w["weapon"]: str(w["kills"]) for w in weapons
        }
        garand = await api(client, "/stats/weapons/M1%20Garand")
        one = await page(client, "/weapons/M1%20Garand")
        assert figures(one)["kills"] == str(garand["kills"])
        assert one.count('<a href="/players/') == len(garand["players"])
        maps = (await api(client, "/stats/maps"))["maps"]
        shown = {row[0]: row for row in rows(await page(client, "/maps")) if row}
        assert {name: (row[1], row[3]) for name, row in shown.items()} == {
            m["map"]: (str(m["kills"]), str(m["matches"])) for m in maps
        }
        for kind in ("kills", "deaths"):
            heat = await api(client, f"/stats/maps/dm/box/heatmap?kind={kind}")
            one = await page(client, f"/maps/dm/box?kind={kind}")
            assert len(re.findall(r'<rect class="heat-\d" x=', one)) == len(heat["bins"]) > 5
            assert f"{heat['total']} in all" in words(one)
        assert figures(one)["kills by axis"] == str(
            next(m["kills_by_axis"] for m in maps if m["map"] == "dm/box")
        )

    read(stack, scenario)


def test_what_is_live_and_on_which_server(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, _: Platform) -> None:
        live = (await api(client, "/live/matches"))["matches"]
        assert [match["map"] for match in live] == ["dm/mohdm6"]
        for path in ("/live", "/embed/live", "/"):
            shown = await page(client, path)
            assert 'id="playing"' in shown
            assert f'href="/matches/{live[0]["id"]}"' in shown
            assert words(shown).count("Bob") >= 1
        assert "no-cache" not in (await client.get("/live")).headers["cache-control"]
        assert "being played on" in await page(client, "/servers")

    read(stack, scenario)


def test_parts_are_framed_and_pages_are_not(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, _: Platform) -> None:
        player = (await api(client, "/stats/players"))["players"][0]["player"]["id"]
        match = (await api(client, "/stats/matches"))["matches"][0]["id"]
        for part in (*EMBEDS, f"/embed/players/{player}", f"/embed/matches/{match}", "/embed/players/x"):
            answer = await client.get(part, headers=HTML)
            policy = answer.headers["content-security-policy"]
            assert policy.endswith("frame-ancestors *"), part
            assert "default-src 'none'" in policy
            assert "x-frame-options" not in answer.headers
            assert "<nav" not in answer.text
            assert "<form" not in answer.text
            assert '<base target="_top">' in answer.text
        kept = await client.get(f"/embed/players/{player}")
        assert kept.headers["cache-control"] == "public, max-age=60"
        for whole in LISTS:
            answer = await client.get(whole, headers=HTML)
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["x-frame-options"] == "DENY"

    read(stack, scenario)


def test_a_servers_page_says_what_the_api_says(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, _: Platform) -> None:
        server = await api(client, "/servers/1?bots=include")
        shown = await page(client, "/servers/1?bots=include")
        assert server["online"] is True
        assert figures(shown)["matches"] == str(sum(row["matches"] for row in server["maps"]))
        for row in server["leaders"]:
            assert f'href="/players/{row["player"]["id"]}"' in shown
        assert server["matches"]
        for match in server["matches"]:
            assert f'href="/matches/{match["id"]}"' in shown
        [day] = server["completeness"]
        assert (day["missing"], day["sessions"]) == (0, 3)
        assert day["received"] == (await api(client, "/stats/global"))["events"]
        for missing in ("/servers/99", "/api/v1/servers/99"):
            assert (await client.get(missing, headers=HTML)).status_code == 404

    read(stack, scenario)


def test_a_weeks_page_says_what_the_api_says(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, _: Platform) -> None:
        latest = (await api(client, "/stats/matches?limit=1"))["matches"][0]["first_time"]
        week = datetime.fromisoformat(latest).strftime("%G-W%V")
        for bots in ("exclude", "include"):
            digest = await api(client, f"/stats/digest?week={week}&bots={bots}")
            shown = await page(client, f"/digest/{week}?bots={bots}")
            assert digest["matches"] > 0
            for label in ("matches", "players", "newcomers", "kills"):
                assert figures(shown)[label] == str(digest[label]), label
            for record in digest["records"]:
                assert f'href="/matches/{record["match"]}"' in shown

    read(stack, scenario)


def test_no_page_asks_more_for_more_rows(stack: Stack) -> None:
    """The number of queries follows from the page, not from what is on it."""

    async def scenario(client: httpx.AsyncClient, platform: Platform) -> None:
        paths = await addresses(client)
        weapon = (await api(client, "/stats/weapons"))["weapons"][0]["weapon"]
        paths |= {"weapon": f"/weapons/{quote(weapon)}?bots=include"}

        async def queries() -> dict[str, int]:
            told = {}
            for name, path in paths.items():
                await platform.redis.flushdb()
                before = platform.clickhouse.calls
                assert (await client.get(path, headers=HTML)).status_code == 200, path
                told[name] = platform.clickhouse.calls - before
            return told

        # Whom the first page ranks is learned by the first who asks.
        await queries()
        few = await queries()
        token = await servers.add(platform.postgres, "Juno")
        events = [
            kill(
                n,
                f"Player {n % 40}",
                f"Player {(n * 7 + 1) % 40}",
                match_id=f"x{n % 25}",
                map=f"dm/map{n % 9}",
                weapon=f"Weapon {n % 12}",
            )
            for n in range(800)
        ]
        headers = {"Authorization": f"Bearer {token}"}
        sent = await client.post("/api/v1/ingest/events", content=body(events), headers=headers)
        assert sent.status_code == 202
        await drain(platform)
        await settle(platform.clickhouse)
        assert await queries() == few

    read(stack, scenario)


def test_head_tells_of_every_page_what_get_does_but_for_the_body(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, _: Platform) -> None:
        for path in [*await every_page(client), "/readyz", "/api/v1/stats/matches", "/players/x"]:
            whole = await client.get(path, headers=HTML)
            head = await client.head(path, headers=HTML)
            assert (head.status_code, head.content) == (whole.status_code, b""), path
            for name in ("content-type", "cache-control"):
                assert head.headers.get(name) == whole.headers.get(name), path
        assert (await client.head("/api/v1/ingest/events")).status_code == 405

    read(stack, scenario)


def test_numbers_lead_to_the_rows_behind_them(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, _: Platform) -> None:
        people = (await api(client, "/stats/players?bots=only&limit=2"))["players"]
        followed, counted = 0, {"kills", "deaths", "headshots", "suicides", "team kills"}
        for line in people:
            here = f"/players/{line['player']['id']}"
            shown = await page(client, here)
            tiles = re.findall(
                r'<span class="figure">(.*?)</span><span><a class="behind" href="([^"]+)">(.*?)</a>', shown
            )
            assert {"matches", "won", *counted} <= {tile[2] for tile in tiles}
            for figure, link, label in tiles:
                behind = await page(client, html.unescape(link))
                if label in counted:
                    assert _summed(behind) == int(words(figure)), (label, link)
            for part in ("combat", "weapons"):
                for link, count in re.findall(
                    r'<a href="(/stats/query\?[^"]+)">([\d\u202f]+)</a>', await page(client, f"{here}/{part}")
                ):
                    behind = await page(client, html.unescape(link))
                    assert _summed(behind) == int(words(count)), link
                    followed += 1
        assert followed > 10

    read(stack, scenario)


def test_each_part_of_a_number_leads_to_what_it_is_made_of(stack: Stack) -> None:
    """Of the page of rows, in every dimension: what a part leads to says what the JSON API says of it."""

    async def scenario(client: httpx.AsyncClient, _: Platform) -> None:
        followed = 0
        for name in ("kills", "deaths", "wins"):
            told = await api(client, f"/stats/query?metric={name}&by=player&bots=include&limit=1")
            for by in told["metric"]["dimensions"]:
                shown = await page(client, f"/stats/query?metric={name}&by={by}&bots=include")
                for link in re.findall(r'<strong><a href="(/stats/query\?[^"]+)">', shown)[:2]:
                    asked = html.unescape(link)
                    narrow = await page(client, asked)
                    # An address leaves away what goes without saying.
                    defaults = {"metric": "kills", "by": "weapon"}
                    extra = "".join(f"&{k}={v}" for k, v in defaults.items() if f"{k}=" not in asked)
                    wanted = (await api(client, f"{asked}&limit=50{extra}"))["parts"]
                    assert _summed(narrow) == sum(part["value"] for part in wanted), link
                    assert f"&amp;{by}=" in narrow or f'name="{by}"' in narrow, link
                    assert "any " in words(narrow)
                    followed += 1
        assert followed > 20

    read(stack, scenario)


def _summed(shown: str) -> int:
    return sum(int(cells[1]) for cells in rows(shown) if cells)
