"""What servers never report is unknown, and not 0.

A number is null where none of the servers that it is of has ever reported one of the events that it needs.
The boards' metrics (api/stats/metrics.py) take what they need from here.
"""

from collections.abc import Collection, Sequence
from typing import Final, TypeVar

import msgspec

from api.stores.clickhouse import ClickHouse
from api.stores.remembered import Remembered
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


class _Types(msgspec.Struct):
    server_id: int
    types: list[str]


class _Server(msgspec.Struct):
    server_id: int


async def types(clickhouse: ClickHouse, servers: Collection[int] | None = None) -> frozenset[str]:
    """Return the types of events that were ever reported by some servers or any, of those that numbers need.

    What a server reports for the first time is known some seconds later.
    """
    found = await _BY_SERVER.of(clickhouse)
    chosen = found if servers is None else found.keys() & set(servers)
    return frozenset().union(*(found[server] for server in chosen))


async def types_for(clickhouse: ClickHouse, keys: Sequence[int]) -> frozenset[str]:
    """Return the same for the servers on which a player was seen."""
    rows = await clickhouse.rows(_SQL["servers"], _Server, keys=list(keys))
    return await types(clickhouse, [row.server_id for row in rows])


async def _ask(clickhouse: ClickHouse) -> dict[int, frozenset[str]]:
    rows = await clickhouse.rows(_SQL["types"], _Types, types=_TYPES)
    return {row.server_id: frozenset(row.types) for row in rows}


# A third of all questions ask it.
_BY_SERVER: Final = Remembered(_ask)


def known(row: T, told: Collection[str]) -> T:
    """Return a row with null in place of every 0 that only says that nobody reports it."""
    unknown = {
        field: None
        for field in type(row).__struct_fields__
        if field in NEEDS and not getattr(row, field) and not any(each in told for each in NEEDS[field])
    }
    return msgspec.structs.replace(row, **unknown) if unknown else row
