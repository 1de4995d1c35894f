"""What no server reports is null and a dash, and not 0; what one reports is 0 until there is something."""

import json
from typing import Any

import httpx
import msgspec
import pytest

from api.platform import Platform
from api.servers import reported
from api.stats.career.summary import PlayerTotals
from api.stores import remembered
from tests.events_made import kill
from tests.sql.feed import Batch, feed, settle
from tests.stack import Stack, http_client
from tests.web.played import HTML

# Of one event each: all that NEEDS asks for.
TELLING = sorted({needs[0] for needs in reported.NEEDS.values()})


async def _kills(platform: Platform, server: int, killer: str, victim: str) -> None:
    events = [kill(n, killer, victim, match_id=f"m{server}", timestamp=n) for n in range(3)]
    batch = Batch(server_id=server, session_id=f"s{server}")
    await feed(platform.clickhouse, [json.dumps(event) for event in events], batch)


async def _tell_all(platform: Platform, server: int, who: str) -> None:
    events = [
        {"type": type_, "player_name": who, "match_id": f"m{server}", "seq": 10 + n, "timestamp": 10 + n}
        for n, type_ in enumerate(TELLING)
    ]
    batch = Batch(server_id=server, session_id=f"s{server}")
    await feed(platform.clickhouse, [json.dumps(event) for event in events], batch)


async def _get(client: httpx.AsyncClient, path: str) -> Any:
    answer = await client.get(f"/api/v1/stats{path}")
    assert answer.status_code == 200, (path, answer.text)
    return answer.json()


def _unknown(found: dict[str, Any]) -> set[str]:
    return {field for field in reported.NEEDS if field in found and found[field] is None}


def _zero(found: dict[str, Any]) -> set[str]:
    return {field for field in reported.NEEDS if field in found and found[field] == 0}


async def _ids(client: httpx.AsyncClient) -> dict[str, str]:
    lines = (await _get(client, "/players"))["players"]
    return {line["player"]["name"]: line["player"]["id"] for line in lines}


def test_where_nobody_reports_it_a_number_is_null(stack: Stack) -> None:
    async def ask(platform: Platform) -> None:
        await _kills(platform, 1, "Ann", "Bob")
        await settle(platform.clickhouse)
        async with http_client(platform) as client:
            ids = await _ids(client)
            player = await _get(client, f"/players/{ids['Ann']}")
            assert _unknown(player["totals"]) == set(reported.NEEDS) - {"damage", "rounds"}
            assert player["totals"]["kills"] == 3
            assert player["totals"]["suicides"] == 0
            assert _unknown(player["weapons"][0]) == {"shots", "hits", "damage"}
            periods = await _get(client, f"/players/{ids['Ann']}/periods")
            assert _unknown(periods["periods"][0]) == {"shots", "hits", "damage_dealt"}
            assert _unknown((await _get(client, "/weapons"))["weapons"][0]) == {
                *("shots", "hits", "damage", "reloads")
            }
            assert _unknown(await _get(client, "/weapons/M1 Garand")) == {
                "shots",
                "hits",
                "damage",
                "reloads",
            }
            assert _unknown((await _get(client, "/maps"))["maps"][0]) == {"rounds"}
            assert _unknown(await _get(client, "/maps/dm/mohdm6")) == {"rounds"}
            assert _unknown(await _get(client, "/global")) == {"shots", "chat_lines"}
            match = (await _get(client, "/matches"))["matches"][0]["id"]
            scores = (await _get(client, f"/matches/{match}"))["players"]
            of_matches = {"damage_dealt", "damage_taken", "shots", "hits", "chat_lines"}
            assert [_unknown(score) for score in scores] == [of_matches] * 2
            both = await _get(client, f"/compare?players={ids['Ann']},{ids['Bob']}")
            assert all(each["totals"]["distance"] is None for each in both["players"])
            for page in (
                *("/", "/weapons", "/weapons/M1 Garand", "/maps", "/maps/dm/mohdm6", f"/matches/{match}"),
                *(f"/players/{ids['Ann']}", f"/players/{ids['Ann']}/weapons"),
                *(f"/players/{ids['Ann']}/activity", f"/embed/players/{ids['Ann']}"),
                f"/compare?players={ids['Ann']},{ids['Bob']}",
            ):
                shown = await client.get(page, headers=HTML)
                assert shown.status_code == 200, (page, shown.text[:1000])
                assert "None" not in shown.text, page
            answer = await client.get(f"/players/{ids['Ann']}", headers=HTML)
            assert '<span class="figure">–</span><span><a class="behind"' in answer.text

    stack.run(ask)


def test_a_player_is_told_of_by_the_servers_on_which_they_were_seen(stack: Stack) -> None:
    async def ask(platform: Platform) -> None:
        await _kills(platform, 1, "Ann", "Bob")
        await _kills(platform, 2, "Cid", "Dan")
        await _tell_all(platform, 2, "Dan")
        await settle(platform.clickhouse)
        async with http_client(platform) as client:
            ids = await _ids(client)
            totals = {
                name: (await _get(client, f"/players/{ids[name]}"))["totals"] for name in ("Ann", "Cid")
            }
            of_players = set(reported.NEEDS) - {"damage", "rounds"}
            assert _unknown(totals["Ann"]) == of_players
            assert _unknown(totals["Cid"]) == set()
            assert _zero(totals["Cid"]) == of_players
            assert _unknown(await _get(client, "/weapons/M1 Garand")) == set()
            assert _unknown(await _get(client, "/maps/dm/mohdm6")) == set()
            for match in (await _get(client, "/matches"))["matches"]:
                scores = (await _get(client, f"/matches/{match['id']}"))["players"]
                assert len(scores) == 2
                assert any(map(_unknown, scores)) == (match["server"]["id"] == 1)

    stack.run(ask)


@pytest.mark.parametrize("field", [each.name for each in msgspec.structs.fields(PlayerTotals)])
def test_what_may_be_null_is_known_to_need_something(field: str) -> None:
    """A number of a player that some servers do not report says so in its type, and here."""
    types = {each.name: str(each.type) for each in msgspec.structs.fields(PlayerTotals)}
    assert (field in reported.NEEDS or field == "accuracy") == ("None" in types[field])


def test_what_is_reported_is_asked_again_after_some_seconds(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask(platform: Platform) -> list[bool]:
        async def damage(*servers: int) -> bool:
            return "player_damage" in await reported.types(platform.clickhouse, servers or None)

        await _kills(platform, 1, "Ann", "Bob")
        told = [await damage(1)]
        monkeypatch.setattr(remembered, "SECONDS", 3600)
        await _tell_all(platform, 1, "Ann")
        told.append(await damage(1))
        monkeypatch.setattr(remembered, "SECONDS", 0)
        return [*told, await damage(1), await damage(), await damage(2)]

    assert stack.run(ask) == [False, False, True, True, False]
