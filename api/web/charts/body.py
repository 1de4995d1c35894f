"""A soldier who faces you, each part of the body the darker the more often it was hit."""

from collections.abc import Mapping
from typing import Final

from markupsafe import Markup

from api.web.charts.steps import step
from api.web.text import words

# Right parts stand on the left: the soldier looks at you. Left ones are their mirror image.
_MIDDLE: Final = {
    "head": "M79 37v12c0 14 9 24 21 24s21-10 21-24V37z",
    "helmet": "M72 38c0-20 12-32 28-32s28 12 28 32c-9-3-47-3-56 0z",
    "neck": "M91 74h18v13H91z",
    "torso_upper": "M70 90h60l4 40H66z",
    "torso_mid": "M67 133h66l-2 30H69z",
    "torso_lower": "M69 166h62l2 26H67z",
    "pelvis": "M67 195h66l3 30-34 6h-4l-34-6z",
}
_RIGHT: Final = {
    "arm_upper": "M67 91l-4 40-5 27-22-4 6-36c2-14 12-25 25-27z",
    "arm_lower": "M35 157l22 4-6 50-19-3z",
    "hand": "M32 211l19 3 1 14c-2 12-8 16-14 15-7-1-10-10-9-17z",
    "leg_upper": "M64 229l34 6-3 81H67z",
    "leg_lower": "M67 319h28l-3 78H72z",
    "foot": "M72 400h20v22H58c-5 0-5-8 0-11z",
}


def body(hits: Mapping[str, int], title: str, ident: str) -> Markup:
    """Return the picture of how often each part was hit; `ident` tells its ids from those of others."""
    shown = {part: hits.get(part, 0) for part in _parts()}
    most, total = max(shown.values()), sum(hits.values())
    said = ", ".join(f"{words(part)} {count}" for part, count in _ordered(shown) if count) or "no hits"
    drawn = Markup("").join(_part(part, count, total, step(count, most)) for part, count in shown.items())
    return Markup(
        '<svg class="body" viewBox="20 0 160 428" role="img" aria-labelledby="{0}-title {0}-desc">'
        '<title id="{0}-title">{1}</title><desc id="{0}-desc">{2}</desc>{3}</svg>'
    ).format(ident, title, said, drawn)


def _parts() -> list[str]:
    return [*_MIDDLE, *(f"{side}_{part}" for side in "rl" for part in _RIGHT)]


def _ordered(hits: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(hits.items(), key=lambda pair: -pair[1])


def _part(part: str, count: int, total: int, heat: int) -> Markup:
    side, _, rest = part.partition("_")
    shape = _MIDDLE.get(part) or _RIGHT[rest]
    turned = Markup(' transform="matrix(-1 0 0 1 200 0)"') if side == "l" else ""
    share = f"{100 * count / total:.0f} %" if total else "0 %"
    return Markup('<g class="part heat-{}"{}><title>{}: {} ({})</title><path d="{}"/></g>').format(
        heat, turned, words(part), count, share, shape
    )
