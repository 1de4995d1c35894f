"""A line with the band in which it may as well lie, and the values that it was drawn through as dots."""

from collections.abc import Sequence

from markupsafe import Markup


def band(
    middle: Sequence[float],
    low: Sequence[float],
    high: Sequence[float],
    dots: Sequence[float],
    *,
    ident: str,
    title: str,
    desc: str,
) -> Markup:
    """Return the picture; all that is drawn is evenly apart, and the page says what its ends are.

    A line at zero is drawn where zero is within. `ident` tells its ids from those of others.
    """
    every = [*middle, *low, *high, *dots]
    count = max(len(middle), len(dots))
    if not every or count < 2:
        return Markup("")
    bottom, top = min(every), max(every)
    room = (top - bottom) or 1.0

    def place(n: int, value: float) -> str:
        return f"{1000 * n / (count - 1):.1f} {290 - 280 * (value - bottom) / room:.1f}"

    parts = []
    if middle:
        edge = [place(n, value) for n, value in enumerate(high)]
        edge += [place(n, value) for n, value in reversed(list(enumerate(low)))]
        parts.append(Markup('<path class="band" d="M{}Z"/>').format("L".join(edge)))
        parts.append(_line("line look-1", [place(n, value) for n, value in enumerate(middle)]))
    if bottom < 0 < top:
        parts.append(_line("zero", [place(0, 0), place(count - 1, 0)]))
    marks = "".join(f"M{place(n, value)}h0" for n, value in enumerate(dots))
    if marks:
        parts.append(Markup('<path class="dots" d="{}"/>').format(marks))
    return Markup(
        '<svg class="banded" viewBox="0 0 1000 300" preserveAspectRatio="none" role="img" '
        'aria-labelledby="{0}-title {0}-desc"><title id="{0}-title">{1}</title>'
        '<desc id="{0}-desc">{2}</desc>{3}</svg>'
    ).format(ident, title, desc, Markup("").join(parts))


def _line(look: str, places: list[str]) -> Markup:
    return Markup('<path class="{}" d="M{}"/>').format(look, "L".join(places))
