"""HTTP: what admins say of players, who is one person, a bot, on no board."""

from typing import Annotated

import msgspec
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter, QueryParameter
from msgspec import Meta

from api.audit.service import Actor
from api.players import marks, merges
from api.players.marks import Marked, Reason, Word
from api.players.merges import Merge, Merged
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres

PLAYER_ID = "^[0-9a-f]{16}$"
PlayerPath = Annotated[str, PathParameter(pattern=PLAYER_ID, description="16 hexadecimal digits")]


class NewMerge(msgspec.Struct, forbid_unknown_fields=True):
    """The player for whom the other's deeds are to count."""

    into: Annotated[str, Meta(pattern=PLAYER_ID, examples=["96c20860cd93a249"])]


class Merges(msgspec.Struct):
    """Players who were merged into others, the latest first."""

    merges: list[Merge]


class NewMark(msgspec.Struct, forbid_unknown_fields=True):
    """What a player is, whatever events say; `events`: believe those again."""

    word: Word
    reason: Reason | None = None


class NewFlag(msgspec.Struct, forbid_unknown_fields=True):
    """Why a player stands on no board; the player's page says it."""

    reason: Reason


@get("/merges", operation_id="listMerges", summary="Players merged into others", tags=["admin"])
async def list_merges(
    postgres: NamedDependency[Postgres],
    clickhouse: NamedDependency[ClickHouse],
    player: Annotated[str | None, QueryParameter(pattern=PLAYER_ID)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
) -> Merges:
    """Return the merges that stand: of one player, or all."""
    return Merges(await merges.current(postgres, clickhouse, player, limit))


@post(
    "/{player_id:str}/merge",
    operation_id="mergePlayer",
    summary="Two are one",
    tags=["admin"],
    status_code=200,
)
async def merge_player(
    data: JSONBody[NewMerge],
    postgres: NamedDependency[Postgres],
    clickhouse: NamedDependency[ClickHouse],
    actor: NamedDependency[Actor],
    player_id: PlayerPath,
) -> Merged:
    """Let all that a player did count for another one. Splitting undoes it."""
    return await merges.merge(postgres, clickhouse, player_id, data.into, actor)


@post(
    "/{player_id:str}/split",
    operation_id="splitPlayer",
    summary="Undo a merge",
    tags=["admin"],
    status_code=200,
)
async def split_player(
    postgres: NamedDependency[Postgres],
    clickhouse: NamedDependency[ClickHouse],
    actor: NamedDependency[Actor],
    player_id: PlayerPath,
) -> Merged:
    """Split a player off again who was merged into another."""
    return await merges.split(postgres, clickhouse, player_id, actor)


@post(
    "/{player_id:str}/mark",
    operation_id="markPlayer",
    summary="Say who is a bot",
    tags=["admin"],
    status_code=200,
)
async def mark_player(
    data: JSONBody[NewMark],
    postgres: NamedDependency[Postgres],
    clickhouse: NamedDependency[ClickHouse],
    actor: NamedDependency[Actor],
    player_id: PlayerPath,
) -> Marked:
    """Say that a player is a bot, or is none, whatever events say; or believe events again."""
    return await marks.mark(postgres, clickhouse, player_id, data.word, data.reason or "", actor)


@post(
    "/{player_id:str}/flag",
    operation_id="flagPlayer",
    summary="Keep a player off all boards",
    tags=["admin"],
    status_code=200,
)
async def flag_player(
    data: JSONBody[NewFlag],
    postgres: NamedDependency[Postgres],
    clickhouse: NamedDependency[ClickHouse],
    actor: NamedDependency[Actor],
    player_id: PlayerPath,
) -> Marked:
    """Keep a player off boards and lists of the best; scoreboards of matches show the flag."""
    return await marks.flag(postgres, clickhouse, player_id, data.reason, actor)


@post(
    "/{player_id:str}/unflag",
    operation_id="unflagPlayer",
    summary="Undo a flag",
    tags=["admin"],
    status_code=200,
)
async def unflag_player(
    postgres: NamedDependency[Postgres],
    clickhouse: NamedDependency[ClickHouse],
    actor: NamedDependency[Actor],
    player_id: PlayerPath,
) -> Marked:
    """Let a player stand on boards again."""
    return await marks.unflag(postgres, clickhouse, player_id, actor)


router = Router(
    "/api/v1/admin/players",
    opt={"access": "admin"},
    route_handlers=[list_merges, merge_player, split_player, mark_player, flag_player, unflag_player],
)
