"""Kills that add up over a match: a line of steps for each side, or for each of the best players."""

from collections.abc import Sequence

import msgspec
from markupsafe import Markup


class Runner(msgspec.Struct):
    """A line: what it is called, how it looks (a class of the style sheet), when it went up by one."""

    name: str
    look: str
    seconds: list[float]


def race(runners: Sequence[Runner], length: float, title: str, desc: str) -> Markup:
    """Return the picture of a match that took `length` seconds; its words stand around it, in the page."""
    most = max((len(runner.seconds) for runner in runners), default=0)
    if not most or length <= 0:
        return Markup("")
    lines = Markup("").join(
        Markup('<path class="line {}" d="{}"/>').format(runner.look, _path(runner.seconds, length, most))
        for runner in runners
    )
    return Markup(
        '<svg class="race" viewBox="0 0 1000 300" preserveAspectRatio="none" role="img" '
        'aria-labelledby="race-title race-desc"><title id="race-title">{}</title>'
        '<desc id="race-desc">{}</desc>'
        '<path class="grid" d="M0 0H1000M0 75H1000M0 150H1000M0 225H1000M0 300H1000"/>'
        "{}</svg>"
    ).format(title, desc, lines)


def _path(moments: Sequence[float], length: float, most: int) -> str:
    parts = ["M0 300"]
    for count, second in enumerate(sorted(moments), 1):
        x = 1000 * min(1.0, max(0.0, second / length))
        parts.append(f"H{x:.1f}V{300 - 300 * count / most:.1f}")
    return "".join([*parts, "H1000"])
