"""What players have done, as far as achievements ask: a few expressions of the catalogue put into SQL."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Final

import msgspec

from api.achievements.catalogue import ACHIEVEMENTS, DIGEST, FAMILIES, Family
from api.achievements.facts import CAREER, MATCH, Table
from api.achievements.judging import End, Facts
from api.stats.metrics import RECIPES
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "achievements")
_PLAIN: Final[dict[Table, str]] = {
    "totals": "of_totals",
    "acts": "of_acts",
    "ratings": "of_ratings",
    "parts": "of_parts",
    "weapons": "of_weapons",
}
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


class _Facts(msgspec.Struct):
    player: int
    bot: bool
    flagged: bool
    all_families: list[str]
    all_counted: list[float]
    all_earned: list[list[tuple[int, int]]]


class _Earned(msgspec.Struct):
    id: str
    players: int


class _Key(msgspec.Struct):
    key: int


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
    keys = [row.key for row in await clickhouse.rows(_SQL["keys"], _Key, players=list(players))]
    rows = await clickhouse.rows(composed("facts"), _Facts, everybody=False, keys=keys, acts=_ACTS)
    return {row.player: _facts(row) for row in rows}


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
    return (
        _SQL[name]
        .replace("{counts:Query}", "\nUNION ALL\n".join(_counts()))
        .replace("{over:Query}", _SQL["over"])
    )


def _counts() -> list[str]:
    by_table: dict[Table, list[Family]] = {}
    for family in FAMILIES:
        table: Table = CAREER[family.of].table if family.counts == "career" else "results"
        by_table.setdefault(table, []).append(family)
    return [
        *(_plain(name, by_table[table]) for table, name in _PLAIN.items() if table in by_table),
        _of_results(by_table.get("results", [])),
    ]


def _plain(name: str, families: Sequence[Family]) -> str:
    return (
        _SQL[name]
        .replace("{families:Expression}", _list(repr(family.id) for family in families))
        .replace("{values:Expression}", _list(_career(family) for family in families))
        .replace("{none:Expression}", _list("[]" for _ in families))
    )


def _of_results(families: Sequence[Family]) -> str:
    told = [
        (_career(family), "[]")
        if family.counts == "career"
        else _best(family)
        if family.counts == "match"
        else _how_often(family)
        for family in families
    ]
    return (
        _SQL["of_results"]
        .replace("{families:Expression}", _list(repr(family.id) for family in families))
        .replace("{values:Expression}", _list(value for value, _ in told))
        .replace("{earned:Expression}", _list(earned for _, earned in told))
        .replace(
            "{facts:Expression}", _list(f"{fact.value} AS of_match_{name}" for name, fact in MATCH.items())
        )
        .replace("{over:Query}", _SQL["over"])
    )


def _career(family: Family) -> str:
    return f"toFloat64({CAREER[family.of].value}) / {family.scale!r}"


def _best(family: Family) -> tuple[str, str]:
    """Return the most in one match, and the first match that earned each tier."""
    value, holds = f"of_match_{family.of} / {family.scale!r}", _holds(family)
    firsts = _list(
        f"minIf((ended_ms, match_key), {holds} AND {value} >= {step.at!r})" for step in family.tiers
    )
    return f"toFloat64(maxIf({value}, {holds}))", f"[{firsts}]"


def _how_often(family: Family) -> tuple[str, str]:
    """Return how many matches there were, and the one with which each tier was full."""
    holds = _holds(family)
    ends = f"arraySort(groupArrayIf((ended_ms, match_key), {holds}))"
    return f"toFloat64(countIf({holds}))", f"[{_list(f'{ends}[{int(step.at)}]' for step in family.tiers)}]"


def _holds(family: Family) -> str:
    least = [f"of_match_{name} >= {value!r}" for name, value in family.least.items()]
    most = [f"of_match_{name} <= {value!r}" for name, value in family.most.items()]
    return " AND ".join(["took_part", *least, *most])


def _list(parts: Iterable[str]) -> str:
    return ", ".join(parts)


def _facts(row: _Facts) -> Facts:
    found = Facts(row.player, bot=row.bot, flagged=row.flagged)
    for family, value, earned in zip(row.all_families, row.all_counted, row.all_earned, strict=True):
        ends = [_end(*each) for each in earned]
        if family:
            found.counted[family], found.earned[family] = value, ends
        else:
            found.matches, found.last = int(value), ends[0]
    return found


def _end(ms: int, key: int) -> End | None:
    return End(f"{key:016x}", datetime.fromtimestamp(ms / 1000, UTC)) if ms else None
