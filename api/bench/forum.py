"""Measuring the forum's areas over a large forum, in a database that is given for it and holds nothing else.

Members, teams, achievements and old tournaments are filled in; one tournament, of double elimination, is
played to its end through the bridge. Areas are then asked in this process as the forum asks them, each with a
statement of its own, one request at a time, in random order. ClickHouse is empty: what is measured is
MariaDB and the bridge.
"""

import asyncio
import hashlib
import hmac
import json
import random
import secrets
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Final

import httpx
import msgspec

from api import unlocks
from api.achievements.catalogue import ACHIEVEMENTS
from api.app import create_app
from api.audit.service import command_line
from api.auth import keys
from api.embedded import engines
from api.embedded.engines import Engines
from api.errors import ConfigurationError
from api.platform import Platform, opened
from api.rebuild.service import migrate
from api.settings import Settings
from smf_bridge import achievements, address, schema, statement
from smf_bridge.address import Address
from smf_bridge.database import Database, Transaction, connect, queries
from smf_bridge.statement import HEADER
from smf_bridge.tournaments.changes import utc_now
from smf_bridge.tournaments.model import CREATE, MANAGE, PLAY, Plan, Who
from smf_bridge.tournaments.service import Tournaments

Report = Callable[[str, int, int], None]

_SQL: Final = queries("bench")
_SEED: Final = 20_261_122
_STAFF: Final = Who(1, frozenset({CREATE, MANAGE, PLAY}))
_PERMISSIONS: Final = ["mohaa_view", "mohaa_play", "mohaa_team_create", CREATE, MANAGE]
_OLD_TOURNAMENTS: Final = 300
_FILL_SECONDS: Final = 600


class Size(msgspec.Struct):
    """How large the forum is. `entrants`: of its large tournament; `achievements`: rows of each member."""

    members: int
    teams: int
    entrants: int
    achievements: int


class AreaFigures(msgspec.Struct):
    """An area's latencies in milliseconds. `cpu_ms`: of this process, MariaDB's apart, p50."""

    area: str
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    bytes: int


class ForumFigures(msgspec.Struct):
    """What `bench forum` measured. `decide_ms`: a result of the large tournament, p50."""

    size: Size
    requests: int
    decide_ms: float
    areas: list[AreaFigures]


def run(url: str, size: Size, requests: int, report: Report) -> ForumFigures:
    """Fill a database and ask for each area so often. `report(what, done, total)` is called as it goes.

    Raises ConfigurationError for a database that holds something.
    """
    where = address.parse(url)
    with tempfile.TemporaryDirectory(prefix="afteraction-bench-") as scratch:
        settings = Settings(
            data=str(Path(scratch)), reads_per_minute=0, key_requests_per_minute=0, forum_url=url
        )

        async def measured(found: Engines) -> ForumFigures:
            database = Database(where)
            try:
                await database.run(_make)
                schema.migrate(where)
                entries = [unlocks.entry(each) for each in ACHIEVEMENTS.values()]
                await achievements.keep_catalogue(database, entries, 1, utc_now())
                _fill(where, size, len(entries), report)
                tournament, took = await _play(database, size.entrants, report)
            finally:
                database.close()
            async with opened(settings, found) as platform:
                await migrate(platform.postgres, platform.clickhouse, settings, _quiet)
                areas = await _measure(platform, _areas(size, tournament), requests, report)
            return ForumFigures(size, requests, took, areas)

        with engines.running(settings, lambda text: report(text, 0, 1)) as found:
            return asyncio.run(measured(found))


async def _quiet(_noun: str, _done: int, _total: int) -> None:
    """Tell nobody: nothing is there to be filled."""


class _Found(msgspec.Struct):
    found: int


def _make(transaction: Transaction) -> None:
    if transaction.rows(_SQL["tables"], _Found)[0].found:
        raise ConfigurationError("the bench fills a database of its own; this one holds tables")
    transaction.execute(_SQL["make_members"])


def _fill(where: Address, size: Size, there_are: int, report: Report) -> None:
    """Fill all tables but those of the large tournament."""
    steps = (
        ("members", _SQL["members"]),
        ("links", _SQL["links"]),
        ("codes", _SQL["codes"]),
        ("teams", _SQL["teams"]),
        ("rosters", _SQL["rosters"]),
        ("former members", _SQL["former"]),
        ("invitations", _SQL["invites"]),
        ("histories", _SQL["events"]),
        ("achievements", _SQL["progress"]),
        ("judged", _SQL["judged"]),
        ("alerts", _SQL["alerts"]),
        ("numbers", _SQL["numbered"]),
        ("tournaments", _SQL["tournaments"]),
        ("entrants", _SQL["entered"]),
    )
    told = {
        "members": size.members,
        "teams": size.teams,
        "each": size.achievements,
        "there_are": there_are,
        "tournaments": _OLD_TOURNAMENTS,
    }
    connection = connect(where, _FILL_SECONDS, _FILL_SECONDS)
    try:
        for done, (what, sql) in enumerate(steps):
            report(f"filling {what}", done, len(steps))
            Transaction(connection, where.prefix).execute(sql, **told)
            connection.commit()
        Transaction(connection, where.prefix).rows(_SQL["analyze"], dict[str, object])
    finally:
        connection.close()


async def _play(database: Database, entrants: int, report: Report) -> tuple[int, float]:
    desk = Tournaments(database)
    plan = Plan(name="The large one", format="double", max_entrants=entrants, seeding="manual")
    made = await desk.create(_STAFF, plan)
    await desk.publish(_STAFF, made)
    await database.execute(_SQL["entrants"], tournament=made, entrants=entrants)
    await desk.start(_STAFF, made)
    took: list[float] = []
    while found := await desk.look(made, _STAFF, lambda view: view.bracket.playable):
        for match in found:
            began = time.perf_counter()
            await desk.decide(_STAFF, made, match.id, match.first, (2, 1))
            took.append(1000 * (time.perf_counter() - began))
            report("playing a tournament", len(took), 2 * entrants)
    return made, _percentiles(took)[0]


def _areas(size: Size, tournament: int) -> dict[str, str]:
    """Return the address of one area of each kind."""
    team = size.teams // 2
    shown = next(each.id for each in ACHIEVEMENTS.values() if not each.hidden)
    return {
        "record": "/forum/members/7/record",
        "identity": "/forum/identity",
        "teams": "/forum/teams",
        "teams, last page": "/forum/teams?after=Team%20990",
        "teams, search": "/forum/teams?aa_search=77",
        "teams, search for nothing": "/forum/teams?aa_search=nobody",
        "team": f"/forum/teams/{team}",
        "tournaments": "/forum/tournaments",
        "tournament": f"/forum/tournaments/{tournament}",
        "match": f"/forum/tournaments/{tournament}/matches/W1.1",
        "tournament's desk": f"/forum/tournaments/{tournament}/manage",
        "achievements": "/forum/achievements",
        "achievement": f"/forum/achievements/{shown}",
        "member's achievements": "/forum/members/7/achievements",
        "alerts, the first": "/forum/alerts?after=0",
        "alerts, nothing new": f"/forum/alerts?after={2**40}",
        "playing": "/forum/playing",
    }


async def _measure(
    platform: Platform, areas: dict[str, str], requests: int, report: Report
) -> list[AreaFigures]:
    """Ask for each area in random order. The first answer of each is not counted."""
    key = (await keys.add(platform.postgres, "forum", "bench", command_line())).token
    took: dict[str, list[float]] = defaultdict(list)
    spent: dict[str, list[float]] = defaultdict(list)
    size: dict[str, int] = {}
    transport = httpx.ASGITransport(app=create_app(platform))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://bench", timeout=600) as client:
        for area, path in areas.items():
            answer = await client.get(path, headers=_headers(key, path))
            size[area] = len(answer.raise_for_status().content)
        queue = [(area, path) for area, path in areas.items() for _ in range(requests)]
        random.Random(_SEED).shuffle(queue)  # noqa: S311 - the same order each time
        for done, (area, path) in enumerate(queue, 1):
            headers = _headers(key, path)
            began, worked = time.perf_counter(), time.process_time()
            answer = await client.get(path, headers=headers)
            took[area].append(1000 * (time.perf_counter() - began))
            spent[area].append(1000 * (time.process_time() - worked))
            answer.raise_for_status()
            report("asking", done, len(queue))
    return [
        AreaFigures(area, *_percentiles(took[area]), _percentiles(spent[area])[0], size[area])
        for area in areas
    ]


def _headers(key: str, path: str) -> dict[str, str]:
    """Return what a forum sends, for a member; for its own task where that asks."""
    task = path.startswith(("/forum/alerts", "/forum/playing"))
    now = int(time.time())
    said = {
        "member": 0 if task else 7,
        "permissions": ["mohaa_task"] if task else _PERMISSIONS,
        "issued": now,
        "expires": now + 30,
        "nonce": secrets.token_urlsafe(18),
        "method": "GET",
        "path": path,
        "body": hashlib.sha256(b"").hexdigest(),
    }
    payload = statement.encoded(json.dumps(said).encode())
    signed = hmac.digest(statement.key_of(key), statement.CONTEXT + b"." + payload.encode(), "sha256")
    return {"Authorization": f"Bearer {key}", HEADER: f"{payload}.{statement.encoded(signed)}"}


def _percentiles(ms: list[float]) -> tuple[float, float]:
    ordered = sorted(ms)
    p50, p95 = (round(ordered[int(share * (len(ordered) - 1) + 0.5)], 1) for share in (0.50, 0.95))
    return p50, p95
