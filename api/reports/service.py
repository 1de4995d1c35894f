"""After-action reports to be read: what is kept of a match, with the names of those who were in it."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from api.matches import service as matches
from api.matches.service import Actor, Match
from api.players.identities import parse
from api.ratings import service as ratings
from api.ratings.service import MatchChange
from api.reports import mvp, outcome, queries
from api.reports.course import Run, corner
from api.reports.document import FEED, VERSION, Document
from api.reports.engagements import Engagement as Fight
from api.reports.engagements import Rules
from api.reports.moments import NOBODY, SIDES, Kind, Moment
from api.reports.outcome import Basis
from api.reports.queries import NOUN, Settled
from api.settings import Settings
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres

# The longest of them are told.
_RUNS: Final = 50
# So many bytes of reports are written together.
_BYTES: Final = 256 << 10

# Keeps others who make reports, and whoever makes tables anew, out while it lasts.
Alone = Callable[[], AbstractAsyncContextManager[object]]


class Made(msgspec.Struct):
    """What the report was made from, and how."""

    rules: Annotated[int, Meta(description="version of the rules; docs/reports.md tells them")]
    events: Annotated[int, Meta(description="of the match, when the report was made")]
    kept: Annotated[bool, Meta(description="false: made for this answer, as while the match is played")]
    window: Annotated[float, Meta(description="longest that a fight lasts, seconds")]
    gap: Annotated[float, Meta(description="longest pause between two of its kills, seconds")]
    minimum: Annotated[int, Meta(description="least kills of a fight")]


class Outcome(msgspec.Struct):
    """Who won. Without a side and with other than one player it was a draw, or nobody knows."""

    basis: Annotated[
        Basis, Meta(description="by what it is known: reported, the score, the kills; empty: unknown")
    ]
    side: Annotated[str, Meta(description="allies, axis or empty")]
    players: Annotated[list[Actor], Meta(description="without sides: who had the most kills")]
    allies: Annotated[int, Meta(description="kills")]
    axis: int


class Part(msgspec.Struct):
    """What somebody did so often, and what it is worth."""

    what: str
    count: int
    points: int


class Mvp(msgspec.Struct):
    """Who was worth most, and why."""

    player: Actor
    points: int
    parts: list[Part]
    reason: Annotated[str, Meta(examples=["9 kills (+90), 2 deaths (−10): 80 points, 12 ahead of the next"])]


class Kill(msgspec.Struct):
    """A line of the kill feed."""

    time: datetime
    kind: Annotated[Kind, Meta(description="kill, team_kill, suicide or objective")]
    player: Annotated[Actor | None, Meta(description="who did it; null: the world")]
    target: Annotated[Actor | None, Meta(description="who died")]
    weapon: str
    hitloc: str
    mod: str
    distance: Annotated[float | None, Meta(description="game units; null where a place is unknown")]


class Lead(msgspec.Struct):
    """Somebody else was alone in the lead, in kills, from here on."""

    time: datetime
    side: Annotated[str, Meta(description="allies, axis; empty without sides")]
    player: Actor | None
    kills: int
    next: Annotated[int, Meta(description="kills of the best of the others")]


class Spree(msgspec.Struct):
    """Kills of one player in a row."""

    player: Actor
    kills: int
    start: datetime
    seconds: Annotated[float, Meta(description="from the first of them to the last")]


class Versus(msgspec.Struct):
    """How often one killed another."""

    killer: Actor
    victim: Actor
    kills: int


class WeaponLine(msgspec.Struct):
    """Kills of the match with a weapon; where no weapon was said, by the means of death."""

    weapon: str
    kills: int
    headshots: int
    longest: Annotated[float | None, Meta(description="game units")]
    players: Annotated[int, Meta(description="who killed with it")]


class Tile(msgspec.Struct, array_like=True):
    """A tile: the game coordinates of its corner with the lowest x and y, kills from there, deaths there."""

    x: int
    y: int
    kills: int
    deaths: int


class Fighter(msgspec.Struct):
    """What somebody did in a fight."""

    player: Actor
    kills: int
    deaths: int


class Place(msgspec.Struct):
    """Where a fight was: the middle of where its victims died, and the tile which that lies in."""

    x: int
    y: int
    tile: Annotated[tuple[int, int], Meta(description="its corner with the lowest x and y")]


class Engagement(msgspec.Struct):
    """A fight: kills close in time, between fighters that they share."""

    start: datetime
    seconds: float
    kills: int
    allies: Annotated[int, Meta(description="kills of the allies")]
    axis: int
    winning_side: Annotated[str, Meta(description="allies, axis; empty for a draw, and without sides")]
    winner: Annotated[Actor | None, Meta(description="without sides: who alone had the most kills")]
    fighters: Annotated[list[Fighter], Meta(description="the most kills first")]
    place: Place | None


class Report(msgspec.Struct):
    """What a match came to."""

    match: Match
    running: Annotated[bool, Meta(description="it is still being played: all of this may change")]
    made: Made
    outcome: Outcome
    mvp: Annotated[
        Mvp | None,
        Meta(description="people before bots, nobody who is flagged; null where nobody has a point"),
    ]
    first_blood: Kill | None
    last_blood: Kill | None
    kills: Annotated[list[Kill], Meta(description="deaths and objectives in the order of time")]
    kills_complete: Annotated[bool, Meta(description=f"false: only the first {FEED} are here")]
    leads: Annotated[list[Lead], Meta(description="who took the lead when; the first of them from nobody")]
    lead_changes: Annotated[int, Meta(description="how often it was taken from another")]
    streaks: Annotated[list[Spree], Meta(description="three kills and more between deaths, longest first")]
    multi_kills: Annotated[list[Spree], Meta(description="kills each within 4 s of the one before")]
    versus: Annotated[list[Versus], Meta(description="who killed whom, the most often first")]
    weapons: list[WeaponLine]
    tile: Annotated[int, Meta(description="edge of a tile in game units")]
    tiles: Annotated[list[Tile], Meta(description="[x, y, kills, deaths] of each tile")]
    engagements: Annotated[list[Engagement], Meta(description="in the order of time")]
    ratings: Annotated[list[MatchChange], Meta(description="some seconds after the end; of rated matches")]


class _Cast:
    """Those who were in the match, by their number in the document."""

    def __init__(self, match: Match, ids: list[str]) -> None:
        scores = {score.player.id: score for score in match.players}
        self.scores = [scores.get(public_id) for public_id in ids]
        self._actors = [
            Actor(public_id, score.name if score else "", score.team if score else "")
            for public_id, score in zip(ids, self.scores, strict=True)
        ]

    def __getitem__(self, number: int) -> Actor:
        return self._actors[number]

    def find(self, number: int) -> Actor | None:
        return None if number == NOBODY else self._actors[number]

    def eligible(self) -> list[bool]:
        """Tell who may be the most valuable: people, or bots where nobody else was; nobody who is flagged."""
        people = [bool(score) and not score.player.bot for score in self.scores if score]
        return [
            score is not None and not score.player.flagged and (not score.player.bot or not any(people))
            for score in self.scores
        ]


async def report(clickhouse: ClickHouse, postgres: Postgres, settings: Settings, public_id: str) -> Report:
    """Return the report of a match; one that is out of date or not there yet is made for the occasion.

    Raises NotFound for an unknown match, Gone for one that an admin left out.
    """
    match_key, rules = parse(public_id, "match"), rules_of(settings)
    head, kept = await asyncio.gather(
        matches.head_of(clickhouse, postgres, public_id), queries.kept(clickhouse, match_key)
    )
    good = kept if kept and (kept.rules, kept.events) == (named(rules), head.events) else None
    rated = asyncio.ensure_future(ratings.of_match(clickhouse, match_key, head.gametype, head.first_time))
    match, (people, document) = await asyncio.gather(
        matches.whole(clickhouse, postgres, head, rated),
        _read(good) if good else _made(clickhouse, match_key, rules),
    )
    changes = ratings.told(await rated, head.gametype, {one.player.id: one.player for one in match.players})
    cast = _Cast(match, [f"{player:016x}" for player in people])
    silence = datetime.now(UTC) - match.received_at
    running = match.ended_at is None and silence < timedelta(seconds=settings.live_timeout_seconds)
    return _shown(match, document, cast, changes, rules, running=running, kept=good is not None)


async def _read(kept: queries.Kept) -> tuple[list[int], Document]:
    return kept.people, msgspec.json.decode(kept.document, type=Document)


async def _made(clickhouse: ClickHouse, match_key: int, rules: Rules) -> tuple[list[int], Document]:
    keys, document = (await queries.make(clickhouse, [match_key], rules))[match_key]
    return await queries.people(clickhouse, keys), document


async def make(
    clickhouse: ClickHouse, postgres: Postgres, settings: Settings, public_id: str, alone: Alone
) -> Report:
    """Make a match's report anew, keep it, and return it. Raises as `report`."""
    await matches.head_of(clickhouse, postgres, public_id)
    settled = await queries.settled(clickhouse, parse(public_id, "match"))
    # It is made after the results, which may not be there yet.
    if settled is not None:
        async with alone():
            await tell(clickhouse, NOUN, settings, [settled])
    return await report(clickhouse, postgres, settings, public_id)


def rules_of(settings: Settings) -> Rules:
    """Return the rules that are set."""
    return Rules(
        window=settings.engagement_window_seconds * 1000,
        gap=settings.engagement_gap_seconds * 1000,
        minimum=settings.engagement_kills,
    )


def named(rules: Rules) -> str:
    """Return by what reports of these rules are known."""
    return f"{VERSION}/{rules.window}/{rules.gap}/{rules.minimum}"


async def tell(clickhouse: ClickHouse, table: str, settings: Settings, matches: list[Settled]) -> None:
    """Make the reports of matches anew, and put them into a `table` like match_reports."""
    rules = rules_of(settings)
    made = await queries.make(clickhouse, [match.match_key for match in matches], rules)
    waiting: list[tuple[Settled, list[int], bytes]] = []
    for match in matches:
        report = made[match.match_key]
        waiting.append((match, report.fighters, msgspec.json.encode(report.document)))
        if sum(len(text) for _, _, text in waiting) >= _BYTES:
            await queries.keep(clickhouse, table, named(rules), waiting)
            waiting = []
    if waiting:
        await queries.keep(clickhouse, table, named(rules), waiting)


def _shown(
    match: Match,
    document: Document,
    cast: _Cast,
    changes: list[MatchChange],
    rules: Rules,
    *,
    running: bool,
    kept: bool,
) -> Report:
    return Report(
        match=match,
        running=running,
        made=Made(VERSION, match.events, kept, rules.window / 1000, rules.gap / 1000, rules.minimum),
        outcome=_outcome(match, document, cast),
        mvp=_mvp(document, cast),
        first_blood=_kill(document.first_blood, cast) if document.first_blood else None,
        last_blood=_kill(document.last_blood, cast) if document.last_blood else None,
        kills=[_kill(moment, cast) for moment in document.moments],
        kills_complete=document.told <= len(document.moments),
        leads=[
            Lead(_time(lead.at), lead.side, cast.find(lead.player), lead.kills, lead.next)
            for lead in document.leads
        ],
        lead_changes=max(0, len(document.leads) - 1),
        streaks=[_spree(run, cast) for run in document.streaks[:_RUNS]],
        multi_kills=[_spree(run, cast) for run in document.multi_kills[:_RUNS]],
        versus=[Versus(cast[pair.killer], cast[pair.victim], pair.kills) for pair in document.versus],
        weapons=[
            WeaponLine(each.name, each.kills, each.headshots, each.longest, each.players)
            for each in document.weapons
        ],
        tile=document.edge,
        tiles=[Tile(tile.x, tile.y, tile.kills, tile.deaths) for tile in document.tiles],
        engagements=[_engagement(fight, document.edge, cast) for fight in document.engagements],
        ratings=changes,
    )


def _outcome(match: Match, document: Document, cast: _Cast) -> Outcome:
    allies, axis = document.by_side
    if document.sided:
        score = (match.allies_score, match.axis_score)
        verdict = outcome.of_sides(match.winning_team, score, (allies, axis))
    else:
        verdict = outcome.of_players([tally.kills for tally in document.tallies])
    winners = [cast[number] for number in verdict.players]
    return Outcome(verdict.basis, verdict.side, winners, allies, axis)


def _mvp(document: Document, cast: _Cast) -> Mvp | None:
    eligible = cast.eligible()
    best = mvp.best(document.tallies, eligible)
    if best is None:
        return None
    tally = document.tallies[best]
    parts = [Part(part.what, part.count, part.points) for part in mvp.parts(tally)]
    return Mvp(cast[best], mvp.points(tally), parts, mvp.reason(document.tallies, eligible))


def _kill(moment: Moment, cast: _Cast) -> Kill:
    return Kill(
        time=_time(moment.at),
        kind=moment.kind,
        player=_in(cast.find(moment.actor), moment.actor_side),
        target=_in(cast.find(moment.target), moment.target_side),
        weapon=moment.weapon,
        hitloc=moment.hitloc,
        mod=moment.mod,
        distance=moment.distance,
    )


def _in(actor: Actor | None, side: str) -> Actor | None:
    """Return a player on the side on which they were at the time."""
    return Actor(actor.id, actor.name, side or actor.team) if actor else None


def _spree(run: Run, cast: _Cast) -> Spree:
    return Spree(cast[run.player], run.kills, _time(run.start), (run.end - run.start) / 1000)


def _engagement(fight: Fight, edge: int, cast: _Cast) -> Engagement:
    place = fight.place
    return Engagement(
        start=_time(fight.start),
        seconds=fight.length / 1000,
        kills=len(fight.kills),
        allies=fight.by_side[SIDES.index("allies")],
        axis=fight.by_side[SIDES.index("axis")],
        winning_side=fight.winning_side,
        winner=cast.find(fight.winner),
        fighters=[
            Fighter(Actor(cast[who.player].id, cast[who.player].name, who.side), who.kills, who.deaths)
            for who in fight.fighters
        ],
        place=Place(*place, corner(place, edge)) if place else None,
    )


def _time(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC)
