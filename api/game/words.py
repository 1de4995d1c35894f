"""Text as a game's console can show it: short lines of plain words, which can never be more than words.

A game puts what it prints between quotes into a command of its own, splits commands at semicolons, and older
ones read % as the beginning of a format. So none of that comes out of here, nor a colour code, which would
change what follows, nor anything that is not in the engine's 256 characters.
"""

import re
from collections.abc import Iterable
from typing import Final

LINE_BYTES: Final = 120
LINES: Final = 6
NAME_CHARACTERS: Final = 24

_COLOUR: Final = re.compile(r"\^[0-9]")
_HARMLESS: Final = str.maketrans({'"': "'", "`": "'", "%": "_", ";": ",", "\\": "/", "$": "_", "^": "_"})


def plain(text: str, characters: int = NAME_CHARACTERS) -> str:
    """Return a name without all that is more than words, cut to a number of characters."""
    shown = _COLOUR.sub("", text).translate(_HARMLESS)
    # A console writes from left to right, and turns to the left for nobody's name.
    shown = "".join(char for char in shown if char.isprintable())
    shown = " ".join(shown.encode("latin-1", "replace").decode("latin-1").split())
    return shown if len(shown) <= characters else shown[: characters - 2] + ".."


def lines(*sentences: str) -> list[str]:
    """Return sentences as lines for the game, each broken between words where it is too long."""
    broken = [line for sentence in sentences for line in _broken(plain(sentence, 10_000))]
    return broken[:LINES]


def listed(head: str, parts: Iterable[str]) -> str:
    """Return a sentence of parts, with commas between."""
    return f"{head} {', '.join(parts)}"


def amount(value: float, unit: str) -> str:
    """Return a value of a board as people read it."""
    if unit == "seconds":
        minutes = round(value / 60)
        return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
    if unit == "share":
        return f"{100 * value:.0f} of 100"
    return f"{value:.2f}" if unit in ("ratio", "rating") else f"{value:.0f}"


def many(count: int, one: str, more: str | None = None) -> str:
    """Return a number of things: 1 kill, 2 kills, 3 matches."""
    return f"{count} {one if count == 1 else more or one + 's'}"


def times(count: int) -> str:
    """Return how often something happened."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _broken(sentence: str) -> Iterable[str]:
    line = ""
    for word in sentence.split():
        if line and len(line) + 1 + len(word) > LINE_BYTES:
            yield line
            line = ""
        line = f"{line} {word}".strip()[:LINE_BYTES]
    if line:
        yield line
