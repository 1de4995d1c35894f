"""Matches: a list, and one match's after-action report."""

from collections import Counter, defaultdict
from datetime import datetime
from typing import Annotated, Final, NamedTuple

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from markupsafe import Markup
from msgspec import Meta

from api import paging
from api.matches import service
from api.matches.service import Actor, Match, Moment, Score
from api.reports import service as reports
from api.reports.service import Kill, Report
from api.servers import queries as servers
from api.stats.maps import Bin, Bounds, Heatmap, Kind
from api.web import text, units
from api.web.charts.fights import Mark
from api.web.charts.fights import Tile as FightTile
from api.web.charts.fights import fights as draw_fights
from api.web.charts.heatmap import heatmap
from api.web.charts.race import Runner, race
from api.web.forms import Text
from api.web.kept import kept
from api.web.public.render import LIVE, PAGE, Here, PageRequest, address, announced, asked, page

_ROWS: Final = 30
# How much of a match's course stands on its page; the JSON API has the rest.
_MOMENTS: Final = 600
_RUNNERS: Final = 4
# So many fights are listed, and so many players stand in the matrix.
_FIGHTS: Final = 60
_MATRIX: Final = 16
_HEATS: Final[tuple[tuple[Kind, str], ...]] = (("kills", "Kills"), ("deaths", "Deaths"))
# Of the timeline: what the kill feed has.
_TOLD_AS_KILLS: Final = ("kill", "team_kill", "suicide", "objective_capture")
_TEAMS: Final = {"allies": "Allies", "axis": "Axis"}


class _Asked(msgspec.Struct):
    server: Annotated[int, Meta(ge=1, le=2**32 - 1)] | None = None
    map: Text | None = None
    cursor: Annotated[str, Meta(max_length=200)] | None = None


@get("/matches")
@kept()
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
@kept()
async def show_match(request: PageRequest, platform: Here, match_id: FromPath[str]) -> Response[bytes]:
    """Show a match's after-action report: who won, who did what, how it went, what is missing."""
    stores = platform.clickhouse, platform.postgres, platform.settings
    report = await reports.report(*stores, match_id)
    found = report.match
    runners = runners_of(report)
    names = [text.name(runner.name) or "(no name)" for runner in runners]
    ends = ", ".join(f"{name} {len(r.seconds)}" for name, r in zip(names, runners, strict=True))
    taken = [(lead.time - found.first_time).total_seconds() for lead in report.leads]
    return page(
        request,
        "public/match.html",
        "matches",
        seconds=LIVE if report.running else PAGE,
        announced=announced(
            request,
            platform,
            f"/matches/{found.id}",
            f"{found.map or 'A match'} · After Action",
            _sentence(report),
        ),
        report=report,
        match=found,
        teams=_teams(found),
        runners=runners,
        race=race(runners, found.seconds, "Kills over the match", f"At the end: {ends}.", taken[1:]),
        most=max((len(runner.seconds) for runner in runners), default=0),
        fights=report.engagements[:_FIGHTS],
        fight_map=_fight_map(report),
        matrix=_matrix(report),
        heats=[(title, _heat(report, kind), _picture(report, kind, title)) for kind, title in _HEATS],
        moments=_course(report)[:_MOMENTS],
        whole=report.kills_complete and found.timeline_complete and len(_course(report)) <= _MOMENTS,
    )


def has_sides(match: Match) -> bool:
    """Tell whether allies played against axis."""
    return match.gametype != "ffa" and {"allies", "axis"} & {score.team for score in match.players} != set()


def runners_of(report: Report) -> list[Runner]:
    """Return what runs against each other: the two sides, or the players who killed most."""
    kills = [(kill.player, kill.time) for kill in report.kills if kill.kind == "kill" and kill.player]
    first = report.match.first_time
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    if has_sides(report.match):
        for player, time in kills:
            seconds[player.team].append((time - first).total_seconds())
        return [Runner(title, f"look-{team}", seconds[team]) for team, title in _TEAMS.items()]
    names = {player.id: player.name for player, _ in kills}
    for player, time in kills:
        seconds[player.id].append((time - first).total_seconds())
    best = sorted(seconds, key=lambda player: (-len(seconds[player]), player))[:_RUNNERS]
    return [Runner(names[player], f"look-{n}", seconds[player]) for n, player in enumerate(best, 1)]


def verdict(report: Report) -> str:
    """Return who won, or leads, in words."""
    outcome, is_open = report.outcome, report.running
    if not outcome.basis:
        return "Nobody has killed anybody" + (" yet" if is_open else "")
    if outcome.side:
        # The two words agree: a side is many.
        return f"{_TEAMS[outcome.side]} {'lead' if is_open and outcome.basis != 'reported' else 'won'}"
    names = [text.name(player.name) or "(no name)" for player in outcome.players]
    if len(names) == 1:
        return f"{names[0]} {'leads' if is_open else 'won'}, with the most kills"
    return f"A draw between {', '.join(names[:-1])} and {names[-1]}" if names else "A draw"


def _sentence(report: Report) -> str:
    match = report.match
    kills = sum(kill.kind == "kill" for kill in report.kills)
    players = len(match.players)
    return (
        f"{verdict(report)}. {units.number(kills)} {'kill' if kills == 1 else 'kills'}, "
        f"{players} {'player' if players == 1 else 'players'}, {units.span(match.seconds)}, "
        f"{match.first_time:%Y-%m-%d %H:%M} UTC."
    )


class Line(NamedTuple):
    """A line of the course of a match: a kill or a moment of another kind, and what is to be said of it."""

    time: datetime
    kill: Kill | None
    moment: Moment | None
    notes: list[str]


def _course(report: Report) -> list[Line]:
    """Return kills and whatever else happened, in the order of time."""
    notes: defaultdict[datetime, list[str]] = defaultdict(list)
    if report.first_blood:
        notes[report.first_blood.time].append("first blood")
    if report.last_blood and report.last_blood.time != (report.first_blood or report.last_blood).time:
        notes[report.last_blood.time].append("last blood")
    for lead in report.leads:
        who = _TEAMS.get(lead.side) or (text.name(lead.player.name) if lead.player else "") or "(no name)"
        notes[lead.time].append(f"{who} {'lead' if lead.side else 'leads'} {lead.kills} : {lead.next}")
    lines = []
    for kill in report.kills:
        said = notes.pop(kill.time, []) if kill.kind == "kill" else []
        lines.append(Line(kill.time, kill, None, said))
    lines += [Line(m.time, None, m, []) for m in report.match.timeline if m.kind not in _TOLD_AS_KILLS]
    return sorted(lines, key=lambda line: line.time)


def _fight_map(report: Report) -> Markup:
    tiles = [FightTile(tile.x, tile.y, tile.kills + tile.deaths) for tile in report.tiles]
    marks = [
        Mark(
            number,
            f"Fight {number}: {fight.kills} kills in {fight.seconds:.0f} s",
            fight.winning_side,
            fight.place.x,
            fight.place.y,
        )
        for number, fight in enumerate(report.engagements[:_FIGHTS], 1)
        if fight.place
    ]
    return draw_fights(tiles, report.tile, marks, "Where the fights were, seen from above")


class Matrix(NamedTuple):
    """Who killed whom: players, and a row of numbers for each."""

    players: list[Actor]
    rows: list[list[int]]
    most: int
    left: int


def _matrix(report: Report) -> Matrix:
    """Return who killed whom, of those who were in the most kills."""
    players = {actor.id: actor for pair in report.versus for actor in (pair.killer, pair.victim)}
    part: Counter[str] = Counter()
    for pair in report.versus:
        part[pair.killer.id] += pair.kills
        part[pair.victim.id] += pair.kills
    best = [player for player, _ in sorted(part.items(), key=lambda item: (-item[1], item[0]))][:_MATRIX]
    kills = {(pair.killer.id, pair.victim.id): pair.kills for pair in report.versus}
    rows = [[kills.get((killer, victim), 0) for victim in best] for killer in best]
    most = max((max(row) for row in rows), default=0)
    return Matrix([players[each] for each in best], rows, most, len(part) - len(best))


def _heat(report: Report, kind: Kind) -> Heatmap:
    """Return where kills were made, or deaths died, as the maps' pages have it."""
    counted = ((tile, tile.kills if kind == "kills" else tile.deaths) for tile in report.tiles)
    bins = [Bin(tile.x, tile.y, count) for tile, count in counted if count]
    # Both pictures of a match show the same ground.
    xs, ys = [tile.x for tile in report.tiles], [tile.y for tile in report.tiles]
    bounds = Bounds(min(xs), min(ys), max(xs) + report.tile, max(ys) + report.tile) if bins else None
    return Heatmap(report.match.map, kind, None, report.tile, sum(bin.count for bin in bins), bounds, bins)


def _picture(report: Report, kind: Kind, title: str) -> Markup:
    return heatmap(_heat(report, kind), f"{title} of the match", kind)


def _teams(match: Match) -> list[tuple[str, str, list[Score]]]:
    """Return the parts of the scoreboard: its look, its title, its lines."""
    if not has_sides(match):
        return [("", "Scoreboard", match.players)]
    parts = [(team, title, [s for s in match.players if s.team == team]) for team, title in _TEAMS.items()]
    others = [score for score in match.players if score.team not in _TEAMS]
    return [*parts, ("", "Others", others)] if others else parts
