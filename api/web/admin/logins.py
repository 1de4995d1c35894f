"""Members' addresses and clients: what waits for a word, what is trusted, and whose is whose."""

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template
from msgspec import Meta

from api.audit.service import Actor
from api.logins import decisions, links
from api.logins.admin import NewLink, NewRange
from api.logins.members import Approved, MemberPath, RowPath
from api.web.admin.desk import Here, PageRequest, asked, done, form, page
from api.web.forms import Text

_ROWS = 50
_REASONS = {
    "policy": "the member wants to be asked",
    "refused_before": "it was refused before",
    "used_code": "a used code was typed there",
    "resume": "the client was logged in elsewhere",
}

_Member = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class _AskedAddresses(msgspec.Struct):
    member: _Member | None = None
    before: Annotated[int, Meta(ge=1, le=2**62)] | None = None


class _AskedLinks(msgspec.Struct):
    member: _Member | None = None
    name: Text | None = None
    client_id: Text | None = None
    before: datetime | None = None


class _NewRangeOf(NewRange, kw_only=True, forbid_unknown_fields=True):
    member_id: _Member


@get("/admin/approvals")
async def list_approvals(request: PageRequest, platform: Here) -> Template:
    """List what waits."""
    return page(
        request,
        "admin/approvals.html",
        "approvals",
        approvals=await decisions.open_approvals(platform.logins),
        reasons=_REASONS,
        days=platform.settings.login_trust_days,
    )


@post("/admin/approvals/{member_id:int}/{approval_id:int}/approve", status_code=200)
async def approve(
    request: PageRequest,
    platform: Here,
    actor: NamedDependency[Actor],
    member_id: MemberPath,
    approval_id: RowPath,
) -> Redirect:
    """Trust an address that waits."""
    sent = await form(request, Approved)
    await decisions.approve(platform.logins, member_id, approval_id, sent.label, sent.days, actor)
    notice = f"The address is trusted; member {member_id} logs in with a new code."
    return await done(request, platform, notice, "/admin/approvals")


@post("/admin/approvals/{member_id:int}/{approval_id:int}/deny", status_code=200)
async def deny(
    request: PageRequest,
    platform: Here,
    actor: NamedDependency[Actor],
    member_id: MemberPath,
    approval_id: RowPath,
) -> Redirect:
    """Refuse an address that waits."""
    await decisions.deny(platform.logins, member_id, approval_id, actor)
    notice = f"Denied: a code alone does not log member {member_id} in there."
    return await done(request, platform, notice, "/admin/approvals")


@get("/admin/addresses")
async def list_addresses(request: PageRequest, platform: Here) -> Template:
    """List where members are trusted."""
    query = asked(request, _AskedAddresses)
    rows = await decisions.addresses(platform.logins, query.before, query.member, _ROWS)
    older = {"before": rows[-1].id} if len(rows) == _ROWS else None
    if older and query.member:
        older["member"] = query.member
    return page(
        request,
        "admin/addresses.html",
        "addresses",
        addresses=rows,
        member=query.member,
        days=platform.settings.login_trust_days,
        older_page=f"/admin/addresses?{urlencode(older)}" if older else None,
    )


@post("/admin/addresses", status_code=200)
async def trust_range(request: PageRequest, platform: Here, actor: NamedDependency[Actor]) -> Redirect:
    """Trust an address or a range."""
    new = await form(request, _NewRangeOf)
    await decisions.trust_range(platform.logins, new.member_id, new.network, new.label, new.days, actor)
    notice = f"Member {new.member_id} is trusted there."
    return await done(request, platform, notice, f"/admin/addresses?member={new.member_id}")


@post("/admin/addresses/{member_id:int}/{trusted_id:int}/remove", status_code=200)
async def remove_address(
    request: PageRequest,
    platform: Here,
    actor: NamedDependency[Actor],
    member_id: MemberPath,
    trusted_id: RowPath,
) -> Redirect:
    """Trust an address no more."""
    await decisions.revoke_address(platform.logins, member_id, trusted_id, actor)
    return await done(request, platform, "The address is trusted no more.", "/admin/addresses")


@get("/admin/links")
async def list_links(request: PageRequest, platform: Here) -> Template:
    """List claims to decide, and which clients are whose."""
    query = asked(request, _AskedLinks)
    rows = await links.page(
        platform.postgres,
        member_id=query.member,
        name=query.name,
        client_id=query.client_id,
        before=query.before,
        limit=_ROWS,
    )
    older = None
    if len(rows) == _ROWS:
        wanted = {**msgspec.structs.asdict(query), "before": rows[-1].last_login_at.isoformat()}
        older = "/admin/links?" + urlencode({name: value for name, value in wanted.items() if value})
    conflicts = [] if query.before else await decisions.conflicts(platform.logins)
    return page(
        request, "admin/links.html", "links", asked=query, links=rows, conflicts=conflicts, older_page=older
    )


@post("/admin/links/{member_id:int}/link", status_code=200)
async def link(
    request: PageRequest, platform: Here, actor: NamedDependency[Actor], member_id: MemberPath
) -> Redirect:
    """Decide that a client is a member's."""
    sent = await form(request, NewLink)
    await decisions.link(platform.logins, member_id, sent.client_id, actor)
    notice = f"{sent.client_id} is member {member_id}'s; stats follow within seconds."
    return await done(request, platform, notice, "/admin/links")


@post("/admin/links/{member_id:int}/unlink", status_code=200)
async def unlink(
    request: PageRequest, platform: Here, actor: NamedDependency[Actor], member_id: MemberPath
) -> Redirect:
    """End the link of a client."""
    sent = await form(request, NewLink)
    await decisions.unlink(platform.logins, member_id, sent.client_id, actor)
    notice = f"{sent.client_id} is nobody's; its stats are its own within seconds."
    return await done(request, platform, notice, "/admin/links")


handlers = [
    list_approvals,
    approve,
    deny,
    list_addresses,
    trust_range,
    remove_address,
    list_links,
    link,
    unlink,
]
