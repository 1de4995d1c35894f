"""Players: a list to look through, and all that is known of one."""

import asyncio
from collections import Counter
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from api import paging
from api.errors import NotFound
from api.paging import Cursor
from api.players import marks
from api.players.identities import Bots, Flagged, Identity, Person, identities, parse, person
from api.players.marks import Flag
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "players")
_RIVALS = 10
_RECENT_MATCHES = 10

Sort = Literal["kills", "deaths", "kd", "kill_headshots", "first_seen", "last_seen"]
_SORT_COLUMNS: dict[Sort, str] = {"first_seen": "first_seen_ms", "last_seen": "last_seen_ms"}


class PlayerLine(msgspec.Struct):
    """A player in the list."""

    player: Identity
    kills: int
    deaths: int
    kd: Annotated[float, Meta(description="kills per death; without a death, kills")]
    kill_headshots: int
    first_seen: datetime
    last_seen: datetime


class Players(msgspec.Struct):
    """A page of players."""

    players: list[PlayerLine]
    next_cursor: str | None


class NameUsed(msgspec.Struct):
    """A name that a player was seen under."""

    name: str
    first_seen: datetime
    last_seen: datetime


class PlayerTotals(msgspec.Struct):
    """What a player did and suffered in all."""

    events: int
    kills: int
    deaths: int
    kd: Annotated[float, Meta(description="kills per death; without a death, kills")]
    suicides: int
    team_kills: int
    kill_headshots: Annotated[int, Meta(description="kills at head or helmet")]
    hit_headshots: Annotated[int, Meta(description="hits of enemies at head or helmet")]
    bash_kills: int
    grenade_kills: int
    shots: int
    hits: Annotated[int, Meta(description="shots that hit, on days on which the server reported shots")]
    accuracy: Annotated[float | None, Meta(description="hits per shot; null where no shots were reported")]
    damage_dealt: Annotated[float, Meta(description="to enemies, in health points")]
    damage_taken: Annotated[float, Meta(description="from enemies, in health points")]
    friendly_damage: Annotated[float, Meta(description="to team mates, in health points")]
    chat_lines: int
    jumps: int
    reloads: int
    grenades: Annotated[int, Meta(description="thrown")]
    pickups: int
    objectives: int
    distance: Annotated[float, Meta(description="game units")]
    walked: float
    sprinted: float
    swam: float
    driven: float


class PlayerWeapon(msgspec.Struct):
    """What a player did with a weapon, and suffered from it."""

    weapon: str
    kills: int
    deaths: int
    kill_headshots: int
    shots: int
    hits: int
    accuracy: float | None
    damage: float


class PlayerMap(msgspec.Struct):
    """A player's record on a map."""

    map: str
    kills: int
    deaths: int
    kd: float
    last_seen: datetime


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


class Rival(msgspec.Struct):
    """Another player, seen from this one's side."""

    player: Identity
    kills: Annotated[int, Meta(description="of the other by this player")]
    deaths: Annotated[int, Meta(description="of this player by the other")]
    kill_headshots: int
    last_time: datetime


class RecentMatch(msgspec.Struct):
    """A match that the player took part in."""

    id: str
    server_id: int
    map: str
    gametype: str
    started_at: datetime
    team: str
    winning_team: str
    kills: int
    deaths: int
    best_streak: int


class MultiKill(msgspec.Struct):
    """How often so many kills followed each other, each within 4 s."""

    size: int
    times: int


class Player(msgspec.Struct):
    """All that is known of a player."""

    identity: Identity
    flag: Annotated[Flag | None, Meta(description="why an admin keeps the player off all boards")]
    names: Annotated[list[NameUsed], Meta(description="the latest first")]
    first_seen: datetime
    last_seen: datetime
    totals: PlayerTotals
    matches: Annotated[
        int, Meta(description="this, the next three and recent matches follow the events some seconds later")
    ]
    playtime: Annotated[float, Meta(description="seconds between joining a team and leaving it, in matches")]
    best_streak: Annotated[int, Meta(description="most kills between two deaths, within a match")]
    multi_kills: list[MultiKill]
    weapons: list[PlayerWeapon]
    maps: list[PlayerMap]
    hit_locations: HitLocations
    means: Means
    nemeses: Annotated[list[Rival], Meta(description="who killed this player most")]
    victims: Annotated[list[Rival], Meta(description="whom this player killed most")]
    recent_matches: list[RecentMatch]


class _Place(msgspec.Struct):
    player: int
    value: float


class _Line(msgspec.Struct):
    player: int
    kills: int
    deaths: int
    kd: float
    kill_headshots: int
    first_seen: datetime
    last_seen: datetime


class _Totals(PlayerTotals, kw_only=True):
    first_seen: datetime
    last_seen: datetime


class _HitsRow(Hits, kw_only=True):
    side: str
    axis: Literal["hitloc", "mod"]
    hitloc: str
    mod: str


class _RivalRow(msgspec.Struct):
    opponent: int
    kills: int
    deaths: int
    kill_headshots: int
    last_time: datetime
    nemesis: int
    victim: int


class _Presence(msgspec.Struct):
    matches: int
    playtime: float | None
    best_streak: int | None
    multi_kills: list[int]


async def find(
    clickhouse: ClickHouse,
    q: str,
    sort: Sort,
    bots: Bots,
    after: Cursor,
    limit: int,
    flagged: Flagged = "exclude",
) -> Players:
    """Return a page of the players one of whose names holds `q`, the highest of `sort` first."""
    rows = await clickhouse.rows(
        _SQL["list"],
        _Place,
        q=q,
        sort=_SORT_COLUMNS.get(sort, sort),
        bots=bots,
        flagged=flagged,
        after_value=after.value,
        after_id=after.id,
        limit=limit + 1,
    )
    shown = rows[:limit]
    players = [row.player for row in shown]
    people, lines = await asyncio.gather(identities(clickhouse, players), _lines(clickhouse, players))
    end = Cursor(shown[-1].value, shown[-1].player) if len(rows) > limit else None
    return Players(
        [_line(lines[player], people[player]) for player in players], paging.encode(end) if end else None
    )


async def _lines(clickhouse: ClickHouse, players: list[int]) -> dict[int, _Line]:
    rows = await clickhouse.rows(_SQL["lines"], _Line, players=players) if players else []
    return {row.player: row for row in rows}


def _line(row: _Line, identity: Identity) -> PlayerLine:
    return PlayerLine(
        identity, row.kills, row.deaths, row.kd, row.kill_headshots, row.first_seen, row.last_seen
    )


async def player(clickhouse: ClickHouse, public_id: str) -> Player:
    """Return all that is known of a player, under any of their keys. Raises NotFound for an unknown one."""
    who = await person(clickhouse, parse(public_id))
    keys = who.keys
    (totals, presence, recent, rivals), (hits, weapons, maps, names, flag) = await asyncio.gather(
        asyncio.gather(
            clickhouse.one(_SQL["totals"], _Totals, keys=keys),
            clickhouse.one(_SQL["presence"], _Presence, keys=keys),
            _recent(clickhouse, keys),
            clickhouse.rows(_SQL["rivals"], _RivalRow, keys=keys, limit=_RIVALS),
        ),
        asyncio.gather(
            clickhouse.rows(_SQL["hits"], _HitsRow, keys=keys),
            clickhouse.rows(_SQL["weapons"], PlayerWeapon, keys=keys),
            clickhouse.rows(_SQL["maps"], PlayerMap, keys=keys),
            clickhouse.rows(_SQL["names"], NameUsed, keys=keys),
            marks.flag_of(clickhouse, keys),
        ),
    )
    if totals is None or totals.events == 0:
        raise NotFound(f"no player has the id {public_id!r}")
    people = await identities(clickhouse, [who.player, *(row.opponent for row in rivals)])
    played = presence or _Presence(0, None, None, [])
    return Player(
        identity=people[who.player],
        flag=flag,
        names=names,
        first_seen=totals.first_seen,
        last_seen=totals.last_seen,
        totals=msgspec.convert(totals, PlayerTotals, from_attributes=True),
        matches=played.matches,
        playtime=played.playtime or 0,
        best_streak=played.best_streak or 0,
        multi_kills=[MultiKill(*pair) for pair in sorted(Counter(played.multi_kills).items())],
        weapons=weapons,
        maps=maps,
        hit_locations=HitLocations(_located(hits, "given"), _located(hits, "taken")),
        means=Means(_meant(hits, "given"), _meant(hits, "taken")),
        nemeses=_nemeses(rivals, people),
        victims=_victims(rivals, people),
        recent_matches=recent,
    )


class Record(msgspec.Struct):
    """A player's totals in short; the last two follow the events some seconds later."""

    totals: PlayerTotals
    matches: int
    best_streak: int


async def record(clickhouse: ClickHouse, who: Person) -> Record | None:
    """Return the totals of a player, None for one of whom nothing is counted."""
    totals, presence = await asyncio.gather(
        clickhouse.one(_SQL["totals"], _Totals, keys=who.keys),
        clickhouse.one(_SQL["presence"], _Presence, keys=who.keys),
    )
    if totals is None or totals.events == 0:
        return None
    played = presence or _Presence(0, None, None, [])
    return Record(totals, played.matches, played.best_streak or 0)


async def last_match(clickhouse: ClickHouse, who: Person) -> RecentMatch | None:
    """Return the match in which a player was seen last, some seconds after its events."""
    recent = await _recent(clickhouse, who.keys, 1)
    return recent[0] if recent else None


async def closest_rivals(clickhouse: ClickHouse, who: Person) -> tuple[Rival | None, Rival | None]:
    """Return who killed a player most, and whom the player killed most."""
    rows = await clickhouse.rows(_SQL["rivals"], _RivalRow, keys=who.keys, limit=1)
    people = await identities(clickhouse, [row.opponent for row in rows])
    nemeses, victims = _nemeses(rows, people), _victims(rows, people)
    return nemeses[0] if nemeses else None, victims[0] if victims else None


async def _recent(clickhouse: ClickHouse, keys: list[int], limit: int = _RECENT_MATCHES) -> list[RecentMatch]:
    return await clickhouse.rows(_SQL["recent_matches"], RecentMatch, keys=keys, limit=limit)


def _located(rows: list[_HitsRow], side: str) -> list[LocationHits]:
    chosen = [row for row in rows if row.side == side and row.axis == "hitloc"]
    return [msgspec.convert(row, LocationHits, from_attributes=True) for row in chosen]


def _meant(rows: list[_HitsRow], side: str) -> list[MeansHits]:
    chosen = [row for row in rows if row.side == side and row.axis == "mod"]
    return [msgspec.convert(row, MeansHits, from_attributes=True) for row in chosen]


def _nemeses(rows: list[_RivalRow], people: dict[int, Identity]) -> list[Rival]:
    chosen = [row for row in rows if row.nemesis <= _RIVALS and row.deaths]
    return [_rival(row, people) for row in sorted(chosen, key=lambda row: row.nemesis)]


def _victims(rows: list[_RivalRow], people: dict[int, Identity]) -> list[Rival]:
    chosen = [row for row in rows if row.victim <= _RIVALS and row.kills]
    return [_rival(row, people) for row in sorted(chosen, key=lambda row: row.victim)]


def _rival(row: _RivalRow, people: dict[int, Identity]) -> Rival:
    return Rival(people[row.opponent], row.kills, row.deaths, row.kill_headshots, row.last_time)
