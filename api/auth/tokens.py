"""Tokens: long random strings whose prefix names their kind. Stores see only their hashes."""

import hashlib
import secrets
from typing import Final

SERVER: Final = "aas_"
ADMIN: Final = "aaa_"


def new(prefix: str) -> str:
    """Return a token of 256 random bits."""
    return prefix + secrets.token_urlsafe(32)


def hashed(token: str) -> bytes:
    """Return what is stored of a token; SHA-256 suffices for 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
