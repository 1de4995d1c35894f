"""HTTP: matches that are being played now."""

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from redis.asyncio import Redis

from api.live import service
from api.live.service import LastPicture, Live, LiveMatch


@get("/matches", operation_id="listLiveMatches", summary="Matches being played", tags=["live"])
async def list_live_matches(redis: NamedDependency[Redis], last: NamedDependency[LastPicture]) -> Live:
    """Return every match that is being played; `stale` says that the picture is not being renewed."""
    return await service.show(redis, last)


@get("/matches/{match_id:str}", operation_id="getLiveMatch", summary="One of them", tags=["live"])
async def get_live_match(
    redis: NamedDependency[Redis], last: NamedDependency[LastPicture], match_id: FromPath[str]
) -> LiveMatch:
    """Return one match that is being played."""
    return await service.show_match(redis, last, match_id)


router = Router("/api/v1/live", opt={"access": "read"}, route_handlers=[list_live_matches, get_live_match])
