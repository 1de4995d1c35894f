"""What players have done, as far as achievements ask: a few expressions of the catalogue put into SQL."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import chain, islice
from typing import Final

import msgspec

from api.achievements.catalogue import ACHIEVEMENTS, DIGEST, FAMILIES, Family
from api.achievements.facts import CAREER, MATCH, Table
from api.achievements.judging import End, Facts
from api.stats.metrics import RECIPES
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "achievements")
_COUNTS: Final[dict[Table, str]] = {
    "totals": "of_totals",
    "acts": "of_acts",
    "ratings": "of_ratings",
    "parts": "of_parts",
    "weapons": "of_weapons",
    "results": "of_results",
}
_OF_ONE_MATCH: Final = [family for family in FAMILIES if family.counts == "match"]
_OF_MATCHES: Final = [family for family in FAMILIES if family.counts == "matches"]
_ACTS: Final = sorted(
    {
        act
        for family in FAMILIES
        if family.of in RECIPES and family.counts == "career"
        for act in RECIPES[family.of].acts
    }
)


class State(msgspec.Struct, frozen=True):
    """A member as a player, and a number that changes with what may have been earned."""

    member: int
    player: int
    digest: int


class _Person(msgspec.Struct):
    player: int
    keys: list[int]
    bot: bool
    flagged: bool


class _Counted(msgspec.Struct):
    """What families came to, as achievements.sql tells it."""

    player: int
    families: list[str]
    counted: list[float]
    ends: list[list[tuple[int, int]]] = []


class _Earned(msgspec.Struct):
    id: str
    players: int


class Told(msgspec.Struct):
    """What states depend on, as one number each."""

    results: int
    silent: int
    ratings: int
    links: int
    bots: int
    marks: int


class _MemberKey(msgspec.Struct):
    member: int
    key: int


async def facts(clickhouse: ClickHouse, players: Sequence[int]) -> dict[int, Facts]:
    """Return what some people did, by the keys that stand for them; of who did nothing, nothing."""
    if not players:
        return {}
    people = await clickhouse.rows(_SQL["people"], _Person, players=list(players))
    keys = sorted({key for person in people for key in person.keys})
    # Most of their time is ClickHouse's planning, which as one query cannot go on beside another's.
    counts = await asyncio.gather(
        *(
            clickhouse.rows(composed(name), _Counted, everybody=False, keys=keys, acts=_ACTS)
            for name in _COUNTS.values()
        )
    )
    found: dict[int, Facts] = {}
    for row in chain.from_iterable(counts):
        _tell(found.setdefault(row.player, Facts(row.player)), row)
    for person in people:
        if person.player in found:
            found[person.player].bot, found[person.player].flagged = person.bot, person.flagged
    return found


async def rarity(clickhouse: ClickHouse) -> tuple[int, dict[str, int]]:
    """Return how many people could have earned achievements, and how many have earned each."""
    wanted = [(each.id, each.family, each.target) for each in ACHIEVEMENTS.values()]
    ids, of, targets = (list(column) for column in zip(*wanted, strict=True))
    ids, of, targets = ["", *ids], ["", *of], [1.0, *targets]
    rows = await clickhouse.rows(
        composed("rarity"), _Earned, everybody=True, keys=[], acts=_ACTS, ids=ids, of=of, targets=targets
    )
    found = {row.id: row.players for row in rows}
    return found.pop("", 0), found


async def told(clickhouse: ClickHouse) -> Told | None:
    """Return what states depend on: while it is the same, everybody's state is."""
    return await clickhouse.one(_SQL["told"], Told)


async def states(clickhouse: ClickHouse, members: Iterable[int]) -> list[State]:
    """Return how members stand as players; two states are equal when nothing has changed."""
    wanted = sorted(set(members))
    if not wanted:
        return []
    found = await clickhouse.rows(_SQL["member_keys"], _MemberKey, members=wanted)
    return await clickhouse.rows(
        composed("states"),
        State,
        members=[row.member for row in found],
        keys=[row.key for row in found],
        catalogue=DIGEST,
    )


@cache
def composed(name: str) -> str:
    """Return the SQL of a query, with the catalogue's expressions in it."""
    sql = _SQL[name].replace("{over:Query}", _SQL["over"])
    for table, count in _COUNTS.items():
        if count == name:
            return _with_expressions(sql, table)
    counts = (_SQL["counted"].replace("{count:Query}", composed(each)) for each in _COUNTS.values())
    return sql.replace("{counts:Query}", "\nUNION ALL\n".join(counts))


def _with_expressions(sql: str, table: Table) -> str:
    careers = [f for f in FAMILIES if f.counts == "career" and CAREER[f.of].table == table]
    told = [*careers, *_OF_ONE_MATCH, *_OF_MATCHES] if table == "results" else careers
    expressions = {
        "families": [repr(family.id) for family in told],
        "careers": [f"toFloat64({CAREER[family.of].value}) / {family.scale!r}" for family in careers],
        "facts": [f"{fact.value} AS of_match_{name}" for name, fact in MATCH.items()],
        "values": [f"if({_holds(f)}, of_match_{f.of} / {f.scale!r}, 0)" for f in _OF_ONE_MATCH],
        "values_targets": [f"[{_list(repr(float(step.at)) for step in f.tiers)}]" for f in _OF_ONE_MATCH],
        "held": [_holds(family) for family in _OF_MATCHES],
        "held_targets": [f"[{_list(str(int(step.at)) for step in f.tiers)}]" for f in _OF_MATCHES],
    }
    for name, parts in expressions.items():
        sql = sql.replace(f"{{{name}:Expression}}", _list(parts))
    return sql


def _holds(family: Family) -> str:
    least = [f"of_match_{name} >= {value!r}" for name, value in family.least.items()]
    most = [f"of_match_{name} <= {value!r}" for name, value in family.most.items()]
    return " AND ".join(["took_part", *least, *most])


def _list(parts: Iterable[str]) -> str:
    return ", ".join(parts)


def _tell(found: Facts, row: _Counted) -> None:
    """Add to what is known of a player what one source tells."""
    found.counted.update(zip(row.families, row.counted, strict=True))
    if row.ends:
        [last], firsts, *nths = ([_end(*end) for end in ends] for ends in row.ends)
        found.matches, found.last = int(found.counted.pop("")), last
        first = iter(firsts)
        found.earned = {family.id: list(islice(first, len(family.tiers))) for family in _OF_ONE_MATCH}
        found.earned |= {family.id: ends for family, ends in zip(_OF_MATCHES, nths, strict=True)}


def _end(ms: int, key: int) -> End | None:
    return End(f"{key:016x}", datetime.fromtimestamp(ms / 1000, UTC)) if ms > 0 else None
