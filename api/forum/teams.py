"""Teams in the forum: all of them, one with its roster, record and history, and what a member does there."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Final, Literal

import msgspec
from litestar import Response, get, post
from litestar.params import PathParameter, QueryParameter
from msgspec import Meta

from api.errors import StoreUnavailable, Unprocessable
from api.forum.desk import ForumRequest, Fragment, Here, Viewer, check_view, form, forum_of, fragment
from api.platform import Platform
from api.stats import together
from api.stats.together import Record, Spell
from smf_bridge import members
from smf_bridge.database import Transaction
from smf_bridge.statement import Statement
from smf_bridge.teams import pages, rules, service
from smf_bridge.teams.pages import Whole
from smf_bridge.teams.rules import Look, Who

_TeamPath = Annotated[int, PathParameter(ge=1, le=2**32 - 1)]
_Search = Annotated[str, QueryParameter(max_length=64, pattern=r"^[^\x00]*$")]
_Row = Annotated[int, Meta(ge=1, le=2**32 - 1)]
_Text = Annotated[str, Meta(max_length=10_000, pattern=r"^[^\x00]*$")]

# Of those who were in a team, its page shows so many.
_MOST_FORMER: Final = 100
# What a captain types to end a team.
_DISBAND_WORD: Final = "DISBAND"


class _Founding(Look, frozen=True):
    """The form that founds a team."""

    do: Literal["found"] = "found"


class _Form(msgspec.Struct):
    """A form of a team's page. `member`, `invite`: whom and what it is about."""

    do: Literal[
        "invite",
        "withdraw",
        "accept",
        "decline",
        "request",
        "take_back",
        "approve",
        "deny",
        "leave",
        "kick",
        "officer",
        "member",
        "transfer",
        "disband",
        "edit",
    ]
    id: _Row | None = None
    who: _Row | None = None
    name: _Text = ""
    tag: _Text = ""
    about: _Text = ""
    colour: _Text = ""
    second_colour: _Text = ""
    confirm: Annotated[str, Meta(max_length=20)] = ""

    def row(self) -> int:
        """Return the id of an invitation or a request. Raises Unprocessable where the form has none."""
        if self.id is None:
            raise Unprocessable("`id` says which")
        return self.id

    def member(self) -> int:
        """Return a member. Raises Unprocessable where the form has none."""
        if self.who is None:
            raise Unprocessable("`who` says whom")
        return self.who


@get("/teams")
async def list_teams(
    request: ForumRequest,
    platform: Here,
    viewer: Viewer,
    aa_search: _Search = "",
    after: _Search = "",
) -> Response[Fragment]:
    """Show teams, and to a member what waits for them."""
    check_view(viewer)
    return await _listed(request, platform, viewer, aa_search.strip(), after)


@post("/teams", status_code=200)
async def found_team(request: ForumRequest, platform: Here, viewer: Viewer) -> Response[Fragment]:
    """Found a team, and show all of them."""
    check_view(viewer)
    look = await form(request, _Founding)
    await forum_of(platform).run(partial(service.found, who=_who(viewer), look=look, at=_now()))
    return await _listed(request, platform, viewer, "", "", "Your team is founded. Invite your people.")


@get("/teams/{team_id:int}")
async def show_team(
    request: ForumRequest,
    platform: Here,
    viewer: Viewer,
    team_id: _TeamPath,
    before: Annotated[int | None, QueryParameter(ge=1, le=2**62)] = None,
) -> Response[Fragment]:
    """Show a team."""
    check_view(viewer)
    return await _shown(request, platform, viewer, team_id, before)


@post("/teams/{team_id:int}", status_code=200)
async def change_team(
    request: ForumRequest, platform: Here, viewer: Viewer, team_id: _TeamPath
) -> Response[Fragment]:
    """Do what a form of the page says, and show the team anew."""
    check_view(viewer)
    asked = await form(request, _Form)
    work = partial(_done, asked=asked, team=team_id, who=_who(viewer), at=_now())
    notice = await forum_of(platform).run(work)
    return await _shown(request, platform, viewer, team_id, None, notice)


def _done(transaction: Transaction, asked: _Form, team: int, who: Who, at: datetime) -> str:
    """Do what a form says, as one transaction, and return the words for it."""
    match asked.do:
        case "invite":
            if not asked.name:
                raise Unprocessable("`name` says whom you invite")
            member = members.called(transaction, asked.name)
            service.invite(transaction, team, who, member, at)
            return f"They are invited, and have {rules.OPEN_FOR.days} days to accept."
        case "withdraw":
            service.withdraw(transaction, team, who, asked.row(), at)
            return "The invitation is withdrawn."
        case "accept":
            service.accept(transaction, team, who, asked.row(), at)
            return "Welcome to the team."
        case "decline":
            service.decline(transaction, team, who, asked.row(), at)
            return "The invitation is declined."
        case "request":
            service.request(transaction, team, who, at)
            return "You have asked to join. The team decides."
        case "take_back":
            service.take_back(transaction, team, who, asked.row(), at)
            return "Your request is taken back."
        case "approve":
            service.approve(transaction, team, who, asked.row(), at)
            return "They are in the team now."
        case "deny":
            service.deny(transaction, team, who, asked.row(), at)
            return "The request is denied."
        case "leave":
            service.leave(transaction, team, who, at)
            return "You have left the team."
        case "kick":
            service.kick(transaction, team, who, asked.member(), at)
            return "They are not in the team any more."
        case "officer" | "member":
            service.set_role(transaction, team, who, asked.member(), asked.do, at)
            return "Their role is changed."
        case "transfer":
            service.transfer(transaction, team, who, asked.member(), at)
            return "The team has another captain now."
        case "edit":
            look = Look(asked.name, asked.tag, asked.about, asked.colour, asked.second_colour)
            service.edit(transaction, team, who, look, at)
            return "The team is changed."
        case "disband":
            if asked.confirm != _DISBAND_WORD:
                raise Unprocessable(f"type {_DISBAND_WORD} to confirm; nothing was changed")
            service.disband(transaction, team, who, at)
            return "The team is disbanded."


async def _listed(
    request: ForumRequest,
    platform: Platform,
    viewer: Statement,
    search: str,
    after: str,
    notice: str | None = None,
) -> Response[Fragment]:
    read = partial(pages.overview, viewer=viewer.member, search=search, after=after, at=_now())
    return fragment(
        request,
        platform,
        "forum/teams.html",
        "Teams",
        notice=notice,
        found=await forum_of(platform).run(read),
        search=search,
        after=after,
        may_found=rules.FOUND in viewer.permissions and viewer.member != 0,
    )


async def _shown(
    request: ForumRequest,
    platform: Platform,
    viewer: Statement,
    team_id: int,
    before: int | None,
    notice: str | None = None,
) -> Response[Fragment]:
    at = _now()
    read = partial(pages.whole, team_id=team_id, viewer=viewer.member, before=before, at=at)
    found = await forum_of(platform).run(read)
    role = found.mine.role if found.mine and found.mine.id == team_id else None
    manages = _who(viewer).manages
    here = found.team.disbanded_at is None
    return fragment(
        request,
        platform,
        "forum/team.html",
        found.team.name,
        notice=notice,
        found=found,
        team=found.team,
        role=role,
        may={act: here and rules.may(act, role, manages=manages) for act in rules.ACTS},
        may_kick=partial(rules.may_kick, role, manages=manages),
        may_join=here and not found.mine and viewer.member != 0 and viewer.may(rules.PLAY),
        own=[each for each in found.open if each.member_id == viewer.member],
        record=await _record(platform, found),
        least=together.LEAST,
        most=_MOST_FORMER,
        before=before,
        disband_word=_DISBAND_WORD,
    )


async def _record(platform: Platform, found: Whole) -> Record | None:
    """Return what the team played, None while nobody can say."""
    spells = [Spell(spell.member_id, spell.joined_at, spell.left_at) for spell in found.spells]
    try:
        return await together.record(platform.clickhouse, spells)
    except StoreUnavailable:
        return None


def _who(viewer: Statement) -> Who:
    return Who(viewer.member, frozenset(viewer.permissions))


def _now() -> datetime:
    # As MariaDB keeps it.
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


handlers = [list_teams, found_team, show_team, change_team]
