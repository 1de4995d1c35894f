"""What all pages for everybody have in common: who may read them, and for how long they are kept."""

import hashlib
import time
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, TypeVar
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
# Where the layout says how old a page is. No name can bring it along: names are escaped.
_AGE: Final = b"<!-- age -->"


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


class Page(msgspec.Struct, array_like=True):
    """A page as it is sent, but for how old it is; `seconds` is for how long a browser need not ask again."""

    content: bytes
    seconds: int
    framed: bool


class Answer(Response[bytes]):
    """A page on its way, or the word that the browser has it; `page` is all of it in either case."""

    page: Page


def page(
    request: PageRequest, template: str, section: str, *, seconds: int = PAGE, **context: Any
) -> Response[bytes]:
    """Return a page of a section, to be kept for some seconds; nothing where the browser has it already."""
    return sent(request, Page(_written(request, template, {"section": section, **context}), seconds, False))


def embed(request: PageRequest, template: str, *, seconds: int = EMBED, **context: Any) -> Response[bytes]:
    """Return a part of a page that other sites may show in a frame."""
    return sent(request, Page(_written(request, template, context), seconds, True))


async def as_page(answering: Awaitable[Response[bytes]]) -> Page:
    """Return the page that a handler answers with, all of it."""
    answer = await answering
    assert isinstance(answer, Answer)  # noqa: S101 - pages are made by `page` and `embed`
    return answer.page


def sent(request: PageRequest, page: Page, made_at: float | None = None) -> Response[bytes]:
    """Return a page as an answer that says when it was made (unix seconds), where it was not just now."""
    tag = f'"{hashlib.sha256(page.content).hexdigest()[:24]}"'
    kept = "private, no-cache" if request.scope["state"]["closed"] else f"public, max-age={page.seconds}"
    headers = EMBED_HEADERS if page.framed else HEADERS
    headers = {**headers, "ETag": tag, "Cache-Control": kept, "Vary": "Accept"}
    answer = (
        Answer(b"", status_code=304, headers=headers, media_type="text/html")
        if is_known(request, tag)
        else Answer(_aged(page.content, made_at), headers=headers, media_type="text/html; charset=utf-8")
    )
    answer.page = page
    return answer


def is_known(request: PageRequest, tag: str) -> bool:
    """Tell whether the browser says that it has what is tagged so."""
    known: str = request.headers.get("if-none-match", "")
    return known.strip() == "*" or tag in (each.strip().removeprefix("W/") for each in known.split(","))


class Announced(NamedTuple):
    """What others show beside a link to a page: its whole address, a picture's, a title, a sentence."""

    address: str
    picture: str
    title: str
    sentence: str


def home(request: PageRequest, public_url: str | None) -> str:
    """Return the address below which pages name themselves: the one set, or the one that was asked."""
    return (public_url or str(request.base_url)).rstrip("/")


def announced(request: PageRequest, platform: Platform, path: str, title: str, sentence: str) -> Announced:
    """Return what is to be shown beside a link to a page that has a picture below it."""
    here = home(request, platform.settings.public_url)
    return Announced(f"{here}{path}", f"{here}{path}/card.png", title, sentence)


def fragment(request: PageRequest, template: str, **context: Any) -> str:
    """Return a part of a page as text, to be put into one that is shown already."""
    return _written(request, template, context).decode()


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


def _written(request: PageRequest, template: str, context: dict[str, Any]) -> bytes:
    engine = request.app.template_engine
    assert engine is not None  # noqa: S101 - the application is made with one
    return bytes(engine.get_template(template).render(request=request, **context).encode())


def _aged(content: bytes, made_at: float | None) -> bytes:
    """Write the age of a page to where its layout has a place for that."""
    if made_at is None:
        return content.replace(_AGE, b"", 1)
    at, seconds = datetime.fromtimestamp(made_at, UTC), max(0, round(time.time() - made_at))
    said = f'as of <time datetime="{at.isoformat(timespec="seconds")}">{seconds} s ago</time> · '
    return content.replace(_AGE, said.encode(), 1)
