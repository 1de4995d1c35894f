"""The forum's signed word about who is looking, for one request. docs/forum.md gives its exact bytes.

A statement says for which method, address and body it was made, for how long it holds, and a nonce that is
taken once. Who reads one, in a log or on the way, can neither change it nor send it again.
"""

import base64
import hashlib
import hmac
import re
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from api.errors import TokenMissing, TokenRefused

HEADER: Final = "AfterAction-Statement"
CONTEXT: Final = b"afteraction.statement.v1"
# Seconds for which a statement may hold, and by which the forum's clock may be wrong.
LONGEST: Final = 120
SKEW: Final = 60
_MOST_CHARACTERS: Final = 12_000
_FORM: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})")

_MemberId = Annotated[int, Meta(ge=0, le=2**31 - 1)]
_Word = Annotated[str, Meta(max_length=100)]


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """Who is looking, as the forum knows them. Times are unix seconds; `member` is 0 for a guest.

    `page` is where in the forum the answer will stand: its forms are sent there. `areas` is where areas stand
    in the forum: what comes after `/forum/` belongs to its end, percent-encoded.
    """

    member: _MemberId
    name: Annotated[str, Meta(max_length=255)] = ""
    groups: Annotated[list[int], Meta(max_length=200)] = []
    permissions: Annotated[list[_Word], Meta(max_length=200)] = []
    language: _Word = "english"
    page: Annotated[str, Meta(max_length=2000)] = ""
    areas: Annotated[str, Meta(max_length=500)] = ""
    issued: int
    expires: int
    nonce: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{22,64}$")]
    method: str
    path: str
    body: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]

    def may(self, permission: str) -> bool:
        """Tell whether the forum grants a permission."""
        return permission in self.permissions

    def forget_at(self) -> int:
        """Return from when on it is too old, whatever the clocks: until then its nonce is remembered."""
        return self.expires + SKEW + 1


def key_of(forum_key: str) -> bytes:
    """Return the key that signs statements, derived from the forum's key."""
    return hmac.digest(forum_key.encode(), CONTEXT, hashlib.sha256)


def check(sent: str | None, forum_key: str, method: str, path: str, body: bytes, now: float) -> Statement:
    """Return what a statement says, for the request that it came with.

    `path` is the request's, with its query. Raises TokenMissing where there is none, and TokenRefused for one
    that was not signed with this key, not made for this request, or not for this moment. Whether its nonce
    was taken before is for the caller to say.
    """
    if not sent:
        raise TokenMissing(f"this needs a statement of who is looking, in the header {HEADER}")
    match = _FORM.fullmatch(sent) if len(sent) <= _MOST_CHARACTERS else None
    if match is None:
        raise TokenRefused("the statement is not PAYLOAD.SIGNATURE, each in base64url without padding")
    signature = hmac.digest(key_of(forum_key), CONTEXT + b"." + match[1].encode(), hashlib.sha256)
    if not hmac.compare_digest(encoded(signature), match[2]):
        raise TokenRefused("the statement is not signed with this forum's key")
    try:
        statement = msgspec.json.decode(_decoded(match[1]), type=Statement)
    except (ValueError, msgspec.DecodeError) as error:
        raise TokenRefused(f"the statement cannot be read: {error}") from error
    _check_time(statement, now)
    _check_request(statement, method, path, body)
    return statement


def encoded(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _check_time(statement: Statement, now: float) -> None:
    if not 0 <= statement.expires - statement.issued <= LONGEST:
        raise TokenRefused(f"a statement holds for {LONGEST} s at most, from `issued` to `expires`")
    if statement.issued > now + SKEW:
        ahead = statement.issued - now
        raise TokenRefused(
            f"the statement was made {ahead:.0f} s from now: the forum's clock is ahead of ours"
        )
    if statement.expires < now - SKEW:
        late = now - statement.expires
        raise TokenRefused(f"the statement ended {late:.0f} s ago: it is old, or the forum's clock is behind")


def _check_request(statement: Statement, method: str, path: str, body: bytes) -> None:
    if statement.method != method:
        raise TokenRefused(f"the statement was made for {statement.method[:10]!r}, and this is {method}")
    if statement.path != path:
        raise TokenRefused(f"the statement was made for another address than {path[:200]!r}")
    if not hmac.compare_digest(statement.body, hashlib.sha256(body).hexdigest()):
        raise TokenRefused("the statement was made for another body")
