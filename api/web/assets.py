"""Files that pages ask for. Their addresses hold the hash of what is in them, so they are kept for ever."""

import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec

from api.errors import NotFound

PREFIX: Final = "/static"
_TYPES: Final = {
    ".svg": "image/svg+xml",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
# The class of what stands in a page of the forum.
FORUM: Final = "afteraction"
_FORUM_SHEETS: Final = ("site.css", "public.css", "forum.css", "tournaments.css")
_HERE: Final = Path(__file__).parent / "static"
# Browser libraries come with packages that the lock names.
_HTMX: Final = files("django_htmx") / "static" / "django_htmx"
_LIBRARIES: Final = {"htmx.js": _HTMX / "htmx-2.min.js", "sse.js": _HTMX / "ext" / "hx-sse-2.min.js"}


class Asset(msgspec.Struct, frozen=True):
    """A file that pages ask for."""

    name: str
    content: bytes
    media_type: str
    digest: str

    @property
    def url(self) -> str:
        """Where it is found, for as long as it is what it is."""
        return f"{PREFIX}/{self.digest}/{self.name}"


class Assets:
    """All such files, in memory."""

    def __init__(self) -> None:
        read = {path.name: path.read_bytes() for path in sorted(_HERE.iterdir()) if path.suffix in _TYPES}
        read |= {name: library.read_bytes() for name, library in _LIBRARIES.items()}
        read["forum.css"] = _within(FORUM, *(read[name] for name in _FORUM_SHEETS))
        self._assets = {name: _asset(name, content) for name, content in read.items()}

    def url(self, name: str) -> str:
        """Return an asset's address."""
        return self._assets[name].url

    def find(self, digest: str, name: str) -> Asset:
        """Return an asset by its address. Raises NotFound, also for what it was before."""
        found = self._assets.get(name)
        if found is None or found.digest != digest:
            raise NotFound("there is no such file; reload the page that asked for it")
        return found


def _within(scope: str, *sheets: bytes) -> bytes:
    """Return sheets that hold inside one element alone, whatever page it stands in."""
    inside = b"\n".join(sheets).replace(b":root", b"&")
    return b"." + scope.encode() + b" {\n" + inside + b"\n}\n"


def _asset(name: str, content: bytes) -> Asset:
    return Asset(name, content, _TYPES[Path(name).suffix], hashlib.sha256(content).hexdigest()[:16])
