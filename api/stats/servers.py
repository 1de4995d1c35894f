"""Game servers: when people are there, who comes again, what is played, and whether all of it arrives.

All of the last four weeks, by the hour (UTC). A server was **up** in an hour in which anything was heard from
it: a tracker sends a heartbeat every 30 s, whoever plays. **Players** of an hour are the people who did
something in it, bots apart. Hours before the first one that was heard count for nothing.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from api.errors import NotFound
from api.players.identities import Bots, Identity, identities
from api.servers import queries as servers
from api.servers.queries import DayCompleteness
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres
from api.stores.sql import queries

_SQL = queries("clickhouse", "servers")
DAYS: Final = 28
_ONLINE: Final = timedelta(minutes=5)
_SHOWN: Final = 10
_HOUR: Final = timedelta(hours=1)


class Hour(msgspec.Struct, frozen=True):
    """An hour in which a server was heard from; `reported`: most players by its heartbeats, bots included."""

    hour: datetime
    players: int
    reported: int | None


class Presence(msgspec.Struct):
    """When a server was up, and how many people were there."""

    hours: Annotated[int, Meta(description="since the first that was heard, this one included")]
    hours_up: Annotated[int, Meta(description="in which anything was heard")]
    uptime: Annotated[float | None, Meta(description="their share; null: nothing was heard")]
    peak: Annotated[int, Meta(description="most people in one hour")]
    peak_at: datetime | None
    reported_peak: Annotated[
        int | None, Meta(description="most players at a time, by heartbeats, bots included")
    ]
    punchcard: Annotated[
        list[list[float]], Meta(description="mean people by weekday (Monday first) and hour, UTC")
    ]


class Regular(msgspec.Struct):
    """Somebody who comes again: days and hours on which they were seen."""

    player: Identity
    days: int
    hours: int


class ServerLeader(msgspec.Struct):
    """Who kills most on a server."""

    player: Identity
    kills: int
    deaths: int


class ServerMap(msgspec.Struct):
    """A map in the rotation."""

    name: str
    matches: int
    seconds: float
    last_time: datetime


class ServerMatch(msgspec.Struct):
    """One of the latest matches."""

    id: str
    map: str
    gametype: str
    started_at: datetime
    seconds: float
    winning_team: str


class ServerPage(msgspec.Struct):
    """A game server. Figures are of the last 28 days, but for the latest matches."""

    id: int
    name: str
    active: bool
    online: Annotated[bool, Meta(description="heard from in the last five minutes")]
    last_received_at: datetime | None
    presence: Presence
    maps: list[ServerMap]
    regulars: list[Regular]
    leaders: list[ServerLeader]
    completeness: list[DayCompleteness]
    matches: list[ServerMatch]


class _Regular(msgspec.Struct):
    player: int
    days: int
    hours: int


class _Leader(msgspec.Struct):
    player: int
    kills: int
    deaths: int


async def server(
    clickhouse: ClickHouse, postgres: Postgres, server_id: int, bots: Bots, now: datetime
) -> ServerPage:
    """Return a server's figures up to `now`; `bots` is about the leaders.

    Raises NotFound for an unknown server.
    """
    found = next((one for one in await servers.all_servers(postgres) if one.id == server_id), None)
    if found is None:
        raise NotFound(f"there is no server {server_id}")
    since = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    asked = {"server": server_id, "since": f"{since:%Y-%m-%d %H:%M:%S}"}
    hours, regulars, leaders, maps, latest, complete = await asyncio.gather(
        clickhouse.rows(_SQL["hours"], Hour, **asked),
        clickhouse.rows(_SQL["regulars"], _Regular, **asked, limit=_SHOWN),
        clickhouse.rows(_SQL["leaders"], _Leader, **asked, bots=bots, limit=_SHOWN),
        clickhouse.rows(_SQL["maps"], ServerMap, **asked, limit=2 * _SHOWN),
        clickhouse.rows(_SQL["latest"], ServerMatch, server=server_id, limit=_SHOWN),
        servers.completeness(postgres, server_id, since),
    )
    wanted = {row.player for row in regulars} | {row.player for row in leaders}
    people = await identities(clickhouse, wanted)
    heard = found.last_received_at
    return ServerPage(
        id=found.id,
        name=found.name,
        active=found.active,
        online=heard is not None and now - heard < _ONLINE,
        last_received_at=heard,
        presence=presence(hours, now),
        maps=maps,
        regulars=[Regular(people[row.player], row.days, row.hours) for row in regulars],
        leaders=[ServerLeader(people[row.player], row.kills, row.deaths) for row in leaders],
        completeness=complete,
        matches=latest,
    )


def presence(heard: Sequence[Hour], now: datetime) -> Presence:
    """Tell from the hours in which a server was heard from when it was up, and when people were there."""
    # A server's clock may run ahead; what has not come yet was not heard.
    hours = [each for each in heard if each.hour <= now]
    if not hours:
        return Presence(0, 0, None, 0, None, None, [[0.0] * 24 for _ in range(7)])
    first = min(each.hour for each in hours)
    total = int((now - first) / _HOUR) + 1
    sums = [[0] * 24 for _ in range(7)]
    for each in hours:
        at = each.hour.astimezone(UTC)
        sums[at.weekday()][at.hour] += each.players
    times = [[0] * 24 for _ in range(7)]
    for n in range(total):
        at = (first + n * _HOUR).astimezone(UTC)
        times[at.weekday()][at.hour] += 1
    best = max(hours, key=lambda each: (each.players, -each.hour.timestamp()))
    told = [each.reported for each in hours if each.reported is not None]
    return Presence(
        hours=total,
        hours_up=len(hours),
        uptime=len(hours) / total,
        peak=best.players,
        peak_at=best.hour if best.players else None,
        reported_peak=max(told, default=None),
        punchcard=[
            [round(summed / max(1, count), 3) for summed, count in zip(day, counts, strict=True)]
            for day, counts in zip(sums, times, strict=True)
        ],
    )
