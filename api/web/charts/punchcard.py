"""A week, hour by hour: a square for each, the darker the more of it was played."""

from collections.abc import Mapping
from typing import Final

from markupsafe import Markup

from api.web.charts.steps import step
from api.web.units import span

DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CELL: Final = 20
_LEFT: Final = 34


def punchcard(seconds: Mapping[tuple[int, int], float], title: str) -> Markup:
    """Return the picture of seconds by weekday (1 is Monday) and hour; nothing where nothing was played."""
    most = max(seconds.values(), default=0)
    if not most:
        return Markup("")
    busiest = max(seconds, key=lambda hour: seconds[hour])
    cells = Markup("").join(
        Markup(
            '<rect class="heat-{}" x="{}" y="{}" width="17" height="17" rx="3"><title>{}</title></rect>'
        ).format(
            step(seconds.get((day, hour), 0), most),
            _LEFT + hour * _CELL,
            (day - 1) * _CELL,
            f"{DAYS[day - 1]} {hour}:00, {span(seconds.get((day, hour), 0))}",
        )
        for day in range(1, 8)
        for hour in range(24)
    )
    days = Markup("").join(
        Markup('<text x="0" y="{}">{}</text>').format(n * _CELL + 13, day[:3]) for n, day in enumerate(DAYS)
    )
    hours = Markup("").join(
        Markup('<text x="{}" y="153">{}</text>').format(_LEFT + hour * _CELL, hour)
        for hour in range(0, 24, 3)
    )
    return Markup(
        '<svg class="punchcard" viewBox="0 0 514 158" role="img" aria-labelledby="punch-title punch-desc">'
        '<title id="punch-title">{}</title><desc id="punch-desc">{}</desc>{}</svg>'
    ).format(
        title,
        f"Most on {DAYS[busiest[0] - 1]} from {busiest[1]}:00 to {busiest[1] + 1}:00, UTC: {span(most)}.",
        days + hours + cells,
    )
