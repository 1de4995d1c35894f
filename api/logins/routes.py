"""HTTP: logging in from the game. The forum asks for codes, game servers have them verified."""

from typing import Annotated

import msgspec
from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from api.auth.service import Caller
from api.logins import networks
from api.logins.clients import Client
from api.logins.service import Answer, Code, Logins

MemberId = Annotated[int, Meta(ge=1, le=2**31 - 1, description="the forum's id of the member")]
Text = Annotated[str, Meta(max_length=128)]


class CodeWanted(msgspec.Struct, forbid_unknown_fields=True):
    """The member for whom a code is asked, and the name that the game shows after logging in."""

    member_id: MemberId
    member_name: Annotated[str, Meta(min_length=1, max_length=80)]


class Connecting(msgspec.Struct, forbid_unknown_fields=True):
    """A player, as the game server knows one. `address` is the player's, perhaps with its port."""

    client_id: Annotated[str, Meta(min_length=1, max_length=64, pattern="^[!-~]+$")]
    address: Text
    name: Text = ""


class Typed(Connecting, kw_only=True, forbid_unknown_fields=True):
    """A player who typed a code."""

    code: Text


@post(
    "/tokens",
    operation_id="issueLoginCode",
    summary="A code for a member",
    tags=["logins"],
    opt={"access": "forum"},
)
async def issue(data: JSONBody[CodeWanted], logins: NamedDependency[Logins]) -> Code:
    """Make a code that the member types in the game: once, within ten minutes. It is shown this once."""
    return await logins.issue(data.member_id, data.member_name)


@post(
    "/verify", operation_id="verifyLogin", summary="A player typed a code", tags=["logins"], status_code=200
)
async def verify(
    data: JSONBody[Typed], logins: NamedDependency[Logins], caller: NamedDependency[Caller]
) -> Answer:
    """Say whether the player is logged in, and in which words to tell.

    `outcome`: `logged_in`, `pending` (the address must be approved), `not_valid`, or `locked` for
    `retry_after` seconds after too many wrong codes.
    """
    return await logins.verify(_client(logins, data, caller), data.code)


@post(
    "/sessions/resume",
    operation_id="resumeLogin",
    summary="A player connected",
    tags=["logins"],
    status_code=200,
)
async def resume(
    data: JSONBody[Connecting], logins: NamedDependency[Logins], caller: NamedDependency[Caller]
) -> Answer:
    """Say whether a client that has logged in before, and comes from a trusted address, still is.

    `outcome`: `logged_in`, `pending` (a new address, which must be approved), or `none`.
    """
    return await logins.resume(_client(logins, data, caller))


@post(
    "/sessions/logout",
    operation_id="endLogin",
    summary="A player logs out",
    tags=["logins"],
    status_code=200,
)
async def logout(
    data: JSONBody[Connecting], logins: NamedDependency[Logins], caller: NamedDependency[Caller]
) -> Answer:
    """End the client's session; to log in again takes a new code."""
    return await logins.logout(_client(logins, data, caller))


def _client(logins: Logins, data: Connecting, caller: Caller) -> Client:
    if caller.server_id is None:
        raise TypeError("only servers come here")
    # Postgres takes no NUL, and nobody wants to read the others.
    name = "".join(char for char in data.name if char.isprintable())
    network = networks.hashed(logins.hashes, networks.of_address(data.address))
    return Client(caller.server_id, data.client_id, name, network)


router = Router("/api/v1/auth", opt={"access": "server"}, route_handlers=[issue, verify, resume, logout])
