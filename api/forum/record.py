"""The area "Combat record" of a member's profile: who they are in the game."""

from typing import Any

from litestar import Response, get

from api.achievements.service import strip
from api.errors import NotFound
from api.forum.achievements import standings_of
from api.forum.curves import curves_of
from api.forum.desk import ForumRequest, Fragment, Here, Viewer, check_view, forum_of, fragment
from api.logins import links
from api.logins.members import MemberPath
from api.stats import players
from api.stats.players import Player
from api.web.public.career import bodies
from api.web.public.players import RUNGS
from smf_bridge import members


@get("/members/{member_id:int}/record")
async def show_record(
    request: ForumRequest, platform: Here, viewer: Viewer, member_id: MemberPath
) -> Response[Fragment]:
    """Show what a member did in the game; of one who never played, how to begin."""
    check_view(viewer)
    member = await members.member(forum_of(platform), member_id)
    player_id = await links.player_of(platform.clickhouse, member_id)
    player: Player | None = None
    context: dict[str, Any] = {}
    try:
        player = await players.player(platform.clickhouse, player_id)
        context = {"bodies": bodies(player.hit_locations), "rungs": RUNGS}
    except NotFound:
        pass
    shown = [("All figures on the site", f"/players/{player_id}")] if player else []
    return fragment(
        request,
        platform,
        "forum/record.html",
        f"Combat record of {member.name}",
        links=shown,
        member=member,
        player=player,
        best=strip(await standings_of(forum_of(platform), member_id)) if player else None,
        curves=await curves_of(platform.clickhouse, player_id) if player else [],
        **context,
    )


handlers = [show_record]
