"""Flags: what admins said of players and matches, and taking it back."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from api.audit.service import Actor
from api.left_out import service as left_out
from api.left_out.admin import MatchPath, NewMatchFlag, all_flags
from api.web.admin.desk import Here, PageRequest, done, form, page


@get("/admin/flags")
async def list_flags(request: PageRequest, platform: Here) -> Template:
    """Show every mark and flag that holds."""
    found = await all_flags(platform.postgres, platform.clickhouse)
    return page(request, "admin/flags.html", "flags", marks=found.players, matches=found.matches)


@get("/admin/matches/{match_id:str}")
async def ask_match(request: PageRequest, match_id: MatchPath) -> Template:
    """Ask why a match is to be left out."""
    return page(request, "admin/match.html", "flags", match=match_id)


@post("/admin/matches/{match_id:str}/flag", status_code=200)
async def flag_match(
    request: PageRequest, platform: Here, actor: NamedDependency[Actor], match_id: MatchPath
) -> Redirect:
    """Take a match out of every number."""
    new = await form(request, NewMatchFlag)
    await left_out.leave_out(platform.postgres, platform.clickhouse, match_id, new.reason, actor)
    return await done(request, platform, "The match is being taken out; see Jobs.", "/admin/flags")


@post("/admin/matches/{match_id:str}/unflag", status_code=200)
async def unflag_match(
    request: PageRequest, platform: Here, actor: NamedDependency[Actor], match_id: MatchPath
) -> Redirect:
    """Put a match back into the numbers."""
    await left_out.put_back(platform.postgres, match_id, actor)
    return await done(request, platform, "The match is being put back; see Jobs.", "/admin/flags")


handlers = [list_flags, ask_match, flag_match, unflag_match]
