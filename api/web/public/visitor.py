"""Members of the forum on the site: coming in with the forum's ticket, their own page, and going out."""

import hmac
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from api.access import Access
from api.auth.visitors import Visitors
from api.errors import Forbidden, NotFound
from api.logins import links
from api.web.public.render import Connection, Here, PageRequest
from api.web.site import HEADERS

_PRIVATE = {**HEADERS, "Cache-Control": "no-store"}


def visitor_id_of(connection: Connection, entry: Access) -> str | None:
    """Return the session of a member that a browser says it has."""
    return connection.cookies.get(_cookie_name(entry.is_encrypted(connection)))


@get("/visit")
async def come_in(
    request: PageRequest, platform: Here, entry: NamedDependency[Access], ticket: FromQuery[str] = ""
) -> Response[Any]:
    """Begin the session of a member whom the forum has sent, and show their page."""
    visitors = Visitors(platform.redis, platform.gate)
    session_id = await visitors.begin(ticket)
    answer = Redirect("/me", status_code=303, headers=_PRIVATE)
    answer.cookies.append(_cookie(session_id, entry.is_encrypted(request)))
    return answer


@get("/me")
async def own_page(request: PageRequest, platform: Here, entry: NamedDependency[Access]) -> Response[Any]:
    """Lead a member to the page of what they did in the game."""
    session_id = visitor_id_of(request, entry)
    visitor = await Visitors(platform.redis, platform.gate).resume(session_id) if session_id else None
    if visitor is None:
        raise NotFound("nobody is logged in here; the forum has a link that logs you in")
    player = await links.player_of(platform.clickhouse, visitor.member)
    return Redirect(f"/players/{player}", status_code=303, headers=_PRIVATE)


@get("/leave")
async def ask_to_go_out(
    request: PageRequest, platform: Here, entry: NamedDependency[Access]
) -> Response[Any] | Template:
    """Show who is logged in, and a button that ends it: a link alone ends nothing."""
    visitors = Visitors(platform.redis, platform.gate)
    session_id = visitor_id_of(request, entry)
    visitor = await visitors.resume(session_id) if session_id else None
    context = {
        "section": "",
        "visitor": visitor,
        "token": visitors.form_token(session_id) if visitor and session_id else "",
    }
    return Template("public/leave.html", context=context, headers=_PRIVATE)


@post("/leave", status_code=303)
async def go_out(request: PageRequest, platform: Here, entry: NamedDependency[Access]) -> Response[Any]:
    """End a member's session. Raises Forbidden for a form that no page of this session has shown."""
    visitors = Visitors(platform.redis, platform.gate)
    session_id = visitor_id_of(request, entry)
    if session_id:
        sent = (await request.form()).get("token")
        if not isinstance(sent, str) or not hmac.compare_digest(
            sent.encode("utf-8", "replace"), visitors.form_token(session_id).encode()
        ):
            raise Forbidden(
                "this form is not one of your session; go back, reload the page and send it again"
            )
        await visitors.end(session_id)
    answer = Redirect("/", status_code=303, headers=_PRIVATE)
    answer.cookies.append(_cookie(None, entry.is_encrypted(request)))
    return answer


def _cookie_name(encrypted: bool) -> str:
    return "__Host-afteraction-member" if encrypted else "afteraction-member"


def _cookie(session_id: str | None, encrypted: bool) -> Cookie:
    return Cookie(
        key=_cookie_name(encrypted),
        value=session_id or "",
        path="/",
        httponly=True,
        # Followed links from the forum are to find it; it changes nothing, so that is all they can do.
        samesite="lax",
        secure=encrypted,
        max_age=None if session_id else 0,
    )


handlers = [come_in, own_page, ask_to_go_out, go_out]
