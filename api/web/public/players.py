"""Players: a list to look through, and all of one on a page."""

from typing import Annotated, Final

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from msgspec import Meta

from api import paging
from api.players.identities import Bots, Flagged
from api.stats import players
from api.stats.career import summary
from api.stats.players import Sort
from api.web import text, units
from api.web.kept import kept
from api.web.public.career import SECTIONS
from api.web.public.render import Here, PageRequest, address, announced, asked, page

_ROWS: Final = 50
SORTS: Final[dict[Sort, str]] = {
    "kills": "Kills",
    "deaths": "Deaths",
    "kd": "Kills per death",
    "kill_headshots": "Headshots",
    "last_seen": "Last seen",
    "first_seen": "Newcomers",
}
RUNGS: Final = {
    "verified": "member",
    "client": "known by client id",
    "name": "known by name alone",
    "bot": "bot",
}


class _Asked(msgspec.Struct):
    q: Annotated[str, Meta(max_length=64, pattern=r"^[^\x00]*$")] = ""
    sort: Sort = "kills"
    bots: Bots = "exclude"
    cursor: Annotated[str, Meta(max_length=200)] | None = None


@get("/players")
async def list_players(request: PageRequest, platform: Here) -> Response[bytes]:
    """Show players, found by a part of any of their names."""
    query = asked(request, _Asked)
    after = paging.decode(query.cursor)
    # A flagged player is no matter for a list of the best; whoever looks for the name finds them.
    flagged: Flagged = "include" if query.q else "exclude"
    found = await players.find(platform.clickhouse, query.q, query.sort, query.bots, after, _ROWS, flagged)
    return page(
        request,
        "public/players.html",
        "players",
        asked=query,
        players=found.players,
        sorts=SORTS,
        first=address("/players", query) if query.cursor else None,
        next=address("/players", query, cursor=found.next_cursor) if found.next_cursor else None,
        with_bots=address("/players", query, bots="include"),
    )


@get("/players/{player_id:str}")
@kept()
async def show_player(request: PageRequest, platform: Here, player_id: FromPath[str]) -> Response[bytes]:
    """Show a player in short; the browser fetches the rest as one scrolls, and links lead to it."""
    found = await summary.summary(platform.clickhouse, player_id)
    totals = found.totals
    sentence = (
        f"{units.number(totals.kills)} kills, {units.number(totals.deaths)} deaths, "
        f"{units.ratio(totals.kd)} kills per death in {units.number(found.matches)} matches."
    )
    title = f"{text.name(found.identity.name) or '(no name)'} · After Action"
    return page(
        request,
        "public/player.html",
        "players",
        announced=announced(request, platform, f"/players/{found.identity.id}", title, sentence),
        player=found,
        rungs=RUNGS,
        sections=SECTIONS,
    )
