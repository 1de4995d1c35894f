"""Where and by what means a player hits and is hit, and what they die of."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from api.players.identities import Identity, Known
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "players")


class Hits(msgspec.Struct, kw_only=True):
    """Hits that a player gave, or took."""

    hits: Annotated[int, Meta(description="of an enemy, or by one")]
    friendly_hits: Annotated[int, Meta(description="of a team mate, or by one")]
    own_hits: Annotated[int, Meta(description="taken by one's own hand or from the world")]
    damage: Annotated[float, Meta(description="between enemies, in health points")]
    kills: Annotated[int, Meta(description="given: kills; taken: deaths by an enemy")]
    deaths: Annotated[int, Meta(description="taken: deaths of every cause")]


class LocationHits(Hits, kw_only=True):
    """Hits at one part of the body."""

    hitloc: Annotated[str, Meta(examples=["torso_upper"])]


class MeansHits(Hits, kw_only=True):
    """Hits by one means."""

    mod: Annotated[str, Meta(examples=["bullet"])]


class HitLocations(msgspec.Struct):
    """Hits by part of the body."""

    given: list[LocationHits]
    taken: list[LocationHits]


class Means(msgspec.Struct):
    """Hits by means."""

    given: list[MeansHits]
    taken: list[MeansHits]


class Cause(msgspec.Struct):
    """What a player killed and died by."""

    cause: Annotated[
        str, Meta(description="means of death; empty where it was not told", examples=["bullet"])
    ]
    kills: int
    deaths: Annotated[int, Meta(description="of every kind, by one's own hand too")]
    deaths_by_enemies: int


class Causes(msgspec.Struct):
    """Kills and deaths by cause, that of most deaths first."""

    player: Identity
    causes: list[Cause]


class _Row(Hits, kw_only=True):
    side: Literal["given", "taken"]
    axis: Literal["hitloc", "mod"]
    hitloc: str
    mod: str


async def hits(clickhouse: ClickHouse, keys: list[int]) -> tuple[HitLocations, Means]:
    """Return somebody's hits by part of the body and by means."""
    rows = await clickhouse.rows(_SQL["hits"], _Row, keys=keys)
    return (
        HitLocations(_located(rows, "given"), _located(rows, "taken")),
        Means(_meant(rows, "given"), _meant(rows, "taken")),
    )


async def causes(clickhouse: ClickHouse, who: Known) -> Causes:
    """Return what a player killed and died by."""
    _, means = await hits(clickhouse, who.keys)
    return Causes(who.identity, causes_of(means))


def causes_of(means: Means) -> list[Cause]:
    """Return kills and deaths by cause, that of most deaths first."""
    given = {row.mod: row.kills for row in means.given}
    taken = {row.mod: row for row in means.taken}
    found = [
        Cause(mod, given.get(mod, 0), row.deaths if row else 0, row.kills if row else 0)
        for mod in given.keys() | taken.keys()
        for row in [taken.get(mod)]
    ]
    told = [cause for cause in found if cause.kills or cause.deaths]
    return sorted(told, key=lambda cause: (-cause.deaths, -cause.kills, cause.cause))


def _located(rows: list[_Row], side: str) -> list[LocationHits]:
    chosen = [row for row in rows if row.side == side and row.axis == "hitloc"]
    return [msgspec.convert(row, LocationHits, from_attributes=True) for row in chosen]


def _meant(rows: list[_Row], side: str) -> list[MeansHits]:
    chosen = [row for row in rows if row.side == side and row.axis == "mod"]
    return [msgspec.convert(row, MeansHits, from_attributes=True) for row in chosen]
