"""Two players who are one person: merged by an admin, and split again.

Links in ClickHouse say whom a key stands for, and every stat follows them. Postgres keeps what they were
before a merge, and the audit log who made it. What a crash cut off between the two is mended by doing the
same again.
"""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Final

import msgspec

from api.audit import service as audit
from api.audit.service import Actor
from api.errors import Conflict, NotFound
from api.players import people
from api.players.identities import Identity, Person, identities, parse, person, seen
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Connection, Postgres, fetch
from api.stores.sql import queries

_SQL = queries("postgres", "players")
_LINKS = queries("clickhouse", "player_links")
_LOCK: Final = 0x6D65_7267_6573  # "merges"


class Merge(msgspec.Struct):
    """A player who was merged into another, and was not split off again."""

    player: Identity
    into: Identity
    merged_at: datetime
    merged_by: str


class Merged(msgspec.Struct):
    """What a merge or a split came to. `keys`: how many keys stand for another player now."""

    player: str
    into: str
    keys: int


class _Row(msgspec.Struct):
    """`keys` stood for the players `before`; ids of keys are too large for Postgres' numbers."""

    id: int
    player: str
    into_player: str
    keys: list[str]
    before: list[str]
    merged_at: datetime
    merged_by: str


class _Link(msgspec.Struct):
    player_key: int
    player: int
    verified: bool


def deciding(postgres: Postgres) -> AbstractAsyncContextManager[Connection]:
    """Be the one who merges and splits, for the length of the block."""
    return postgres.lock(_LOCK)


async def merge(postgres: Postgres, clickhouse: ClickHouse, player: str, into: str, by: Actor) -> Merged:
    """Let all that a player did count for another one, whose name and id stay.

    Raises NotFound for a player who was never seen, Conflict for two that cannot be one: they are already,
    one is a bot and the other is not, or the first is a member of the forum, whose logins say who they are.
    """
    async with deciding(postgres) as connection:
        one, other = await person(clickhouse, parse(player)), await person(clickhouse, parse(into))
        await _check(clickhouse, one, other, player)
        before = await _links(clickhouse, one.keys)
        name, into_name = f"{one.player:016x}", f"{other.player:016x}"
        cut_off = await fetch(connection, _SQL["open_merge"], _Row, (name,))
        if cut_off and cut_off[0].into_player != into_name:
            await _close(connection, cut_off[0], 0, by)
            cut_off = []
        if not cut_off:
            keys = [str(key) for key in one.keys]
            stood_for = [str(before.get(key, key)) for key in one.keys]
            await connection.execute(_SQL["add_merge"], (name, into_name, keys, stood_for, by.name))
            change = {"into": into_name, "keys": len(keys)}
            await audit.record(connection, by, "player.merge", f"player {name}", after=change)
    await _point(clickhouse, one.keys, [other.player] * len(one.keys))
    return Merged(name, into_name, len(one.keys))


async def _check(clickhouse: ClickHouse, one: Person, other: Person, asked: str) -> None:
    if one.player == other.player:
        raise Conflict(f"player {asked} is that player already")
    known = await seen(clickhouse, [one.player, other.player])
    for each in (one, other):
        if each.player not in known:
            raise NotFound(f"player {each.player:016x} was never seen")
    if known[one.player].rung == "verified":
        raise Conflict(
            f"player {asked} is a member of the forum: merge the other one into them, or unlink their clients"
        )
    if known[one.player].bot != known[other.player].bot:
        raise Conflict("one of them is a bot, and the other is not")


async def split(postgres: Postgres, clickhouse: ClickHouse, player: str, by: Actor) -> Merged:
    """Undo the merge of a player into another: each key stands again for whom it stood for.

    A key that has become somebody else's since, by a login, stays theirs. Raises NotFound when the player
    was not merged, Conflict when the other one was merged further: that is to be split first.
    """
    name = f"{parse(player):016x}"
    async with deciding(postgres) as connection:
        found = await fetch(connection, _SQL["open_merge"], _Row, (name,))
        if not found:
            raise NotFound(f"player {name} was not merged into another one by an admin")
        row, into = found[0], int(found[0].into_player, 16)
        now = await _links(clickhouse, [int(key) for key in row.keys])
        pairs = [(int(key), int(before)) for key, before in zip(row.keys, row.before, strict=True)]
        ours = [(key, before) for key, before in pairs if now.get(key, key) == into]
        if not ours and (further := await _where(clickhouse, into)) != into:
            raise Conflict(f"player {row.into_player} was merged into {further:016x}; split that first")
        if ours:
            await _point(clickhouse, [key for key, _ in ours], [before for _, before in ours])
        await _close(connection, row, len(ours), by)
    return Merged(name, row.into_player, len(ours))


async def _close(connection: Connection, row: _Row, keys: int, by: Actor) -> None:
    await connection.execute(_SQL["close_merge"], (row.id,))
    before = {"into": row.into_player, "keys": len(row.keys)}
    await audit.record(
        connection, by, "player.split", f"player {row.player}", before=before, after={"keys": keys}
    )


async def current(
    postgres: Postgres, clickhouse: ClickHouse, player: str | None = None, limit: int = 100
) -> list[Merge]:
    """Return merges that nobody has split, the latest first: those of or into a player, or all."""
    rows = await postgres.rows(_SQL["merges"], _Row, into=player, limit=limit)
    named = {int(each, 16) for row in rows for each in (row.player, row.into_player)}
    known = await identities(clickhouse, named)
    return [
        Merge(known[int(r.player, 16)], known[int(r.into_player, 16)], r.merged_at, r.merged_by) for r in rows
    ]


async def _where(clickhouse: ClickHouse, key: int) -> int:
    return (await person(clickhouse, key)).player


async def _links(clickhouse: ClickHouse, keys: list[int]) -> dict[int, int]:
    return {row.player_key: row.player for row in await clickhouse.rows(_LINKS["current"], _Link, keys=keys)}


async def _point(clickhouse: ClickHouse, keys: list[int], players: list[int]) -> None:
    await clickhouse.command(_LINKS["point"], keys=keys, players=players)
    await people.refresh(clickhouse)
