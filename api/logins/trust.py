"""At which networks a member is trusted, and what members and admins decide about those where one is not."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import Meta

from api.errors import NotFound
from api.keyed import Keyed, tag_of
from api.logins import locks
from api.logins.clients import Client
from api.logins.networks import HashedNetwork
from api.stores.postgres import Connection, Postgres, fetch
from api.stores.sql import queries

T = TypeVar("T")

_SQL = queries("postgres", "logins")

APPROVAL_HOURS: Final = 24
# Of one member, for each server, and apart for those who typed a code.
_MOST_OPEN: Final = 10

Policy = Literal["first_use", "approval"]
Reason = Literal["policy", "refused_before", "used_code", "resume"]
Tag = Annotated[str, Meta(description="what the history and the audit log call this address")]


class Standing(msgspec.Struct):
    """What is known of a member at a network. `id`: the row that trusts it; `refused`: a person said no."""

    id: int | None
    refused: bool
    policy: Policy

    def must_ask(self) -> Reason | None:
        """Return why a fresh code does not suffice here, None where it does."""
        if self.id is not None:
            return None
        if self.refused:
            return "refused_before"
        return "policy" if self.policy == "approval" else None


class Approval(msgspec.Struct):
    """A network that waits for a member's or an admin's word."""

    id: int
    member_id: int
    network: str
    address_tag: Tag
    client_id: str
    name: str
    server_id: int
    server: str
    reason: Reason
    created_at: datetime
    expires_at: datetime


class Trusted(msgspec.Struct):
    """A network at which a member is, or was, trusted."""

    id: int
    network: str
    address_tag: Tag
    label: str
    trusted_by: str
    created_at: datetime
    first_used_at: datetime | None
    last_used_at: datetime | None
    expires_at: datetime
    revoked_at: datetime | None


class TrustedOf(Trusted, kw_only=True):
    """The same, with whose it is. `member_name`: as the forum last said, null before a login."""

    member_id: int
    member_name: str | None


class _Kept(msgspec.Struct):
    network_hash: bytes
    network_sealed: bytes


class _Id(msgspec.Struct):
    id: int


async def standing(connection: Connection, member_id: int, network: HashedNetwork, at: datetime) -> Standing:
    """Return what is known of a member at a network; the caller holds the member's lock."""
    asked = {"member": member_id, "networks": network.within, "now": at}
    return (await fetch(connection, _SQL["trusted"], Standing, asked))[0]


async def ask(connection: Connection, client: Client, member_id: int, reason: Reason, at: datetime) -> None:
    """Ask the member and the admins whether a client's network may be trusted."""
    row = {"member": member_id, "client": client.client_id}
    row |= {"network": client.network.hash, "sealed": client.network.sealed}
    row |= {"name": client.name, "server": client.server_id, "reason": reason}
    times = {"now": at, "expires": at + timedelta(hours=APPROVAL_HOURS)}
    await connection.execute(_SQL["ask_approval"], {**row, **times, "most": _MOST_OPEN})


async def first_use(
    connection: Connection, member_id: int, network: HashedNetwork, at: datetime, expires: datetime
) -> int:
    """Trust a network because a fresh code was used from it, and return the row's id."""
    settle = {"member": member_id, "network": network.hash, "now": at, "decision": "proved", "by": "code"}
    await connection.execute(_SQL["decide_all_at"], settle)
    kept = _Kept(network.hash, network.sealed)
    return await _trust(connection, member_id, kept, "", "first use", at, expires)


async def _trust(
    connection: Connection, member_id: int, kept: _Kept, label: str, by: str, at: datetime, expires: datetime
) -> int:
    row = {"member": member_id, "network": kept.network_hash, "sealed": kept.network_sealed}
    row |= {"label": label, "by": by, "now": at, "expires": expires}
    return (await fetch(connection, _SQL["trust"], _Id, row))[0].id


async def open_approvals(
    postgres: Postgres, hashes: Keyed, at: datetime, member_id: int | None = None
) -> list[Approval]:
    """Return what waits for a decision, of one member or of all."""
    found = await postgres.rows(_SQL["open_approvals"], dict[str, Any], now=at, member=member_id)
    return readable(found, hashes, Approval)


async def of_member(postgres: Postgres, hashes: Keyed, member_id: int) -> list[Trusted]:
    """Return the networks of a member, revoked ones too."""
    found = await postgres.rows(_SQL["trusted_of_member"], dict[str, Any], member_id)
    return readable(found, hashes, Trusted)


async def current(
    postgres: Postgres, hashes: Keyed, at: datetime, before: int, member_id: int | None, limit: int
) -> list[TrustedOf]:
    """Return where members, or one of them, are trusted: rows with ids below `before`, the latest first."""
    asked = {"now": at, "before": before, "member": member_id, "limit": limit}
    found = await postgres.rows(_SQL["trusted_now"], dict[str, Any], **asked)
    return readable(found, hashes, TrustedOf)


def readable(rows: list[dict[str, Any]], hashes: Keyed, kind: type[T]) -> list[T]:
    """Return rows with a sealed network as ones that show it.

    Raises ConfigurationError for one that was sealed under another key.
    """
    shown = [row | {"network": hashes.unseal(row["network_sealed"])} for row in rows]
    return msgspec.convert(shown, list[kind])  # type: ignore[valid-type]


async def approve(
    connection: Connection,
    member_id: int,
    approval_id: int,
    label: str,
    by: str,
    at: datetime,
    days: int,
) -> str:
    """Trust the network of an open approval for some days, and return its tag.

    Raises NotFound when there is no such approval of this member, when it was decided or its time is over.
    """
    kept = await _decide(connection, member_id, approval_id, "approved", by, at)
    await _trust(connection, member_id, kept, label, by, at, at + timedelta(days=days))
    return tag_of(kept.network_hash)


async def deny(connection: Connection, member_id: int, approval_id: int, by: str, at: datetime) -> str:
    """Say no to the network of an open approval, and return its tag: a fresh code alone does not do there.

    Raises NotFound as `approve` does.
    """
    return tag_of((await _decide(connection, member_id, approval_id, "denied", by, at)).network_hash)


async def _decide(
    connection: Connection, member_id: int, approval_id: int, decision: str, by: str, at: datetime
) -> _Kept:
    await locks.member(connection, member_id)
    what = {"member": member_id, "decision": decision, "by": by, "now": at}
    decided = await fetch(connection, _SQL["decide"], _Kept, {**what, "id": approval_id})
    if not decided:
        raise NotFound(
            f"member {member_id} has no open approval {approval_id}: it was decided, or its "
            f"{APPROVAL_HOURS} hours are over"
        )
    await connection.execute(_SQL["decide_all_at"], {**what, "network": decided[0].network_hash})
    return decided[0]


async def allow(
    connection: Connection,
    member_id: int,
    network: HashedNetwork,
    label: str,
    by: str,
    at: datetime,
    days: int,
) -> int:
    """Trust a network or a range for some days without having been asked, and return the row's id."""
    await locks.member(connection, member_id)
    kept = _Kept(network.hash, network.sealed)
    return await _trust(connection, member_id, kept, label, by, at, at + timedelta(days=days))


async def revoke(connection: Connection, member_id: int, trusted_id: int, at: datetime) -> str:
    """Trust a network no more, and return its tag.

    Raises NotFound when the member has no such row.
    """
    await locks.member(connection, member_id)
    found = await fetch(
        connection, _SQL["revoke_trusted"], _Kept, {"id": trusted_id, "member": member_id, "now": at}
    )
    if not found:
        raise NotFound(f"member {member_id} has no trusted address {trusted_id}")
    return tag_of(found[0].network_hash)


async def set_policy(connection: Connection, member_id: int, policy: Policy) -> None:
    """Say what a fresh code from a new network does for this member."""
    await locks.member(connection, member_id)
    await connection.execute(_SQL["set_policy"], (member_id, policy))
