"""Numbers as people read them: metres, hours, shares. What stands in the log is game units and seconds."""

from typing import Final

from api.stats.metrics import Metric

# Maps are built at 16 game units to the foot: a soldier is 94 units tall, which makes 1.79 m.
METRES_PER_UNIT: Final = 0.3048 / 16


# Where nobody knows.
UNKNOWN: Final = "–"


def number(value: float | None) -> str:
    """Return a whole number with thin spaces between thousands and a true minus; a dash for one not known."""
    if value is None:
        return UNKNOWN
    return f"{value:,.0f}".replace(",", "\u202f").replace("-", "\u2212")


def way(units: float | None) -> str:
    """Return a way given in game units: "1.2 m", "840 m", "12.3 km"; a dash for one that is unknown."""
    if units is None:
        return UNKNOWN
    metres = units * METRES_PER_UNIT
    if 0 < metres < 9.95:
        return f"{metres:.1f} m"
    return f"{number(metres)} m" if metres < 9_999.5 else f"{number_with_tenths(metres / 1000)} km"


def number_with_tenths(value: float) -> str:
    """Return a number with one decimal."""
    return f"{value:,.1f}".replace(",", "\u202f")


def span(seconds: float | None) -> str:
    """Return a length of time: "45 s", "12 min", "3 h 20 min"; a dash for one that is unknown."""
    if seconds is None:
        return UNKNOWN
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{number(hours)} h {minutes} min" if minutes else f"{number(hours)} h"


def clock(seconds: float) -> str:
    """Return a moment of a match, counted from its beginning: "3:07", "1:02:45"."""
    minutes, second = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes}:{second:02}"


def share(value: float | None) -> str:
    """Return a share as per cent, and a dash for one that is unknown."""
    return UNKNOWN if value is None else f"{value * 100:.1f}\u202f%"


def ratio(value: float | None) -> str:
    """Return a ratio with two decimals, and a dash for one that is unknown."""
    if value is None:
        return UNKNOWN
    return f"{value:,.2f}".replace(",", "\u202f")


def measured(value: float, metric: Metric) -> str:
    """Return a metric's value in the unit in which people read it."""
    if metric.unit == "share":
        return share(value)
    if metric.unit == "game units":
        return way(value)
    if metric.unit == "seconds":
        return span(value)
    return ratio(value) if metric.unit in ("ratio", "rating") or value % 1 else number(value)
