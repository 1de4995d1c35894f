"""Drill-down: one metric by one dimension, counted from the log itself, within bounds."""

import asyncio
from datetime import date, timedelta
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from api.errors import StoreUnavailable, Unprocessable
from api.players.identities import Bots, identities, parse, person
from api.stats.metrics import RECIPES, Metric, countable, reporting
from api.stores.clickhouse import ClickHouse, QueryError
from api.stores.sql import queries

_SQL = queries("clickhouse", "drilldown")

By = Literal[
    "player",
    "victim",
    "killer",
    "weapon",
    "map",
    "gametype",
    "server",
    "hitloc",
    "cause",
    "stance",
    "hour",
    "weekday",
    "reach",
    "item",
]
BAND: Final = 256
_DEFAULT_DAYS = 30
_PEOPLE = frozenset({"player", "victim", "killer"})
# Shown in their own order, not by value.
_IN_ORDER = frozenset({"hour", "weekday", "reach"})
_TOO_MUCH = ("Code: 158.", "Code: 159.", "Code: 160.", "Code: 241.")


class Filter(msgspec.Struct, frozen=True):
    """Which events are counted: all that is given must hold. Days are UTC; `until` is not counted in."""

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
    events: Annotated[int, Meta(description="how many events of any kind were looked at for it")]


class Drilldown(msgspec.Struct):
    """A metric by a dimension, the highest first; hours, weekdays and distances in their own order."""

    metric: Metric
    by: By
    since: date
    until: date
    parts: list[Part]


class _Row(msgspec.Struct):
    part: str
    value: float
    events: int


async def drill_down(
    clickhouse: ClickHouse, name: str, by: By, chosen: Filter, today: date, limit: int
) -> Drilldown:
    """Count a metric by a dimension; without days, over the last 30.

    Raises NotFound for what is no player's id, Unprocessable for an unknown metric and one that follows from
    whole matches, for days in the wrong order, for a dimension that the metric does not have, and for what
    would read too much.
    """
    metric = countable(name)
    _check(metric, by)
    until = chosen.until or today + timedelta(days=1)
    since = chosen.since or until - timedelta(days=_DEFAULT_DAYS)
    if since >= until:
        raise Unprocessable(f"`since` ({since}) must be before `until` ({until}), which is not counted in")
    rows = await _rows(clickhouse, metric, by, chosen, since, until, limit)
    people = await identities(clickhouse, [int(row.part, 16) for row in rows]) if by in _PEOPLE else {}
    names = {identity.id: identity.name for identity in people.values()}
    parts = [Part(row.part, names.get(row.part, row.part), row.value, row.events) for row in rows]
    return Drilldown(metric, by, since, until, parts)


def _check(metric: Metric, by: By) -> None:
    # Who was killed is told by the killer's side of an event, who killed by the victim's.
    suffered = RECIPES[metric.name].suffered
    wrong = (by == "victim" and suffered) or (by == "killer" and not suffered)
    if wrong or (by in ("victim", "killer") and metric.name == "kd"):
        raise Unprocessable(
            f"{metric.name!r} cannot be told by {by}: deaths and damage taken have a killer, all else has "
            "a victim"
        )


async def _rows(
    clickhouse: ClickHouse, metric: Metric, by: By, chosen: Filter, since: date, until: date, limit: int
) -> list[_Row]:
    players, victims, killers = await asyncio.gather(
        *(_keys(clickhouse, one) for one in (chosen.player, chosen.victim, chosen.killer))
    )
    try:
        return await clickhouse.rows(
            _SQL["grouped"].replace("{value:Expression}", RECIPES[metric.name].value),
            _Row,
            acts=list(RECIPES[metric.name].acts),
            reporting=reporting(metric),
            by=by,
            band=BAND,
            since=since.isoformat(),
            until=until.isoformat(),
            server=chosen.server or 0,
            map=chosen.map or "",
            gametype=chosen.gametype or "",
            weapon=chosen.weapon or "",
            hitloc=chosen.hitloc or "",
            cause=chosen.cause or "",
            players=players,
            victims=victims,
            killers=killers,
            bots=chosen.bots,
            # Whoever is asked about by name is told of, flagged or not.
            ranks=by == "player" and chosen.player is None,
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


async def _keys(clickhouse: ClickHouse, public_id: str | None) -> list[int]:
    return (await person(clickhouse, parse(public_id))).keys if public_id else []
