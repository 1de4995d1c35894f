"""The ground that all pages stand on: templates, files, headers, and what a browser reads of an error."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, cast

import jinja2
import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import FromPath
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Template
from litestar.template import TemplateConfig
from litestar.types import ExceptionHandlersMap
from markupsafe import Markup

from api import __version__, problems
from api.problems import Problem
from api.web import text, units
from api.web.assets import PREFIX, Assets

Plain = Callable[[Request[None, None, State], Any], Response[Problem]]

_TEMPLATES: Final = Path(__file__).parent / "templates"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
# What machines ask stands here; everything else is for people.
_MACHINES: Final = ("/api/", "/healthz", "/readyz", "/metrics")
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors "
)
# Of every page: nothing that a name could bring with it runs, and nobody frames it.
HEADERS: Final = {
    "Content-Security-Policy": _POLICY + "'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# Of what stands below this address: the same, but any site may frame it. No form and no cookie is in there.
EMBED: Final = "/embed/"
EMBED_HEADERS: Final = {
    "Content-Security-Policy": _POLICY + "*",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def templates(assets: Assets, *, has_forum: bool) -> TemplateConfig[JinjaTemplateEngine]:
    """Return the templates of all pages; with a forum, its members may be logged in.

    Whatever they print is escaped, and what is hidden in it is shown; what is missing is an error.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"asset": assets.url, "version": __version__, "has_forum": has_forum}
    environment.filters |= {"name": _name, "time": _time, "ago": _ago, "json": _json, "number": units.number}
    environment.filters |= {
        "way": units.way,
        "span": units.span,
        "clock": units.clock,
        "share": units.share,
        "ratio": units.ratio,
        "measured": units.measured,
        "words": text.words,
        "plainname": text.name,
        "day": _day,
        "of_day": _date,
    }
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment))


def static_files(assets: Assets) -> Any:
    """Return the handler that gives out assets."""

    @get(PREFIX + "/{digest:str}/{name:str}", include_in_schema=False, opt={"access": "open"})
    async def static_file(digest: FromPath[str], name: FromPath[str]) -> Response[bytes]:
        found = assets.find(digest, name)
        headers = {"Cache-Control": _FOR_EVER, "X-Content-Type-Options": "nosniff"}
        return Response(found.content, media_type=found.media_type, headers=headers)

    return static_file


def error_handlers() -> ExceptionHandlersMap:
    """Return problem+json for programs, and the same as a page for a browser that looks at pages."""
    return {kind: _for_people(cast(Plain, plain)) for kind, plain in problems.HANDLERS.items()}


def _for_people(plain: Plain) -> Callable[[Request[None, None, State], Any], Response[Any]]:
    def handle(request: Request[None, None, State], error: Exception) -> Response[Any]:
        answer = plain(request, error)
        if not _wants_page(request):
            return answer
        session = request.scope.get("state", {}).get("session")
        framed = request.scope["path"].startswith(EMBED)
        headers = EMBED_HEADERS if framed else HEADERS
        return Template(
            template_name="embed/error.html" if framed else "error.html",
            context={"problem": answer.content, "session": session, "section": "", "notice": None},
            status_code=answer.status_code or 500,
            headers={**answer.headers, **headers, "Cache-Control": "no-store", "Vary": "Accept"},
        )

    return handle


def _wants_page(request: Request[None, None, State]) -> bool:
    if request.scope["path"].startswith(_MACHINES):
        return False
    return "text/html" in request.headers.get("accept", "")


def _finalize(value: object) -> object:
    return text.visible(value) if type(value) is str else value


def _name(value: str) -> Markup:
    shown = text.name(value)
    if not shown:
        return Markup('<span class="quiet">(no name)</span>')
    return Markup("<bdi>%s</bdi>") % shown


def _time(at: datetime | None, never: str = "never") -> Markup:
    if at is None:
        return Markup('<span class="quiet">{}</span>').format(never)
    at = at.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), f"{at:%Y-%m-%d %H:%M:%S}")


def _ago(at: datetime | None, never: str = "never") -> Markup:
    if at is None:
        return Markup('<span class="quiet">{}</span>').format(never)
    at = at.astimezone(UTC)
    return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(
        at.isoformat(), f"{at:%Y-%m-%d %H:%M:%S}", text.ago(at, datetime.now(UTC))
    )


def _day(at: datetime) -> Markup:
    at = at.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), f"{at:%d %b %Y}".lstrip("0"))


def _date(day: date) -> Markup:
    return Markup('of <time datetime="{}">{}</time>').format(day.isoformat(), f"{day:%d %B %Y}".lstrip("0"))


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
