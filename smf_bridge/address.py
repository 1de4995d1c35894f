"""Where the forum's database is: `mysql://user:password@host:3306/database?prefix=smf_`."""

import re
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from api.errors import ConfigurationError

_PREFIX: Final = re.compile(r"[A-Za-z0-9_]{0,20}")
_KNOWN: Final = frozenset({"prefix", "socket", "ca_certs"})
SETTING: Final = "AFTERACTION_FORUM_URL"


class Address(msgspec.Struct, frozen=True):
    """A database, who is let in, and what the names of the forum's tables begin with."""

    host: str
    port: int
    user: str
    password: str
    database: str
    prefix: str = "smf_"
    socket: str | None = None
    ca_certs: str | None = None

    @property
    def place(self) -> str:
        """Where it is, for people; without the password."""
        return f"{self.user}@{self.socket or f'{self.host}:{self.port}'}/{self.database}"


def parse(url: str) -> Address:
    """Read the setting. Raises ConfigurationError, which does not show the password."""
    try:
        parts = urlsplit(url)
        port = parts.port or 3306
    except ValueError as error:
        raise _wrong("it is no URL") from error
    if parts.scheme not in ("mysql", "mariadb"):
        raise _wrong("it begins with mysql://")
    database = unquote(parts.path.removeprefix("/"))
    if not database or "/" in database:
        raise _wrong("after the host stands /DATABASE, the forum's own")
    if not parts.username:
        raise _wrong("before the host stands user:password@")
    asked = parse_qs(parts.query, keep_blank_values=True)
    if unknown := sorted(asked.keys() - _KNOWN):
        raise _wrong(f"?{unknown[0]}= is nothing that it knows; it knows {', '.join(sorted(_KNOWN))}")
    said = {name: values[-1] for name, values in asked.items()}
    prefix = said.get("prefix", "smf_")
    if not _PREFIX.fullmatch(prefix):
        raise _wrong("?prefix= is up to 20 letters, digits and underscores, as SMF's $db_prefix")
    return Address(
        parts.hostname or "127.0.0.1",
        port,
        unquote(parts.username),
        unquote(parts.password or ""),
        database,
        prefix,
        said.get("socket") or None,
        said.get("ca_certs") or None,
    )


def _wrong(what: str) -> ConfigurationError:
    example = "mysql://user:password@host/database?prefix=smf_"
    return ConfigurationError(f"{SETTING}: {what}, as in {example}; there @ and / are written %40 and %2F")
