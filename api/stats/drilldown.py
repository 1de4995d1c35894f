"""Drill-down: one metric by one dimension, within bounds.

What is counted event by event is asked of the log itself; what follows from whole matches, of their results.
"""

import asyncio
from datetime import date, timedelta
from typing import Annotated, Final, get_args

import msgspec
from msgspec import Meta

from api.errors import StoreUnavailable, Unprocessable
from api.players.identities import Bots, identities, parse, person
from api.stats.leaderboards import why_unknown
from api.stats.metrics import RECIPES, By, Metric, countable, is_counted, metric, reporting
from api.stores.clickhouse import ClickHouse, QueryError
from api.stores.sql import queries

_SQL = queries("clickhouse", "drilldown")

BAND: Final = 256
_DEFAULT_DAYS = 30
_PEOPLE = frozenset({"player", "victim", "killer"})
# Shown in their own order, not by value.
_IN_ORDER = frozenset({"hour", "weekday", "reach"})
_TOO_MUCH = ("Code: 158.", "Code: 159.", "Code: 160.", "Code: 241.")


class Filter(msgspec.Struct, frozen=True):
    """Which events are counted: all that is given must hold. Days are UTC; `until` is not counted in.

    `reach` is any distance in game units: it stands for its whole band.
    """

    since: date | None = None
    until: date | None = None
    server: int | None = None
    map: str | None = None
    gametype: str | None = None
    weapon: str | None = None
    hitloc: str | None = None
    cause: str | None = None
    player: str | None = None
    victim: str | None = None
    killer: str | None = None
    stance: str | None = None
    hour: int | None = None
    weekday: int | None = None
    reach: int | None = None
    item: str | None = None
    bots: Bots = "exclude"


class Part(msgspec.Struct):
    """What a metric comes to in one part of a dimension."""

    part: Annotated[
        str,
        Meta(
            description="a weapon, map, game type, part of the body or means as events name it; the id of a "
            "server or player; an hour of the day, UTC; a weekday, 1 is Monday; a distance's band of "
            f"{BAND} game units, by its nearer end",
            examples=["thompson"],
        ),
    ]
    name: Annotated[str, Meta(description="a player's name; for others the part itself")]
    value: Annotated[float, Meta(examples=[12.0])]
    events: Annotated[
        int,
        Meta(
            description="how many events of any kind were looked at for it; parts in matches, where the "
            "metric follows from those"
        ),
    ]


class Drilldown(msgspec.Struct):
    """A metric by a dimension, the best first; hours, weekdays and distances in their own order."""

    metric: Metric
    by: By
    since: date
    until: date
    parts: list[Part]
    unknown: Annotated[
        str | None, Meta(description="why nothing can be said: no server here reports what it takes")
    ] = None


class _Row(msgspec.Struct):
    part: str
    value: float
    events: int


async def drill_down(
    clickhouse: ClickHouse, name: str, by: By, chosen: Filter, today: date, limit: int
) -> Drilldown:
    """Count a metric by a dimension; without days, over the last 30.

    Raises NotFound for what is no player's id, Unprocessable for an unknown metric, for a dimension or a
    filter that the metric does not have, for days in the wrong order, and for what would read too much.
    """
    asked = countable(name, by, [each for each in get_args(By) if getattr(chosen, each) is not None])
    until = chosen.until or today + timedelta(days=1)
    since = chosen.since or until - timedelta(days=_DEFAULT_DAYS)
    if since >= until:
        raise Unprocessable(f"`since` ({since}) must be before `until` ({until}), which is not counted in")
    rows = await _rows(clickhouse, asked, by, chosen, since, until, limit)
    people = await identities(clickhouse, [int(row.part, 16) for row in rows]) if by in _PEOPLE else {}
    names = {identity.id: identity.name for identity in people.values()}
    parts = [Part(row.part, names.get(row.part, row.part), row.value, row.events) for row in rows]
    unknown = None if rows else await why_unknown(clickhouse, asked, chosen.server)
    return Drilldown(asked, by, since, until, parts, unknown)


def composed(name: str) -> str:
    """Return the SQL of a metric: that of what it is counted from, with the catalogue's expression in it."""
    return _SQL[asked_of(metric(name))].replace("{value:Expression}", RECIPES[name].value)


def asked_of(chosen: Metric) -> str:
    """Return the query that counts a metric."""
    if is_counted(chosen):
        return "grouped"
    return "rated" if chosen.source == "rated" else "matched"


async def _rows(
    clickhouse: ClickHouse, asked: Metric, by: By, chosen: Filter, since: date, until: date, limit: int
) -> list[_Row]:
    recipe = RECIPES[asked.name]
    someone = (chosen.player, chosen.victim, chosen.killer)
    players, victims, killers = await asyncio.gather(*(_keys(clickhouse, one) for one in someone))
    try:
        return await clickhouse.rows(
            composed(asked.name),
            _Row,
            acts=list(recipe.acts),
            reporting=reporting(asked),
            signed=recipe.signed,
            lowest=asked.direction == "lowest",
            by=by,
            band=BAND,
            since=since.isoformat(),
            until=until.isoformat(),
            **_parts(chosen),
            players=players,
            victims=victims,
            killers=killers,
            bots=chosen.bots,
            # Whoever is asked about by name is told of, flagged or not.
            ranks=by in _PEOPLE and someone == (None, None, None),
            in_order=by in _IN_ORDER,
            limit=limit,
        )
    except (QueryError, StoreUnavailable) as error:
        if any(code in str(error) for code in _TOO_MUCH):
            raise Unprocessable(
                "this would read more than 20 million events, or take more than 5 s: narrow it by `since` "
                "and `until`, a server or a map"
            ) from error
        raise


def _parts(chosen: Filter) -> dict[str, str | int]:
    """Return what is narrowed to, as the queries write it: '' and 0 for everything."""
    return {
        "server": chosen.server or 0,
        "map": chosen.map or "",
        "gametype": chosen.gametype or "",
        "weapon": chosen.weapon or "",
        "hitloc": chosen.hitloc or "",
        "cause": chosen.cause or "",
        "stance": chosen.stance or "",
        "item": chosen.item or "",
        "hour": "" if chosen.hour is None else f"{chosen.hour:02}",
        "weekday": str(chosen.weekday or ""),
        "reach": "" if chosen.reach is None else str(chosen.reach // BAND * BAND),
    }


async def _keys(clickhouse: ClickHouse, public_id: str | None) -> list[int]:
    return (await person(clickhouse, parse(public_id))).keys if public_id else []
