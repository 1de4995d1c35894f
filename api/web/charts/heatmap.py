"""Places on a map, seen from above, north at the top: square tiles, the darker the more happened there.

Few tiles hold most of what happened, so the steps go by the square root.
"""

from math import sqrt
from typing import Final

from markupsafe import Markup

from api.stats.maps import Bin, Bounds, Heatmap
from api.web.charts.steps import step
from api.web.units import METRES_PER_UNIT, number

_LENGTHS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


def heatmap(heat: Heatmap, title: str, name: str = "heat") -> Markup:
    """Return the picture, with a rule in metres; nothing where no place is known.

    `name` tells it from others on the same page.
    """
    bounds = heat.bounds
    if bounds is None or not heat.bins:
        return Markup("")
    wide, high = bounds.max_x - bounds.min_x, bounds.max_y - bounds.min_y
    margin, most = heat.tile, max(bin.count for bin in heat.bins)
    rule = rule_of(wide)
    tiles = Markup("").join(_tile(bin, bounds, heat.tile, most) for bin in heat.bins)
    return Markup(
        '<svg class="heatmap" viewBox="{x} {x} {w} {h}" role="img" '
        'aria-labelledby="{name}-title {name}-desc">'
        '<title id="{name}-title">{title}</title><desc id="{name}-desc">{desc}</desc>{tiles}'
        '<path class="rule" d="M0 {y}v{t}h{rule}v-{t}"/></svg>'
    ).format(
        x=-margin,
        w=max(wide, round(rule / METRES_PER_UNIT)) + 2 * margin,
        h=high + 4 * margin,
        name=name,
        title=title,
        desc=f"{number(heat.total)} in {len(heat.bins)} tiles; the fullest tile holds {number(most)}. "
        f"The line below is {rule} metres long.",
        tiles=tiles,
        y=high + margin,
        t=margin,
        rule=round(rule / METRES_PER_UNIT),
    )


def rule_of(wide: int) -> int:
    """Return how many metres the line below a map is long: about a quarter of the map, in units of game."""
    quarter = wide * METRES_PER_UNIT / 4
    return max((length for length in _LENGTHS if length <= quarter), default=_LENGTHS[0])


def _tile(bin: Bin, bounds: Bounds, edge: int, most: int) -> Markup:
    return Markup('<rect class="heat-%d" x="%d" y="%d" width="%d" height="%d"><title>%d</title></rect>') % (
        step(sqrt(bin.count), sqrt(most)),
        bin.x - bounds.min_x,
        bounds.max_y - edge - bin.y,
        edge,
        edge,
        bin.count,
    )
