"""A bar in a row of a table, as long as its value is beside the greatest."""

from markupsafe import Markup


def bar(value: float, most: float) -> Markup:
    """Return a bar; it says nothing to a screen reader, since the number stands beside it."""
    width = 100 * min(1.0, max(0.0, value / most)) if most > 0 else 0
    return Markup(
        '<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="bar-all" width="100" height="6"/>'
        '<rect class="bar-part" width="{:.2f}" height="6"/></svg>'
    ).format(width)
