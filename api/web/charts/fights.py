"""Where the fights of a match were: its tiles from above, north at the top, and a number for each fight."""

from collections.abc import Sequence
from math import sqrt
from typing import Final

import msgspec
from markupsafe import Markup

from api.web.charts.steps import step

# The picture's width, in units of its own: marks and numbers keep their size whatever the map's.
_WIDTH: Final = 600
_MARGIN: Final = 40
_RADIUS: Final = 17


class Tile(msgspec.Struct):
    """A tile by its corner with the lowest x and y, in game units, and how much happened on it."""

    x: int
    y: int
    count: int


class Mark(msgspec.Struct):
    """A fight: its number, what it is, how it looks (a class of the style sheet), and where it was."""

    number: int
    title: str
    look: str
    x: int
    y: int


def fights(tiles: Sequence[Tile], edge: int, marks: Sequence[Mark], title: str) -> Markup:
    """Return the picture; nothing where no fight has a place. A mark leads to #fight-NUMBER."""
    if not marks:
        return Markup("")
    xs = [*(tile.x for tile in tiles), *(tile.x + edge for tile in tiles), *(mark.x for mark in marks)]
    ys = [*(tile.y for tile in tiles), *(tile.y + edge for tile in tiles), *(mark.y for mark in marks)]
    left, top = min(xs), max(ys)
    # A map that is a corridor still has room for its marks.
    wide, high = max(max(xs) - left, edge), max(top - min(ys), edge)
    scale = (_WIDTH - 2 * _MARGIN) / max(wide, high)
    most = max((tile.count for tile in tiles), default=0)
    drawn = Markup("").join(
        Markup('<rect class="heat-%d" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>')
        % (
            step(sqrt(tile.count), sqrt(most)),
            _MARGIN + (tile.x - left) * scale,
            _MARGIN + (top - edge - tile.y) * scale,
            edge * scale,
            edge * scale,
        )
        for tile in tiles
    )
    numbered = Markup("").join(
        _mark(mark, _MARGIN + (mark.x - left) * scale, _MARGIN + (top - mark.y) * scale) for mark in marks
    )
    return Markup(
        '<svg class="fights" viewBox="0 0 {:.0f} {:.0f}" role="group" aria-label="{}">{}{}</svg>'
    ).format(2 * _MARGIN + wide * scale, 2 * _MARGIN + high * scale, title, drawn, numbered)


def _mark(mark: Mark, x: float, y: float) -> Markup:
    return Markup(
        '<a href="#fight-{n}" class="fight {look}"><title>{title}</title>'
        '<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}"/><text x="{x:.1f}" y="{below:.1f}">{n}</text></a>'
    ).format(n=mark.number, look=mark.look, title=mark.title, x=x, y=y, below=y + _RADIUS / 3, r=_RADIUS)
