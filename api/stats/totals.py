"""Totals: everything that was ever counted, in one line."""

import asyncio
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from api.servers import reported
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "totals")


class Totals(msgspec.Struct):
    """Everything that was ever counted, bots included where it does not say otherwise."""

    events: int = 0
    kills: int = 0
    deaths: int = 0
    kill_headshots: Annotated[int, Meta(description="kills at head or helmet")] = 0
    shots: Annotated[int | None, Meta(description="as far as servers report them; null where none does")] = 0
    chat_lines: int | None = 0
    players: Annotated[int, Meta(description="people, after links")] = 0
    bots: int = 0
    matches: int = 0
    servers: int = 0
    maps: int = 0
    first_time: datetime | None = None
    last_time: datetime | None = None


async def totals(clickhouse: ClickHouse) -> Totals:
    """Return the totals over all servers and times."""
    found, told = await asyncio.gather(clickhouse.one(_SQL["all"], Totals), reported.types(clickhouse))
    return reported.known(found or Totals(), told)
