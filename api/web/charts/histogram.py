"""Columns side by side: what was given goes up, what was taken goes down."""

from collections.abc import Sequence

from markupsafe import Markup


def histogram(columns: Sequence[tuple[str, int, int]], title: str, desc: str, ident: str) -> Markup:
    """Return the picture of columns: a label, how many up, how many down; nothing where all are empty."""
    most = max((max(up, down) for _, up, down in columns), default=0)
    if not most:
        return Markup("")
    wide = 1000 / len(columns)
    drawn = Markup("").join(
        Markup(
            "<g><title>{label}</title>"
            '<rect class="up" x="{x:.1f}" y="{top:.1f}" width="{w:.1f}" height="{up:.1f}"/>'
            '<rect class="down" x="{x:.1f}" y="151" width="{w:.1f}" height="{down:.1f}"/></g>'
        ).format(
            label=label,
            x=n * wide + 0.08 * wide,
            w=0.84 * wide,
            top=149 - 145 * up / most,
            up=145 * up / most,
            down=145 * down / most,
        )
        for n, (label, up, down) in enumerate(columns)
    )
    return Markup(
        '<svg class="histogram" viewBox="0 0 1000 300" preserveAspectRatio="none" role="img" '
        'aria-labelledby="{0}-title {0}-desc"><title id="{0}-title">{1}</title>'
        '<desc id="{0}-desc">{2}</desc>{3}<path class="zero" d="M0 150H1000"/></svg>'
    ).format(ident, title, desc, drawn)
