"""A player's way in: a code from the forum, typed in the game, becomes a session; later ones are resumed.

Every decision about a member is made in a transaction that holds the member's lock, so that a code is used
once, and a revocation is not overtaken by a login that had begun before it.
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec

from api import keyed
from api.errors import Conflict, StoreUnavailable, TooManyRequests, Unprocessable
from api.logins import codes, links, locks, trust
from api.logins.clients import Client
from api.logins.hashing import Hasher
from api.settings import Settings
from api.stores.postgres import Connection, Postgres, fetch
from api.stores.sql import queries

_SQL = queries("postgres", "logins")

CODE_MINUTES: Final = 10
CODES_ALIVE: Final = 3
# So many for a member in CODE_MINUTES: whoever needs more has another trouble.
CODES_ISSUED: Final = 10
_LOOKUPS_TRIED: Final = 20

Clock = Callable[[], datetime]
Outcome = Literal["logged_in", "pending", "not_valid", "locked", "none"]


class Code(msgspec.Struct):
    """A new code. It is shown this once."""

    code: str
    expires_at: datetime


class Answer(msgspec.Struct, omit_defaults=True):
    """What became of a try, and the words for the player."""

    outcome: Outcome
    message: str
    member_id: int | None = None
    member_name: str | None = None
    retry_after: int | None = None


class _Token(msgspec.Struct):
    id: int
    hash: str
    member_id: int
    member_name: str
    expires_at: datetime
    used_at: datetime | None
    used_hash: bytes | None
    revoked_at: datetime | None


class Session(msgspec.Struct):
    """Who is logged in at a client."""

    member_id: int
    member_name: str
    state: str
    session_until: datetime


class _Member(msgspec.Struct):
    member_id: int


class _Id(msgspec.Struct):
    id: int


class _Issued(msgspec.Struct):
    codes: int
    seconds_left: float | None


class _Try(msgspec.Struct):
    """How a try ended, for the history. `guess`: it counts towards a lock."""

    reason: str
    guess: bool = False
    token: int | None = None
    member: int | None = None


NOT_VALID: Final = Answer("not_valid", "This code is not valid.")
NO_SESSION: Final = Answer("none", "You are not logged in.")


def now() -> datetime:
    """Return the time of day."""
    return datetime.now(UTC)


class Logins:
    """Codes, sessions, and who is trusted where. `clock` tells the time of day."""

    def __init__(self, postgres: Postgres, settings: Settings, clock: Clock = now) -> None:
        self.postgres = postgres
        self.settings = settings
        self.clock = clock
        self.hashes = keyed.load(settings)
        self._hasher = Hasher()

    def close(self) -> None:
        """Let go of what hashing holds."""
        self._hasher.close()

    async def issue(self, member_id: int, member_name: str) -> Code:
        """Make a code for a member of the forum; the oldest of more than three ends.

        Raises Unprocessable for a name that is none, TooManyRequests after ten within ten minutes.
        """
        if not member_name.strip() or not member_name.isprintable():
            raise Unprocessable(f"member_name: printable characters, not {member_name[:80]!r}")
        expires = self.clock() + timedelta(minutes=CODE_MINUTES)
        for _ in range(_LOOKUPS_TRIED):
            code = codes.new()
            if await self._store(code, await self._hasher.hash(code), member_id, member_name, expires):
                return Code(codes.shown(code), expires)
        raise Conflict("too many codes are alive; try again in some minutes")

    async def _store(self, code: str, hashed: str, member_id: int, name: str, expires: datetime) -> bool:
        at = self.clock()
        row = {"lookup": codes.lookup(code), "hash": hashed, "member": member_id, "name": name}
        async with self.postgres.transaction() as connection:
            await locks.member(connection, member_id)
            await connection.execute(_SQL["forget_tokens"], (at,))
            await _may_have_another(connection, member_id, at)
            added = await fetch(connection, _SQL["add_token"], _Id, {**row, "now": at, "expires": expires})
            if added:
                oldest = {"member": member_id, "now": at, "keep": CODES_ALIVE}
                await connection.execute(_SQL["end_oldest_tokens"], oldest)
        return bool(added)

    async def verify(self, client: Client, typed: str) -> Answer:
        """Say what becomes of a player who typed a code. Every call is a row of the history."""
        try_id, locked_for = await locks.begin(self.postgres, self.clock(), client)
        if locked_for:
            minutes = -(-locked_for // 60)
            words = f"Too many wrong codes. Try again in {minutes} minute{'s' if minutes > 1 else ''}."
            return Answer("locked", words, retry_after=locked_for)
        code = codes.parse(typed)
        found = None
        if code is not None:
            found = await self.postgres.one(_SQL["token"], _Token, codes.lookup(code))
        try:
            matches = await self._hasher.verify(found.hash if found else None, code or typed[:64])
        except StoreUnavailable:
            await self._end(try_id, "not_checked", _Try("unavailable"))
            raise
        if found is None or not matches:
            await self._end(try_id, NOT_VALID.outcome, _Try("unknown", guess=True))
            return NOT_VALID
        async with self.postgres.transaction() as connection:
            await locks.member(connection, found.member_id)
            await locks.client(connection, client.client_id)
            answer, why = await self._use(connection, client, found.id, codes.lookup(code or ""))
            await _note_end(connection, try_id, answer.outcome, why)
        return answer

    async def _use(
        self, connection: Connection, client: Client, token_id: int, lookup: str
    ) -> tuple[Answer, _Try]:
        at = self.clock()
        use = {"id": token_id, "now": at, "network": client.network.hash}
        used = await fetch(connection, _SQL["use_token"], _Id, use)
        # Read again: the lock was waited for.
        found = await fetch(connection, _SQL["token"], _Token, (lookup,))
        if not found or found[0].id != token_id:
            return NOT_VALID, _Try("expired", guess=True)
        token = found[0]
        if not used:
            return await self._spent(connection, client, token)
        standing = await trust.standing(connection, token.member_id, client.network, at)
        ask = standing.must_ask()
        if ask is not None:
            await trust.ask(connection, client, token.member_id, ask, at)
            return _pending(ask), _Try(ask, token=token.id, member=token.member_id)
        trusted_id = standing.id
        if trusted_id is None:
            expires = at + timedelta(days=self.settings.login_trust_days)
            trusted_id = await trust.first_use(connection, token.member_id, client.network, at, expires)
        await connection.execute(_SQL["touch"], {"id": trusted_id, "now": at})
        until = at + timedelta(days=self.settings.login_session_days)
        who = links.Claimant(client.client_id, token.member_id, token.member_name)
        state = await links.claim(connection, who, at, until, self.settings.login_max_clients)
        answer = logged_in(token.member_id, token.member_name, state)
        return answer, _Try("code", token=token.id, member=token.member_id)

    async def _spent(self, connection: Connection, client: Client, token: _Token) -> tuple[Answer, _Try]:
        """Answer a code that was good once."""
        at = self.clock()
        if token.revoked_at is not None or token.expires_at <= at:
            reason = "revoked" if token.revoked_at is not None else "expired"
            return NOT_VALID, _Try(reason, guess=True, token=token.id, member=token.member_id)
        again = _Try("used", token=token.id, member=token.member_id)
        if token.used_hash == client.network.hash:
            return NOT_VALID, again
        standing = await trust.standing(connection, token.member_id, client.network, at)
        if standing.id is not None:
            return NOT_VALID, again
        # Whoever read a code over somebody's shoulder tries it again and again: each counts.
        again.guess = True
        if standing.refused:
            return NOT_VALID, again
        await trust.ask(connection, client, token.member_id, "used_code", at)
        again.reason = "used_code"
        return _pending("used_code"), again

    async def session(self, client_id: str) -> Session | None:
        """Return who is logged in at a client, None when nobody is."""
        return await self.postgres.one(_SQL["session"], Session, client_id, self.clock())

    async def resume(self, client: Client) -> Answer:
        """Say whether a client that connects is still logged in.

        It is, if it has logged in before and comes from a network at which the member is trusted.
        """
        session = await self.session(client.client_id)
        if session is None:
            return NO_SESSION
        async with self.postgres.transaction() as connection:
            await locks.member(connection, session.member_id)
            await locks.client(connection, client.client_id)
            answer, why = await self._resume(connection, client, session.member_id)
            await _note(connection, self.clock(), "resume", client, answer, why.reason, session.member_id)
        return answer

    async def _resume(self, connection: Connection, client: Client, member_id: int) -> tuple[Answer, _Try]:
        at = self.clock()
        found = await fetch(connection, _SQL["session"], Session, (client.client_id, at))
        if not found or found[0].member_id != member_id:
            return NO_SESSION, _Try("ended")
        standing = await trust.standing(connection, member_id, client.network, at)
        if standing.id is None:
            if standing.refused:
                return NO_SESSION, _Try("refused_before")
            await trust.ask(connection, client, member_id, "resume", at)
            return _pending("resume"), _Try("resume")
        await connection.execute(_SQL["touch"], {"id": standing.id, "now": at})
        await connection.execute(_SQL["resumed"], (at, client.client_id, member_id))
        return logged_in(member_id, found[0].member_name, found[0].state), _Try("resumed")

    async def logout(self, client: Client) -> Answer:
        """End a client's session; it takes a new code to log in again."""
        async with self.postgres.transaction() as connection:
            ended = await fetch(connection, _SQL["end_session"], _Member, (client.client_id,))
            if ended:
                member = ended[0].member_id
                await _note(connection, self.clock(), "logout", client, NO_SESSION, "asked", member)
        return Answer("none", "You are logged out.") if ended else NO_SESSION

    async def _end(self, try_id: int, outcome: str, why: _Try) -> None:
        async with self.postgres.transaction() as connection:
            await _note_end(connection, try_id, outcome, why)


def logged_in(member_id: int, name: str, state: str) -> Answer:
    """Return the answer to a player who is logged in. `state` is that of the link of client and member."""
    words = {
        "conflict": " The stats of this client are another member's, until an admin decides.",
        "refused": " The stats of this client are another member's.",
        "over_limit": " You have linked too many clients; the stats of this one are not yours yet.",
    }
    return Answer("logged_in", f"Logged in as {name}.{words.get(state, '')}", member_id, name)


def _pending(reason: trust.Reason) -> Answer:
    if reason == "resume":
        words = "You come from a new address. Log in with a code, or approve the address on the forum."
    else:
        words = "This address must be approved on the forum first. Then log in with a new code."
    return Answer("pending", words)


async def _may_have_another(connection: Connection, member_id: int, at: datetime) -> None:
    since = {"member": member_id, "since": at - timedelta(minutes=CODE_MINUTES)}
    issued = (await fetch(connection, _SQL["issued"], _Issued, since))[0]
    if issued.codes >= CODES_ISSUED and issued.seconds_left is not None:
        wait = max(1, math.ceil(issued.seconds_left))
        raise TooManyRequests(
            f"member {member_id} was given {issued.codes} codes within {CODE_MINUTES} minutes; "
            f"try again in {wait} s",
            {"Retry-After": str(wait)},
        )


async def _note_end(connection: Connection, try_id: int, outcome: str, why: _Try) -> None:
    row = {"outcome": outcome, "reason": why.reason, "guess": why.guess}
    await connection.execute(_SQL["end_try"], {**row, "token": why.token, "member": why.member, "id": try_id})


async def _note(
    connection: Connection, at: datetime, kind: str, client: Client, answer: Answer, reason: str, member: int
) -> None:
    """Write a try that was no guess into the history."""
    row = {"now": at, "kind": kind, "outcome": answer.outcome, "reason": reason, "guess": False}
    row |= {"server": client.server_id, "client": client.client_id, "name": client.name}
    await connection.execute(_SQL["begin_try"], {**row, "network": client.network.hash, "member": member})
