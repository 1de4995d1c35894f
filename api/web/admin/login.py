"""Logging in with an admin's key, and out."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from api.access import Access
from api.audit import service as audit
from api.audit.service import Actor
from api.auth.roles import ALLOWED
from api.errors import RequestError, TokenMissing, TokenRefused, TooManyRequests
from api.web.admin import desk
from api.web.admin.desk import Here, PageRequest


@get("/admin/login")
async def show_login(
    request: PageRequest, platform: Here, entry: NamedDependency[Access], next: FromQuery[str] = ""
) -> Response[Any]:
    """Ask for a key."""
    known = desk.session_id_of(request, entry)
    if known and await platform.sessions.resume(known) is not None:
        return Redirect(_safe(next), status_code=303)
    return _login(request, entry, next)


@post("/admin/login", status_code=200)
async def log_in(request: PageRequest, platform: Here, entry: NamedDependency[Access]) -> Response[Any]:
    """Begin a session, under a new id whatever the browser had before."""
    desk.same_origin(request)
    sent = await request.form()
    key, after = (str(sent.get(field) or "").strip() for field in ("key", "next"))
    try:
        caller = await entry.admit_key(key, request, ALLOWED["admin"])
    except (TokenMissing, TokenRefused, TooManyRequests) as error:
        return _login(request, entry, after, error)
    before = desk.session_id_of(request, entry)
    if before:
        await platform.sessions.end(before)
    session_id = await platform.sessions.begin(caller)
    by = Actor(caller.kind, caller.label, caller.key_id, entry.address_of(request))
    await audit.note(platform.postgres, by, "admin.login", "admin pages")
    answer = Redirect(_safe(after), status_code=303)
    answer.cookies.append(desk.cookie(session_id, entry.is_encrypted(request)))
    return answer


@post("/admin/logout", status_code=200)
async def log_out(request: PageRequest, platform: Here, entry: NamedDependency[Access]) -> Redirect:
    """End the session."""
    await platform.sessions.end(request.scope["state"]["session_id"])
    answer = Redirect(desk.LOGIN, status_code=303)
    answer.cookies.append(desk.cookie(None, entry.is_encrypted(request)))
    return answer


def _login(request: PageRequest, entry: Access, after: str, error: RequestError | None = None) -> Template:
    if isinstance(error, TooManyRequests):
        problem = error.detail
    elif isinstance(error, TokenMissing):
        problem = "This is no key of this instance."
    else:
        problem = "This key is no admin's, or does not hold any more." if error else ""
    return Template(
        "admin/login.html",
        context={
            "session": None,
            "problem": problem,
            "next": after,
            "exposed": desk.is_exposed(request, entry),
        },
        status_code=error.status if error else 200,
        headers=dict(error.headers) if error else {},
    )


def _safe(after: str) -> str:
    """Return where to go after the login: a page for admins, and nowhere else."""
    inside = after == "/admin" or after.startswith(("/admin/", "/admin?"))
    return after if inside and after.isprintable() and "\\" not in after else "/admin"
