"""HTTP: what admins alone see and decide about logins. What the forum does too: `members.py`."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Router, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from api.audit.service import Actor
from api.logins import decisions, links
from api.logins.links import LinkConflict, Linked
from api.logins.members import CLIENT_ID, Approved, MemberPath
from api.logins.service import Logins
from api.logins.trust import Approval, TrustedOf


class NewLink(msgspec.Struct, forbid_unknown_fields=True):
    """The client whose stats are to be the member's."""

    client_id: Annotated[str, Meta(pattern=CLIENT_ID)]


class NewRange(Approved, kw_only=True, forbid_unknown_fields=True):
    """A range of addresses, for a provider whose customers share and change theirs."""

    network: Annotated[str, Meta(max_length=64, examples=["198.51.100.0/24"])]


class Approvals(msgspec.Struct):
    """What waits for a decision, the oldest first."""

    approvals: list[Approval]


class LinkConflicts(msgspec.Struct):
    """Claims that an admin should decide, the latest first."""

    conflicts: list[LinkConflict]


class Addresses(msgspec.Struct):
    """Where members are trusted, the latest first. `next_before` gives the following page."""

    addresses: list[TrustedOf]
    next_before: int | None


class Links(msgspec.Struct):
    """Clients and the members who logged in with them, the latest first."""

    links: list[Linked]


class Try(msgspec.Struct):
    """A try to log in, and what became of it."""

    id: int
    at: datetime
    kind: str
    outcome: str
    reason: str
    server_id: int
    server: str
    client_id: str
    name: str
    address_tag: Annotated[str | None, Meta(description="the same for the same address")]
    member_id: int | None


class History(msgspec.Struct):
    """Tries to log in, the latest first. `next_before` gives the following page."""

    tries: list[Try]
    next_before: int | None


@put(
    "/clients",
    operation_id="linkClient",
    summary="Decide whose a client is",
    tags=["admin"],
    status_code=204,
)
async def link(
    data: JSONBody[NewLink],
    logins: NamedDependency[Logins],
    actor: NamedDependency[Actor],
    member_id: MemberPath,
) -> None:
    """Link a client that the member has logged in with, whoever else claims it."""
    await decisions.link(logins, member_id, data.client_id, actor)


@post(
    "/addresses",
    operation_id="trustRange",
    summary="Trust a range of addresses",
    tags=["admin"],
    status_code=204,
)
async def trust_range(
    data: JSONBody[NewRange],
    logins: NamedDependency[Logins],
    actor: NamedDependency[Actor],
    member_id: MemberPath,
) -> None:
    """Trust an address or a range for a member."""
    await decisions.trust_range(logins, member_id, data.network, data.label, data.days, actor)


@get("/approvals", operation_id="listApprovals", summary="Addresses that wait", tags=["admin"])
async def list_approvals(logins: NamedDependency[Logins]) -> Approvals:
    """Return every address that waits for a decision."""
    return Approvals(await decisions.open_approvals(logins))


@get("/conflicts", operation_id="listLinkConflicts", summary="Clients that two claim", tags=["admin"])
async def list_conflicts(logins: NamedDependency[Logins]) -> LinkConflicts:
    """Return the clients claimed by a member whose they are not."""
    return LinkConflicts(await decisions.conflicts(logins))


@get("/addresses", operation_id="listAddresses", summary="Where members are trusted", tags=["admin"])
async def list_addresses(
    logins: NamedDependency[Logins],
    before: Annotated[int | None, QueryParameter(ge=1, le=2**62)] = None,
    member: Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
) -> Addresses:
    """Return the addresses and ranges that hold now."""
    rows = await decisions.addresses(logins, before, member, limit)
    return Addresses(rows, rows[-1].id if len(rows) == limit else None)


@get("/links", operation_id="listLinks", summary="Clients of members", tags=["admin"])
async def list_links(
    logins: NamedDependency[Logins],
    member: Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)] = None,
    client_id: Annotated[str | None, QueryParameter(pattern=CLIENT_ID)] = None,
    before: Annotated[datetime | None, QueryParameter(description="a last login")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
) -> Links:
    """Return which clients members have logged in with, and whose they are."""
    found = await links.page(
        logins.postgres, member_id=member, client_id=client_id, before=before, limit=limit
    )
    return Links(found)


@get("/history", operation_id="listLogins", summary="Tries to log in", tags=["admin"])
async def list_history(
    logins: NamedDependency[Logins],
    before: Annotated[int | None, QueryParameter(ge=1, le=2**62)] = None,
    member: Annotated[int | None, QueryParameter(ge=1, le=2**31 - 1)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=500)] = 100,
) -> History:
    """Return what became of each try."""
    rows = await decisions.history(logins, Try, before, member, limit)
    return History(rows, rows[-1].id if len(rows) == limit else None)


member_router = Router(
    "/api/v1/auth/members/{member_id:int}", opt={"access": "admin"}, route_handlers=[link, trust_range]
)
router = Router(
    "/api/v1/admin/logins",
    opt={"access": "admin"},
    route_handlers=[list_approvals, list_conflicts, list_addresses, list_links, list_history],
)
