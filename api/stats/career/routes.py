"""HTTP: all of one player, below the player's address. Times are UTC; lists page by an opaque cursor."""

from datetime import date
from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from api import paging
from api.players.identities import known
from api.stats.career import bests, form, history, hits, matches, parts, rivals, summary
from api.stats.career.bests import Bests, Streaks
from api.stats.career.form import Form
from api.stats.career.history import Periods, PlayerWeapons, Span
from api.stats.career.hits import Causes
from api.stats.career.matches import Outcome, Places, PlayedMatches, Sessions, Wanted
from api.stats.career.parts import Activity, Distances, Stances
from api.stats.career.rivals import Pair, Rivals, Sort
from api.stats.career.summary import Names
from api.stores.clickhouse import ClickHouse

_Limit = Annotated[int, QueryParameter(ge=1, le=100, description="rows on a page")]
_After = Annotated[str | None, QueryParameter(description="`next_cursor` of the page before")]
_Gametype = Annotated[str | None, QueryParameter(max_length=40, description="only this: ffa, tdm, ...")]
_Here = NamedDependency[ClickHouse]


@get("/periods", operation_id="getPlayerPeriods", summary="A player by day, week or month", tags=["player"])
async def get_periods(
    clickhouse: _Here,
    player_id: FromPath[str],
    by: FromQuery[Span] = "week",
    cursor: _After = None,
    limit: _Limit = 25,
) -> Periods:
    """Return what a player did by day, week (from Monday) or month, the latest first."""
    return await history.periods(
        clickhouse, await known(clickhouse, player_id), by, paging.decode(cursor), limit
    )


@get("/weapons", operation_id="getPlayerWeapons", summary="A player's weapons", tags=["player"])
async def get_weapons(clickhouse: _Here, player_id: FromPath[str]) -> PlayerWeapons:
    """Return what a player did with each weapon, and suffered from it."""
    return await history.weapons(clickhouse, await known(clickhouse, player_id))


@get("/maps", operation_id="getPlayerMaps", summary="A player's maps, game types, servers", tags=["player"])
async def get_maps(clickhouse: _Here, player_id: FromPath[str]) -> Places:
    """Return a player's matches by map, by game type and by server."""
    return await matches.places(clickhouse, await known(clickhouse, player_id))


@get("/rivals", operation_id="listPlayerRivals", summary="A player's rivals", tags=["player"])
async def list_rivals(
    clickhouse: _Here,
    player_id: FromPath[str],
    sort: FromQuery[Sort] = "duels",
    cursor: _After = None,
    limit: _Limit = 25,
) -> Rivals:
    """Return everybody whom a player killed or was killed by, the highest of `sort` first."""
    return await rivals.rivals(
        clickhouse, await known(clickhouse, player_id), sort, paging.decode(cursor), limit
    )


@get("/rivals/{other_id:str}", operation_id="getPlayerPair", summary="Two players", tags=["player"])
async def get_pair(clickhouse: _Here, player_id: FromPath[str], other_id: FromPath[str]) -> Pair:
    """Return what two players did to each other."""
    return await rivals.pair(
        clickhouse, await known(clickhouse, player_id), await known(clickhouse, other_id)
    )


@get("/activity", operation_id="getPlayerActivity", summary="When a player plays", tags=["player"])
async def get_activity(clickhouse: _Here, player_id: FromPath[str]) -> Activity:
    """Return time played, kills and deaths by hour of the week."""
    return await parts.activity(clickhouse, await known(clickhouse, player_id))


@get("/distances", operation_id="getPlayerDistances", summary="How far away a player kills", tags=["player"])
async def get_distances(clickhouse: _Here, player_id: FromPath[str]) -> Distances:
    """Return kills and deaths by distance, in game units."""
    return await parts.distances(clickhouse, await known(clickhouse, player_id))


@get("/stances", operation_id="getPlayerStances", summary="How a player stands", tags=["player"])
async def get_stances(clickhouse: _Here, player_id: FromPath[str]) -> Stances:
    """Return kills and deaths by the player's stance, and by that of whom they fought."""
    return await parts.stances(clickhouse, await known(clickhouse, player_id))


@get("/causes", operation_id="getPlayerCauses", summary="What a player dies of", tags=["player"])
async def get_causes(clickhouse: _Here, player_id: FromPath[str]) -> Causes:
    """Return kills and deaths by means of death."""
    return await hits.causes(clickhouse, await known(clickhouse, player_id))


@get("/streaks", operation_id="getPlayerStreaks", summary="A player's streaks", tags=["player"])
async def get_streaks(clickhouse: _Here, player_id: FromPath[str]) -> Streaks:
    """Return streaks of kills, of wins and losses, of days."""
    return await bests.streaks(clickhouse, await known(clickhouse, player_id))


@get("/form", operation_id="getPlayerForm", summary="Is a player getting better?", tags=["player"])
async def get_form(clickhouse: _Here, player_id: FromPath[str], gametype: _Gametype = None) -> Form:
    """Return kills less deaths per 10 minutes over the latest matches, and their trend."""
    return await form.form(clickhouse, await known(clickhouse, player_id), gametype)


@get("/matches", operation_id="listPlayerMatches", summary="A player's matches", tags=["player"])
async def list_matches(
    clickhouse: _Here,
    player_id: FromPath[str],
    map: Annotated[str | None, QueryParameter(max_length=200)] = None,
    gametype: _Gametype = None,
    server: Annotated[int | None, QueryParameter(ge=1, le=2**32 - 1)] = None,
    outcome: FromQuery[Outcome | None] = None,
    since: Annotated[date | None, QueryParameter(description="the first day, of the beginning")] = None,
    until: Annotated[date | None, QueryParameter(description="the day after the last")] = None,
    cursor: _After = None,
    limit: _Limit = 25,
) -> PlayedMatches:
    """Return the matches that a player was in, and what they did to the rating, the latest first."""
    wanted = Wanted(map, gametype, server, outcome, since, until)
    return await matches.matches(
        clickhouse, await known(clickhouse, player_id), wanted, paging.decode(cursor), limit
    )


@get("/bests", operation_id="getPlayerBests", summary="Personal bests", tags=["player"])
async def get_bests(clickhouse: _Here, player_id: FromPath[str]) -> Bests:
    """Return the most that a player reached in one match, with that match."""
    return await bests.bests(clickhouse, await known(clickhouse, player_id))


@get("/names", operation_id="getPlayerNames", summary="A player's names", tags=["player"])
async def get_names(clickhouse: _Here, player_id: FromPath[str]) -> Names:
    """Return the names that a player was seen under, the latest 50."""
    return await summary.names(clickhouse, await known(clickhouse, player_id))


@get("/sessions", operation_id="listPlayerSessions", summary="A player's sessions", tags=["player"])
async def list_sessions(
    clickhouse: _Here, player_id: FromPath[str], cursor: _After = None, limit: _Limit = 25
) -> Sessions:
    """Return matches that followed each other within 30 minutes as one session, the latest first."""
    return await matches.sessions(
        clickhouse, await known(clickhouse, player_id), paging.decode(cursor), limit
    )


router = Router(
    "/api/v1/stats/players/{player_id:str}",
    opt={"access": "read"},
    route_handlers=[
        get_periods,
        get_weapons,
        get_maps,
        list_rivals,
        get_pair,
        get_activity,
        get_distances,
        get_stances,
        get_causes,
        get_streaks,
        get_form,
        list_matches,
        get_bests,
        get_names,
        list_sessions,
    ],
)
