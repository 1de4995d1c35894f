"""HTTP: all that is kept of a player, and erasing it, for admins."""

from typing import Annotated

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter
from redis.asyncio import Redis

from api.audit.service import Actor
from api.privacy import service
from api.privacy.service import Erased, Export
from api.settings import Settings
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres

PlayerId = Annotated[str, PathParameter(description="16 hexadecimal digits")]


@get("/export", operation_id="exportPlayer", summary="All that is kept of a player", tags=["admin"])
async def export_player(
    postgres: NamedDependency[Postgres],
    clickhouse: NamedDependency[ClickHouse],
    settings: NamedDependency[Settings],
    actor: NamedDependency[Actor],
    player_id: PlayerId,
) -> Export:
    """Return all that is kept of a player. The audit log says who asked."""
    return await service.export(postgres, clickhouse, settings, player_id, actor)


@post(
    "/erase",
    operation_id="erasePlayer",
    summary="Take a player out of everything",
    tags=["admin"],
    status_code=200,
)
async def erase_player(
    postgres: NamedDependency[Postgres],
    clickhouse: NamedDependency[ClickHouse],
    redis: NamedDependency[Redis],
    settings: NamedDependency[Settings],
    actor: NamedDependency[Actor],
    player_id: PlayerId,
    dry_run: Annotated[bool, QueryParameter(description="only count what it would be")] = False,
) -> Erased:
    """Take names, texts, addresses and links of a player out of everything; counts stay, as nobody's.

    It cannot be undone. The answer comes when it is done; if the connection breaks before that, it goes on,
    or is completed after the next start.
    """
    stores = postgres, clickhouse, redis, settings
    return await service.erase(*stores, player_id, actor, dry_run=dry_run)


router = Router(
    "/api/v1/admin/players/{player_id:str}",
    opt={"access": "admin"},
    route_handlers=[export_player, erase_player],
)
