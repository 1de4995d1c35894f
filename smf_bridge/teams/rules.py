"""What holds for teams, without a database or a clock: who may do what, and how teams are called.

A member is in one team at a time. A team has one captain, who cannot leave it: they hand it over, or disband
it. Whoever manages all teams (a moderator) can keep order in one, and speaks for none: they neither invite
nor let in.
"""

import re
import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from api.errors import Unprocessable

Role = Literal["captain", "officer", "member"]
Act = Literal["invite", "withdraw", "decide", "kick", "set_role", "transfer", "disband", "edit"]

# For so long an invitation, or a request, can be accepted.
OPEN_FOR: Final = timedelta(days=14)
# A member who declined, or was turned down, is not asked, and does not ask, again before.
AGAIN_AFTER: Final = timedelta(days=1)
MOST_MEMBERS: Final = 64
# Open at once, of a team and of a member.
MOST_INVITES: Final = 50
MOST_REQUESTS: Final = 5

# The forum's permissions that count here.
PLAY: Final = "mohaa_play"
FOUND: Final = "mohaa_team_create"
MANAGE: Final = "mohaa_manage"

_MANAGER: Final = "manager"
_MAY: Final[Mapping[Act, frozenset[str]]] = {
    "invite": frozenset({"captain", "officer"}),
    "withdraw": frozenset({"captain", "officer", _MANAGER}),
    "decide": frozenset({"captain", "officer"}),
    "kick": frozenset({"captain", "officer", _MANAGER}),
    "set_role": frozenset({"captain"}),
    "transfer": frozenset({"captain", _MANAGER}),
    "disband": frozenset({"captain", _MANAGER}),
    "edit": frozenset({"captain", _MANAGER}),
}
ACTS: Final = tuple(_MAY)
_HIDDEN: Final = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")


class Who(msgspec.Struct, frozen=True):
    """Who acts: a member, 0 for a guest, and what the forum permits them."""

    member: int
    permissions: frozenset[str] = frozenset()

    @property
    def manages(self) -> bool:
        """Whether they keep order in all teams."""
        return self.member != 0 and MANAGE in self.permissions


class Look(msgspec.Struct, frozen=True):
    """How a team is called and looks, as its captain writes it."""

    name: Annotated[str, Meta(max_length=200)]
    tag: Annotated[str, Meta(max_length=50)]
    about: Annotated[str, Meta(max_length=10_000)] = ""
    colour: Annotated[str, Meta(max_length=20)] = "#4d5d2a"
    second_colour: Annotated[str, Meta(max_length=20)] = "#d8d4c4"


def may(act: Act, role: Role | None, *, manages: bool) -> bool:
    """Tell whether somebody of a role in the team, None for none, may do something."""
    return role in _MAY[act] or (manages and _MANAGER in _MAY[act])


def may_kick(role: Role | None, of: Role, *, manages: bool) -> bool:
    """Tell whether somebody may remove one of the role `of`: never the captain; an officer no officer."""
    if of == "captain" or not may("kick", role, manages=manages):
        return False
    return of == "member" or role == "captain" or manages


def tidied(look: Look) -> Look:
    """Return how a team is called, as it is stored. Raises Unprocessable, which names the field."""
    name = _line("name", look.name, 3, 40)
    tag = _line("tag", look.tag, 1, 8)
    if " " in tag:
        raise Unprocessable("`tag` has no spaces")
    about = unicodedata.normalize("NFC", look.about.replace("\r\n", "\n")).strip()
    if len(about) > 4000:
        raise Unprocessable(f"`about` has at most 4000 characters; this has {len(about)}")
    if any(_is_hidden(char) for char in about if char != "\n"):
        raise Unprocessable("`about` holds a character that nobody can see")
    colours = look.colour.lower(), look.second_colour.lower()
    for field, colour in zip(("colour", "second_colour"), colours, strict=True):
        if not _COLOUR.fullmatch(colour):
            raise Unprocessable(f"`{field}` is # and six hexadecimal digits, as #4d5d2a")
    return Look(name, tag, about, *colours)


def _line(field: str, text: str, least: int, most: int) -> str:
    line = " ".join(unicodedata.normalize("NFC", text).split())
    if not least <= len(line) <= most:
        raise Unprocessable(f"`{field}` has {least} to {most} characters; this has {len(line)}")
    if any(_is_hidden(char) for char in line):
        raise Unprocessable(f"`{field}` holds a character that nobody can see")
    if not any(char.isalnum() for char in line):
        raise Unprocessable(f"`{field}` needs a letter or a digit")
    return line


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char) in _HIDDEN
