"""What members, through the forum, and admins decide. Each decision and its line in the audit log are one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import msgspec

from api.audit import service as audit
from api.audit.service import Actor
from api.errors import StoreUnavailable
from api.logins import links, locks, networks, trust
from api.logins.links import LinkConflict, Linked
from api.logins.service import Logins
from api.logins.trust import Approval, Policy, Trusted, TrustedOf
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Connection
from api.stores.sql import queries

T = TypeVar("T")

_SQL = queries("postgres", "logins")
_NEWEST = 2**63 - 1


class Member(msgspec.Struct):
    """A member's logins. `player`: the id of the member's stats, null while ClickHouse is away."""

    member_id: int
    player: str | None
    policy: Policy
    addresses: list[Trusted]
    approvals: list[Approval]
    clients: list[Linked]


class _Policy(msgspec.Struct):
    policy: Policy


async def member(logins: Logins, clickhouse: ClickHouse, member_id: int) -> Member:
    """Return what is known of a member; of one who never logged in, nothing."""
    policy = await logins.postgres.one(_SQL["policy"], _Policy, member_id)
    try:
        player: str | None = await links.player_of(clickhouse, member_id)
    except StoreUnavailable:
        player = None
    return Member(
        member_id,
        player,
        policy.policy if policy else "first_use",
        await trust.of_member(logins.postgres, logins.hashes, member_id),
        await trust.open_approvals(logins.postgres, logins.hashes, logins.clock(), member_id),
        await links.of_member(logins.postgres, member_id),
    )


async def set_policy(logins: Logins, member_id: int, policy: Policy, by: Actor) -> None:
    """Say what a good code from a new address does."""
    async with _decision(logins, by, "login.policy", member_id, {"policy": policy}) as connection:
        await trust.set_policy(connection, member_id, policy)


async def approve(
    logins: Logins, member_id: int, approval_id: int, label: str, days: int | None, by: Actor
) -> None:
    """Trust the address of an open approval. Raises NotFound when there is none."""
    after: dict[str, Any] = {"label": label, "days": days or logins.settings.login_trust_days}
    async with _decision(logins, by, "login.approve", member_id, after) as connection:
        at = logins.clock()
        after["address_tag"] = await trust.approve(
            connection, member_id, approval_id, label, by.name, at, after["days"]
        )


async def deny(logins: Logins, member_id: int, approval_id: int, by: Actor) -> None:
    """Refuse the address of an open approval. Raises NotFound when there is none."""
    after: dict[str, Any] = {}
    async with _decision(logins, by, "login.deny", member_id, after) as connection:
        after["address_tag"] = await trust.deny(connection, member_id, approval_id, by.name, logins.clock())


async def trust_range(
    logins: Logins, member_id: int, text: str, label: str, days: int | None, by: Actor
) -> None:
    """Trust an address or a range. Raises Unprocessable for what is none."""
    network = networks.hashed(logins.hashes, networks.of_range(text))
    after: dict[str, Any] = {"label": label, "days": days or logins.settings.login_trust_days}
    after["address_tag"] = network.tag
    async with _decision(logins, by, "login.trust", member_id, after) as connection:
        at = logins.clock()
        await trust.allow(connection, member_id, network, label, by.name, at, after["days"])


async def revoke_address(logins: Logins, member_id: int, trusted_id: int, by: Actor) -> None:
    """Trust an address no more. Raises NotFound when the member has none of that id."""
    after: dict[str, Any] = {}
    async with _decision(logins, by, "login.distrust", member_id, after) as connection:
        after["address_tag"] = await trust.revoke(connection, member_id, trusted_id, logins.clock())


async def revoke_codes(logins: Logins, member_id: int, by: Actor) -> int:
    """End a member's codes, and return how many those were."""
    after: dict[str, Any] = {}
    async with _decision(logins, by, "login.revoke_codes", member_id, after) as connection:
        await locks.member(connection, member_id)
        what = {"member": member_id, "now": logins.clock()}
        after["ended"] = (await connection.execute(_SQL["revoke_tokens"], what)).rowcount
    return int(after["ended"])


async def end_sessions(logins: Logins, member_id: int, client_id: str | None, by: Actor) -> int:
    """Log a member out, everywhere or on one client, and return how many sessions that ended."""
    after: dict[str, Any] = {"client_id": client_id}
    async with _decision(logins, by, "login.end_sessions", member_id, after) as connection:
        after["ended"] = await links.end_sessions(connection, member_id, client_id)
    return int(after["ended"])


async def unlink(logins: Logins, member_id: int, client_id: str, by: Actor) -> None:
    """End the link of a client. Raises NotFound when the member never logged in with it."""
    async with _decision(logins, by, "login.unlink", member_id, {"client_id": client_id}) as connection:
        await links.unlink(connection, client_id, member_id)


async def link(logins: Logins, member_id: int, client_id: str, by: Actor) -> None:
    """Decide that a client is this member's. Raises NotFound when the member never logged in with it."""
    async with _decision(logins, by, "login.link", member_id, {"client_id": client_id}) as connection:
        await links.link(connection, client_id, member_id)


async def open_approvals(logins: Logins) -> list[Approval]:
    """Return every address that waits for a decision, the oldest first."""
    return await trust.open_approvals(logins.postgres, logins.hashes, logins.clock())


async def addresses(logins: Logins, before: int | None, member_id: int | None, limit: int) -> list[TrustedOf]:
    """Return where members are trusted, with ids below `before`, the latest first; of one, or of all."""
    return await trust.current(
        logins.postgres, logins.hashes, logins.clock(), before or _NEWEST, member_id, limit
    )


async def conflicts(logins: Logins) -> list[LinkConflict]:
    """Return the claims that an admin should decide."""
    return await links.conflicts(logins.postgres)


async def history(
    logins: Logins, row: type[T], before: int | None, member_id: int | None, limit: int
) -> list[T]:
    """Return tries to log in with ids below `before`, the latest first; of one member, or of all."""
    return await logins.postgres.rows(_SQL["history"], row, before=before, member=member_id, limit=limit)


@asynccontextmanager
async def _decision(
    logins: Logins, by: Actor, action: str, member_id: int, after: dict[str, Any]
) -> AsyncIterator[Connection]:
    """Give a transaction, and write down at its end what was decided."""
    async with logins.postgres.transaction() as connection:
        yield connection
        await audit.record(connection, by, action, f"member {member_id}", after=after)
