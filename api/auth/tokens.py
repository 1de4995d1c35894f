"""Keys: long random strings whose prefix names their kind. Stores see only their hashes.

A key is found by the hash of what was sent. That needs no comparison in constant time: how long the search
takes tells at most something about the hash of a guess, and nobody can steer a SHA-256 towards a stored one.
"""

import hashlib
import re
import secrets
from typing import Final, Literal

Kind = Literal["server", "forum", "admin", "read"]

PREFIXES: Final[dict[Kind, str]] = {"server": "aas_", "forum": "aaf_", "admin": "aaa_", "read": "aar_"}
_FORM = re.compile(r"aa[sfar]_[A-Za-z0-9_-]{43}")


def new(kind: Kind) -> str:
    """Return a key of 256 random bits."""
    return PREFIXES[kind] + secrets.token_urlsafe(32)


def is_random(token: str) -> bool:
    """Tell whether a key has the form of those made here, which nobody can guess."""
    return _FORM.fullmatch(token) is not None


def hashed(token: str) -> bytes:
    """Return what is stored of a key; SHA-256 suffices for 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
