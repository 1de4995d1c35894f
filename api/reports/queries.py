"""What ClickHouse knows of matches that are told, and the reports that it keeps."""

from collections import defaultdict
from typing import NamedTuple

import msgspec

from api.reports.document import Document, document
from api.reports.engagements import Rules
from api.reports.moments import NOBODY, Kind, Moment, Place, side_of
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

NOUN = "match_reports"

_SQL = queries("clickhouse", "reports")
# A match that never ends is told up to here.
_MOMENTS = 50_000


class Told(msgspec.Struct):
    """What all reports depend on, for a glance."""

    results: int
    silent: int


class Settled(msgspec.Struct):
    """A match, and the version and number of events of its results."""

    match_key: int
    settled: int
    events: int


class Kept(msgspec.Struct):
    """A report as it is kept: who its players are now, by their numbers, and its document as JSON."""

    rules: str
    events: int
    people: list[int]
    document: str


class Made(NamedTuple):
    """A report that was made."""

    fighters: list[int]
    document: Document


class _Row(msgspec.Struct):
    match_key: int
    gametype: str
    at: int
    kind: Kind
    actor_key: int
    actor: int
    actor_team: str
    target_key: int
    target: int
    target_team: str
    weapon: str
    hitloc: str
    mod: str
    actor_place: list[float]
    target_place: list[float]


class _People(msgspec.Struct):
    people: list[int]


class _Edge(msgspec.Struct):
    edge: int


async def told(clickhouse: ClickHouse, silence: int) -> Told | None:
    """Return what all reports depend on; `silence` ends a match, in seconds."""
    return await clickhouse.one(_SQL["told"], Told, silence=silence)


async def stale(clickhouse: ClickHouse, table: str, rules: str, silence: int) -> list[Settled]:
    """Return matches that are over and have no report of these rules and of their present results."""
    return await clickhouse.rows(_SQL["stale"], Settled, reports=table, rules=rules, silence=silence)


async def settled(clickhouse: ClickHouse, match_key: int) -> Settled | None:
    """Return the version of a match's results; None before they were computed."""
    return await clickhouse.one(_SQL["settled"], Settled, match=match_key)


async def keep(
    clickhouse: ClickHouse, table: str, rules: str, reports: list[tuple[Settled, list[int], bytes]]
) -> None:
    """Put reports in the place of the older ones of their matches."""
    made = _SQL["made"]
    await clickhouse.command(
        f"INSERT INTO {table} {made}",
        reports=table,
        rules=rules,
        matches=[match.match_key for match, _, _ in reports],
        settled=[match.settled for match, _, _ in reports],
        events=[match.events for match, _, _ in reports],
        fighters=[fighters for _, fighters, _ in reports],
        documents=[text.decode() for _, _, text in reports],
    )


async def kept(clickhouse: ClickHouse, match_key: int) -> Kept | None:
    """Return the report that is kept of a match."""
    return await clickhouse.one(_SQL["one"], Kept, match=match_key)


async def make(clickhouse: ClickHouse, matches: list[int], rules: Rules) -> dict[int, Made]:
    """Return the reports of matches, from the log."""
    edge = await clickhouse.one(_SQL["tile_edge"], _Edge)
    rows: defaultdict[int, list[_Row]] = defaultdict(list)
    for row in await clickhouse.rows(_SQL["moments"], _Row, matches=matches, limit=_MOMENTS):
        rows[row.match_key].append(row)
    return {match: _made(rows[match], rules, edge.edge if edge else 1) for match in matches}


async def people(clickhouse: ClickHouse, keys: list[int]) -> list[int]:
    """Return whom keys belong to, after links, in the order of the keys."""
    found = await clickhouse.one(_SQL["people"], _People, keys=keys) if keys else None
    return found.people if found else []


def _made(rows: list[_Row], rules: Rules, edge: int) -> Made:
    """Number the players as they come, each under the first key that they had here, and make the report."""
    numbers: dict[int, int] = {}
    keys: list[int] = []

    def number(person: int, key: int) -> int:
        if not key:
            return NOBODY
        if person not in numbers:
            numbers[person] = len(keys)
            keys.append(key)
        return numbers[person]

    moments = [
        Moment(
            at=row.at,
            kind=row.kind,
            actor=number(row.actor, row.actor_key),
            target=number(row.target, row.target_key),
            actor_side=side_of(row.actor_team, row.gametype),
            target_side=side_of(row.target_team, row.gametype),
            weapon=row.weapon,
            hitloc=row.hitloc,
            mod=row.mod,
            actor_place=_place(row.actor_place),
            target_place=_place(row.target_place),
        )
        for row in rows
    ]
    return Made(keys, document(moments, len(keys), rules, edge))


def _place(coordinates: list[float]) -> Place | None:
    if len(coordinates) != 3:
        return None
    x, y, z = (round(value, 1) for value in coordinates)
    return x, y, z
