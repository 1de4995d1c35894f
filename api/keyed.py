"""Hashes that say nothing to who does not hold the key: addresses, and the people who were erased.

An address or a name has too little in it for a plain hash: all of them are soon tried. What must be shown
again is sealed under the same key. The key is a setting, or a file in the data folder that the first start
makes. It is never logged, and stands in no database.
"""

import hashlib
import hmac
import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.errors import ConfigurationError
from api.settings import Settings

FILE = "privacy.key"

_NONCE_BYTES: Final = 12
# Longer than any network, so that what is sealed does not tell how long it is.
_PADDED_BYTES: Final = 48
# Enough to tell a million addresses apart, and too few to be the hash itself.
_TAG_BYTES: Final = 6


class Keyed:
    """HMAC-SHA-256 and AES-256-GCM under this installation's key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._cipher = AESGCM(self.hash("key of what is sealed", ""))

    def hash(self, kind: str, text: str) -> bytes:
        """Return the hash of a text among others of its kind: 32 bytes."""
        message = kind.encode() + b"\0" + text.encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, message, hashlib.sha256)

    def tag(self, network: str) -> str:
        """Return by what a network is told from others where it may not be read."""
        return tag_of(self.hash("network", network))

    def seal(self, text: str) -> bytes:
        """Return a text as `unseal` alone reads it: other bytes each time, of one length for short texts."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        padded = text.encode("utf-8", "surrogatepass").ljust(_PADDED_BYTES, b"\0")
        return nonce + self._cipher.encrypt(nonce, padded, None)

    def unseal(self, sealed: bytes) -> str:
        """Return what was sealed. Raises ConfigurationError for what was not, under this key."""
        try:
            padded = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
        except (InvalidTag, ValueError) as error:
            raise ConfigurationError(
                "an address is sealed under another privacy key than this one, or damaged"
            ) from error
        return padded.rstrip(b"\0").decode("utf-8", "surrogatepass")


def tag_of(hashed: bytes) -> str:
    """Return the tag of a hash, as `address_tag` in Postgres does."""
    return f"ip-{hashed[:_TAG_BYTES].hex()}"


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
