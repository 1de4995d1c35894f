"""HTTP: matches that are in no number, and all flags together, for admins."""

from typing import Annotated

import msgspec
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter

from api.audit.service import Actor
from api.left_out import service
from api.left_out.service import LeftOut, PutBack
from api.players import marks
from api.players.marks import Mark, Reason
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres

MatchPath = Annotated[str, PathParameter(pattern="^[0-9a-f]{16}$", description="16 hexadecimal digits")]


class NewMatchFlag(msgspec.Struct, forbid_unknown_fields=True):
    """Why a match is in no number; its page says it."""

    reason: Reason


class Flags(msgspec.Struct):
    """What admins said and nobody has undone, the latest first."""

    players: list[Mark]
    matches: list[LeftOut]


async def all_flags(postgres: Postgres, clickhouse: ClickHouse) -> Flags:
    """Return all marks of players and all matches that are left out."""
    return Flags(await marks.current(postgres, clickhouse), await service.current(postgres))


@get("/flags", operation_id="listFlags", summary="Marks and flags that hold", tags=["admin"])
async def list_flags(postgres: NamedDependency[Postgres], clickhouse: NamedDependency[ClickHouse]) -> Flags:
    """Return what admins said of players and matches, and nobody has undone."""
    return await all_flags(postgres, clickhouse)


@post(
    "/matches/{match_id:str}/flag",
    operation_id="flagMatch",
    summary="Take a match out of every number",
    tags=["admin"],
    status_code=202,
)
async def flag_match(
    data: JSONBody[NewMatchFlag],
    postgres: NamedDependency[Postgres],
    clickhouse: NamedDependency[ClickHouse],
    actor: NamedDependency[Actor],
    match_id: MatchPath,
) -> LeftOut:
    """Take a match out of every number. All is counted anew for it, which takes a while: the jobs tell."""
    return await service.leave_out(postgres, clickhouse, match_id, data.reason, actor)


@post(
    "/matches/{match_id:str}/unflag",
    operation_id="unflagMatch",
    summary="Put a match back into the numbers",
    tags=["admin"],
    status_code=202,
)
async def unflag_match(
    postgres: NamedDependency[Postgres], actor: NamedDependency[Actor], match_id: MatchPath
) -> PutBack:
    """Put a match back into every number, which takes as long."""
    return await service.put_back(postgres, match_id, actor)


router = Router(
    "/api/v1/admin", opt={"access": "admin"}, route_handlers=[list_flags, flag_match, unflag_match]
)
