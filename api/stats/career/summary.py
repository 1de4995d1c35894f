"""A player in short: who it is, what they did in all, and the names they used."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from api.errors import NotFound
from api.players import marks
from api.players.identities import Identity, Known, Person, identities, parse, person
from api.players.marks import Flag
from api.servers import reported
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "players")


class NameUsed(msgspec.Struct):
    """A name that a player was seen under."""

    name: str
    first_seen: datetime
    last_seen: datetime


class Names(msgspec.Struct):
    """The names of a player, the latest first."""

    player: Identity
    names: list[NameUsed]


class PlayerTotals(msgspec.Struct):
    """What a player did and suffered in all; null is what no server reports that they were seen on."""

    events: int
    kills: int
    deaths: int
    kd: Annotated[float, Meta(description="kills per death; without a death, kills")]
    suicides: int
    team_kills: int
    kill_headshots: Annotated[int, Meta(description="kills at head or helmet")]
    hit_headshots: Annotated[int | None, Meta(description="hits of enemies at head or helmet")]
    bash_kills: int
    grenade_kills: int
    shots: int | None
    hits: Annotated[
        int | None, Meta(description="shots that hit, on days on which the server reported shots")
    ]
    accuracy: Annotated[float | None, Meta(description="hits per shot; null where no shots were reported")]
    damage_dealt: Annotated[float | None, Meta(description="to enemies, in health points")]
    damage_taken: Annotated[float | None, Meta(description="from enemies, in health points")]
    friendly_damage: Annotated[float | None, Meta(description="to team mates, in health points")]
    chat_lines: int | None
    jumps: int | None
    reloads: int | None
    grenades: Annotated[int | None, Meta(description="thrown")]
    pickups: int | None
    objectives: int | None
    distance: Annotated[float | None, Meta(description="game units")]
    walked: float | None
    sprinted: float | None
    swam: float | None
    driven: float | None


class MultiKill(msgspec.Struct):
    """How often so many kills followed each other, each within 4 s."""

    size: int
    times: int


class Summary(msgspec.Struct, kw_only=True):
    """A player in short."""

    identity: Identity
    flag: Annotated[Flag | None, Meta(description="why an admin keeps the player off all boards")]
    first_seen: datetime
    last_seen: datetime
    totals: PlayerTotals
    matches: Annotated[
        int, Meta(description="this and what else is told by match follows the events some seconds later")
    ]
    playtime: Annotated[float, Meta(description="seconds between joining a team and leaving it, in matches")]
    best_streak: Annotated[int, Meta(description="most kills between two deaths, within a match")]
    multi_kills: list[MultiKill]
    won: Annotated[int, Meta(description="matches, on the winning side or as the best of all for themselves")]
    lost: int
    first_kills: Annotated[int, Meta(description="matches in which the player made the first kill")]
    last_kills: int
    revenges: Annotated[int, Meta(description="deaths whose killer was killed before dying again")]
    trades: Annotated[int, Meta(description="kills of an enemy who had killed a team mate within 4 s before")]


class Record(msgspec.Struct):
    """A player's totals in short; the last two follow the events some seconds later."""

    totals: PlayerTotals
    matches: int
    best_streak: int


class _Totals(PlayerTotals, kw_only=True):
    player: int
    servers: list[int]
    first_seen: datetime
    last_seen: datetime


class _Presence(msgspec.Struct):
    player: int
    matches: int
    playtime: float | None
    best_streak: int | None
    multi_kills: list[int]
    won: int = 0
    lost: int = 0
    first_kills: int | None = 0
    last_kills: int | None = 0
    revenges: int | None = 0
    trades: int | None = 0


class Counted(msgspec.Struct):
    """What is counted of a player, and on which servers that was."""

    totals: _Totals
    presence: _Presence


async def summary(clickhouse: ClickHouse, public_id: str) -> Summary:
    """Return a player in short, under any of their keys. Raises NotFound for an unknown one."""
    return (await summaries(clickhouse, [public_id]))[0][1]


async def summaries(clickhouse: ClickHouse, public_ids: Sequence[str]) -> list[tuple[Person, Summary]]:
    """Return players in short, and the keys that belong to them. Raises NotFound for an unknown one."""
    found = await asyncio.gather(*(person(clickhouse, parse(public_id)) for public_id in public_ids))
    told, known = await asyncio.gather(
        counted(clickhouse, found), identities(clickhouse, (who.player for who in found))
    )
    for public_id, who in zip(public_ids, found, strict=True):
        if who.player not in told:
            raise NotFound(f"no player has the id {public_id!r}")
    return [(who, await short(clickhouse, who, told[who.player], known[who.player])) for who in found]


async def counted(clickhouse: ClickHouse, people: Sequence[Person]) -> dict[int, Counted]:
    """Return what is counted of players; of whom nothing is, nothing."""
    owners = {key: who.player for who in people for key in who.keys}
    asked = {"keys": list(owners), "players": list(owners.values())}
    totals, presences = await asyncio.gather(
        clickhouse.rows(_SQL["totals"], _Totals, **asked),
        clickhouse.rows(_SQL["presence"], _Presence, **asked),
    )
    played = {row.player: row for row in presences}
    return {
        row.player: Counted(row, played.get(row.player) or _Presence(row.player, 0, None, None, []))
        for row in totals
    }


async def short(clickhouse: ClickHouse, who: Person, told: Counted, identity: Identity) -> Summary:
    """Return a player in short, of what is counted."""
    totals, played = told.totals, told.presence
    types = await reported.types(clickhouse, totals.servers)
    return Summary(
        identity=identity,
        flag=await marks.flag_of(clickhouse, who.keys) if identity.flagged else None,
        first_seen=totals.first_seen,
        last_seen=totals.last_seen,
        totals=reported.known(msgspec.convert(totals, PlayerTotals, from_attributes=True), types),
        matches=played.matches,
        playtime=played.playtime or 0,
        best_streak=played.best_streak or 0,
        multi_kills=multi_kills_of(played.multi_kills),
        won=played.won,
        lost=played.lost,
        first_kills=played.first_kills or 0,
        last_kills=played.last_kills or 0,
        revenges=played.revenges or 0,
        trades=played.trades or 0,
    )


async def record(clickhouse: ClickHouse, who: Person) -> Record | None:
    """Return the totals of a player, None for one of whom nothing is counted."""
    told = (await counted(clickhouse, [who])).get(who.player)
    if told is None:
        return None
    return Record(told.totals, told.presence.matches, told.presence.best_streak or 0)


async def names_used(clickhouse: ClickHouse, keys: list[int]) -> list[NameUsed]:
    """Return every name that somebody was seen under, the latest first."""
    return await clickhouse.rows(_SQL["names"], NameUsed, keys=keys)


async def names(clickhouse: ClickHouse, who: Known) -> Names:
    """Return a player's names."""
    return Names(who.identity, await names_used(clickhouse, who.keys))


def multi_kills_of(sizes: list[int]) -> list[MultiKill]:
    """Return how often each size was, the smallest first."""
    return [MultiKill(*pair) for pair in sorted(Counter(sizes).items())]
