"""Hashes that say nothing to who does not hold the key: addresses, and the people who were erased.

An address or a name has too little in it for a plain hash: all of them are soon tried. The key is a setting,
or a file in the data folder that the first start makes. It is never logged, and stands in no database.
"""

import hashlib
import hmac
import os
import secrets
from functools import lru_cache
from pathlib import Path

from api.errors import ConfigurationError
from api.settings import Settings

FILE = "privacy.key"


class Keyed:
    """HMAC-SHA-256 under this installation's key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def hash(self, kind: str, text: str) -> bytes:
        """Return the hash of a text among others of its kind: 32 bytes."""
        message = kind.encode() + b"\0" + text.encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, message, hashlib.sha256)


def load(settings: Settings) -> Keyed:
    """Return the hashes of this installation, making their key at the first start.

    Raises ConfigurationError where there is no key and none can be made.
    """
    if settings.privacy_key is not None:
        return Keyed(settings.privacy_key.encode())
    return _of_file(settings.data_folder / FILE)


@lru_cache(maxsize=16)
def _of_file(path: Path) -> Keyed:
    try:
        if not path.exists():
            _make(path)
        key = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"AFTERACTION_PRIVACY_KEY is not set, and {str(path)!r} cannot take its place: {error.strerror}"
        ) from error
    if len(key) < 32:
        raise ConfigurationError(f"{path} is damaged: put the {FILE} of your backup there")
    return Keyed(key)


def _make(path: Path) -> None:
    """Write a key so that it is there whole or not at all, whoever else does the same."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{FILE}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(secrets.token_hex(32).encode())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
