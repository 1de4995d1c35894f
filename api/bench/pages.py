"""Measuring every public page over the demo's matches, in a scratch folder.

The recorded matches are sent as `afteraction demo` sends them, as often as asked, an hour apart, and brought
into every table. Pages are then asked in this process, one request at a time, in random order: made anew each
time, with nothing kept; and once more with pages kept in Redis, as they are by default. `queries` is how
often ClickHouse was asked for one.
"""

import asyncio
import json
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

import httpx
import msgspec

from api import demo
from api.app import create_app
from api.embedded import engines
from api.embedded.engines import Engines
from api.ingest import job as ingest
from api.live import job as live
from api.matches.job import Settler
from api.platform import Platform, opened
from api.ratings.job import Rater
from api.rebuild.service import migrate
from api.reports.job import Reporter
from api.servers import service as servers
from api.settings import Settings

Report = Callable[[str, int, int], None]

_SEED: Final = 20_261_122
_APART_SECONDS: Final = 3600
_HEADERS: Final = {"Accept": "text/html"}


class PageFigures(msgspec.Struct):
    """A page's latencies in milliseconds, made anew and kept."""

    page: str
    queries: int
    p50_ms: float
    p95_ms: float
    kept_p50_ms: float
    kept_p95_ms: float
    bytes: int


class PagesFigures(msgspec.Struct):
    """What `bench pages` measured."""

    matches: int
    events: int
    requests: int
    pages: list[PageFigures]


class _Anew(msgspec.Struct):
    ms: list[float] = []
    queries: int = 0
    bytes: int = 0


def run(matches: int, requests: int, report: Report) -> PagesFigures:
    """Send so many matches and ask for each page so often.

    `report(what, done, total)` is called as it goes.
    """
    with tempfile.TemporaryDirectory(prefix="afteraction-bench-") as scratch:
        settings = Settings(data=str(Path(scratch)), reads_per_minute=0)

        async def measured(found: Engines) -> PagesFigures:
            async with opened(settings, found) as platform:
                await migrate(platform.postgres, platform.clickhouse, settings, _quiet_report)
                events = await _play(platform, matches, report)
                return await _measure(platform, matches, events, requests, report)

        with engines.running(settings, lambda text: report(text, 0, 1)) as found:
            return asyncio.run(measured(found))


async def _quiet_report(_noun: str, _done: int, _total: int) -> None:
    """Tell nobody: nothing is there to be filled."""


@asynccontextmanager
async def _alone() -> AsyncIterator[bool]:
    yield True


async def _play(platform: Platform, matches: int, report: Report) -> int:
    """Send the recordings in turn, the last one as if it had just been played, and return the events."""
    token = await servers.add(platform.postgres, demo.SERVER)
    recordings = [demo.recorded(name) for name in demo.names()]
    sent, now = 0, time.time()
    async with _asked(platform) as client:
        for match in range(matches):
            report("sending", match, matches)
            at = now - _APART_SECONDS * (matches - 1 - match)
            events = demo.as_of_now(recordings[match % len(recordings)], 1e9, at)
            body = "\n".join(json.dumps(event) for event in events)
            headers = {"Authorization": f"Bearer {token}"}
            answer = await client.post("/api/v1/ingest/events", content=body, headers=headers)
            answer.raise_for_status()
            sent += len(events)
    while await ingest.write_block(platform.postgres, platform.clickhouse, platform.settings) is not None:
        pass
    await Settler(platform.clickhouse, _alone).step()
    await Rater(platform.clickhouse, _alone).step()
    await Reporter(platform.clickhouse, platform.settings, _alone).step()
    await live.step(platform.clickhouse, platform.postgres, platform.redis, platform.settings)
    return sent


def _asked(platform: Platform) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=create_app(platform))  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://bench", timeout=600)


async def addresses(client: httpx.AsyncClient) -> dict[str, str]:
    """Return the address of one page of each kind, as the JSON API names what there is."""

    async def first(path: str, listed: str, *steps: str) -> str:
        found = (await client.get(f"/api/v1/{path}")).raise_for_status().json()[listed]
        if not found:
            return ""
        first = found[0]
        for step in steps:
            first = first[step]
        return quote(str(first))

    player = await first("stats/players?bots=include&limit=1", "players", "player", "id")
    match = await first("stats/matches?limit=1", "matches", "id")
    map_name = await first("stats/maps", "maps", "map")
    weapon = await first("stats/weapons", "weapons", "weapon")
    server = await first("servers", "servers", "id")
    return {
        "home": "/",
        "live": "/live",
        "matches": "/matches",
        "match": f"/matches/{match}",
        "players": "/players?bots=include",
        "player": f"/players/{player}",
        "leaderboards": "/leaderboards",
        "leaderboard": "/leaderboards/kills?bots=include",
        "leaderboard, by match": "/leaderboards/playtime?bots=include",
        "weapons": "/weapons",
        # The recorded servers do not report weapons.
        **({"weapon": f"/weapons/{weapon}?bots=include"} if weapon else {}),
        "maps": "/maps",
        "map": f"/maps/{map_name}?bots=include",
        "servers": "/servers",
        "server": f"/servers/{server}?bots=include",
        "digest": "/digest?bots=include",
        "search": "/search?q=bot",
        "embed, player": f"/embed/players/{player}",
        "embed, leaderboard": "/embed/leaderboards/kills?bots=include",
        "embed, live": "/embed/live",
        "embed, match": f"/embed/matches/{match}",
    }


async def _measure(
    platform: Platform, matches: int, events: int, requests: int, report: Report
) -> PagesFigures:
    anew, kept = _without_keeping(platform), platform
    async with _asked(anew) as client:
        paths = await addresses(client)
        made = await _ask(anew, client, paths, requests, report)
    async with _asked(kept) as client:
        shown = await _ask(kept, client, paths, requests, report)
    return PagesFigures(
        matches,
        events,
        requests,
        [
            PageFigures(
                page,
                made[page].queries,
                *_percentiles(made[page].ms),
                *_percentiles(shown[page].ms),
                made[page].bytes,
            )
            for page in paths
        ],
    )


def _without_keeping(platform: Platform) -> Platform:
    settings = msgspec.structs.replace(platform.settings, page_seconds=0)
    return Platform(
        settings,
        platform.postgres,
        platform.clickhouse,
        platform.redis,
        platform.gate,
        platform.limits,
        platform.inlet,
        platform.logins,
        platform.sessions,
        platform.followers,
    )


async def _ask(
    platform: Platform, client: httpx.AsyncClient, paths: dict[str, str], requests: int, report: Report
) -> dict[str, _Anew]:
    """Ask for each page in random order. The first answer of each is not counted."""
    took: dict[str, _Anew] = defaultdict(lambda: _Anew([]))
    for page, path in paths.items():
        before = platform.clickhouse.calls
        answer = (await client.get(path, headers=_HEADERS)).raise_for_status()
        took[page].queries, took[page].bytes = platform.clickhouse.calls - before, len(answer.content)
    queue = [(page, path) for page, path in paths.items() for _ in range(requests)]
    random.Random(_SEED).shuffle(queue)  # noqa: S311 - the same order each time
    for done, (page, path) in enumerate(queue, 1):
        began = time.perf_counter()
        answer = await client.get(path, headers=_HEADERS)
        took[page].ms.append(1000 * (time.perf_counter() - began))
        answer.raise_for_status()
        report("asking", done, len(queue))
    return took


def _percentiles(ms: list[float]) -> tuple[float, float]:
    ordered = sorted(ms)
    p50, p95 = (round(ordered[int(share * (len(ordered) - 1) + 0.5)], 1) for share in (0.50, 0.95))
    return p50, p95
