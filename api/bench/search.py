"""Measuring search among many names, made up inside ClickHouse; all of it in a scratch folder.

Names are two to four syllables of 52, some with a clan's tag, a number or colours (`search_names` in
clickhouse/queries/bench.sql), so that many are like one another. Names drawn from them are looked for as
people type them; a name is found when it stands among the first ten. Many names fit as well as the one that
was meant, and then nobody could tell which: `fair` also counts ten others that fit no worse than it would.
Asked in this process, one at a time, when ClickHouse has merged what was filled in: elsewhere, names come a
few at a time. `leet` and `colours` ask what `exact` has asked, which ClickHouse remembers for a while. CPU is
that of the process with ClickHouse in it, which tells more than the clock where others work on the machine.
"""

import asyncio
import random
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import httpx
import msgspec

from api.app import create_app
from api.embedded import engines
from api.embedded.engines import Engines
from api.platform import Platform, opened
from api.rebuild.service import migrate
from api.settings import Settings
from api.stores.sql import queries

Report = Callable[[str, int, int], None]

_SQL = queries("clickhouse", "bench")
_SEED: Final = 20_261_122
_STEP: Final = 250_000
_FIRST: Final = 10
_MERGED_SECONDS: Final = 120
_FITS: Final = ("exact", "folded", "prefix", "part", "similar")
# How well the name that is meant fits. Where it is typed with a slip, only better fits count as no worse.
_MEANT: Final = {"exact": "exact", "prefix": "prefix", "leet": "folded", "colours": "folded"}
_LEET: Final = str.maketrans("oieastbg", "01345789")


class WayFigures(msgspec.Struct):
    """How names are looked for, how many of those were among the first ten, and milliseconds.

    `fair`: that, or ten names that fit no worse. `cpu_ms` is the mean of the processor's time.
    """

    way: str
    example: str
    asked: int
    found: float
    fair: float
    p50_ms: float
    p95_ms: float
    cpu_ms: float


class SearchFigures(msgspec.Struct):
    """What `bench search` measured."""

    names: int
    ways: list[WayFigures]


class _Name(msgspec.Struct):
    name: str
    shown: str


class _Count(msgspec.Struct):
    names: int


class _Merges(msgspec.Struct):
    n: int


def run(names: int, requests: int, report: Report) -> SearchFigures:
    """Fill and measure. `report(what, done, total)` is called as it goes."""
    with tempfile.TemporaryDirectory(prefix="afteraction-bench-") as scratch:
        settings = Settings(data=str(Path(scratch)), reads_per_minute=0)

        async def measured(found: Engines) -> SearchFigures:
            async with opened(settings, found) as platform:
                await migrate(platform.postgres, platform.clickhouse, settings, _quiet)
                count = await _fill(platform, names, report)
                await _settle(platform, report)
                return SearchFigures(count, await _measure(platform, requests, report))

        with engines.running(settings, lambda text: report(text, 0, 1)) as found:
            return asyncio.run(measured(found))


async def _quiet(_noun: str, _done: int, _total: int) -> None:
    """Tell nobody: nothing is there to be filled."""


async def _fill(platform: Platform, names: int, report: Report) -> int:
    """Insert names until there are so many different ones, and return how many there are."""
    columns = "player_key, name, shown, guid, bot, first_seen, last_seen, events"
    first = found = 0
    while found < names:
        await platform.clickhouse.command(
            f"INSERT INTO player_identities ({columns}) " + _SQL["search_names"],
            first=first,
            count=_STEP,
        )
        first += _STEP
        row = await platform.clickhouse.one(_SQL["search_count"], _Count)
        found = row.names if row else 0
        report("filling", min(found, names), names)
    return found


async def _settle(platform: Platform, report: Report) -> None:
    """Wait until nothing is merged any more, two minutes at the longest."""
    for second in range(_MERGED_SECONDS):
        row = await platform.clickhouse.one("SELECT count() AS n FROM system.merges", _Merges)
        if row is not None and not row.n:
            return
        report("merging", second, _MERGED_SECONDS)
        await asyncio.sleep(1)


def ways(name: str, dice: random.Random) -> dict[str, str]:
    """Return how somebody may type a name, by what it is called."""
    letters = re.sub(r"^\[..\]|[\d_]+$", "", name)
    place = dice.randrange(1, len(letters) - 1)
    other = dice.choice([c for c in "abcdefghijklmnopqrstuvwxyz" if c != letters[place]])
    second = dice.choice([n for n in range(len(letters)) if n != place])
    far = letters[:place] + other + letters[place + 1 :]
    far = far[:second] + ("q" if far[second] != "q" else "x") + far[second + 1 :]
    return {
        "exact": name,
        "prefix": name[: max(3, len(name) * 2 // 3)],
        "one letter wrong": name.replace(letters, letters[:place] + other + letters[place + 1 :]),
        "one letter missing": name.replace(letters, letters[:place] + letters[place + 1 :]),
        "two letters swapped": name.replace(
            letters, letters[: place - 1] + letters[place] + letters[place - 1] + letters[place + 1 :]
        ),
        "two letters wrong": name.replace(letters, far),
        "leet": name.lower().translate(_LEET),
        "colours": "^1" + name[:2] + "^7" + name[2:],
    }


async def _measure(platform: Platform, requests: int, report: Report) -> list[WayFigures]:
    drawn = await platform.clickhouse.rows(_SQL["search_drawn"], _Name, limit=requests)
    dice = random.Random(_SEED)  # noqa: S311 - the same questions each time
    asked: dict[str, list[tuple[str, str]]] = {}
    for row in drawn:
        for way, typed in ways(row.shown, dice).items():
            asked.setdefault(way, []).append((typed, row.shown))
    for alone in ("one character", "two characters"):
        asked[alone] = [(row.shown[: 1 if alone.startswith("one") else 2], "") for row in drawn]
    transport = httpx.ASGITransport(app=create_app(platform))  # type: ignore[arg-type]
    figures = []
    async with httpx.AsyncClient(transport=transport, base_url="http://bench", timeout=600) as client:
        await client.get("/api/v1/search", params={"q": "warm"})
        for done, (way, pairs) in enumerate(asked.items()):
            report("asking", done, len(asked))
            ms, found, fair, cpu = [], 0, 0, time.process_time()
            for typed, wanted in pairs:
                began = time.perf_counter()
                answer = await client.get("/api/v1/search", params={"q": typed, "limit": _FIRST})
                ms.append(1000 * (time.perf_counter() - began))
                answer.raise_for_status()
                rows = answer.json()["players"]
                names = [row["name"] for row in rows]
                hit = wanted in names if wanted else bool(names)
                worst = max((_FITS.index(row["fit"]) for row in rows), default=len(_FITS))
                found += hit
                fair += hit or (len(rows) == _FIRST and worst <= _FITS.index(_MEANT.get(way, "part")))
            cpu_ms = round(1000 * (time.process_time() - cpu) / len(pairs), 1)
            ms.sort()
            p50, p95 = (round(ms[int(part * (len(ms) - 1) + 0.5)], 1) for part in (0.50, 0.95))
            share, fairly = round(found / len(pairs), 3), round(fair / len(pairs), 3)
            figures.append(WayFigures(way, pairs[0][0], len(pairs), share, fairly, p50, p95, cpu_ms))
    return figures
