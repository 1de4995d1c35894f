"""HTTP: who is let in.

Every route names its rule as `opt={"access": ...}`; one that names none is an admin's.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers.base import BaseRouteHandler

from api.audit.service import Actor
from api.auth.roles import ALLOWED, Rule
from api.auth.service import Caller, Gate
from api.settings import Settings

Connection = ASGIConnection[Any, Any, Any, Any]
Guard = Callable[[Connection, BaseRouteHandler], Awaitable[None]]


def guard(gate: Gate, settings: Settings) -> Guard:
    """Return what every request passes before its handler, but for events: those have their own door.

    It raises TokenMissing and TokenRefused, and leaves the caller for `caller_of`.
    """

    async def let_in(connection: Connection, handler: BaseRouteHandler) -> None:
        rule: Rule = handler.opt.get("access", "admin")
        if rule == "open" or (rule == "read" and settings.read_access == "open"):
            return
        connection.scope["state"]["caller"] = await gate.caller(token_of(connection), ALLOWED[rule])

    return let_in


def caller_of(request: Request[None, None, State]) -> Caller:
    """Return whose key was shown, on a route whose rule asks for one."""
    caller: Caller = request.scope["state"]["caller"]
    return caller


def actor_of(request: Request[None, None, State]) -> Actor:
    """Return the caller as the audit log names it."""
    caller = caller_of(request)
    return Actor(caller.kind, caller.label, caller.key_id, address_of(request))


def token_of(connection: Connection) -> str | None:
    """Return the key that a request carries, wherever it carries it."""
    scheme, _, bearer = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer.strip():
        return bearer.strip()
    return connection.headers.get("x-server-token") or connection.query_params.get("server_token")


def address_of(connection: Connection) -> str:
    """Return the client's address, "" when there is none."""
    return connection.client.host if connection.client else ""
