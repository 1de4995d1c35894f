"""Who a player is: the key that stands for them, the names they use, and how sure that is."""

import re
from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from api.errors import NotFound
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries

_SQL = queries("clickhouse", "players")
_ID = re.compile(r"[0-9a-f]{16}")

Rung = Literal["verified", "client", "name", "bot"]
Bots = Literal["exclude", "include", "only"]
Flagged = Literal["exclude", "include", "only"]


class Identity(msgspec.Struct):
    """A player, as lists name them."""

    id: Annotated[str, Meta(description="16 hexadecimal digits", examples=["96c20860cd93a249"])]
    name: Annotated[str, Meta(description="the last name used, without colour codes", examples=["Daichi"])]
    rung: Annotated[
        Rung,
        Meta(
            description="how the player is known: a linked forum member, a client id, a mere name, or a bot"
        ),
    ]
    bot: bool
    flagged: Annotated[bool, Meta(description="an admin keeps the player off all boards")] = False


class Person(msgspec.Struct):
    """The key that stands for a player, and all of the player's keys."""

    player: int
    keys: list[int]


class Known(Person):
    """A player who was seen."""

    identity: Identity


class _Row(Identity, kw_only=True):
    player: int


def parse(public_id: str, noun: str = "player") -> int:
    """Return the key that an id in the API stands for. Raises NotFound for what cannot be one."""
    if _ID.fullmatch(public_id) is None:
        raise NotFound(f"no {noun} has the id {public_id[:40]!r}: ids are 16 hexadecimal digits")
    return int(public_id, 16)


async def person(clickhouse: ClickHouse, key: int) -> Person:
    """Return the player that a key belongs to, after links."""
    found = await clickhouse.one(_SQL["keys"], Person, key=key)
    return found or Person(key, [key])


async def known(clickhouse: ClickHouse, public_id: str) -> Known:
    """Return whom an id stands for, after links. Raises NotFound for one that was never seen."""
    who = await person(clickhouse, parse(public_id))
    found = await seen(clickhouse, [who.player])
    if who.player not in found:
        raise NotFound(f"no player has the id {public_id!r}")
    return Known(who.player, who.keys, found[who.player])


async def identities(clickhouse: ClickHouse, players: Iterable[int]) -> dict[int, Identity]:
    """Return who the players are; one that was never seen is nameless."""
    wanted = sorted(set(players))
    if not wanted:
        return {}
    known = await seen(clickhouse, wanted)
    return {player: known.get(player) or unknown(player) for player in wanted}


async def seen(clickhouse: ClickHouse, players: list[int]) -> dict[int, Identity]:
    """Return who the players are, but for those who were never seen."""
    rows = await clickhouse.rows(_SQL["identities"], _Row, players=players)
    return {row.player: Identity(row.id, row.name, row.rung, row.bot, row.flagged) for row in rows}


def unknown(player: int) -> Identity:
    """Return a player of whom nothing but the key is known."""
    return Identity(f"{player:016x}", "", "name", False)
