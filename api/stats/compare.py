"""Two to four players side by side."""

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
    killer: int
    victim: int
    kills: int


async def compare(clickhouse: ClickHouse, players: str) -> Comparison:
    """Compare players, named by their ids with commas between them.

    Raises Unprocessable for another number than two to four, or the same player twice; NotFound for an
    unknown one.
    """
    ids = [each.strip() for each in players.split(",") if each.strip()]
    if not 2 <= len(ids) <= MOST:
        raise Unprocessable(f"`players` takes two to {MOST} ids with commas between them, and got {len(ids)}")
    found = await summary.summaries(clickhouse, ids)
    if len({who.player for who, _ in found}) < len(found):
        raise Unprocessable("`players` names the same player twice; ids may be linked to each other")
    ids_of = {who.player: each.identity.id for who, each in found}
    kills = await _kills(clickhouse, [who for who, _ in found])
    told = [
        Duel(ids_of[by.player], ids_of[of.player], kills.get((by.player, of.player), 0))
        for n, (one, _) in enumerate(found)
        for other, _ in found[n + 1 :]
        for by, of in ((one, other), (other, one))
    ]
    return Comparison([each for _, each in found], told)


async def _kills(clickhouse: ClickHouse, people: list[Person]) -> dict[tuple[int, int], int]:
    """Return how often who killed whom."""
    owners = {key: who.player for who in people for key in who.keys}
    rows = await clickhouse.rows(_SQL["among"], _Duel, keys=list(owners), players=list(owners.values()))
    return {(row.killer, row.victim): row.kills for row in rows}
