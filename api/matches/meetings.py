"""Matches in which two sides met: what a tournament asks for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from api.matches import queries
from api.matches.queries import MeetingRow
from api.servers.queries import names as server_names
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres

_MOST: Final = 20
# A side has at most so many members that are looked for.
_MOST_MEMBERS: Final = 100


class Meeting(msgspec.Struct, frozen=True):
    """A match that has ended in which members of both sides played."""

    match_id: str
    server: str
    map: str
    started_at: datetime
    home_players: int
    away_players: int
    score: Annotated[tuple[int, int], Meta(description="of home and away: of their teams, else their kills")]


async def meetings(
    clickhouse: ClickHouse, postgres: Postgres, home: Sequence[int], away: Sequence[int], since: datetime
) -> list[Meeting]:
    """Return the latest matches since a time in which members of both sides played, against each other.

    Where most of each side were in another team, the score is that of the teams; where there are no teams, or
    the match told no score, it is the kills of the members. Matches in which both were in one team are none.
    """
    if not home or not away:
        return []
    sides = list(home)[:_MOST_MEMBERS], list(away)[:_MOST_MEMBERS]
    rows = await queries.meetings(clickhouse, *sides, since, _MOST)
    servers = await server_names(postgres) if rows else {}
    return [
        Meeting(
            row.id,
            servers.get(row.server_id, f"server {row.server_id}"),
            row.map,
            row.started_at,
            row.home_players,
            row.away_players,
            score,
        )
        for row in rows
        if (score := _score(row)) is not None
    ]


def _score(row: MeetingRow) -> tuple[int, int] | None:
    home, away = _team(row.home_allies, row.home_axis), _team(row.away_allies, row.away_axis)
    if home and home == away:
        return None
    if home and away and row.scored:
        return (row.allies, row.axis) if home == "allies" else (row.axis, row.allies)
    return (row.home_kills, row.away_kills)


def _team(allies: int, axis: int) -> str:
    """Return the team that most of a side were in, empty where that is no team."""
    return "allies" if allies > axis else "axis" if axis > allies else ""
