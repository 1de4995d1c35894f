"""Finding players, servers, maps, weapons and matches by what somebody types.

Case, accents, colour codes, signs and leetspeak do not matter, and a slip in five letters or more (two in
eight or more) is forgiven: `clickhouse/migrations/0038_player_names.sql` and `0045_search_fold.sql` say how,
and SQL does it; ASCII, which is most of what is typed, is folded here by the same rule.
"""

import asyncio
import re
from collections.abc import Sequence
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from api.errors import NotFound
from api.players.identities import Identity, identities, parse, seen
from api.servers import queries as servers
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres
from api.stores.remembered import Remembered
from api.stores.sql import queries

_SQL = queries("clickhouse", "search")

# In the order in which they are shown.
Fit = Literal["exact", "folded", "prefix", "part", "similar"]
# As search_fit counts them: with a slip in all of the name, in its beginning or end, with two slips.
_FITS: Final[tuple[Fit, ...]] = ("exact", "folded", "prefix", "part", "similar", "similar", "similar")
LONGEST: Final = 64
# From so many letters on, few names begin so; parts of names are looked for, and slips are forgiven.
_LONG: Final = 7
_PART: Final = 3
_SLIP: Final = 5
# More names than most communities ever see.
MANY_NAMES: Final = 200_000
_COLOUR: Final = re.compile(r"\^[0-9]")
_LEET: Final = str.maketrans("0134578962@$!|+l", "oieastbggzasiiti")

_How = Annotated[
    Fit,
    Meta(
        description="exact: the very name, but for case; folded: the same without accents, colours, signs or "
        "leetspeak; prefix: its beginning; part: a part of it; similar: one or two letters differ"
    ),
]


class FoundPlayer(msgspec.Struct):
    """A player, and the name that fits: any that was ever used."""

    player: Identity
    name: str
    fit: _How


class FoundServer(msgspec.Struct):
    """A game server."""

    id: int
    name: str
    fit: _How


class FoundMap(msgspec.Struct):
    """A map."""

    map: str
    fit: _How


class FoundWeapon(msgspec.Struct):
    """A weapon."""

    weapon: str
    fit: _How


class FoundMatch(msgspec.Struct):
    """A match, by its id here or by what its server calls it."""

    id: str
    map: str


class Found(msgspec.Struct):
    """What fits, the best of each kind first."""

    q: str
    players: list[FoundPlayer] = []
    servers: list[FoundServer] = []
    maps: list[FoundMap] = []
    weapons: list[FoundWeapon] = []
    matches: list[FoundMatch] = []

    @property
    def nothing(self) -> bool:
        """Whether nothing fits."""
        return not (self.players or self.servers or self.maps or self.weapons or self.matches)


class PlayerRow(msgspec.Struct):
    """A player as ClickHouse finds them; `best_fit` is a place in the fits."""

    player: int
    best_fit: int
    name: str


class _Count(msgspec.Struct):
    names: int


async def _count(clickhouse: ClickHouse) -> int:
    [row] = await clickhouse.rows(_SQL["count"], _Count)
    return row.names


_NAMES: Final = Remembered(_count)


class _Folded(msgspec.Struct):
    folded: list[str]


class _Called(msgspec.Struct):
    maps: list[str]
    weapons: list[str]


async def _ask_called(clickhouse: ClickHouse) -> _Called:
    [row] = await clickhouse.rows(_SQL["called"], _Called)
    return row


# What maps and weapons are called.
_CALLED: Final = Remembered(_ask_called)


class _Other(msgspec.Struct):
    kind: Literal["map", "weapon", "server"]
    id: str
    name: str
    fit: int


async def find(clickhouse: ClickHouse, postgres: Postgres, q: str, limit: int) -> Found:
    """Return what fits `q`, at most `limit` of each kind; nothing for nothing."""
    asked = q.strip()[:LONGEST]
    if not asked:
        return Found(asked)
    key = _key(asked)
    [folded] = await fold(clickhouse, [asked])
    rows, others, found_matches, by_id = await asyncio.gather(
        players(clickhouse, asked, folded, limit),
        _others(clickhouse, postgres, asked, folded, limit),
        _matches(clickhouse, asked, key, limit),
        seen(clickhouse, [key]) if key else _nobody(),
    )
    people = await identities(clickhouse, [row.player for row in rows])
    found = Found(asked, [FoundPlayer(who, who.name, "exact") for who in by_id.values()])
    found.matches = found_matches
    found.players += [FoundPlayer(people[row.player], row.name, _FITS[row.best_fit]) for row in rows]
    for row in others:
        match row.kind:
            case "map":
                found.maps.append(FoundMap(row.name, _FITS[row.fit]))
            case "weapon":
                found.weapons.append(FoundWeapon(row.name, _FITS[row.fit]))
            case "server":
                found.servers.append(FoundServer(int(row.id), row.name, _FITS[row.fit]))
    return found


async def players(clickhouse: ClickHouse, q: str, folded: str, limit: int) -> list[PlayerRow]:
    """Return the players with a name that fits, the best first.

    Nothing fits better than a beginning: where enough names begin so, no other is told; that is not asked
    where it is not likely. Among many names, those with more than a slip are looked for only where no other
    fits: that takes some tens of milliseconds.
    """
    if not folded:
        return []
    asked: dict[str, object] = {"q": q, "folded": folded, "limit": limit}
    if len(folded) < _LONG:
        begins = await clickhouse.rows(_SQL["beginnings"], PlayerRow, **asked)
        if len(begins) == limit or len(folded) < _PART:
            return begins
    near = await clickhouse.rows(_SQL["near"], PlayerRow, **asked)
    if len(near) == limit or len(folded) < _SLIP:
        return near
    if near and await _NAMES.of(clickhouse) > MANY_NAMES:
        return near
    return await clickhouse.rows(_SQL["far"], PlayerRow, **asked)


async def _others(
    clickhouse: ClickHouse, postgres: Postgres, asked: str, folded: str, limit: int
) -> list[_Other]:
    """Return the maps, weapons and servers that fit, whose names Postgres has; the best first."""
    called, names = await asyncio.gather(_CALLED.of(clickhouse), servers.names(postgres))
    there_are = [
        *(("map", name, name) for name in called.maps),
        *(("weapon", name, name) for name in called.weapons),
        *(("server", str(server), name) for server, name in names.items()),
    ]
    if not there_are:
        return []
    kinds, ids, all_names = zip(*there_are, strict=True)
    return await clickhouse.rows(
        _SQL["others"],
        _Other,
        q=asked,
        folded=folded,
        kinds=list(kinds),
        ids=list(ids),
        names=list(all_names),
        all_folded=await fold(clickhouse, all_names),
        limit=limit,
    )


async def fold(clickhouse: ClickHouse, names: Sequence[str]) -> list[str]:
    """Return names as they are compared: by SQL's rule, which needs no asking for ASCII."""
    foreign = [name for name in dict.fromkeys(names) if not name.isascii()]
    found = await clickhouse.one(_SQL["fold"], _Folded, names=foreign) if foreign else None
    folded = dict(zip(foreign, found.folded, strict=True)) if found else {}
    return [folded[name] if name in folded else fold_ascii(name) for name in names]


def fold_ascii(name: str) -> str:
    """Return what `search_fold` (0045_search_fold.sql) makes of a name in ASCII."""
    plain = _COLOUR.sub("", name).lower()
    if any(map(str.isalnum, plain)):
        return "".join(filter(str.isalnum, plain.translate(_LEET)))[:64]
    return "".join(char for char in plain if "!" <= char <= "~")[:64]


async def _matches(clickhouse: ClickHouse, asked: str, key: int | None, limit: int) -> list[FoundMatch]:
    """Return the matches of an id; what has no digit is none, here or on a server."""
    if not any(char.isdigit() for char in asked):
        return []
    return await clickhouse.rows(_SQL["matches"], FoundMatch, q=asked, key=key or 0, limit=limit)


async def _nobody() -> dict[int, Identity]:
    return {}


def _key(asked: str) -> int | None:
    """Return the key that an id stands for, None for what is no id."""
    try:
        return parse(asked.lower())
    except NotFound:
        return None
