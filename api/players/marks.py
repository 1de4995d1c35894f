"""What admins say of players: that one is a bot or is none, and that one is to stand on no board.

A mark holds for every key that the player has when it is made, so that it stays with each of them when they
are linked, merged or split; a player is marked when any of their keys is. Postgres has the marks; ClickHouse
gets a copy for its queries. Keys whose copy is old are noted in the transaction of the change, and written at
once or, after a crash, by the worker.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from api.audit import service as audit
from api.audit.service import Actor
from api.errors import Conflict, NotFound
from api.players import people
from api.players.identities import Identity, Person, identities, parse, person, seen
from api.players.merges import deciding
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Connection, Postgres, fetch
from api.stores.sql import queries

Kind = Literal["bot", "person", "flag"]
# A bot, no bot, or what events say.
Word = Literal["bot", "person", "events"]
Reason = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]

_SQL = queries("postgres", "admin_marks")
_COPY = queries("clickhouse", "player_marks")
_LINKS = queries("clickhouse", "player_links")
_BOTS: Final = ["bot", "person"]
_FLAG: Final = ["flag"]


class Mark(msgspec.Struct):
    """What an admin said of a player, and nobody has undone."""

    kind: Kind
    player: Identity
    reason: str
    made_at: datetime
    made_by: str


class Marked(msgspec.Struct):
    """What holds for a player now. `keys`: how many keys of the player it was said of."""

    player: str
    marks: list[Kind]
    keys: int


class Flag(msgspec.Struct):
    """Why a player stands on no board."""

    reason: str
    since: datetime


class _Row(msgspec.Struct):
    id: int
    kind: Kind
    player: str
    keys: list[str]
    reason: str
    made_at: datetime
    made_by: str


class _Link(msgspec.Struct):
    player_key: int
    player: int


class _Reason(msgspec.Struct):
    id: int
    reason: str


class _Changed(msgspec.Struct):
    player_key: str
    bot: int
    flagged: bool
    reason: str
    flagged_ms: int


async def mark(
    postgres: Postgres, clickhouse: ClickHouse, player: str, word: Word, reason: str, by: Actor
) -> Marked:
    """Say that a player is a bot or is none, whatever events say, or with "events" believe those again.

    Raises NotFound for a player who was never seen, and for one of whom nothing is said that could be undone.
    """
    kind = None if word == "events" else word
    return await _change(postgres, clickhouse, player, _BOTS, kind, reason, by)


async def flag(postgres: Postgres, clickhouse: ClickHouse, player: str, reason: str, by: Actor) -> Marked:
    """Keep a player off all boards, for a reason. Raises NotFound for a player who was never seen."""
    return await _change(postgres, clickhouse, player, _FLAG, "flag", reason, by)


async def unflag(postgres: Postgres, clickhouse: ClickHouse, player: str, by: Actor) -> Marked:
    """Let a player stand on boards again. Raises NotFound for one who is not flagged."""
    return await _change(postgres, clickhouse, player, _FLAG, None, "", by)


async def _change(
    postgres: Postgres,
    clickhouse: ClickHouse,
    player: str,
    kinds: list[str],
    kind: Kind | None,
    reason: str,
    by: Actor,
) -> Marked:
    # Nobody merges or splits meanwhile, so the player's keys stay the same.
    async with deciding(postgres) as connection:
        who = await person(clickhouse, parse(player))
        name, keys = f"{who.player:016x}", [str(key) for key in who.keys]
        named: dict[str, object] = {"keys": keys, "kinds": kinds, "by": by.name}
        held = await fetch(connection, _SQL["held"], _Row, named)
        await _check(clickhouse, who, kind, held, player)
        await connection.execute(_SQL["take_keys"], named)
        if kind is not None:
            added = {"kind": kind, "player": name, "keys": keys, "reason": reason, "by": by.name}
            await connection.execute(_SQL["add"], added)
        await connection.execute(_SQL["change"], (keys,))
        action = "player.flag" if kinds == _FLAG else "player.mark"
        after = {"is": kind, "reason": reason} if kind else None
        before = _told(held[-1]) if held else None
        await audit.record(
            connection,
            by,
            action if kind else f"{action}_undone",
            f"player {name}",
            before=before,
            after=after,
        )
        now = [row.kind for row in await fetch(connection, _SQL["all"], _Row, {"keys": keys, "limit": 100})]
    await write_changed(postgres, clickhouse)
    return Marked(name, sorted(set(now)), len(keys))


async def _check(
    clickhouse: ClickHouse, who: Person, kind: Kind | None, held: list[_Row], asked: str
) -> None:
    if kind is None:
        if not held:
            raise NotFound(f"nothing of that kind is said of player {asked}")
        return
    if who.player not in await seen(clickhouse, [who.player]):
        raise NotFound(f"no player has the id {asked!r}")
    if kind == "flag" and any(set(row.keys) >= {str(key) for key in who.keys} for row in held):
        raise Conflict(f"player {asked} is flagged already; undo that first to give another reason")


def _told(row: _Row) -> dict[str, Any]:
    return {"is": row.kind, "reason": row.reason, "by": row.made_by}


async def current(
    postgres: Postgres, clickhouse: ClickHouse, player: str | None = None, limit: int = 200
) -> list[Mark]:
    """Return the marks that nobody has undone, the latest first: those of a player, or all."""
    keys = None
    if player is not None:
        keys = [str(key) for key in (await person(clickhouse, parse(player))).keys]
    rows = await postgres.rows(_SQL["all"], _Row, keys=keys, limit=limit)
    marked = [int(key) for row in rows for key in row.keys]
    links = {
        link.player_key: link.player for link in await clickhouse.rows(_LINKS["current"], _Link, keys=marked)
    }
    known = await identities(clickhouse, (links.get(key, key) for key in marked))
    # Of keys that are several players' by now, it is said of each.
    return [
        Mark(row.kind, known[player], row.reason, row.made_at, row.made_by)
        for row in rows
        for player in sorted({links.get(int(key), int(key)) for key in row.keys})
    ]


async def flag_of(clickhouse: ClickHouse, keys: list[int]) -> Flag | None:
    """Return why the player with these keys stands on no board, None for one who does."""
    return await clickhouse.one(_COPY["flag"], Flag, keys=keys)


async def write_changed(postgres: Postgres, clickhouse: ClickHouse) -> int:
    """Tell ClickHouse of changed marks, and return of how many keys."""
    async with deciding(postgres):
        return await write_changed_now(postgres, clickhouse)


async def write_changed_now(postgres: Postgres, clickhouse: ClickHouse) -> int:
    """Tell ClickHouse of changed marks; the caller is the one who decides."""
    rows = await postgres.rows(_SQL["changed"], _Changed)
    if not rows:
        return 0
    await clickhouse.command(
        _COPY["write"],
        keys=[int(row.player_key) for row in rows],
        bots=[row.bot for row in rows],
        flagged=[row.flagged for row in rows],
        reasons=[row.reason for row in rows],
        at=[row.flagged_ms for row in rows],
    )
    await people.refresh(clickhouse)
    await postgres.execute(_SQL["written"], [row.player_key for row in rows])
    return len(rows)


async def forget_reasons(connection: Connection, names_someone: Callable[[str], object]) -> None:
    """Blank reasons that name somebody, within a transaction; ClickHouse is to be told afterwards."""
    rows = await fetch(connection, _SQL["reasons"], _Reason)
    await connection.execute(_SQL["blank"], ([row.id for row in rows if names_someone(row.reason)],))


async def step(postgres: Postgres, clickhouse: ClickHouse) -> None:
    """Tell ClickHouse what a crash kept from it, if there is anything."""
    if await postgres.rows(_SQL["changed"], _Changed):
        await write_changed(postgres, clickhouse)
