"""What servers never report is unknown, and not 0.

The rule of the boards (metrics.py), for numbers that stand beside others: a number is null where none of the
servers that it is of has ever reported one of the events that the metric of the same thing needs.
"""

from collections.abc import Collection, Sequence
from typing import Final, TypeVar

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


class _Types(msgspec.Struct):
    types: list[str]


async def types(clickhouse: ClickHouse, keys: Sequence[int] = ()) -> frozenset[str]:
    """Return the types of events that were ever reported, of those that numbers need.

    With `keys` of a player, by the servers on which they were seen; without, by any.
    """
    found = await clickhouse.one(_SQL["types"], _Types, types=_TYPES, keys=list(keys))
    return frozenset(found.types if found else ())


def known(row: T, told: Collection[str]) -> T:
    """Return a row with null in place of every 0 that only says that nobody reports it."""
    unknown = {
        field: None
        for field in type(row).__struct_fields__
        if field in NEEDS and not getattr(row, field) and not any(each in told for each in NEEDS[field])
    }
    return msgspec.structs.replace(row, **unknown) if unknown else row
