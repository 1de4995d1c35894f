"""HTTP: stats. Every time is UTC; ids are 16 hexadecimal digits; lists page by an opaque cursor."""

import hashlib
from datetime import UTC, date, datetime
from typing import Annotated

import msgspec
from litestar import Request, Response, Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, PathParameter, QueryParameter

from api import paging
from api.players.identities import Bots, Flagged
from api.settings import Settings
from api.stats import (
    compare,
    digest,
    drilldown,
    leaderboards,
    maps,
    players,
    records,
    servers,
    totals,
    weapons,
)
from api.stats.compare import Comparison
from api.stats.digest import Digest
from api.stats.drilldown import Drilldown, Filter
from api.stats.leaderboards import Board, Metrics, Scope
from api.stats.maps import Heatmap, Kind, MapPage, Maps
from api.stats.metrics import METRICS, By
from api.stats.periods import Period, calendar
from api.stats.players import Player, Players, Sort
from api.stats.records import OnThisDay, Records
from api.stats.servers import ServerPage
from api.stats.totals import Totals
from api.stats.weapons import WeaponPage, Weapons
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres

Limit = Annotated[int, QueryParameter(ge=1, le=100, description="rows on a page")]
After = Annotated[str | None, QueryParameter(description="`next_cursor` of the page before")]
ServerId = Annotated[int | None, QueryParameter(ge=1, le=2**32 - 1, description="only this server")]
MapName = Annotated[
    str | None, QueryParameter(max_length=200, description="only this map, such as dm/mohdm6")
]
_HEATMAP = "/heatmap"
# Of a week that has ended, little changes: what is sent late, or decided by an admin. Seconds.
_ENDED = 60


@get("/global", operation_id="getTotals", summary="Everything counted", tags=["stats"])
async def get_totals(clickhouse: NamedDependency[ClickHouse]) -> Totals:
    """Return the totals over all servers and times."""
    return await totals.totals(clickhouse)


@get("/players", operation_id="listPlayers", summary="Players", tags=["stats"])
async def list_players(
    clickhouse: NamedDependency[ClickHouse],
    q: Annotated[
        str, QueryParameter(max_length=64, description="part of any name the player was seen under")
    ] = "",
    sort: FromQuery[Sort] = "kills",
    bots: FromQuery[Bots] = "exclude",
    cursor: After = None,
    limit: Limit = 25,
    flagged: Annotated[
        Flagged, QueryParameter(description="those whom an admin keeps off all boards")
    ] = "exclude",
) -> Players:
    """Return players, the highest first. Names are compared without case and colour codes."""
    return await players.find(clickhouse, q, sort, bots, paging.decode(cursor), limit, flagged)


@get("/players/{player_id:str}", operation_id="getPlayer", summary="One player", tags=["stats"])
async def get_player(clickhouse: NamedDependency[ClickHouse], player_id: FromPath[str]) -> Player:
    """Return all that is known of a player, under any of the ids that are linked to them."""
    return await players.player(clickhouse, player_id)


@get("/leaderboards", operation_id="listMetrics", summary="Metrics that have a board", tags=["stats"])
async def list_metrics() -> Metrics:
    """Return every metric with its definition, unit and minimum sample."""
    return Metrics(list(METRICS.values()))


@get("/leaderboards/{metric:str}", operation_id="getLeaderboard", summary="A leaderboard", tags=["stats"])
async def get_leaderboard(
    clickhouse: NamedDependency[ClickHouse],
    settings: NamedDependency[Settings],
    metric: FromPath[str],
    period: FromQuery[Period] = "all",
    server: ServerId = None,
    map: MapName = None,
    gametype: Annotated[
        str | None, QueryParameter(max_length=40, description="ffa, tdm, rounds, ...")
    ] = None,
    bots: FromQuery[Bots] = "exclude",
    weapon: Annotated[
        str | None,
        QueryParameter(max_length=200, description="only with this weapon, where the metric knows it"),
    ] = None,
    cursor: After = None,
    limit: Limit = 25,
) -> Board:
    """Return players ranked by a metric, over the current day, week (from Monday), month, season or year.

    Days are UTC. Seasons follow each other from January on; how many months they have is a setting, 3 by
    default.
    """
    scope, now = Scope(period, server, map, gametype, bots, weapon), calendar(settings.season_months)
    return await leaderboards.board(clickhouse, metric, scope, now, paging.decode(cursor), limit)


@get("/weapons", operation_id="listWeapons", summary="Weapons", tags=["stats"])
async def list_weapons(clickhouse: NamedDependency[ClickHouse]) -> Weapons:
    """Return every weapon, the deadliest first."""
    return await weapons.all_weapons(clickhouse)


@get("/weapons/{weapon:path}", operation_id="getWeapon", summary="One weapon", tags=["stats"])
async def get_weapon(
    clickhouse: NamedDependency[ClickHouse],
    weapon: FromPath[str],
    bots: FromQuery[Bots] = "exclude",
    limit: Limit = 10,
) -> WeaponPage:
    """Return a weapon, who kills most with it, and where. `bots` and `limit` are about the players."""
    return await weapons.weapon(clickhouse, weapon.removeprefix("/"), bots, limit)


@get("/maps", operation_id="listMaps", summary="Maps", tags=["stats"])
async def list_maps(clickhouse: NamedDependency[ClickHouse]) -> Maps:
    """Return every map, the bloodiest first."""
    return await maps.all_maps(clickhouse)


@get("/maps/{name:path}", operation_id="getMap", summary="One map, or its heatmap", tags=["stats"])
async def get_map(
    clickhouse: NamedDependency[ClickHouse],
    name: FromPath[str],
    kind: Annotated[Kind, QueryParameter(description="of the heatmap")] = "kills",
    player: Annotated[str | None, QueryParameter(description="of the heatmap: only this player's")] = None,
    bots: FromQuery[Bots] = "exclude",
    limit: Limit = 10,
) -> MapPage | Heatmap:
    """Return a map with its best players and weapons; or, for `{name}/heatmap`, where they killed and died.

    A map's name may hold slashes, as they are or as %2F: /maps/dm/mohdm6, /maps/dm/mohdm6/heatmap.
    `bots` and `limit` are about the map's players; a heatmap counts everybody.
    """
    asked = name.removeprefix("/")
    if asked.endswith(_HEATMAP):
        return await maps.heatmap(clickhouse, asked.removesuffix(_HEATMAP), kind, player)
    return await maps.one_map(clickhouse, asked, bots, limit)


@get("/digest", operation_id="getDigest", summary="A week of the community", tags=["stats"])
async def get_digest(
    request: Request[None, None, State],
    clickhouse: NamedDependency[ClickHouse],
    settings: NamedDependency[Settings],
    week: Annotated[
        str | None, QueryParameter(max_length=40, description="such as 2026-W47; this week")
    ] = None,
    bots: FromQuery[Bots] = "exclude",
) -> Response[Digest]:
    """Return what was played in a week (from Monday, UTC), who led, and the week's records.

    Its `ETag` stays while nothing changes: whoever sends it in `If-None-Match` is answered 304 until then.
    A week that has ended may be kept for a minute without asking.
    """
    found = await digest.digest(clickhouse, week, bots, _today())
    tag = f'"{hashlib.sha256(msgspec.json.encode(found)).hexdigest()[:24]}"'
    who = "private" if settings.read_access == "key" else "public"
    kept = f"{who}, max-age={_ENDED}" if found.ended else f"{who}, no-cache"
    known = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    headers = {"ETag": tag, "Cache-Control": kept, "Vary": "Authorization, X-Server-Token"}
    if tag in known or known == ["*"]:
        return Response(None, status_code=304, headers=headers)  # type: ignore[arg-type]
    return Response(found, headers=headers)


@get("/query", operation_id="drillDown", summary="One metric by one dimension", tags=["stats"])
async def drill_down(
    clickhouse: NamedDependency[ClickHouse],
    metric: Annotated[
        str, QueryParameter(description="one of those with `dimensions` in /stats/leaderboards")
    ],
    by: FromQuery[By],
    since: Annotated[date | None, QueryParameter(description="the first day, UTC; a month ago")] = None,
    until: Annotated[date | None, QueryParameter(description="the day after the last, UTC; tomorrow")] = None,
    server: ServerId = None,
    map: MapName = None,
    gametype: Annotated[str | None, QueryParameter(max_length=40)] = None,
    weapon: Annotated[str | None, QueryParameter(max_length=200)] = None,
    hitloc: Annotated[str | None, QueryParameter(max_length=40)] = None,
    cause: Annotated[str | None, QueryParameter(max_length=40, description="means of death")] = None,
    player: Annotated[str | None, QueryParameter(description="who did it, or to whom it was done")] = None,
    victim: Annotated[str | None, QueryParameter(description="only what was done to this player")] = None,
    killer: Annotated[str | None, QueryParameter(description="only what this player did to another")] = None,
    stance: Annotated[
        str | None, QueryParameter(max_length=40, description="of whose metric it is: stand, crouch or prone")
    ] = None,
    hour: Annotated[int | None, QueryParameter(ge=0, le=23, description="of the day, UTC")] = None,
    weekday: Annotated[int | None, QueryParameter(ge=1, le=7, description="1 is Monday, UTC")] = None,
    reach: Annotated[
        int | None,
        QueryParameter(
            ge=0, le=1_000_000, description="a distance in game units: only its band, as `by=reach` tells"
        ),
    ] = None,
    item: Annotated[str | None, QueryParameter(max_length=200)] = None,
    bots: FromQuery[Bots] = "exclude",
    limit: Limit = 25,
) -> Drilldown:
    """Count from the log itself, or from matches where a metric follows from those.

    What would read too much is refused with a word on how to narrow it.
    """
    chosen = Filter(
        since,
        until,
        server,
        map,
        gametype,
        weapon,
        hitloc,
        cause,
        player,
        victim,
        killer,
        stance,
        hour,
        weekday,
        reach,
        item,
        bots,
    )
    return await drilldown.drill_down(clickhouse, metric, by, chosen, _today(), limit)


@get("/compare", operation_id="comparePlayers", summary="Two to four players side by side", tags=["stats"])
async def compare_players(
    clickhouse: NamedDependency[ClickHouse],
    players: Annotated[
        str, QueryParameter(max_length=200, description="two to four ids, with commas between them")
    ],
) -> Comparison:
    """Return players in short, and how often each killed each other of them."""
    return await compare.compare(clickhouse, players)


@get("/records", operation_id="listRecords", summary="Records, and when they were broken", tags=["stats"])
async def list_records(
    clickhouse: NamedDependency[ClickHouse],
    server: ServerId = None,
    map: MapName = None,
    gametype: Annotated[str | None, QueryParameter(max_length=40)] = None,
) -> Records:
    """Return the most that was ever reached, who holds it, and how it came to that."""
    return await records.records(clickhouse, server, map, gametype)


@get("/records/on-this-day", operation_id="getOnThisDay", summary="On this day", tags=["stats"])
async def get_on_this_day(
    clickhouse: NamedDependency[ClickHouse],
    day: Annotated[date | None, QueryParameter(description="today, UTC")] = None,
) -> OnThisDay:
    """Return what was played, and which records were broken, on this day of earlier years."""
    return await records.on_this_day(clickhouse, day or _today())


@get("/{server_id:int}", operation_id="getServer", summary="One game server", tags=["servers"])
async def get_server(
    clickhouse: NamedDependency[ClickHouse],
    postgres: NamedDependency[Postgres],
    server_id: Annotated[int, PathParameter(ge=0, le=2**31 - 1)],
    bots: FromQuery[Bots] = "exclude",
) -> ServerPage:
    """Return when people are on a server, its regulars and leaders, its maps, and whether all arrives."""
    return await servers.server(clickhouse, postgres, server_id, bots, datetime.now(UTC))


def _today() -> date:
    return datetime.now(UTC).date()


router = Router(
    "/api/v1/stats",
    opt={"access": "read"},
    route_handlers=[
        get_totals,
        list_players,
        get_player,
        list_metrics,
        get_leaderboard,
        list_weapons,
        get_weapon,
        list_maps,
        get_map,
        get_digest,
        drill_down,
        compare_players,
        list_records,
        get_on_this_day,
    ],
)

servers_router = Router("/api/v1/servers", opt={"access": "read"}, route_handlers=[get_server])
