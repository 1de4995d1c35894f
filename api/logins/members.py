"""HTTP: what the forum sees and decides about its members' logins."""

from typing import Annotated

import msgspec
from litestar import Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter, QueryParameter
from msgspec import Meta

from api.audit.service import Actor
from api.logins import decisions
from api.logins.decisions import Member
from api.logins.service import Logins
from api.logins.trust import Policy
from api.stores.clickhouse import ClickHouse

MemberPath = Annotated[int, PathParameter(ge=1, le=2**31 - 1)]
RowPath = Annotated[int, PathParameter(ge=1, le=2**62)]
Days = Annotated[int, Meta(ge=1, le=3650)]
Label = Annotated[str, Meta(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
CLIENT_ID = "^[!-~]{1,64}$"


class NewPolicy(msgspec.Struct, forbid_unknown_fields=True):
    """What a good code from a new address does: log in and trust it, or wait for approval."""

    policy: Policy


class Approved(msgspec.Struct, forbid_unknown_fields=True):
    """How the address is called from now on, and for how many days it is trusted."""

    label: Label = ""
    days: Days | None = None


class Ended(msgspec.Struct):
    """How many were ended."""

    ended: int


@get("/", operation_id="showMemberLogins", summary="A member's logins", tags=["logins"])
async def show_member(
    logins: NamedDependency[Logins], clickhouse: NamedDependency[ClickHouse], member_id: MemberPath
) -> Member:
    """Return a member's policy, addresses, open approvals and clients."""
    return await decisions.member(logins, clickhouse, member_id)


@put(
    "/policy",
    operation_id="setLoginPolicy",
    summary="What a new address needs",
    tags=["logins"],
    status_code=204,
)
async def set_policy(
    data: JSONBody[NewPolicy],
    logins: NamedDependency[Logins],
    actor: NamedDependency[Actor],
    member_id: MemberPath,
) -> None:
    """Say what a good code from a new address does."""
    await decisions.set_policy(logins, member_id, data.policy, actor)


@post(
    "/approvals/{approval_id:int}/approve",
    operation_id="approveAddress",
    summary="Trust an address that waits",
    tags=["logins"],
    status_code=204,
)
async def approve(
    data: JSONBody[Approved],
    logins: NamedDependency[Logins],
    actor: NamedDependency[Actor],
    member_id: MemberPath,
    approval_id: RowPath,
) -> None:
    """Trust the address of an open approval."""
    await decisions.approve(logins, member_id, approval_id, data.label, data.days, actor)


@post(
    "/approvals/{approval_id:int}/deny",
    operation_id="denyAddress",
    summary="Refuse an address that waits",
    tags=["logins"],
    status_code=204,
)
async def deny(
    logins: NamedDependency[Logins],
    actor: NamedDependency[Actor],
    member_id: MemberPath,
    approval_id: RowPath,
) -> None:
    """Refuse the address of an open approval: from now on, a code alone does not do there."""
    await decisions.deny(logins, member_id, approval_id, actor)


@delete(
    "/addresses/{trusted_id:int}",
    operation_id="revokeAddress",
    summary="Trust an address no more",
    tags=["logins"],
)
async def revoke_address(
    logins: NamedDependency[Logins],
    actor: NamedDependency[Actor],
    member_id: MemberPath,
    trusted_id: RowPath,
) -> None:
    """Trust an address no more: logging in from there needs an approval again."""
    await decisions.revoke_address(logins, member_id, trusted_id, actor)


@delete("/tokens", operation_id="revokeLoginCodes", summary="End codes", tags=["logins"], status_code=200)
async def revoke_codes(
    logins: NamedDependency[Logins], actor: NamedDependency[Actor], member_id: MemberPath
) -> Ended:
    """End all of a member's codes that are alive."""
    return Ended(await decisions.revoke_codes(logins, member_id, actor))


@delete(
    "/sessions", operation_id="revokeLogins", summary="Log a member out", tags=["logins"], status_code=200
)
async def revoke_sessions(
    logins: NamedDependency[Logins],
    actor: NamedDependency[Actor],
    member_id: MemberPath,
    client_id: Annotated[str | None, QueryParameter(pattern=CLIENT_ID)] = None,
) -> Ended:
    """Log a member out everywhere, or on one client. To log in again takes a new code."""
    return Ended(await decisions.end_sessions(logins, member_id, client_id, actor))


@delete("/clients", operation_id="unlinkClient", summary="Unlink a client", tags=["logins"])
async def unlink(
    logins: NamedDependency[Logins],
    actor: NamedDependency[Actor],
    member_id: MemberPath,
    client_id: Annotated[str, QueryParameter(pattern=CLIENT_ID)],
) -> None:
    """End the link of a client: its stats are its own again. Linking it again brings them back."""
    await decisions.unlink(logins, member_id, client_id, actor)


router = Router(
    "/api/v1/auth/members/{member_id:int}",
    opt={"access": "forum"},
    route_handlers=[
        show_member,
        set_policy,
        approve,
        deny,
        revoke_address,
        revoke_codes,
        revoke_sessions,
        unlink,
    ],
)
