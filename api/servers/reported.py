"""What servers never report is unknown, and not 0.

A number is null where none of the servers that it is of has ever reported one of the events that it needs.
The boards' metrics (api/stats/metrics.py) take what they need from here.
"""

import time
from collections.abc import Collection, Sequence
from typing import Final, TypeVar
from weakref import WeakKeyDictionary

import msgspec

from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "reported")
T = TypeVar("T", bound=msgspec.Struct)

# The fields of answers, and the events of which any is enough to know them.
NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "shots": ("weapon_fire", "accuracy_summary"),
    "hits": ("weapon_hit", "accuracy_summary"),
    **dict.fromkeys(
        ("damage", "damage_dealt", "damage_taken", "friendly_damage", "hit_headshots"), ("player_damage",)
    ),
    "chat_lines": ("player_say",),
    "jumps": ("player_jump",),
    "reloads": ("weapon_reload",),
    "grenades": ("grenade_throw",),
    "pickups": ("item_pickup", "health_pickup", "ammo_pickup", "armor_pickup"),
    "objectives": ("objective_capture",),
    **dict.fromkeys(("distance", "walked", "sprinted", "swam", "driven"), ("player_distance",)),
    "rounds": ("round_end",),
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
