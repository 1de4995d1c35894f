"""The routes of stats and matches, as callers see them, over real engines."""

import dataclasses
import json
from collections.abc import Awaitable, Callable
from typing import Any, cast

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.di import Provide

from api.app import create_app
from api.matches.routes import router as matches_router
from api.platform import Platform
from api.players import people
from api.problems import HANDLERS
from api.servers import service as servers
from api.stats.routes import router as stats_router
from tests.sql.feed import NOON, Batch, feed, settle
from tests.stack import Stack, drain

Json = Any
STATS = "/api/v1/stats"


def _kill(seq: int, attacker: str, victim: str, **more: object) -> str:
    event = {
        "type": "player_kill",
        "seq": seq,
        "timestamp": float(seq),
        "match_id": f"m{seq // 10}",
        "map": "dm/mohdm6",
        "attacker_name": attacker,
        "attacker_guid": attacker.lower(),
        "attacker_team": "allies",
        "attacker_x": 10.0 * seq,
        "attacker_y": -5.0,
        "victim_name": victim,
        "victim_guid": victim.lower(),
        "victim_team": "axis",
        "victim_x": 1.0,
        "victim_y": 1.0,
        "weapon": "M1 Garand",
        "hitloc": "head",
        "mod": "bullet",
    }
    return json.dumps(event | more)


EVENTS = [
    *(_kill(seq, "Ann", "Bob") for seq in range(6)),
    *(_kill(seq, "Carl", "Bob", weapon="models/weapons/kar98.tik") for seq in range(6, 10)),
    *(_kill(seq, "Dora", "Emil") for seq in range(10, 14)),
    _kill(14, "Bot", "Bob", attacker_bot=True, map="obj/obj_team2", match_id="m3"),
]


def _app(platform: Platform) -> Litestar:
    return Litestar(
        [matches_router, stats_router],
        dependencies={
            "clickhouse": Provide(lambda: platform.clickhouse, sync_to_thread=False),
            "postgres": Provide(lambda: platform.postgres, sync_to_thread=False),
            "settings": Provide(lambda: platform.settings, sync_to_thread=False),
        },
        exception_handlers=HANDLERS,
        logging_config=None,
    )


def _client(app: Litestar) -> httpx.AsyncClient:
    # Litestar's own test client runs the application in a loop of its own, where the pools do not live.
    return httpx.AsyncClient(transport=httpx.ASGITransport(cast(Any, app)), base_url="http://test")


def _with_events(stack: Stack, use: Callable[[httpx.AsyncClient], Awaitable[Any]]) -> Any:
    async def ask(platform: Platform) -> Any:
        await servers.add(platform.postgres, "Omaha")
        await feed(platform.clickhouse, EVENTS, Batch(gametype="tdm"))
        await settle(platform.clickhouse)
        async with _client(_app(platform)) as client:
            return await use(client)

    return stack.run(ask)


def _get(stack: Stack, *paths: str) -> list[Json]:
    async def all_of_them(client: httpx.AsyncClient) -> list[Json]:
        answers = [await client.get(STATS + path) for path in paths]
        assert [answer.status_code for answer in answers] == [200] * len(paths), answers[-1].text
        return [answer.json() for answer in answers]

    found: list[Json] = _with_events(stack, all_of_them)
    return found


def test_global(stack: Stack) -> None:
    (found,) = _get(stack, "/global")
    assert (found["events"], found["kills"], found["players"], found["bots"]) == (15, 15, 5, 1)
    assert found["first_time"] == "2026-11-21T12:00:00Z"


def test_players_page_by_page(stack: Stack) -> None:
    async def page_through(client: httpx.AsyncClient) -> list[str]:
        names: list[str] = []
        cursor = ""
        while cursor is not None:
            answer = (await client.get(f"{STATS}/players?limit=2{cursor}")).json()
            names += [line["player"]["name"] for line in answer["players"]]
            cursor = answer["next_cursor"] and f"&cursor={answer['next_cursor']}"
        return names

    names = _with_events(stack, page_through)
    assert names[0] == "Ann"
    assert sorted(names) == ["Ann", "Bob", "Carl", "Dora", "Emil"]


def test_players_are_found_by_name(stack: Stack) -> None:
    found, nobody = _get(stack, "/players?q=aN", "/players?q=a%27%25_b%22")
    assert [(p["player"]["name"], p["kills"]) for p in found["players"]] == [("Ann", 6)]
    assert nobody["players"] == []


def test_one_player(stack: Stack) -> None:
    async def look(client: httpx.AsyncClient) -> Json:
        lines = (await client.get(f"{STATS}/players?q=Bob")).json()["players"]
        return (await client.get(f"{STATS}/players/{lines[0]['player']['id']}")).json()

    found = _with_events(stack, look)
    assert found["identity"]["name"] == "Bob"
    assert found["identity"]["rung"] == "client"
    assert (found["totals"]["kills"], found["totals"]["deaths"], found["totals"]["kd"]) == (0, 11, 0)
    assert found["totals"]["accuracy"] is None
    assert [(r["player"]["name"], r["deaths"]) for r in found["nemeses"]] == [
        ("Ann", 6),
        ("Carl", 4),
        ("Bot", 1),
    ]
    assert found["victims"] == []
    assert found["hit_locations"]["taken"][0]["deaths"] == 11
    assert found["means"]["taken"][0]["mod"] == "bullet"
    assert [m["map"] for m in found["recent_matches"]] == ["obj/obj_team2", "dm/mohdm6"]
    assert found["matches"] == 2
    assert found["playtime"] == 9.0


def test_linked_ids_lead_to_one_player(stack: Stack) -> None:
    async def link(platform: Platform) -> list[Json]:
        await feed(platform.clickhouse, EVENTS)
        await platform.clickhouse.command(
            "INSERT INTO player_links "
            "SELECT player_key('', 'carl', false), player_key('', 'ann', false), true, now()"
        )
        await people.refresh(platform.clickhouse)
        async with _client(_app(platform)) as client:
            ids = [p["player"]["id"] for p in (await client.get(f"{STATS}/players")).json()["players"]]
            carl = f"{await _key(platform, 'carl'):016x}"
            return [ids, (await client.get(f"{STATS}/players/{carl}")).json()]

    ids, found = stack.run(link)
    assert len(ids) == 4
    assert found["identity"]["id"] == ids[0]
    assert found["identity"]["rung"] == "verified"
    assert found["totals"]["kills"] == 10
    assert [n["name"] for n in found["names"]] == ["Carl", "Ann"]


async def _key(platform: Platform, guid: str) -> int:
    row = await platform.clickhouse.one(
        "SELECT player_key('', {guid:String}, false) AS key", dict[str, int], guid=guid
    )
    assert row is not None
    return row["key"]


def test_a_board(stack: Stack) -> None:
    kills, kd, everybody = _get(
        stack,
        "/leaderboards/kills?limit=2",
        "/leaderboards/kd",
        "/leaderboards/kills?bots=only&map=obj/obj_team2&server=1&gametype=tdm",
    )
    best = kills["players"][0]
    assert (best["rank"], best["player"]["name"], best["value"]) == (1, "Ann", 6)
    assert kills["next_cursor"]
    assert kd["metric"]["minimum"] == 20
    assert kd["players"] == []
    assert [p["player"]["name"] for p in everybody["players"]] == ["Bot"]


def test_ranks_go_on_over_pages(stack: Stack) -> None:
    async def second_page(client: httpx.AsyncClient) -> Json:
        first = (await client.get(f"{STATS}/leaderboards/kills?limit=2")).json()
        second = await client.get(f"{STATS}/leaderboards/kills?limit=2&cursor={first['next_cursor']}")
        return [p["rank"] for p in second.json()["players"]]

    assert _with_events(stack, second_page) == [3]


def test_kd_without_a_death_says_so(stack: Stack) -> None:
    async def look(platform: Platform) -> Json:
        await feed(platform.clickhouse, [_kill(n, "Ann", "Bob") for n in range(20)])
        async with _client(_app(platform)) as client:
            return (await client.get(f"{STATS}/leaderboards/kd")).json()

    (place,) = stack.run(look)["players"]
    assert place["value"] == 20
    assert place["note"] == "no deaths: kills are shown"


def test_weapons(stack: Stack) -> None:
    every, garand, kar98 = _get(
        stack, "/weapons", "/weapons/M1%20Garand", "/weapons/models/weapons/kar98.tik?bots=include"
    )
    assert [w["weapon"] for w in every["weapons"]] == ["M1 Garand", "models/weapons/kar98.tik"]
    assert [u["player"]["name"] for u in garand["players"]] == ["Ann", "Dora"]
    assert kar98["maps"] == [{"map": "dm/mohdm6", "kills": 4}]


@pytest.mark.parametrize("name", ["dm/mohdm6", "dm%2Fmohdm6"])
def test_maps_hold_slashes(stack: Stack, name: str) -> None:
    every, found, heat = _get(stack, "/maps", f"/maps/{name}", f"/maps/{name}/heatmap?kind=kills")
    assert [m["map"] for m in every["maps"]] == ["dm/mohdm6", "obj/obj_team2"]
    assert (found["map"], found["kills"], found["players"][0]["player"]["name"]) == ("dm/mohdm6", 14, "Ann")
    assert (heat["tile"], heat["total"]) == (64, 14)
    assert heat["bins"] == [[0, -64, 7], [64, -64, 6], [128, -64, 1]]
    assert heat["bounds"] == {"min_x": 0, "min_y": -64, "max_x": 192, "max_y": 0}


def test_a_players_heatmap(stack: Stack) -> None:
    async def look(client: httpx.AsyncClient) -> Json:
        ann = (await client.get(f"{STATS}/players?q=Ann")).json()["players"][0]["player"]["id"]
        answers = [
            await client.get(f"{STATS}/maps/dm/mohdm6/heatmap?kind={kind}&player={ann}")
            for kind in ("kills", "deaths")
        ]
        return [answer.json() for answer in answers]

    kills, deaths = _with_events(stack, look)
    assert kills["total"] == 6
    assert (deaths["total"], deaths["bounds"]) == (0, None)


def test_matches_page_by_page(stack: Stack) -> None:
    async def page_through(client: httpx.AsyncClient) -> Json:
        first = (await client.get(f"{STATS}/matches?limit=1")).json()
        rest = (await client.get(f"{STATS}/matches?cursor={first['next_cursor']}")).json()
        here = (await client.get(f"{STATS}/matches?map=obj/obj_team2&server=1")).json()
        return [first["matches"] + rest["matches"], here["matches"]]

    every, here = _with_events(stack, page_through)
    assert [(m["map"], m["kills"], m["players"], m["bots"]) for m in every] == [
        ("obj/obj_team2", 1, 1, 1),
        ("dm/mohdm6", 4, 2, 0),
        ("dm/mohdm6", 10, 3, 0),
    ]
    assert here == every[:1]
    assert every[0]["server"] == {"id": 1, "name": "Omaha"}


@pytest.mark.filterwarnings("ignore::litestar.exceptions.LitestarDeprecationWarning")
def test_a_match_knows_what_it_lacks(stack: Stack) -> None:
    async def play(platform: Platform) -> list[Json]:
        token = await servers.add(platform.postgres, "Omaha")
        whole = [json.loads(line) | {"session_id": "s1", "timestamp": NOON / 1000} for line in EVENTS[:10]]
        async with _client(create_app(platform)) as client:
            found = []
            for sent in (whole[:4] + whole[6:], whole[4:6]):
                answer = await client.post(
                    "/api/v1/ingest/events", json=sent, headers={"X-Server-Token": token}
                )
                assert answer.status_code == 202, answer.text
                await drain(platform)
                (line,) = (await client.get(f"{STATS}/matches")).json()["matches"]
                found.append((await client.get(f"{STATS}/matches/{line['id']}")).json())
            return found

    holed, mended = stack.run(play)
    assert holed["completeness"]["complete"] is False
    assert holed["completeness"]["missing"] == 2
    assert holed["completeness"]["sessions"][0]["missing"] == [[4, 5]]
    assert (mended["completeness"]["complete"], mended["completeness"]["missing"]) == (True, 0)
    assert [(s["player"]["name"], s["kills"], s["deaths"]) for s in mended["players"]] == [
        ("Ann", 6, 0),
        ("Carl", 4, 0),
        ("Bob", 0, 10),
    ]
    assert len(mended["timeline"]) == 10
    assert mended["timeline"][0]["player"]["name"] == "Ann"
    assert mended["server"]["name"] == "Omaha"


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/players/0000000000000000", 404, "0000000000000000"),
        ("/players/x", 404, "16 hexadecimal digits"),
        ("/players?limit=0", 422, "limit"),
        ("/players?limit=101", 422, "limit"),
        ("/players?sort=luck", 422, "sort"),
        ("/players?bots=maybe", 422, "bots"),
        ("/players?cursor=nonsense", 422, "cursor"),
        ("/leaderboards/luck", 422, "headshot_ratio"),
        ("/leaderboards/kills?period=eon", 422, "period"),
        ("/leaderboards/kills?server=-1", 422, "server"),
        ("/matches/0000000000000001", 404, "0000000000000001"),
        ("/matches/zz", 404, "16 hexadecimal digits"),
        ("/matches?cursor=%00", 422, "cursor"),
        ("/weapons/Spoon", 404, "Spoon"),
        ("/maps/dm/nowhere", 404, "dm/nowhere"),
        ("/maps/dm/nowhere/heatmap", 404, "dm/nowhere"),
        ("/maps/dm/mohdm6/heatmap?kind=love", 422, "kind"),
        ("/maps/dm/mohdm6/heatmap?player=x", 404, "16 hexadecimal digits"),
    ],
)
def test_what_cannot_be_answered_says_why(stack: Stack, path: str, status: int, said: str) -> None:
    async def ask(client: httpx.AsyncClient) -> tuple[int, str, str]:
        answer = await client.get(STATS + path)
        return answer.status_code, answer.headers["content-type"], answer.json()["detail"]

    found, media_type, detail = _with_events(stack, ask)
    assert found == status
    assert media_type.startswith("application/problem+json")
    assert said in detail


def test_openapi_names_every_operation(stack: Stack) -> None:
    async def look(platform: Platform) -> Json:
        async with _client(_app(platform)) as client:
            return (await client.get("/schema/openapi.json")).json()

    paths = {path: item for path, item in stack.run(look)["paths"].items() if path.startswith(STATS)}
    assert {item["get"]["operationId"] for item in paths.values()} == {
        "getTotals",
        "listPlayers",
        "getPlayer",
        "listMetrics",
        "getLeaderboard",
        "listMatches",
        "getMatch",
        "listWeapons",
        "getWeapon",
        "listMaps",
        "getMap",
        "drillDown",
        "comparePlayers",
        "listRecords",
        "getOnThisDay",
        "getDigest",
    }


@pytest.mark.parametrize(("read_access", "who"), [("open", "public"), ("key", "private")])
def test_an_ended_week_may_be_kept(stack: Stack, read_access: str, who: str) -> None:
    closed = msgspec.structs.replace(stack.settings, read_access=read_access)

    async def ask(platform: Platform) -> None:
        async with _client(_app(platform)) as client:
            ended = await client.get(f"{STATS}/digest?week=2020-W10")
            current = await client.get(f"{STATS}/digest")
            assert ended.headers["cache-control"] == f"{who}, max-age=60"
            assert current.headers["cache-control"] == f"{who}, no-cache"
            sent = {"If-None-Match": f'"x", W/{ended.headers["etag"]}'}
            again = await client.get(f"{STATS}/digest?week=2020-W10", headers=sent)
            assert (again.status_code, again.content) == (304, b"")
            assert (await client.get(f"{STATS}/digest", headers=sent)).status_code == 200

    dataclasses.replace(stack, settings=closed).run(ask)


def test_traffic_is_everybodys(stack: Stack) -> None:
    async def look(client: httpx.AsyncClient) -> Json:
        ann = (await client.get(f"{STATS}/players?q=Ann")).json()["players"][0]["player"]["id"]
        answer = await client.get(f"{STATS}/maps/dm/mohdm6/heatmap?kind=traffic&player={ann}")
        assert answer.status_code == 422
        return (await client.get(f"{STATS}/maps/dm/mohdm6/heatmap?kind=traffic")).json()

    traffic = _with_events(stack, look)
    assert (traffic["total"], traffic["kind"]) == (28, "traffic")
