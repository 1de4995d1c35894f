"""What all pages for everybody have in common: who may read them, and for how long they are kept."""

import hashlib
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.handlers.base import BaseRouteHandler

from api.access import Access, Guard
from api.auth.sessions import Sessions
from api.platform import Platform
from api.web.admin.desk import session_id_of
from api.web.forms import read
from api.web.site import EMBED_HEADERS, HEADERS

T = TypeVar("T")
PageRequest = Request[None, None, State]
Here = NamedDependency[Platform]
Connection = ASGIConnection[Any, Any, Any, Any]

# Seconds for which a browser, or a cache before us, shows a page again without asking.
PAGE: Final = 10
LIVE: Final = 1
EMBED: Final = 60


def guard_of(entry: Access, sessions: Sessions) -> Guard:
    """Return a guard that lets in whom the JSON API lets in, and admins who are logged in."""

    async def guard(connection: Connection, handler: BaseRouteHandler) -> None:
        connection.scope["state"]["closed"] = entry.is_closed
        if entry.is_closed:
            session_id = session_id_of(connection, entry)
            found = await sessions.resume(session_id) if session_id else None
            if found is not None:
                await entry.count(found[1])
                return
        await entry.guard(connection, handler)

    return guard


def page(
    request: PageRequest, template: str, section: str, *, seconds: int = PAGE, **context: Any
) -> Response[bytes]:
    """Return a page of a section, to be kept for some seconds; nothing where the browser has it already."""
    return _answer(request, template, HEADERS, seconds, {"section": section, **context})


def embed(request: PageRequest, template: str, *, seconds: int = EMBED, **context: Any) -> Response[bytes]:
    """Return a part of a page that other sites may show in a frame."""
    return _answer(request, template, EMBED_HEADERS, seconds, context)


def asked(request: PageRequest, kind: type[T]) -> T:
    """Return what a page is asked for. Raises Unprocessable, naming the field."""
    return read(dict(request.query_params), kind)


def address(path: str, query: msgspec.Struct, **changed: object) -> str:
    """Return a page's address with what it is asked for, but for what goes without saying."""
    fields = type(query)
    plain = msgspec.to_builtins(fields())
    wanted = {**msgspec.to_builtins(query), "cursor": None, **changed}
    said = {name: value for name, value in wanted.items() if value is not None and value != plain.get(name)}
    return f"{path}?{urlencode(said)}" if said else path


def _answer(
    request: PageRequest, template: str, headers: dict[str, str], seconds: int, context: dict[str, Any]
) -> Response[bytes]:
    engine = request.app.template_engine
    assert engine is not None  # noqa: S101 - the application is made with one
    content = engine.get_template(template).render(request=request, **context).encode()
    tag = f'"{hashlib.sha256(content).hexdigest()[:24]}"'
    kept = "private, no-cache" if request.scope["state"]["closed"] else f"public, max-age={seconds}"
    sent = {**headers, "ETag": tag, "Cache-Control": kept, "Vary": "Accept"}
    if _has(request.headers.get("if-none-match", ""), tag):
        return Response(b"", status_code=304, headers=sent, media_type="text/html")
    return Response(content, headers=sent, media_type="text/html; charset=utf-8")


def _has(known: str, tag: str) -> bool:
    return known.strip() == "*" or tag in (each.strip().removeprefix("W/") for each in known.split(","))
