"""HTTP: achievements. Times are UTC; ids of players are 16 hexadecimal digits."""

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from redis.asyncio import Redis

from api.achievements import service
from api.achievements.service import Catalogue, PlayerAchievements
from api.stores.clickhouse import ClickHouse


@get(
    "/achievements",
    operation_id="listAchievements",
    summary="What can be earned, and how rare it is",
    tags=["stats"],
)
async def list_achievements(redis: NamedDependency[Redis]) -> Catalogue:
    """Return every achievement that is not hidden."""
    return await service.catalogue(redis)


@get(
    "/players/{player_id:str}/achievements",
    operation_id="getPlayerAchievements",
    summary="A player's achievements",
    tags=["player"],
)
async def get_player_achievements(
    clickhouse: NamedDependency[ClickHouse], redis: NamedDependency[Redis], player_id: FromPath[str]
) -> PlayerAchievements:
    """Return how far a player is with every achievement, under any of the ids that are linked to them."""
    return await service.of_player(clickhouse, redis, player_id)


router = Router(
    "/api/v1/stats", opt={"access": "read"}, route_handlers=[list_achievements, get_player_achievements]
)
