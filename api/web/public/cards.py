"""Pictures of a player and of a match, which others show beside a link to their pages.

They are written as SVG and drawn here with fonts that come along, so they look the same on each server.
"""

import asyncio
import functools
import hashlib
import re
import unicodedata
from importlib.resources import files
from typing import Any, Final, NamedTuple

import resvg_py
from litestar import Response, get
from litestar.params import FromPath

from api.reports import service as reports
from api.reports.service import Report
from api.stats.career import summary
from api.stats.career.summary import Summary
from api.web import text, units
from api.web.charts.race import race
from api.web.public.matches import runners_of, verdict
from api.web.public.players import RUNGS
from api.web.public.render import Here, PageRequest, fragment, is_known

WIDTH, HEIGHT = 1200, 630
# So many pictures, each some 40 KB, are kept by what is on them; drawing one takes 50 ms.
_KEPT: Final = 128
_SECONDS: Final = 300
_ROOM: Final = 1080
_HEADERS: Final = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"}
_FONTS: Final = [
    str(path)
    for family in ("fontpkg_noto_sans", "fontpkg_noto_sans_arabic")
    for path in (files(family) / "files").iterdir()
    if "Italic" not in path.name
]
# What XML does not know, however it is written.
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Line(NamedTuple):
    """Text, and how large (in pixels) it may stand there."""

    text: str
    size: int


@get("/players/{player_id:str}/card.png")
async def player_picture(request: PageRequest, platform: Here, player_id: FromPath[str]) -> Response[bytes]:
    """Show a player's figures as a picture of 1200 x 630."""
    found = await summary.summary(platform.clickhouse, player_id)
    return await _picture(
        request,
        "public/cards/player.svg",
        name=fitted(text.name(found.identity.name) or "(no name)", 84),
        rung=RUNGS[found.identity.rung],
        flagged=found.flag is not None,
        figures=figures_of(found),
        seen=found,
    )


@get("/matches/{match_id:str}/card.png")
async def match_picture(request: PageRequest, platform: Here, match_id: FromPath[str]) -> Response[bytes]:
    """Show how a match went as a picture of 1200 x 630."""
    report = await reports.report(platform.clickhouse, platform.postgres, platform.settings, match_id)
    match = report.match
    return await _picture(
        request,
        "public/cards/match.svg",
        report=report,
        match=match,
        map=fitted(text.name(match.map) or "unknown map", 76, 760),
        verdict=fitted(verdict(report), 34),
        best=fitted(_best(report), 28),
        about=fitted(_about(report), 28),
        race=race(runners_of(report), match.seconds, "", ""),
    )


def fitted(said: str, largest: int, room: int = _ROOM) -> Line:
    """Return text in letters that fit into so many pixels: at least half of `largest`, then it is cut."""
    said = _NO_XML.sub("", said)
    smallest = largest // 2
    if _width(said) * smallest > room:
        kept, wide = "", 1.0
        for char in said:
            wide += _width(char)
            if wide * smallest > room:
                break
            kept += char
        said = kept.rstrip() + "…"
    return Line(said, max(smallest, min(largest, int(room / max(_width(said), 1)))))


def figures_of(player: Summary) -> list[tuple[str, str]]:
    """Return the numbers of a player's picture, and what they are."""
    totals = player.totals
    sixth = (units.share(totals.accuracy), "accuracy")
    if totals.accuracy is None:
        sixth = (units.number(player.best_streak), "best streak")
    return [
        (units.number(totals.kills), "kills"),
        (units.ratio(totals.kd), "kills per death"),
        (units.number(totals.kill_headshots), "headshots"),
        (units.number(player.matches), "match" if player.matches == 1 else "matches"),
        (units.span(player.playtime), "played"),
        sixth,
    ]


def _best(report: Report) -> str:
    if report.mvp is None:
        return ""
    name = text.name(report.mvp.player.name) or "(no name)"
    return f"Most valuable: {name}, {units.number(report.mvp.points)} points"


def _about(report: Report) -> str:
    match = report.match
    where = text.name(match.server.name) or f"server {match.server.id}"
    said = [
        where,
        text.name(match.gametype),
        f"{match.first_time:%Y-%m-%d %H:%M} UTC",
        units.span(match.seconds),
    ]
    return " · ".join(part for part in said if part)


def _width(said: str) -> float:
    """Return about how wide a text is, in heights of its letters."""
    wide = 0.0
    for char in said:
        if unicodedata.combining(char):
            continue
        is_wide = unicodedata.east_asian_width(char) in ("W", "F") or char in "MW@%﷽"
        wide += 1.0 if is_wide else 0.72 if char.isupper() else 0.6
    return wide


async def _picture(request: PageRequest, template: str, **context: Any) -> Response[bytes]:
    svg = fragment(request, template, **context)
    tag = f'"{hashlib.sha256(svg.encode()).hexdigest()[:24]}"'
    kept = "private, no-cache" if request.scope["state"]["closed"] else f"public, max-age={_SECONDS}"
    headers = {**_HEADERS, "ETag": tag, "Cache-Control": kept}
    if is_known(request, tag):
        return Response(b"", status_code=304, headers=headers, media_type="image/png")
    return Response(await asyncio.to_thread(_drawn, svg), headers=headers, media_type="image/png")


@functools.lru_cache(maxsize=_KEPT)
def _drawn(svg: str) -> bytes:
    """Return the picture as PNG."""
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg, font_files=_FONTS, font_family="Noto Sans", skip_system_fonts=True
        )
    )
