"""The people whom queries ask about, kept in ClickHouse's memory: links, bots and marks as one dictionary.

`known_people` says what is in it. Whoever changes what that reads says so with `refresh`, and what is asked
next knows; other servers of a cluster look again by themselves every other second.
"""

from typing import Final

import msgspec

from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL: Final = queries("clickhouse", "people")


class _Found(msgspec.Struct):
    there: bool


async def define(clickhouse: ClickHouse) -> None:
    """Make the dictionary, as this program and this server's password want it."""
    statement = _SQL["define"].replace("CLICKHOUSE(", f"CLICKHOUSE({clickhouse.itself}")
    await clickhouse.command(_everywhere(clickhouse, statement, "DICTIONARY people"))


async def refresh(clickhouse: ClickHouse) -> None:
    """Read the dictionary anew, after a change of links or marks or with events that may tell of a bot."""
    found = await clickhouse.one(_SQL["is_there"], _Found)
    if found is not None and found.there:
        await clickhouse.command(_everywhere(clickhouse, _SQL["reload"], "DICTIONARY"))


def _everywhere(clickhouse: ClickHouse, statement: str, after: str) -> str:
    if clickhouse.cluster is None:
        return statement
    return statement.replace(after, f"{after} ON CLUSTER {clickhouse.cluster.name}", 1)
