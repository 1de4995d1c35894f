"""Achievements in the forum: a member's, all that there are, and who has one."""

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from api.achievements.catalogue import ACHIEVEMENTS, CATEGORIES
from api.achievements.service import Listed, Standing
from api.errors import NotFound
from api.forum.desk import ForumRequest, Fragment, Here, Viewer, check_view, forum_of, fragment
from api.logins.members import MemberPath
from smf_bridge import achievements, members
from smf_bridge.database import Database


@get("/members/{member_id:int}/achievements")
async def show_member(
    request: ForumRequest, platform: Here, viewer: Viewer, member_id: MemberPath
) -> Response[Fragment]:
    """Show what a member has earned and how far they are; hidden ones only if they have them."""
    check_view(viewer)
    forum = forum_of(platform)
    member = await members.member(forum, member_id)
    standings = await standings_of(forum, member_id)
    shown = [each for each in standings if each.earned or not each.hidden]
    return fragment(
        request,
        platform,
        "forum/member_achievements.html",
        f"Achievements of {member.name}",
        shown=shown,
        earned=sum(each.earned for each in standings),
        there_are=len(standings),
        hidden=len(standings) - len(shown),
        categories=CATEGORIES,
    )


@get("/achievements")
async def show_all(request: ForumRequest, platform: Here, viewer: Viewer) -> Response[Fragment]:
    """Show what there is to be earned; of hidden ones, what the viewer has."""
    check_view(viewer)
    forum = forum_of(platform)
    held = await achievements.held(forum, viewer.member)
    rarity = await achievements.rarity(forum)
    shown = [
        Listed(**msgspec.structs.asdict(each), rarity=rarity.share(each.id))
        for each in ACHIEVEMENTS.values()
        if not each.hidden or _has(held, each.id)
    ]
    return fragment(
        request,
        platform,
        "forum/achievements.html",
        "Achievements",
        shown=shown,
        hidden=len(ACHIEVEMENTS) - len(shown),
        rarity=rarity,
        categories=CATEGORIES,
    )


@get("/achievements/{achievement:str}")
async def show_one(
    request: ForumRequest, platform: Here, viewer: Viewer, achievement: FromPath[str]
) -> Response[Fragment]:
    """Show who has an achievement. Raises NotFound, too, for a hidden one that the viewer has not."""
    check_view(viewer)
    forum = forum_of(platform)
    found = ACHIEVEMENTS.get(achievement)
    if found is None or (found.hidden and not _has(await achievements.held(forum, viewer.member), found.id)):
        raise NotFound(f"there is no achievement {achievement[:64]!r}, or it is hidden")
    rarity = await achievements.rarity(forum, only=found.id)
    return fragment(
        request,
        platform,
        "forum/achievement.html",
        found.name,
        links=[("All achievements", "/forum/achievements")],
        shown=Listed(**msgspec.structs.asdict(found), rarity=rarity.share(found.id)),
        holders=await achievements.holders(forum, found.id),
    )


async def standings_of(forum: Database, member: int) -> list[Standing]:
    """Return how far a member is with everything, as the forum has it."""
    held = await achievements.held(forum, member)
    rarity = await achievements.rarity(forum)
    standings = []
    for each in ACHIEVEMENTS.values():
        has = held.get(each.id)
        standings.append(
            Standing(
                **msgspec.structs.asdict(each),
                value=has.progress if has else 0,
                earned=bool(has and has.unlocked_at),
                match=has.match if has else None,
                at=has.unlocked_at if has else None,
                rarity=rarity.share(each.id),
            )
        )
    return standings


def _has(held: dict[str, achievements.Held], id_: str) -> bool:
    return id_ in held and held[id_].unlocked_at is not None


handlers = [show_member, show_all, show_one]
