"""The doctor: why do a server's events not arrive?"""

import asyncio
from datetime import UTC, datetime
from typing import Literal, Protocol, TypeVar

import httpx
import msgspec
from redis.asyncio import Redis

from api.errors import AfterActionError, ConfigurationError, StoreUnavailable
from api.health import service as health
from api.ingest import inbox, refusals
from api.keyed import Keyed
from api.servers import queries
from api.servers import service as servers
from api.servers.queries import Server
from api.servers.service import EventType
from api.settings import Settings
from api.stores.clickhouse import ClickHouse, QueryError
from api.stores.postgres import Postgres
from smf_bridge import address, checks

_SKEW_SECONDS = 60
_BACKLOG_SECONDS = 600
_QUIET_SECONDS = 900
_STUCK_SECONDS = 60
_LATEST_SESSIONS = 10
_TYPES_DAYS = 30

T = TypeVar("T")

Level = Literal["good", "note", "bad"]


class Finding(msgspec.Struct):
    """Something the doctor saw. `about` is a server's name, or "After Action"."""

    level: Level
    about: str
    text: str


class _Types(msgspec.Struct):
    types: list[EventType]


class _Ready(msgspec.Struct):
    status: str
    stores: dict[str, str]


class NoAnswer(AfterActionError):
    """The instance does not say what it was asked."""


class Instance(Protocol):
    """After Action as the doctor asks it. Both raise NoAnswer."""

    @property
    def place(self) -> str:
        """Where it is, as " at http://..."."""

    async def readiness(self) -> _Ready:
        """Say how it is, and how its stores are."""

    async def types(self, server_id: int) -> list[EventType]:
        """Say what types of event a server sent."""


class OverHttp:
    """An instance in another process."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.place = f" at {url}"

    async def readiness(self) -> _Ready:
        """Ask for /readyz."""
        return await self._ask("/readyz", _Ready)

    async def types(self, server_id: int) -> list[EventType]:
        """Ask the API."""
        return (await self._ask(f"/api/v1/servers/{server_id}/types", _Types)).types

    async def _ask(self, path: str, kind: type[T]) -> T:
        try:
            async with httpx.AsyncClient(timeout=10) as client:
                return msgspec.json.decode((await client.get(self._url + path)).content, type=kind)
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            raise NoAnswer(repr(error)) from error


class Inside:
    """The instance that the doctor runs in."""

    place = ""

    def __init__(self, postgres: Postgres, clickhouse: ClickHouse, redis: Redis) -> None:
        self._stores = postgres, clickhouse, redis

    async def readiness(self) -> _Ready:
        """Ask every store."""
        found = await health.readiness(*self._stores)
        return _Ready(found.status, found.stores)

    async def types(self, server_id: int) -> list[EventType]:
        """Ask ClickHouse."""
        try:
            return await servers.event_types(self._stores[1], server_id, _TYPES_DAYS)
        except (StoreUnavailable, QueryError) as error:
            raise NoAnswer(str(error)) from error


async def examine(
    postgres: Postgres, redis: Redis, hashes: Keyed, instance: Instance | None, name: str | None
) -> list[Finding]:
    """Examine After Action, None when it does not run, and one server, or all of them."""
    found = await _platform(postgres, instance)
    known = [server for server in await queries.all_servers(postgres) if name in (None, server.name)]
    if not known:
        there = "there are none" if name is None else f"there is none called {name!r}"
        found.append(Finding("bad", "servers", f"{there}; `afteraction server add NAME` adds one"))
    for server in known:
        found += await _server(postgres, instance, server)
    return found + await _refusals(redis, hashes)


async def examine_forum(settings: Settings) -> list[Finding]:
    """Examine the forum's database; nothing where none is set, which is no fault."""
    if not settings.forum_url:
        return []
    about = "forum"
    try:
        where = address.parse(settings.forum_url)
    except ConfigurationError as error:
        return [Finding("bad", about, str(error))]
    found = await asyncio.to_thread(checks.problems, where)
    if found:
        return [Finding("bad", about, text) for text in found]
    told = [Finding("good", about, f"its database answers ({where.place}), and its tables are up to date")]
    if not settings.public_url:
        text = "AFTERACTION_PUBLIC_URL is not set: links in the forum lead where the forum finds After Action"
        told.append(Finding("note", about, text))
    return told


async def _platform(postgres: Postgres, instance: Instance | None) -> list[Finding]:
    about = "After Action"
    found = await _instance(instance, about)
    failing = await inbox.failing(postgres)
    for block in failing:
        text = f"ClickHouse has refused block {block.id} with {block.events} events {block.failures} times: "
        mend = f"; mend that, or set it aside: /admin/blocks, or `afteraction block set-aside {block.id}`"
        found.append(Finding("bad", about, text + block.reason + mend))
    depth = await inbox.depth(postgres)
    if depth.set_aside_events:
        text = f"{depth.set_aside_events} accepted events are set aside and not counted"
        found.append(Finding("bad", about, f"{text}; `afteraction block drive` tries them again"))
    if depth.oldest_seconds > _STUCK_SECONDS and not failing:
        text = f"{depth.events} accepted events have waited up to {depth.oldest_seconds:.0f} s for ClickHouse"
        found.append(Finding("bad", about, f"{text}: does a worker run?"))
    return found


async def _instance(instance: Instance | None, about: str) -> list[Finding]:
    if instance is None:
        return [Finding("bad", about, "does not run; `afteraction up` starts it")]
    try:
        answer = await instance.readiness()
    except NoAnswer as error:
        return [Finding("bad", about, f"does not answer{instance.place}: {error}")]
    level: Level = "good" if answer.status == "ready" else "bad"
    stores = [f"{store}: {said}" for store, said in answer.stores.items() if said != "ok"]
    found = [Finding(level, about, f"{answer.status}{instance.place}")]
    return found + [Finding("bad", about, text) for text in stores]


async def _server(postgres: Postgres, instance: Instance | None, server: Server) -> list[Finding]:
    found = [] if server.active else [_no_token(server)]
    sessions = await servers.sessions(postgres, server.id, _LATEST_SESSIONS)
    if not sessions or server.last_received_at is None:
        text = "nothing ever arrived. Does relay.py run? `python3 relay.py --status` says how far it is"
        return [*found, Finding("bad", server.name, text)]
    found.append(_heard(server, server.last_received_at))
    found += _clock(server, sessions[0])
    for session in sessions:
        if session.missing:
            text = f"session {session.session_id}: {session.missing} events missing {_ranges(session)}"
            found.append(Finding("bad", server.name, text))
    for reject in await queries.rejects(postgres, server.id):
        text = f"{reject.events} events in quarantine as {reject.code}, the latest: {reject.reason}"
        found.append(Finding("bad", server.name, text))
    return found + await _unknown_types(instance, server)


def _no_token(server: Server) -> Finding:
    return Finding(
        "bad", server.name, f"has no valid token; `afteraction server rotate {server.name}` gives one"
    )


def _heard(server: Server, at: datetime) -> Finding:
    seconds = (datetime.now(UTC) - at).total_seconds()
    level: Level = "good" if seconds < _QUIET_SECONDS else "note"
    return Finding(level, server.name, f"last batch {_ago(seconds)} ago")


def _clock(server: Server, session: servers.Session) -> list[Finding]:
    lead = session.clock_lead_seconds
    if lead is None:
        return []
    if lead > _SKEW_SECONDS:
        text = f"its clock is {_ago(lead)} ahead of ours; set it with NTP, or its matches lie in the future"
        return [Finding("bad", server.name, text)]
    if lead < -_BACKLOG_SECONDS:
        text = f"its newest event was {_ago(-lead)} old when it came: the relay catches up, or the clock lags"
        return [Finding("note", server.name, text)]
    return []


def _ranges(session: servers.Session) -> str:
    shown = [f"{r.first}" if r.first == r.last else f"{r.first}-{r.last}" for r in session.missing_ranges[:5]]
    return "(" + ", ".join(shown) + (", ..." if len(session.missing_ranges) > 5 else "") + ")"


async def _unknown_types(instance: Instance | None, server: Server) -> list[Finding]:
    if instance is None:
        return []
    try:
        types = await instance.types(server.id)
    except NoAnswer:
        return []
    return [
        Finding(
            "note", server.name, f"{t.events} events of the unknown type {t.type!r} were kept and not counted"
        )
        for t in types
        if not t.known
    ]


async def _refusals(redis: Redis, hashes: Keyed) -> list[Finding]:
    try:
        recent = await refusals.recent(redis, hashes)
    except StoreUnavailable as error:
        return [Finding("note", "After Action", f"refused requests are not known: {error}")]
    now = datetime.now(UTC)
    return [
        Finding(
            "bad",
            f"a sender at {refusal.address or 'an unknown address'}",
            f"was refused {_ago((now - refusal.at).total_seconds())} ago with the token "
            f"{refusal.token + '...' if refusal.token else '(none)'}: {refusal.reason}",
        )
        for refusal in recent[:5]
    ]


def _ago(seconds: float) -> str:
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
