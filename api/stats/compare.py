"""Two to four players side by side."""

import asyncio
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from api.errors import Unprocessable
from api.players.identities import Person
from api.stats.career import summary
from api.stats.career.summary import Summary
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "rivals")
MOST: Final = 4


class Duel(msgspec.Struct):
    """How often one of the players killed another of them."""

    killer: Annotated[str, Meta(description="a player's id")]
    victim: str
    kills: int


class Comparison(msgspec.Struct):
    """Players side by side, in the order in which they were asked for, and what they did to each other."""

    players: list[Summary]
    duels: Annotated[list[Duel], Meta(description="every ordered pair, 0 too")]


class _Duel(msgspec.Struct):
    kills: int
    deaths: int


async def compare(clickhouse: ClickHouse, players: str) -> Comparison:
    """Compare players, named by their ids with commas between them.

    Raises Unprocessable for another number than two to four, or the same player twice; NotFound for an
    unknown one.
    """
    ids = [each.strip() for each in players.split(",") if each.strip()]
    if not 2 <= len(ids) <= MOST:
        raise Unprocessable(f"`players` takes two to {MOST} ids with commas between them, and got {len(ids)}")
    found = await asyncio.gather(*(summary.of_person(clickhouse, public_id) for public_id in ids))
    if len({who.player for who, _ in found}) < len(found):
        raise Unprocessable("`players` names the same player twice; ids may be linked to each other")
    pairs = [(one, other) for n, one in enumerate(found) for other in found[n + 1 :]]
    duels = await asyncio.gather(*(_duel(clickhouse, one[0], other[0]) for one, other in pairs))
    told = [
        Duel(killer.identity.id, victim.identity.id, kills)
        for ((_, one), (_, other)), duel in zip(pairs, duels, strict=True)
        for killer, victim, kills in ((one, other, duel.kills), (other, one, duel.deaths))
    ]
    return Comparison([each for _, each in found], told)


async def _duel(clickhouse: ClickHouse, one: Person, other: Person) -> _Duel:
    row = await clickhouse.one(_SQL["pair"], _Duel, keys=one.keys, others=other.keys)
    return row or _Duel(0, 0)
