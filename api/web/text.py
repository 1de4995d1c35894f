"""How text that others wrote is shown: names, reasons, lines of events. All of it may be hostile.

Escaping is the templates' business; here is what escaping does not stop: marks that turn the direction of
the text around them, control characters, towers of accents.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

# A joiner and the selectors of emoji: without them, one flag or family becomes several signs.
_JOINERS: Final = "\u200d\ufe0e\ufe0f"
_COLOUR: Final = re.compile(r"\^[0-9]")
_ACCENTS: Final = 3
_SIDES: Final = {"l": "left", "r": "right"}
_SPANS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def name(text: str) -> str:
    """Return a name as people read it: without colour codes, and without what cannot be seen."""
    seen = _COLOUR.sub("", text)
    # Nearly all names are of this kind, and a page has hundreds.
    if not (seen.isascii() and seen.isprintable()):
        seen = "".join(_limited(c for c in seen if c in _JOINERS or not _is_hidden(c)))
    return " ".join(seen.split()).strip(_JOINERS)


def visible(text: str) -> str:
    """Return text in which everything can be seen: what is hidden stands there as \\u202e; lines stay."""
    if text.isprintable():
        return text
    return "".join(c if c in "\n" + _JOINERS or not _is_hidden(c) else _written(c) for c in text)


def words(text: str) -> str:
    """Return a word of the game as people say it: "torso_upper" is "torso upper", "r_hand" the right hand."""
    parts = text.split("_")
    if parts[0] in _SIDES and len(parts) > 1:
        parts[0] = _SIDES[parts[0]]
    return visible(" ".join(parts))


def ago(at: datetime, now: datetime) -> str:
    """Return how long ago a time was, or in how long it will be: "5 minutes ago", "in 2 hours"."""
    seconds = (now - at).total_seconds()
    for size, unit in _SPANS:
        count = int(abs(seconds) // size)
        if count:
            span = f"{count} {unit}{'' if count == 1 else 's'}"
            return f"{span} ago" if seconds > 0 else f"in {span}"
    return "just now"


def _is_hidden(char: str) -> bool:
    """Tell whether a character is a control, a mark of direction, half a surrogate, or a line break."""
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _written(char: str) -> str:
    return char.encode("unicode_escape", "backslashreplace").decode("ascii")


def _limited(chars: Iterable[str]) -> Iterator[str]:
    """Leave away accents beyond the third on one letter."""
    stacked = 0
    for char in chars:
        stacked = stacked + 1 if unicodedata.category(char) in ("Mn", "Me") and char not in _JOINERS else 0
        if stacked <= _ACCENTS:
            yield char
