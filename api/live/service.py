"""The picture of all live matches: drawn from ClickHouse, kept in Redis, shown from there."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import msgspec
from redis.asyncio import Redis

from api.errors import NotFound, StoreUnavailable
from api.live import queries
from api.live.queries import LastEvent, MatchRow, PlayerRow
from api.servers import queries as servers
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres
from api.stores.redis import away

_KEY = "live"
_STALE_AFTER = timedelta(seconds=10)


class LivePlayer(msgspec.Struct):
    """A player in a live match, with running counts. `here`: has not left."""

    id: str
    name: str
    team: str
    kills: int
    deaths: int
    here: bool


class Score(msgspec.Struct):
    """The teams' score as the server last reported it."""

    allies: int
    axis: int


class LiveEvent(msgspec.Struct):
    """What happened last in a live match."""

    type: str
    time: datetime
    actor: str
    target: str
    weapon: str


class LiveMatch(msgspec.Struct):
    """A match that is being played."""

    id: str
    server_id: int
    server: str
    map: str
    gametype: str
    started_at: datetime
    last_received_at: datetime
    score: Score | None
    players: list[LivePlayer]
    last_event: LiveEvent | None


class Live(msgspec.Struct):
    """All live matches. `stale`: nothing has renewed the picture for a while, or Redis is away."""

    updated_at: datetime
    matches: list[LiveMatch]
    stale: bool = False


_NOTHING = Live(datetime(1970, 1, 1, tzinfo=UTC), [], stale=True)


class LastPicture:
    """The picture that this process saw last, for when Redis is away."""

    def __init__(self) -> None:
        self.live = _NOTHING


async def draw(clickhouse: ClickHouse, postgres: Postgres, timeout_seconds: int) -> Live:
    """Return the picture as ClickHouse has it; the same whatever was in Redis."""
    matches = await queries.matches(clickhouse, timeout_seconds)
    keys = [match.match_key for match in matches]
    players = defaultdict(list)
    for player in await queries.players(clickhouse, keys):
        players[player.match_key].append(player)
    events = await queries.last_events(clickhouse, keys)
    names = await servers.names(postgres) if matches else {}
    drawn = [_match(match, players[match.match_key], names, events.get(match.match_key)) for match in matches]
    return Live(datetime.now(UTC), drawn)


def _match(
    match: MatchRow, players: list[PlayerRow], names: dict[int, str], event: LastEvent | None
) -> LiveMatch:
    return LiveMatch(
        id=match.id,
        server_id=match.server_id,
        server=names.get(match.server_id, ""),
        map=match.map,
        gametype=match.gametype,
        started_at=match.started_at,
        last_received_at=match.received_at,
        score=Score(match.allies_score, match.axis_score) if match.has_score else None,
        players=[_player(player) for player in players],
        last_event=LiveEvent(event.type, event.time, event.actor, event.target, event.weapon)
        if event
        else None,
    )


def _player(row: PlayerRow) -> LivePlayer:
    here = row.gone_ms < row.last_seen.timestamp() * 1000
    return LivePlayer(row.id, row.name, row.team, row.kills, row.deaths, here)


async def keep(redis: Redis, live: Live) -> None:
    """Put the picture into Redis."""
    with away():
        await redis.set(_KEY, msgspec.json.encode(live))


async def show(redis: Redis, last: LastPicture) -> Live:
    """Return the picture from Redis; without Redis, the one this process saw last, marked stale."""
    try:
        with away():
            found = await redis.get(_KEY)
    except StoreUnavailable:
        last.live.stale = True
        return last.live
    if not isinstance(found, bytes):
        return _NOTHING
    live = msgspec.json.decode(found, type=Live)
    live.stale = datetime.now(UTC) - live.updated_at > _STALE_AFTER
    last.live = live
    return live


async def show_match(redis: Redis, last: LastPicture, match_id: str) -> LiveMatch:
    """Return one live match.

    Raises NotFound when it is not being played.
    """
    for match in (await show(redis, last)).matches:
        if match.id == match_id:
            return match
    raise NotFound(
        f"match {match_id!r} is not live; /api/v1/stats/matches/{match_id} has it when it was played"
    )
