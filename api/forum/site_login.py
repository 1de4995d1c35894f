"""Logging in to the site with the forum's account."""

from urllib.parse import urlencode

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency

from api.auth.service import Caller
from api.auth.visitors import Visitors
from api.errors import Forbidden
from api.forum.desk import HEADERS, ForumRequest, Here, Viewer, forum_of, member_of, site_of
from smf_bridge import members


class Sent(msgspec.Struct):
    """Where the browser is to be sent: good once, for a minute."""

    redirect: str


@get("/site")
async def log_in_to_site(
    request: ForumRequest, platform: Here, viewer: Viewer, caller: NamedDependency[Caller]
) -> Response[Sent]:
    """Return an address on the site that logs the member in."""
    who = await members.member(forum_of(platform), member_of(viewer))
    if not who.active:
        raise Forbidden("the forum has not activated this account, or banned it")
    ticket = await Visitors(platform.redis, platform.gate).ticket(who.id, who.name, caller)
    address = f"{site_of(request, platform.settings)}/visit?{urlencode({'ticket': ticket})}"
    return Response(Sent(address), headers=HEADERS)


handlers = [log_in_to_site]
