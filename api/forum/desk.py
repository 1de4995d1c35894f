"""What all areas in the forum have in common: who is looking, and what a fragment of a page is."""

import html
import re
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.handlers.base import BaseRouteHandler
from redis.asyncio import Redis

from api.access import Guard, token_of
from api.audit.service import Actor
from api.auth.service import Caller
from api.errors import Forbidden, NotFound, TokenRefused
from api.platform import Platform
from api.settings import Settings
from api.stores.redis import away
from api.web.assets import Assets
from api.web.forms import read
from smf_bridge import statement
from smf_bridge.database import Database
from smf_bridge.statement import HEADER, Statement

T = TypeVar("T")
Connection = ASGIConnection[Any, Any, Any, Any]
ForumRequest = Request[None, None, State]
Here = NamedDependency[Platform]
Viewer = NamedDependency[Statement]

HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
# Fields of our forms, so that the forum can tell them from its own.
FIELD: Final = "aa_"
_LOCAL_LINK: Final = re.compile(r'(?<=\shref=")/[^"]*')
AREAS: Final = "/forum/"
# To see areas; nothing in it is shown without.
VIEW: Final = "mohaa_view"
# Of the forum's own task; no member is ever given it.
TASK: Final = "mohaa_task"


class Link(msgspec.Struct):
    """A link that the forum shows beside the fragment."""

    text: str
    href: str


class Fragment(msgspec.Struct):
    """A part of a page of the forum. `html` stands in one element of the class `afteraction`.

    `css`: addresses of sheets; `notice`: what was done; `links`: where else to look.
    """

    title: str
    html: str
    css: list[str]
    links: list[Link] = []
    notice: str | None = None


def guard_of(redis: Redis, clock: Callable[[], float] = time.time) -> Guard:
    """Return a guard that lets in whom the forum vouches for, once; after the guard of `api.access`."""

    async def guard(connection: Connection, _handler: BaseRouteHandler) -> None:
        if not isinstance(connection, Request):
            raise TypeError("only HTTP comes here")
        scope = connection.scope
        caller: Caller = scope["state"]["caller"]
        path = scope["raw_path"].decode("latin-1")
        if query := scope["query_string"]:
            path += "?" + query.decode("latin-1")
        found = statement.check(
            connection.headers.get(HEADER),
            token_of(connection) or "",
            connection.method,
            path,
            await connection.body(),
            clock(),
        )
        await _take(redis, caller, found, clock())
        scope["state"]["viewer"] = found

    return guard


async def _take(redis: Redis, caller: Caller, said: Statement, now: float) -> None:
    """Take a statement's nonce. Raises TokenRefused for one that was taken before."""
    seconds = max(1, said.forget_at() - int(now))
    with away():
        fresh = await redis.set(f"statement:{caller.key_id}:{said.nonce}", b"", ex=seconds, nx=True)
    if not fresh:
        raise TokenRefused("this statement was used before; each request needs one of its own")


def viewer_of(request: ForumRequest) -> Statement:
    """Return who is looking."""
    found: Statement = request.scope["state"]["viewer"]
    return found


def actor_of(request: ForumRequest) -> Actor:
    """Return who is looking as the audit log names it: the forum's key, and the member."""
    caller: Caller = request.scope["state"]["caller"]
    viewer = viewer_of(request)
    name = f"{caller.label}: member {viewer.member}"
    return Actor(caller.kind, name, caller.key_id, request.scope["state"]["address"])


def member_of(viewer: Statement) -> int:
    """Return the member who is looking. Raises Forbidden for a guest."""
    if viewer.member == 0:
        raise Forbidden("this is for members; log in to the forum first")
    return viewer.member


def check_view(viewer: Statement) -> None:
    """Raise Forbidden for those whom the forum shows no areas."""
    if not viewer.may(VIEW):
        raise Forbidden("the forum does not let your groups see this")


def check_task(viewer: Statement) -> None:
    """Raise Forbidden for everybody but the forum's own task."""
    if viewer.member != 0 or not viewer.may(TASK):
        raise Forbidden(f"this is for the forum's task: member 0, with the permission {TASK}")


def forum_of(platform: Platform) -> Database:
    """Return the forum's database. Raises NotFound where none is set."""
    if platform.forum is None:
        raise NotFound("there is no forum here: AFTERACTION_FORUM_URL names its database (docs/forum.md)")
    return platform.forum


def site_of(request: ForumRequest, settings: Settings) -> str:
    """Return where browsers find the pages: as set, or as the forum asked."""
    return (settings.public_url or str(request.base_url)).rstrip("/")


async def form(request: ForumRequest, kind: type[T]) -> T:
    """Return what a form says, by the names of its fields without `aa_`. Raises Unprocessable."""
    sent = dict(await request.form())
    return read({name.removeprefix(FIELD): value for name, value in sent.items()}, kind)


def fragment(
    request: ForumRequest,
    platform: Platform,
    template: str,
    title: str,
    *,
    links: list[tuple[str, str]] | None = None,
    notice: str | None = None,
    **context: Any,
) -> Response[Fragment]:
    """Return a template as a fragment; links to areas lead to the forum, other ones of our own to the site.

    `place` in the template has the hidden fields that a form needs which is sent with GET.
    """
    engine = request.app.template_engine
    assert engine is not None  # noqa: S101 - the application is made with one
    site = site_of(request, platform.settings)
    viewer = viewer_of(request)
    inner = engine.get_template(template).render(
        viewer=viewer, page=viewer.page, place=_place(viewer.page), field=FIELD, **context
    )
    assets: Assets = request.app.state["assets"]
    made = Fragment(
        title,
        f'<div class="afteraction">{_with_links(inner, viewer, site)}</div>',
        [site + assets.url("forum.css")],
        [Link(text, address_of(href, viewer, site)) for text, href in links or []],
        notice,
    )
    return Response(made, headers=HEADERS)


def address_of(href: str, viewer: Statement, site: str) -> str:
    """Return where a path of our own is for whoever looks: areas in the forum, all else on the site."""
    if viewer.areas and href.startswith(AREAS):
        return viewer.areas + quote(href.removeprefix(AREAS), safe="")
    return site + href if href.startswith("/") else href


def _with_links(inner: str, viewer: Statement, site: str) -> str:
    return _LOCAL_LINK.sub(
        lambda found: html.escape(address_of(html.unescape(found[0]), viewer, site)), inner
    )


def _place(page: str) -> list[tuple[str, str]]:
    """Return the parameters of an address, which a form loses that is sent with GET; SMF has `;` for `&`."""
    query = urlsplit(page).query.replace(";", "&")
    return [each for each in parse_qsl(query, keep_blank_values=True) if not each[0].startswith(FIELD)]
