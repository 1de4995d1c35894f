"""Ratings as callers see them: a player's with reasons, a game type's, and those on a scoreboard."""

from itertools import pairwise
from typing import Any

import httpx

from api.platform import Platform
from tests.events_made import body, kill
from tests.sql.feed import settle
from tests.stack import Stack, add_server, drain, http_client

STATS = "/api/v1/stats"
Json = Any


def game(number: int, *kills: tuple[str, str]) -> list[dict[str, Any]]:
    """A free-for-all of ten minutes in which everybody is there from beginning to end."""
    about = {"match_id": f"m{number}", "session_id": f"s{number}"}
    began = 1_790_000_000 + number * 86_400
    who = sorted({name for pair in kills for name in pair})
    lines = [
        about
        | {"type": "player_say", "player_name": name, "message": "hi", "timestamp": began + after}
        | {"map": "dm/mohdm6", "gametype": "ffa"}
        for after in (0, 600)
        for name in who
    ]
    shots = [kill(None, *pair, timestamp=began + 60 + n) | about for n, pair in enumerate(kills)]
    end = about | {"type": "match_end", "timestamp": began + 600, "map": "dm/mohdm6", "gametype": "ffa"}
    return [event | {"seq": seq} for seq, event in enumerate([*lines, *shots, end])]


async def _played(platform: Platform) -> None:
    await add_server(platform)
    for number in range(3):
        events = game(number, ("Ann", "Bob"), ("Ann", "Cid"), ("Bob", "Cid"))
        await platform.inlet.take(1, body(events), "")
    await platform.inlet.take(1, body([kill(0, "Ann", "Zed", match_id="m9", session_id="s9")]), "")
    await drain(platform)
    await settle(platform.clickhouse)


async def _id(client: httpx.AsyncClient, name: str) -> str:
    found = (await client.get(f"{STATS}/players", params={"q": name})).json()["players"]
    return str(found[0]["player"]["id"])


def test_a_player_sees_a_rating_its_curve_and_why_it_changed(stack: Stack) -> None:
    async def scenario(platform: Platform) -> tuple[Json, Json, Json, Json, list[int]]:
        await _played(platform)
        async with http_client(platform) as client:
            path = f"{STATS}/players/{await _id(client, 'Ann')}/rating"
            first = (await client.get(path, params={"limit": 2})).json()
            rest = (await client.get(path, params={"cursor": first["next_cursor"]})).json()
            none = (await client.get(f"{STATS}/players/{await _id(client, 'Zed')}/rating")).json()
            other = (await client.get(path, params={"gametype": "tdm"})).json()
            missing = [
                (await client.get(f"{STATS}/players/{bad}/rating")).status_code for bad in ("0" * 16, "x")
            ]
        return first, rest, none, other, missing

    first, rest, none, other, missing = stack.run(scenario)
    assert missing == [404, 404]
    (current,) = first["current"]
    assert (current["gametype"], current["rank"], current["players"], current["matches"]) == ("ffa", 1, 3, 3)
    assert current["rating"] == first["changes"][0]["after"]
    assert [day["day"] for day in first["curve"]] == ["2026-09-23", "2026-09-22", "2026-09-21"]
    changes = [*first["changes"], *rest["changes"]]
    assert [len(first["changes"]), len(rest["changes"]), rest["next_cursor"]] == [2, 1, None]
    assert [change["match"]["started_at"][:10] for change in changes] == [
        "2026-09-23",
        "2026-09-22",
        "2026-09-21",
    ]
    for later, earlier in pairwise(changes):
        assert later["before"] == earlier["after"]
    begun = changes[-1]
    assert begun["before"] == {"mu": 25.0, "sigma": 8.333, "ordinal": 0.0, "low": 8.667, "high": 41.333}
    assert (begun["expected"], begun["result"], begun["rank"], begun["share"]) == (0.5, 1.0, 1, 1.0)
    assert [(one["player"]["name"], one["outcome"]) for one in begun["others"]] == [
        ("Bob", "beaten"),
        ("Cid", "beaten"),
    ]
    assert begun["match"]["map"] == "dm/mohdm6"
    gained = f"{begun['gained']:+.2f}"
    assert begun["reason"] == (
        f"Expected to beat 50% of 2 others, beat 100% of them, in all of the match: {gained}."
    )
    assert changes[0]["expected"] > 0.5
    assert (none["current"], none["changes"], none["curve"]) == ([], [], [])
    assert (other["current"], other["changes"], other["curve"]) == ([], [], [])


def test_a_game_type_has_its_players_in_order_and_pages_by_cursor(stack: Stack) -> None:
    async def scenario(platform: Platform) -> tuple[Json, Json, Json, Json, int]:
        await _played(platform)
        async with http_client(platform) as client:

            async def ask(**params: Any) -> Json:
                return (await client.get(f"{STATS}/ratings", params=params)).json()

            first = await ask(gametype="ffa", limit=2)
            rest = await ask(gametype="ffa", cursor=first["next_cursor"])
            many, none = await ask(gametype="ffa", matches=4), await ask(gametype="obj")
            return first, rest, many, none, (await client.get(f"{STATS}/ratings")).status_code

    first, rest, many, none, without = stack.run(scenario)
    assert without == 422
    places = [*first["players"], *rest["players"]]
    assert [(place["rank"], place["player"]["name"]) for place in places] == [
        (1, "Ann"),
        (2, "Bob"),
        (3, "Cid"),
    ]
    assert rest["next_cursor"] is None
    assert first["gametypes"] == [{"gametype": "ffa", "matches": 3, "players": 3}]
    assert (many["players"], none["players"]) == ([], [])


def test_a_scoreboard_shows_what_the_match_did_to_ratings(stack: Stack) -> None:
    async def scenario(platform: Platform) -> tuple[Json, Json, Json]:
        await _played(platform)
        async with http_client(platform) as client:
            lines = (await client.get(f"{STATS}/matches")).json()["matches"]
            (other,) = (line for line in lines if not line["ended"])
            ended, running = [
                (await client.get(f"{STATS}/matches/{line['id']}")).json() for line in (lines[0], other)
            ]
            path = f"{STATS}/players/{await _id(client, 'Ann')}/rating"
            return ended, running, (await client.get(path)).json()

    ended, running, rating = stack.run(scenario)
    (ann,) = (score["rating"] for score in ended["players"] if score["player"]["name"] == "Ann")
    latest = rating["changes"][0]
    assert ann == {name: latest[name] for name in ("before", "after", "expected", "result")}
    assert all(score["rating"] for score in ended["players"])
    assert [score["rating"] for score in running["players"]] == [None, None]
