"""How a person's name or client id may stand in bytes: the patterns by which it is found there."""

import json
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, quote_plus

# Of shorter names, the words of other people's chat are full.
_SHORTEST_WORD: Final = 3
_META: Final = re.compile(r"([\\.+*?()|\[\]{}^$])")
# What no text holds.
NOTHING: Final = r"[^\s\S]"


def spellings(texts: Iterable[str]) -> list[str]:
    """Return the texts as JSON, either way, and as a form may have them; all differing ones."""
    found: dict[str, None] = {}
    for text in texts:
        for ascii_only in (False, True):
            found[json.dumps(text, ensure_ascii=ascii_only)[1:-1]] = None
        found[quote(text, safe="")] = None
        found[quote_plus(text)] = None
        found[text] = None
    return [spelling for spelling in found if spelling]


def _any_of(texts: Iterable[str]) -> str:
    """Return a pattern, for RE2 as for Python, of any of these texts."""
    longest_first = sorted(set(texts), key=len, reverse=True)
    return "|".join(_META.sub(r"\\\1", text) for text in longest_first)


def is_word(text: str) -> bool:
    """Tell whether a text is long enough to be looked for in what people wrote."""
    return len(text) >= _SHORTEST_WORD


def as_words(texts: Iterable[str]) -> str:
    """Return a pattern of the texts as words in what people wrote."""
    long = _any_of(text for text in texts if is_word(text))
    return rf"(?:^|[^\pL\pN])(?:{long})(?:$|[^\pL\pN])" if long else NOTHING


def in_json(texts: Iterable[str]) -> str:
    """Return a pattern of a field, caught by its name, whose value is one of the texts."""
    return rf'"(\w+)"\s*:\s*"(?:{_any_of(spellings(texts)) or NOTHING})"'


def in_form(texts: Iterable[str]) -> str:
    """Return the same for a urlencoded line."""
    return rf"(?:^|&)(\w+)=(?:{_any_of(spellings(texts)) or NOTHING})(?:&|$)"


def in_list(texts: Iterable[str]) -> str:
    """Return a pattern of one of the texts in a list in JSON."""
    return rf'[\[,]\s*"(?:{_any_of(spellings(texts)) or NOTHING})"'


def in_bytes(texts: Iterable[str]) -> re.Pattern[bytes]:
    """Return a pattern, for Python, of the texts as words in whatever bytes."""
    found: dict[bytes, None] = {}
    for spelling in spellings(texts):
        found[spelling.encode("utf-8", "surrogatepass")] = None
        found[spelling.encode("cp1252", "ignore")] = None
    any_of = b"|".join(re.escape(text) for text in found if text)
    return re.compile(rb"(?<![A-Za-z0-9])(?:" + (any_of or rb"[^\s\S]") + rb")(?![A-Za-z0-9])")
