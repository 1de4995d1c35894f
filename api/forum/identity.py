"""The area "Game identity": codes to log in, clients, addresses, and what is kept of whoever looks."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from msgspec import Meta

from api.audit.service import Actor
from api.errors import Conflict, Forbidden, Unprocessable
from api.forum.desk import HEADERS, ForumRequest, Fragment, Here, Viewer, form, forum_of, fragment, member_of
from api.logins import decisions
from api.logins.members import CLIENT_ID, Label
from api.logins.trust import Policy
from api.platform import Platform
from api.privacy import service as privacy
from api.privacy.service import Export
from smf_bridge import links, members
from smf_bridge.members import Member
from smf_bridge.statement import Statement

_TRIES = 20
_CODES = 5
_ERASE_WORD = "ERASE"

Do = Literal[
    "code",
    "revoke_codes",
    "policy",
    "approve",
    "deny",
    "distrust",
    "log_out",
    "unlink",
    "erase",
]


class _Try(msgspec.Struct):
    """A try to log in."""

    at: datetime
    kind: str
    outcome: str
    server: str
    name: str
    address_tag: str | None


class _Form(msgspec.Struct):
    """What a form of this area says."""

    do: Do
    id: Annotated[int, Meta(ge=1, le=2**62)] | None = None
    client: Annotated[str, Meta(pattern=CLIENT_ID)] | None = None
    label: Label = ""
    policy: Policy | None = None
    confirm: Annotated[str, Meta(max_length=20)] = ""

    def row(self) -> int:
        """Return the id of a row. Raises Unprocessable where the form has none."""
        if self.id is None:
            raise Unprocessable("`id` says which")
        return self.id

    def of_client(self) -> str:
        """Return the client. Raises Unprocessable where the form has none."""
        if self.client is None:
            raise Unprocessable("`client` says which")
        return self.client


@get("/identity")
async def show_identity(request: ForumRequest, platform: Here, viewer: Viewer) -> Response[Fragment]:
    """Show a member who they are in the game, and what waits for their word."""
    return await _shown(request, platform, await _who(platform, viewer))


@post("/identity", status_code=200)
async def change_identity(
    request: ForumRequest, platform: Here, viewer: Viewer, actor: NamedDependency[Actor]
) -> Response[Fragment]:
    """Do what a form of the area says, and show the area anew."""
    who = await _who(platform, viewer)
    asked = await form(request, _Form)
    if asked.do == "code":
        # What a name may not hold in the game is left out.
        name = "".join(char for char in who.name if char.isprintable()).strip() or f"member {who.id}"
        code = await platform.logins.issue(who.id, name)
        return await _shown(request, platform, who, "Here is your code.", code=code)
    return await _shown(request, platform, who, await _done(platform, asked, who, actor))


@get("/identity/export")
async def export_identity(platform: Here, viewer: Viewer, actor: NamedDependency[Actor]) -> Response[Export]:
    """Return all that is kept of the member as a player, as JSON."""
    who = await _who(platform, viewer)
    stores = platform.postgres, platform.clickhouse, platform.settings
    kept = await privacy.export(*stores, f"member:{who.id}", actor)
    return Response(kept, headers=HEADERS)


async def _who(platform: Platform, viewer: Statement) -> Member:
    """Return the member who looks. Raises Forbidden for guests, and for those whom the forum keeps out."""
    if not viewer.may("mohaa_play"):
        raise Forbidden("the forum does not let your groups have a game identity")
    who = await members.member(forum_of(platform), member_of(viewer))
    if not who.active:
        raise Forbidden("the forum has not activated this account, or banned it")
    return who


async def _done(platform: Platform, asked: _Form, who: Member, by: Actor) -> str:
    """Do what a form says, and return the words for it."""
    desk, me = platform.logins, who.id
    match asked.do:
        case "revoke_codes":
            ended = await decisions.revoke_codes(desk, me, by)
            return f"{ended} codes are not valid any more."
        case "policy":
            if asked.policy is None:
                raise Unprocessable("`policy` says what a new address needs")
            await decisions.set_policy(desk, me, asked.policy, by)
            return "From now on, that is what a new address needs."
        case "approve":
            await decisions.approve(desk, me, asked.row(), asked.label, None, by)
            return "The address is trusted. Log in from there with a new code."
        case "deny":
            await decisions.deny(desk, me, asked.row(), by)
            return "The address is refused."
        case "distrust":
            await decisions.revoke_address(desk, me, asked.row(), by)
            return "The address is not trusted any more."
        case "log_out":
            ended = await decisions.end_sessions(desk, me, asked.client, by)
            return f"{ended} sessions have ended."
        case "unlink":
            await decisions.unlink(desk, me, asked.of_client(), by)
            return "The client is not yours any more; its stats are its own again."
        case _:
            return await _erased(platform, asked, who, by)


async def _erased(platform: Platform, asked: _Form, who: Member, by: Actor) -> str:
    if asked.confirm != _ERASE_WORD:
        raise Unprocessable(f"type {_ERASE_WORD} to confirm; nothing was erased")
    if platform.clickhouse.cluster:
        raise Conflict("on this platform an admin erases players; ask one")
    # It may take minutes, for which no page waits: the worker does it.
    await privacy.ask(platform.postgres, who.id, by)
    return "You are being taken out of everything. That takes minutes; an alert says when it is done."


async def _shown(
    request: ForumRequest, platform: Platform, who: Member, notice: str | None = None, **more: Any
) -> Response[Fragment]:
    found = await decisions.member(platform.logins, platform.clickhouse, who.id)
    now = datetime.now(UTC)
    return fragment(
        request,
        platform,
        "forum/identity.html",
        "Game identity",
        notice=notice,
        member=who,
        found=found,
        trusted=[row for row in found.addresses if row.revoked_at is None and row.expires_at > now],
        tries=await decisions.history(platform.logins, _Try, None, who.id, _TRIES),
        codes=await links.codes(forum_of(platform), who.id, _CODES),
        now=now,
        erase_word=_ERASE_WORD,
        erasing_since=await privacy.asked_at(platform.postgres, who.id),
        **{"code": None, **more},
    )


handlers = [show_identity, change_identity, export_identity]
