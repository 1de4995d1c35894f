"""Which members are in a game now, for who is online in the forum; its scheduled task fetches it."""

from typing import Final

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency

from api.forum.desk import HEADERS, Here, Viewer, check_task
from api.live import service as live
from api.live.service import LastPicture
from api.logins import links

_MOST: Final = 200


class InGame(msgspec.Struct):
    """A member who is in a game."""

    member: int
    server: str
    map: str


class Playing(msgspec.Struct):
    """Members who are in a game."""

    playing: list[InGame]


@get("/playing")
async def fetch_playing(
    platform: Here, viewer: Viewer, last: NamedDependency[LastPicture]
) -> Response[Playing]:
    """Return linked members who are in a live match. Raises Forbidden for all but the forum's task."""
    check_task(viewer)
    picture = await live.show(platform.redis, last)
    here = [
        (player.id, match)
        for match in ([] if picture.stale else picture.matches)
        for player in match.players
        if player.here
    ]
    members = await links.members_of(platform.postgres, platform.clickhouse, [player for player, _ in here])
    found = {
        members[player]: InGame(members[player], match.server, match.map)
        for player, match in here
        if player in members
    }
    return Response(Playing(list(found.values())[:_MOST]), headers=HEADERS)


handlers = [fetch_playing]
