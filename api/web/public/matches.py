"""Matches: a list, and one match's scoreboard, course and completeness."""

from collections import defaultdict
from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from msgspec import Meta

from api import paging
from api.matches import service
from api.matches.service import Match, Moment, Score
from api.servers import queries as servers
from api.web import text
from api.web.charts.race import Runner, race
from api.web.forms import Text
from api.web.public.render import Here, PageRequest, address, asked, page

_ROWS: Final = 30
# How much of a match's course stands on its page; the JSON API has the rest.
_MOMENTS: Final = 600
_RUNNERS: Final = 4
_TEAMS: Final = {"allies": "Allies", "axis": "Axis"}


class _Asked(msgspec.Struct):
    server: Annotated[int, Meta(ge=1, le=2**32 - 1)] | None = None
    map: Text | None = None
    cursor: Annotated[str, Meta(max_length=200)] | None = None


@get("/matches")
async def list_matches(request: PageRequest, platform: Here) -> Response[bytes]:
    """Show matches, the latest first."""
    query = asked(request, _Asked)
    names = await servers.names(platform.postgres)
    found = await service.find(
        platform.clickhouse, names, query.server, query.map, paging.decode(query.cursor), _ROWS
    )
    return page(
        request,
        "public/matches.html",
        "matches",
        asked=query,
        matches=found.matches,
        servers=names,
        first=address("/matches", query) if query.cursor else None,
        next=address("/matches", query, cursor=found.next_cursor) if found.next_cursor else None,
    )


@get("/matches/{match_id:str}")
async def show_match(request: PageRequest, platform: Here, match_id: FromPath[str]) -> Response[bytes]:
    """Show a match: who did what, how it went, and whether all of it was received."""
    found = await service.match(platform.clickhouse, platform.postgres, match_id)
    runners = runners_of(found)
    names = [text.name(runner.name) or "(no name)" for runner in runners]
    ends = ", ".join(f"{name} {len(r.seconds)}" for name, r in zip(names, runners, strict=True))
    return page(
        request,
        "public/match.html",
        "matches",
        match=found,
        teams=_teams(found),
        runners=runners,
        race=race(runners, found.seconds, "Kills over the match", f"At the end: {ends}."),
        most=max((len(runner.seconds) for runner in runners), default=0),
        moments=found.timeline[:_MOMENTS],
        whole=found.timeline_complete and len(found.timeline) <= _MOMENTS,
    )


def has_sides(match: Match) -> bool:
    """Tell whether allies played against axis."""
    return match.gametype != "ffa" and {"allies", "axis"} & {score.team for score in match.players} != set()


def runners_of(match: Match) -> list[Runner]:
    """Return what runs against each other: the two sides, or the players who killed most."""
    if has_sides(match):
        by_side = _seconds(match, lambda moment: moment.player.team if moment.player else "")
        return [Runner(title, f"look-{team}", by_side[team]) for team, title in _TEAMS.items()]
    by_player = _seconds(match, lambda moment: moment.player.id if moment.player else "")
    names = {m.player.id: m.player.name for m in match.timeline if m.player}
    best = sorted(by_player, key=lambda player: (-len(by_player[player]), player))[:_RUNNERS]
    return [Runner(names[player], f"look-{n}", by_player[player]) for n, player in enumerate(best, 1)]


def _seconds(match: Match, of: Callable[[Moment], str]) -> defaultdict[str, list[float]]:
    """Return when kills were made, in seconds from the first event."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for moment in match.timeline:
        if moment.kind == "kill":
            found[of(moment)].append((moment.time - match.first_time).total_seconds())
    return found


def _teams(match: Match) -> list[tuple[str, str, list[Score]]]:
    """Return the parts of the scoreboard: its look, its title, its lines."""
    if not has_sides(match):
        return [("", "Scoreboard", match.players)]
    parts = [(team, title, [s for s in match.players if s.team == team]) for team, title in _TEAMS.items()]
    others = [score for score in match.players if score.team not in _TEAMS]
    return [*parts, ("", "Others", others)] if others else parts
