"""Measuring stats routes over many events, made up inside ClickHouse; all of it in a scratch folder.

The model is time that passes at a community of 32 servers, some busier than others. 46 matches a day, each of
2,000 events in 15 minutes, all types in about the mix of tests/captures; 100 million events are three years,
10 million the last 110 days of a younger community. A match has 8 to 16 players. Two of them are new, so that
100 million events are about 100,000 players; the others are drawn by Zipf and Mandelbrot's law from those who
came before: the keenest play every tenth match, most only once. In a third of the matches four are bots. Most
players have a client id and now and then another name. Each event has its original, a JSON line of the usual
length. `clickhouse/queries/bench.sql` draws all of it from hashes of the event's number.

Matches are settled and rated as a worker does it, and of those whose report is asked for there is one. Routes
are asked in this process, one request at a time, in random order, nothing cached but by the operating
system. `log_ms` is the same question asked of raw_events.
"""

import asyncio
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from statistics import median
from urllib.parse import quote, urlencode

import httpx
import msgspec

from api.app import create_app
from api.embedded import engines
from api.embedded.engines import Engines
from api.errors import AfterActionError
from api.matches.job import settle_all
from api.platform import Platform, opened
from api.ratings.job import keep_current, rate_all
from api.ratings.record_days import keep_days
from api.rebuild.service import migrate
from api.reports import queries as reports
from api.reports.service import tell
from api.servers import service as servers
from api.servers.queries import names as server_names
from api.settings import Settings
from api.stats.metrics import METRICS
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

Report = Callable[[str, int, int], None]
Requests = dict[str, list[str]]

_SQL = queries("clickhouse", "bench")
_MATCH = 2_000
_SERVERS = 32
_STEP = 2_000_000
_SEED = 20_261_121
_FILL = (
    "SETTINGS max_insert_threads = 2, max_threads = 2, max_block_size = 262144, insert_deduplicate = 0, "
    "min_insert_block_size_rows = 524288, min_insert_block_size_bytes = 0"
)
# Which question to the log is the same as a route's.
_ASKED_OF_THE_LOG = {
    "global": "log_totals",
    "player, keen": "log_player",
    "leaderboard, all time": "log_leaderboard",
    "weapon": "log_weapon",
    "heatmap": "log_heatmap",
    "match": "log_match",
}


class RouteFigures(msgspec.Struct, omit_defaults=True):
    """A route's latencies, in milliseconds."""

    route: str
    requests: int
    p50_ms: float
    p95_ms: float
    log_ms: float | None = None


class SizeFigures(msgspec.Struct):
    """What was measured over a number of events."""

    events: int
    fill_seconds: float | None
    bytes_per_event_on_disk: float
    routes: list[RouteFigures]


class Growth(msgspec.Struct, omit_defaults=True):
    """How many times a route's latencies grew from the smallest size to the largest."""

    route: str
    p50: float
    p95: float
    log: float | None = None


class QueryFigures(msgspec.Struct):
    """What `bench query` measured."""

    sizes: list[SizeFigures]
    growth: list[Growth]


class _Name(msgspec.Struct):
    name: str


class _Player(msgspec.Struct):
    id: str
    name: str


class _Id(msgspec.Struct):
    id: str


class _Bytes(msgspec.Struct):
    bytes: float


def run(sizes: Sequence[int], requests: int, keep: Path | None, report: Report) -> QueryFigures:
    """Fill and measure each size; a folder to `keep` is used again as it was left.

    `report(what, done, total)` is called as it goes.
    """
    with tempfile.TemporaryDirectory(prefix="afteraction-bench-") as scratch:
        measured = [
            _size((keep or Path(scratch)) / str(events), events, requests, report) for events in sorted(sizes)
        ]
    return QueryFigures(measured, _growth(measured[0], measured[-1]) if len(measured) > 1 else [])


def _size(folder: Path, events: int, requests: int, report: Report) -> SizeFigures:
    settings = Settings(data=str(folder), reads_per_minute=0)
    note = folder / "filled"
    kept = note.exists()

    async def report_filled(noun: str, done: int, total: int) -> None:
        report(f"migrating {noun}", done, total)

    async def measured(found: Engines) -> SizeFigures:
        async with opened(settings, found) as platform:
            await migrate(platform.postgres, platform.clickhouse, settings, report_filled)
            seconds = None if kept else await _filled(platform.clickhouse, folder, events, report)
            for number in range(len(await server_names(platform.postgres)), _SERVERS):
                await servers.add(platform.postgres, f"server {number + 1}")
            size = await platform.clickhouse.one(_SQL["size"], _Bytes)
            routes = await _measure(platform, requests, report)
        return SizeFigures(events, seconds, round(size.bytes, 1) if size else 0, routes)

    with engines.running(settings, lambda text: report(text, 0, 1)) as found:
        figures = asyncio.run(measured(found))
    note.touch()
    return figures


async def _filled(clickhouse: ClickHouse, folder: Path, events: int, report: Report) -> float:
    """Fill the tables, wait until they are merged, and return the seconds that it took."""
    if await _names(clickhouse, "maps"):
        raise AfterActionError(f"{folder} was not filled to its end; delete it")
    await hurry(clickhouse)
    began = time.perf_counter()
    now_ms = time.time_ns() // 1_000_000
    await fill(clickhouse, events, now_ms, lambda done: report("filling", done, events))
    await settle_all(clickhouse)
    report("rating", 0, 1)
    await rate_all(clickhouse)
    await keep_current(clickhouse)
    await keep_days(clickhouse)
    report("merging", 0, 1)
    while await clickhouse.rows(_SQL["merges"], _Name):  # noqa: ASYNC110 - merges do not tell
        await asyncio.sleep(1)
    return round(time.perf_counter() - began, 1)


async def hurry(clickhouse: ClickHouse) -> None:
    """Let the tables do without what keeps them safe: made up events can be made again."""
    for table in await _names(clickhouse, "tables"):
        await clickhouse.command(
            f"ALTER TABLE {table} MODIFY SETTING fsync_after_insert = 0, fsync_part_directory = 0"
        )


async def fill(clickhouse: ClickHouse, events: int, until_ms: int, report: Callable[[int], None]) -> None:
    """Insert events into raw_events, the last of which happened at `until_ms`; the views do the rest."""
    about: dict[str, object] = {"until_ms": until_ms, "matches": events // _MATCH}
    described = f"DESCRIBE TABLE ({_SQL['events']})"
    columns = await clickhouse.rows(described, _Name, **about, first=0, count=1)
    into = f"INSERT INTO raw_events ({', '.join(column.name for column in columns)})"
    for first in range(0, events, _STEP):
        count = min(_STEP, events - first)
        await clickhouse.command(f"{into} {_SQL['events']} {_FILL}", **about, first=first, count=count)
        report(first + count)


async def _names(clickhouse: ClickHouse, what: str) -> list[str]:
    return [row.name for row in await clickhouse.rows(_SQL[what], _Name)]


async def _measure(platform: Platform, requests: int, report: Report) -> list[RouteFigures]:
    asked = await _requests(platform.clickhouse, requests)
    await _tell(platform, asked["report"])
    took = await _ask(platform, asked, report)
    log = await _ask_the_log(platform.clickhouse, report)
    return [_figures(route, sorted(ms), log.get(route)) for route, ms in took.items()]


def _figures(route: str, ms: list[float], log_ms: float | None) -> RouteFigures:
    p50, p95 = (round(ms[int(share * (len(ms) - 1) + 0.5)], 1) for share in (0.50, 0.95))
    return RouteFigures(route, len(ms), p50, p95, log_ms)


async def _requests(clickhouse: ClickHouse, count: int) -> Requests:
    """Return `count` paths of each route, with varied arguments."""
    dice = random.Random(_SEED)  # noqa: S311 - the same questions each time
    keen = await clickhouse.rows(_SQL["players"], _Player, keenest=True, limit=20)
    ordinary = await clickhouse.rows(_SQL["players"], _Player, keenest=False, limit=count)
    matches = await clickhouse.rows(_SQL["matches"], _Id, limit=count)
    maps, weapons = await _names(clickhouse, "maps"), await _names(clickhouse, "weapons")
    # Ratings have boards of another kind: of game types.
    metrics = [name for name, metric in METRICS.items() if metric.source != "rated"]
    by_match = [name for name, metric in METRICS.items() if metric.source == "by_match"]
    periods = ("day", "week", "month", "year")
    one_match_filter: list[dict[str, object]] = [{"server": 3}, {"map": maps[-1]}]
    scopes = product((None, 1, 2, 9), (None, *maps[:3]), (None, "tdm", "ffa"))
    filters = [dict(zip(("server", "map", "gametype"), scope, strict=True)) for scope in scopes][1:]

    def board(names: Sequence[str], **scope: object) -> str:
        return _path(f"leaderboards/{dice.choice(names)}", bots=dice.choice(["exclude", "include"]), **scope)

    makers: dict[str, Callable[[], str]] = {
        "global": lambda: _path("global"),
        "players": lambda: _path("players", sort=dice.choice(["kills", "kd", "last_seen", "deaths"])),
        "players, searched": lambda: _path("players", q=dice.choice(ordinary).name[:6]),
        "player, keen": lambda: _path(f"players/{dice.choice(keen).id}"),
        "player, ordinary": lambda: _path(f"players/{dice.choice(ordinary).id}"),
        "leaderboards": lambda: _path("leaderboards"),
        "leaderboard, all time": lambda: board(metrics),
        "leaderboard, period": lambda: board(metrics, period=dice.choice(periods)),
        "leaderboard, filtered": lambda: board(metrics, **dice.choice(filters)),
        "leaderboard, filtered period": lambda: board(
            metrics, period=dice.choice(periods), **dice.choice(filters)
        ),
        "leaderboard, by match": lambda: board(by_match, period=dice.choice(["all", *periods])),
        "leaderboard, rating": lambda: board(["rating"], gametype=dice.choice([None, "tdm", "ffa"])),
        "leaderboard, weapon": lambda: board(["kills", "headshot_ratio"], weapon=dice.choice(weapons)),
        "weapons": lambda: _path("weapons"),
        "weapon": lambda: _path(f"weapons/{quote(dice.choice(weapons))}"),
        "maps": lambda: _path("maps"),
        "map": lambda: _path(f"maps/{dice.choice(maps)}"),
        "heatmap": lambda: _path(f"maps/{dice.choice(maps)}/heatmap", kind=dice.choice(["kills", "deaths"])),
        "heatmap, player": lambda: _path(f"maps/{dice.choice(maps)}/heatmap", player=dice.choice(keen).id),
        "matches": lambda: _path("matches"),
        "matches, filtered": lambda: _path("matches", **dice.choice(one_match_filter)),
        "match": lambda: _path(f"matches/{dice.choice(matches).id}"),
        "player, rating": lambda: _path(f"players/{dice.choice(keen).id}/rating"),
        "player, achievements": lambda: _path(f"players/{dice.choice(keen).id}/achievements"),
        "player, matches": lambda: _path(f"players/{dice.choice(keen).id}/matches"),
        "compare": lambda: _path("compare", players=",".join(one.id for one in dice.sample(keen, 3))),
        "ratings": lambda: _path("ratings", gametype=dice.choice(["tdm", "ffa"])),
        "report": lambda: f"/api/v1/matches/{dice.choice(matches).id}/report",
        "records": lambda: _path("records"),
        "on this day": lambda: _path("records/on-this-day"),
        "digest": lambda: _path("digest"),
        "search": lambda: f"/api/v1/search?{urlencode({'q': dice.choice(ordinary).name[:6]})}",
        "server": lambda: f"/api/v1/servers/{dice.randint(1, _SERVERS)}",
        "event types": lambda: (
            f"/api/v1/servers/{dice.randint(1, _SERVERS)}/types?days={dice.choice([30, 3650])}"
        ),
    }
    return {route: [make() for _ in range(count)] for route, make in makers.items()}


def _path(path: str, **parameters: object) -> str:
    asked = urlencode({name: value for name, value in parameters.items() if value is not None})
    return f"/api/v1/stats/{path}?{asked}"


async def _tell(platform: Platform, paths: Sequence[str]) -> None:
    """Make the reports that are asked for: a worker has made each some seconds after its match."""
    for path in set(paths):
        match_key = int(path.split("/")[-2], 16)
        settled = await reports.settled(platform.clickhouse, match_key)
        if settled is not None:
            await tell(platform.clickhouse, reports.NOUN, platform.settings, [settled])


async def _ask(platform: Platform, requests: Requests, report: Report) -> dict[str, list[float]]:
    """Return the milliseconds of each request. The first of each route is not counted."""
    transport = httpx.ASGITransport(app=create_app(platform))  # type: ignore[arg-type]
    queue = [(route, path) for route, paths in requests.items() for path in paths]
    random.Random(_SEED).shuffle(queue)  # noqa: S311
    took: dict[str, list[float]] = defaultdict(list)
    async with httpx.AsyncClient(transport=transport, base_url="http://bench", timeout=600) as client:
        for paths in requests.values():
            await client.get(paths[0])
        for done, (route, path) in enumerate(queue, 1):
            began = time.perf_counter()
            answer = await client.get(path)
            took[route].append(1000 * (time.perf_counter() - began))
            answer.raise_for_status()
            report("asking", done, len(queue))
    return {route: took[route] for route in requests}


async def _ask_the_log(clickhouse: ClickHouse, report: Report) -> dict[str, float]:
    keen = await clickhouse.rows(_SQL["players"], _Player, keenest=True, limit=1)
    matches = await clickhouse.rows(_SQL["matches"], _Id, limit=1)
    about: dict[str, dict[str, object]] = {
        "log_player": {"player": keen[0].id},
        "log_weapon": {"weapon": (await _names(clickhouse, "weapons"))[0]},
        "log_heatmap": {"map": (await _names(clickhouse, "maps"))[0]},
        "log_match": {"match": matches[0].id},
    }
    took: dict[str, float] = {}
    for done, (route, question) in enumerate(_ASKED_OF_THE_LOG.items()):
        report("asking the log", done, len(_ASKED_OF_THE_LOG))
        times = []
        for _ in range(3):
            began = time.perf_counter()
            await clickhouse.rows(_SQL[question], dict[str, object], **about.get(question, {}))
            times.append(1000 * (time.perf_counter() - began))
        took[route] = round(median(times), 1)
    return took


def _growth(small: SizeFigures, large: SizeFigures) -> list[Growth]:
    def times(one: float | None, other: float | None) -> float | None:
        return round(other / one, 2) if one and other else None

    return [
        Growth(
            a.route, times(a.p50_ms, b.p50_ms) or 0, times(a.p95_ms, b.p95_ms) or 0, times(a.log_ms, b.log_ms)
        )
        for a, b in zip(small.routes, large.routes, strict=True)
    ]
