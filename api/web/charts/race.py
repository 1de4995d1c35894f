"""Kills that add up over a match: a line of steps for each side, or for each of the best players."""

from collections.abc import Sequence

import msgspec
from markupsafe import Markup


class Runner(msgspec.Struct):
    """A line: what it is called, how it looks (a class of the style sheet), when it went up by one."""

    name: str
    look: str
    seconds: list[float]


def race(
    runners: Sequence[Runner], length: float, title: str, desc: str, marks: Sequence[float] = ()
) -> Markup:
    """Return the picture of a match that took `length` seconds; its words stand around it, in the page.

    `marks` are moments to be marked, in seconds.
    """
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
        "{}{}</svg>"
    ).format(title, desc, Markup("").join(_mark(mark, length) for mark in marks), lines)


def _mark(second: float, length: float) -> Markup:
    return Markup('<path class="mark" d="M{x:.1f} 0V300"/>').format(x=_x(second, length))


def _path(moments: Sequence[float], length: float, most: int) -> str:
    parts = ["M0 300"]
    for count, second in enumerate(sorted(moments), 1):
        parts.append(f"H{_x(second, length):.1f}V{300 - 300 * count / most:.1f}")
    return "".join([*parts, "H1000"])


def _x(second: float, length: float) -> float:
    return 1000 * min(1.0, max(0.0, second / length))
