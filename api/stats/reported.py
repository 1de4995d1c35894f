"""What servers never report is unknown, and not 0.

The rule of the boards (metrics.py), for numbers that stand beside others: a number is null where none of the
servers that it is of has ever reported one of the events that the metric of the same thing needs.
"""

import time
from collections.abc import Collection, Sequence
from typing import Final, TypeVar
from weakref import WeakKeyDictionary

import msgspec

from api.stats.metrics import METRICS
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "reported")
T = TypeVar("T", bound=msgspec.Struct)

# The fields of answers, and what they are fields of: the metric, or the events where no metric counts it.
_METRICS: Final = {
    "shots": "shots",
    "hits": "hits",
    "damage": "damage",
    "damage_dealt": "damage",
    "damage_taken": "damage_taken",
    "friendly_damage": "friendly_damage",
    "chat_lines": "chat_lines",
    "jumps": "jumps",
    "reloads": "reloads",
    "grenades": "grenades_thrown",
    "pickups": "items",
    "objectives": "objectives",
    "distance": "distance",
    "walked": "walked",
    "sprinted": "sprinted",
    "swam": "swam",
    "driven": "driven",
    "rounds": "rounds",
}
NEEDS: Final[dict[str, tuple[str, ...]]] = {
    **{field: METRICS[name].reports for field, name in _METRICS.items()},
    "hit_headshots": METRICS["damage"].reports,
}
_TYPES: Final = sorted({each for needs in NEEDS.values() for each in needs})


# What servers report changes seldom, and a third of all questions ask it.
KEPT_SECONDS = 5.0
_KEPT: Final[WeakKeyDictionary[ClickHouse, tuple[float, dict[int, frozenset[str]]]]] = WeakKeyDictionary()


class _Types(msgspec.Struct):
    server_id: int
    types: list[str]


class _Server(msgspec.Struct):
    server_id: int


async def types(clickhouse: ClickHouse, servers: Collection[int] | None = None) -> frozenset[str]:
    """Return the types of events that were ever reported by some servers or any, of those that numbers need.

    What a server reports for the first time is known some seconds later.
    """
    found = await _by_server(clickhouse)
    chosen = found if servers is None else found.keys() & set(servers)
    return frozenset().union(*(found[server] for server in chosen))


async def types_for(clickhouse: ClickHouse, keys: Sequence[int]) -> frozenset[str]:
    """Return the same for the servers on which a player was seen."""
    rows = await clickhouse.rows(_SQL["servers"], _Server, keys=list(keys))
    return await types(clickhouse, [row.server_id for row in rows])


async def _by_server(clickhouse: ClickHouse) -> dict[int, frozenset[str]]:
    now = time.monotonic()
    kept = _KEPT.get(clickhouse)
    if kept is not None and now - kept[0] < KEPT_SECONDS:
        return kept[1]
    rows = await clickhouse.rows(_SQL["types"], _Types, types=_TYPES)
    found = {row.server_id: frozenset(row.types) for row in rows}
    _KEPT[clickhouse] = now, found
    return found


def known(row: T, told: Collection[str]) -> T:
    """Return a row with null in place of every 0 that only says that nobody reports it."""
    unknown = {
        field: None
        for field in type(row).__struct_fields__
        if field in NEEDS and not getattr(row, field) and not any(each in told for each in NEEDS[field])
    }
    return msgspec.structs.replace(row, **unknown) if unknown else row
