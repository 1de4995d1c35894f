"""Achievements: all that there are, and a player's."""

from litestar import Response, get
from litestar.params import FromPath

from api.achievements import service
from api.achievements.catalogue import CATEGORIES
from api.web.public.render import Here, PageRequest, embed, page


@get("/achievements")
async def list_achievements(request: PageRequest, platform: Here) -> Response[bytes]:
    """Show what can be earned, and how rare it is."""
    found = await service.catalogue(platform.redis)
    return page(request, "public/achievements.html", "leaderboards", found=found, categories=CATEGORIES)


@get("/players/{player_id:str}/achievements")
async def show_achievements(
    request: PageRequest, platform: Here, player_id: FromPath[str]
) -> Response[bytes]:
    """Show how far a player is with everything."""
    found = await service.of_player(platform.clickhouse, platform.redis, player_id)
    return page(
        request,
        "public/player_achievements.html",
        "players",
        found=found,
        best=service.strip(found.achievements),
        categories=CATEGORIES,
    )


@get("/embed/players/{player_id:str}/achievements")
async def achievements_strip(
    request: PageRequest, platform: Here, player_id: FromPath[str]
) -> Response[bytes]:
    """Show a player's rarest and newest achievements, as a strip."""
    found = await service.of_player(platform.clickhouse, platform.redis, player_id)
    return embed(request, "embed/achievements.html", found=found, best=service.strip(found.achievements))
