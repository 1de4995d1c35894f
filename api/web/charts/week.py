"""A week by its hours: how many people there are, the darker the more."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from api.web.charts.steps import step
from api.web.units import number_with_tenths

DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CELL: Final = 20
_LEFT: Final = 34


def week(means: Sequence[Sequence[float]], title: str) -> Markup:
    """Return the picture of means by weekday (Monday first) and hour; nothing where all are 0."""
    most = max((mean for day in means for mean in day), default=0)
    if not most:
        return Markup("")
    day, hour = max(((d, h) for d in range(7) for h in range(24)), key=lambda at: means[at[0]][at[1]])
    cells = Markup("").join(
        Markup(
            '<rect class="heat-{}" x="{}" y="{}" width="18" height="18" rx="3"><title>{}</title></rect>'
        ).format(
            step(mean, most),
            _LEFT + h * _CELL,
            d * _CELL,
            f"{DAYS[d]} {h}:00, {number_with_tenths(mean)}",
        )
        for d, of_day in enumerate(means)
        for h, mean in enumerate(of_day)
    )
    days = Markup("").join(
        Markup('<text x="0" y="{}">{}</text>').format(n * _CELL + 14, name[:3]) for n, name in enumerate(DAYS)
    )
    hours = Markup("").join(
        Markup('<text x="{}" y="153">{}</text>').format(_LEFT + h * _CELL, h) for h in range(0, 24, 3)
    )
    return Markup(
        '<svg class="week" viewBox="0 0 516 158" role="img" aria-labelledby="week-title week-desc">'
        '<title id="week-title">{}</title><desc id="week-desc">{}</desc>{}</svg>'
    ).format(
        title,
        f"Most on {DAYS[day]} from {hour}:00 to {hour + 1}:00, UTC: {number_with_tenths(most)} on average.",
        days + hours + cells,
    )
