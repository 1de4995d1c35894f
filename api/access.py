"""HTTP: who is let in, whose address it is, and how often they may ask.

Every route names its rule as `opt={"access": ...}`; one that names none is an admin's.
"""

from collections.abc import Awaitable, Callable
from functools import cached_property
from ipaddress import ip_address
from typing import Any

import structlog
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers.base import BaseRouteHandler

from api import addresses, keyed
from api.audit.service import Actor
from api.auth import tokens
from api.auth.roles import ALLOWED, Rule
from api.auth.service import Caller, Gate
from api.auth.tokens import Kind
from api.errors import TokenMissing, TokenRefused
from api.keyed import Keyed
from api.limits import Limits, Standing
from api.settings import Settings

Connection = ASGIConnection[Any, Any, Any, Any]
Guard = Callable[[Connection, BaseRouteHandler], Awaitable[None]]

log = structlog.get_logger()


class Access:
    """Lets requests in: by their key, by the rule of their route, and within their limits."""

    def __init__(self, gate: Gate, limits: Limits, settings: Settings) -> None:
        self._gate = gate
        self._limits = limits
        self._closed = settings.read_access == "key"
        self._settings = settings
        self._trusted = addresses.networks(settings.trusted_proxies)
        self._warned = False

    @property
    def is_closed(self) -> bool:
        """Whether reading needs a key, too."""
        return self._closed

    async def guard(self, connection: Connection, handler: BaseRouteHandler) -> None:
        """Let a request in before its handler, but for events: those have their own door.

        Raises TokenMissing, TokenRefused and TooManyRequests, and leaves the caller for `caller_of`.
        """
        rule: Rule = handler.opt.get("access", "admin")
        if rule == "open":
            return
        state = connection.scope["state"]
        if rule == "read" and not self._closed:
            caller = await self._reader(connection)
        else:
            caller = await self.admit(connection, ALLOWED[rule])
        if caller is None:
            standing = await self._limits.spend("reads", self.household_of(connection))
        else:
            state["caller"], state["address"] = caller, self.address_of(connection)
            standing = await self.count(caller)
        _show(standing, state)

    async def count(self, caller: Caller) -> Standing | None:
        """Count a request with a key. Raises TooManyRequests."""
        return await self._limits.spend("key", str(caller.key_id or 0))

    async def _reader(self, connection: Connection) -> Caller | None:
        """Return whose key a request carries where none is asked for; one that is not good is as none."""
        token = token_of(connection)
        if token is None or not tokens.is_random(token):
            return None
        try:
            return await self._gate.caller(token, ALLOWED["read"])
        except (TokenMissing, TokenRefused):
            return None

    async def admit(self, connection: Connection, allowed: frozenset[Kind]) -> Caller:
        """Return whose key a request carries. Raises as `admit_key`."""
        return await self.admit_key(token_of(connection), connection, allowed)

    async def admit_key(self, token: str | None, connection: Connection, allowed: frozenset[Kind]) -> Caller:
        """Return whose key this is.

        Raises as `Gate.caller`, and TooManyRequests in place of that for an address that fails too often. A
        key that was made here cannot be guessed, so a good one is let in however often others at the same
        address failed. Whatever else is sent may be a guess at the admin's key of AFTERACTION_ADMIN_TOKEN,
        and is not even looked at over the budget.
        """
        known = self._gate.remembered(token, allowed)
        if known is not None:
            return known
        sender = self.household_of(connection)
        guess = token is not None and not tokens.is_random(token)
        if guess:
            await self._limits.spend("failures", sender)
        try:
            caller = await self._gate.caller(token, allowed)
        except (TokenMissing, TokenRefused):
            if not guess:
                await self._limits.spend("failures", sender)
            raise
        if guess:
            await self._limits.give_back("failures", sender)
        return caller

    def address_of(self, connection: Connection) -> str:
        """Return the client's address, "" when there is none: the peer's, or what trusted proxies say."""
        peer = connection.client.host if connection.client else ""
        forwarded = connection.headers.getall("x-forwarded-for", [])
        if not forwarded:
            return peer
        if not self._trusted:
            self._warn(peer)
            return peer
        return addresses.client(peer, forwarded, self._trusted)

    @cached_property
    def hashes(self) -> Keyed:
        """The hashes under which addresses are counted and noted."""
        return keyed.load(self._settings)

    def household_of(self, connection: Connection) -> str:
        """Return by what a client is counted: the tag of an IPv4 address or of an IPv6 /64."""
        return self.hashes.tag(addresses.household(self.address_of(connection)))

    def is_encrypted(self, connection: Connection) -> bool:
        """Tell whether the client speaks TLS: to us, or to a trusted proxy that says so."""
        if connection.scope["scheme"] == "https":
            return True
        peer = connection.client.host if connection.client else ""
        said = connection.headers.get("x-forwarded-proto", "").rpartition(",")[2].strip()
        return said == "https" and addresses.is_in(peer, self._trusted)

    def _warn(self, peer: str) -> None:
        """Say once that a proxy of one's own seems to be there that nobody told us of."""
        if not self._warned and _is_near(peer):
            self._warned = True
            log.warning(
                "X-Forwarded-For is not believed: AFTERACTION_TRUSTED_PROXIES does not name this peer, and "
                "all of its clients share one limit",
                peer=peer,
            )


def guard_of(access: Access) -> Guard:
    """Return a guard as a plain function: Litestar copies guards, and all that hangs on them."""

    async def guard(connection: Connection, handler: BaseRouteHandler) -> None:
        await access.guard(connection, handler)

    return guard


def _is_near(peer: str) -> bool:
    try:
        return ip_address(peer).is_private
    except ValueError:
        return False


def _show(standing: Standing | None, state: dict[str, Any]) -> None:
    if standing is not None:
        state["headers"] = [(name.lower().encode(), said.encode()) for name, said in standing.headers.items()]


def caller_of(request: Request[None, None, State]) -> Caller:
    """Return whose key was shown, on a route whose rule asks for one."""
    caller: Caller = request.scope["state"]["caller"]
    return caller


def actor_of(request: Request[None, None, State]) -> Actor:
    """Return the caller as the audit log names it."""
    caller = caller_of(request)
    return Actor(caller.kind, caller.label, caller.key_id, request.scope["state"]["address"])


def token_of(connection: Connection) -> str | None:
    """Return the key that a request carries, wherever it carries it."""
    scheme, _, bearer = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer.strip():
        return bearer.strip()
    return connection.headers.get("x-server-token") or connection.query_params.get("server_token")
