"""Every answer is the same, whether ClickHouse is in this process or a server behind the native protocol."""

import asyncio
import dataclasses
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from api.errors import StoreUnavailable
from api.live import service as live
from api.platform import Platform
from api.stats.metrics import METRICS
from api.stores import clickhouse as clickhouses
from api.stores.clickhouse import DEDUPLICATION, ClickHouse
from tests.native_bridge import Bridge
from tests.sql.feed import Batch, feed
from tests.stack import Stack, add_server, http_client, scratch_database

CAPTURES = Path(__file__).resolve().parents[1] / "captures"
STATS = "/api/v1/stats"


async def paths(client: httpx.AsyncClient) -> list[str]:
    """Return every address below stats and servers that reads ClickHouse, for what is there."""
    found = [f"{STATS}/{noun}" for noun in ("global", "players?limit=100", "weapons", "maps", "matches")]
    players, weapons, maps, matches = [(await client.get(path)).json() for path in found[1:]]
    found += [f"{STATS}/leaderboards/{metric}?bots=include" for metric in METRICS]
    found += [f"{STATS}/players/{_id(line)}" for line in players["players"]]
    found += [f"{STATS}/weapons/{quote(line['weapon'], safe='')}" for line in weapons["weapons"]]
    found += [f"{STATS}/maps/{line['map']}{rest}" for line in maps["maps"] for rest in ("", "/heatmap")]
    found += [f"{STATS}/matches/{line['id']}" for line in matches["matches"]]
    return [*found, "/api/v1/servers/1/types"]


def _id(line: dict[str, Any]) -> str:
    return str(line["player"]["id"])


def _kill(now: int) -> str:
    event = {
        "type": "player_kill",
        "timestamp": now / 1000,
        "match_id": "m",
        "map": "dm/mohdm6",
        "weapon": "Kar98",
    }
    return json.dumps(
        event | {"attacker_name": "Ann", "victim_name": "^1Bób", "hitloc": "head", "mod": "bullet"}
    )


def test_every_route_answers_alike(stack: Stack, native: ClickHouse) -> None:
    async def scenario(platform: Platform) -> list[str]:
        await add_server(platform)
        now = int(time.time() * 1000)
        for name in ("ffa", "team"):
            lines = (CAPTURES / name / "spool.ndjson").read_text().splitlines()
            about = Batch(session_id=name, received_ms=now, anchor_ms=now - 3_600_000)
            # Half through the one, half through the other.
            await feed(platform.clickhouse, lines[::2], about)
            await feed(native, lines[1::2], about)
        await feed(native, [_kill(now)], Batch(received_ms=now))
        pictures = [await live.draw(store, platform.postgres, 300) for store in (platform.clickhouse, native)]
        assert len(pictures[0].matches) == 1
        assert pictures[0].matches == pictures[1].matches
        over_tcp = dataclasses.replace(platform, clickhouse=native)
        async with http_client(platform) as one, http_client(over_tcp) as other:
            asked = await paths(one)
            for path in asked:
                answers = [await client.get(path) for client in (one, other)]
                assert [answer.status_code for answer in answers] == [200, 200], (path, answers[1].text)
                assert answers[0].content == answers[1].content, path
        return asked

    asked = stack.run(scenario)
    for noun in ("players/", "weapons/", "maps/", "matches/", "leaderboards/"):
        assert any(noun in path for path in asked), noun


def test_an_insert_comes_with_everything_that_makes_it_happen_once(
    stack: Stack, bridge: Bridge, native: ClickHouse
) -> None:
    """The bridge refuses settings that are not marked as ones that a server must know, and a second block."""

    async def twice() -> None:
        for _ in range(2):
            await feed(native, ['{"type":"player_jump","player_name":"Ann","timestamp":1}'], token="it's one")

    asyncio.run(twice())
    for settings in bridge.seen[-2:]:
        assert settings["insert_deduplication_token"] == "it's one"
        # On by default in servers of 2026: they gather inserts, whatever their tokens.
        assert settings["async_insert"] == "0"
        assert settings.items() >= {name: str(value) for name, value in DEDUPLICATION.items()}.items()
    events = stack.run(lambda p: p.clickhouse.rows("SELECT count() AS n FROM raw_events", dict[str, int]))
    assert events == [{"n": 1}]


def test_the_tests_make_a_database_on_a_server_and_drop_it(bridge: Bridge) -> None:
    """What TEST_CLICKHOUSE_URL does."""
    with scratch_database(f"clickhouse://127.0.0.1:{bridge.port}/default") as url:
        assert url is not None
        store = clickhouses.server(url, size=1)
        asyncio.run(store.command("CREATE TABLE t (a Int64) ENGINE = MergeTree ORDER BY a"))
        asyncio.run(store.insert("t", {"a": [1, 2]}, "token"))
        assert asyncio.run(store.rows("SELECT a FROM t ORDER BY a", dict[str, int])) == [{"a": 1}, {"a": 2}]
        store.close()
    gone = clickhouses.server(url, size=1)
    with pytest.raises(StoreUnavailable, match="UNKNOWN_DATABASE"):
        asyncio.run(gone.ping())
    gone.close()
