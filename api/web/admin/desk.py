"""What all pages for admins have in common: who is let in, and whose forms are taken."""

import hmac
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit

import msgspec
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, State
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.handlers.base import BaseRouteHandler
from litestar.response import Redirect, Template

from api.access import Access, Guard
from api.auth.sessions import Session, Sessions
from api.errors import Forbidden
from api.platform import Platform
from api.web.forms import read
from api.web.site import HEADERS as PAGE_HEADERS

T = TypeVar("T")
Connection = ASGIConnection[Any, Any, Any, Any]
PageRequest = Request[None, None, State]
Here = NamedDependency[Platform]

LOGIN: Final = "/admin/login"
HEADERS: Final = {**PAGE_HEADERS, "Cache-Control": "no-store"}
_SAFE: Final = ("GET", "HEAD")
_LOCAL: Final = ("localhost", "127.0.0.1", "[::1]")


class LoginNeeded(HTTPException):
    """Nobody is logged in, or not any more."""

    status_code = 401


def cookie_name(encrypted: bool) -> str:
    """Return the cookie's name; where there is TLS, one that browsers take from this very host alone."""
    return "__Host-afteraction" if encrypted else "afteraction"


def cookie(session_id: str | None, encrypted: bool) -> Cookie:
    """Return a session's cookie, or for None one that takes it away."""
    return Cookie(
        key=cookie_name(encrypted),
        value=session_id or "",
        path="/",
        httponly=True,
        samesite="strict",
        secure=encrypted,
        max_age=None if session_id else 0,
    )


def session_id_of(connection: Connection, entry: Access) -> str | None:
    """Return the session that a browser says it has."""
    return connection.cookies.get(cookie_name(entry.is_encrypted(connection)))


def guard_of(entry: Access, sessions: Sessions) -> Guard:
    """Return a guard that lets in who is logged in. Raises LoginNeeded."""

    async def guard(connection: Connection, _handler: BaseRouteHandler) -> None:
        session_id = session_id_of(connection, entry)
        found = await sessions.resume(session_id) if session_id else None
        if found is None:
            raise LoginNeeded
        state = connection.scope["state"]
        state["session_id"] = session_id
        state["session"], state["caller"] = found
        state["address"] = entry.address_of(connection)
        await entry.count(found[1])

    return guard


async def forms_are_ours(request: PageRequest) -> None:
    """Raise Forbidden for a change that no page of this session asked for."""
    if request.method in _SAFE:
        return
    same_origin(request)
    session: Session = request.scope["state"]["session"]
    sent = (await request.form()).get("csrf") or request.headers.get("x-csrf-token")
    if not isinstance(sent, str) or not hmac.compare_digest(
        sent.encode("utf-8", "replace"), session.csrf.encode()
    ):
        raise Forbidden("this form is not one of your session; go back, reload the page and send it again")


def same_origin(request: PageRequest) -> None:
    """Raise Forbidden for what a browser sends on behalf of another site."""
    fetched = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if fetched is not None:
        good = fetched in ("same-origin", "none")
    elif origin is not None:
        good = urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()
    else:
        good = True
    if not good:
        raise Forbidden("another site sent this form; nothing was changed")


def to_login(request: PageRequest, _error: LoginNeeded) -> Response[Any]:
    """Send a browser to the login, and back afterwards to what it looked at."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    after = f"?next={quote(wanted, safe='')}" if request.method in _SAFE and wanted != "/admin" else ""
    if request.headers.get("hx-request"):
        # A part of a page: the whole of it goes to the login.
        return Response(None, status_code=204, headers={"HX-Redirect": LOGIN, **HEADERS})
    return Redirect(f"{LOGIN}{after}", status_code=303, headers=HEADERS)


def is_exposed(request: PageRequest, entry: Access) -> bool:
    """Tell whether others on the way could read what a browser sends: no TLS, and not this machine."""
    host = request.headers.get("host", "").rpartition(":")[0] or request.headers.get("host", "")
    return not entry.is_encrypted(request) and host not in _LOCAL


def page(request: PageRequest, template: str, section: str, **context: Any) -> Template:
    """Return a page of a section for the admin who is logged in."""
    session = request.scope["state"]["session"]
    return Template(
        template, context={"session": session, "section": section, **context}, media_type="text/html"
    )


async def done(request: PageRequest, platform: Platform, notice: str, to: str) -> Redirect:
    """Return to a page, which says what was done."""
    state = request.scope["state"]
    session = msgspec.structs.replace(state["session"], notice=notice)
    await platform.sessions.keep(state["session_id"], session)
    return Redirect(to, status_code=303)


def asked(request: PageRequest, kind: type[T]) -> T:
    """Return what a page is asked for. Raises Unprocessable, naming the field."""
    return read(dict(request.query_params), kind)


async def form(request: PageRequest, kind: type[T]) -> T:
    """Return what a form says. Raises Unprocessable, naming the field."""
    return read(dict(await request.form()), kind)
