"""The parts of a player's page.

Each is a page of its own, for a link; the player's page fetches them as one scrolls.
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from markupsafe import Markup
from msgspec import Meta

from api import paging
from api.paging import START
from api.players.identities import known
from api.ratings import service as ratings
from api.ratings.service import Current, Day
from api.servers import queries as servers
from api.stats.career import bests, form, history, hits, matches, parts, rivals, summary
from api.stats.career.form import Form
from api.stats.career.history import Span
from api.stats.career.hits import HitLocations
from api.stats.career.matches import Outcome, Wanted
from api.stats.career.parts import Activity, Band
from api.stats.career.rivals import Sort
from api.web.charts.band import band
from api.web.charts.bar import bar
from api.web.charts.body import body
from api.web.charts.histogram import histogram
from api.web.charts.punchcard import DAYS, punchcard
from api.web.forms import Text
from api.web.public.render import Here, PageRequest, address, asked, page
from api.web.units import METRES_PER_UNIT, number

_ROWS: Final = 20
_PERIODS: Final = 12
_SESSIONS: Final = 8
# Bands of distance shown one by one; what is farther stands in the last.
_BANDS: Final = 16
SECTIONS: Final = {
    "form": "Form, bests and rating",
    "matches": "Matches",
    "rivals": "Rivals",
    "combat": "Hits, distances, causes",
    "weapons": "Weapons and maps",
    "activity": "When, how long, under which names",
}
RIVALS: Final[dict[Sort, str]] = {
    "duels": "Met most", "kills": "Killed most", "deaths": "Killed most by", "last": "Met last",
}  # fmt: skip
SPANS: Final[dict[Span, str]] = {"day": "days", "week": "weeks", "month": "months"}
Cursor = Annotated[str, Meta(max_length=200)]


class Curve(msgspec.Struct):
    """A rating, the picture of how it came about, and the days that it shows, the latest first."""

    current: Current
    picture: Markup
    since: str
    days: list[Day]


class _AskedMatches(msgspec.Struct):
    map: Text | None = None
    gametype: Text | None = None
    server: Annotated[int, Meta(ge=1, le=2**32 - 1)] | None = None
    outcome: Outcome | None = None
    cursor: Cursor | None = None


class _AskedRivals(msgspec.Struct):
    sort: Sort = "duels"
    cursor: Cursor | None = None


class _AskedPeriods(msgspec.Struct):
    by: Span = "week"
    cursor: Cursor | None = None


@get("/players/{player_id:str}/form")
async def show_form(request: PageRequest, platform: Here, player_id: FromPath[str]) -> Response[bytes]:
    """Show whether a player is getting better, their rating, bests and streaks."""
    who = await known(platform.clickhouse, player_id)
    found, most, runs, rating = await asyncio.gather(
        form.form(platform.clickhouse, who),
        bests.bests(platform.clickhouse, who),
        bests.streaks(platform.clickhouse, who),
        ratings.player_rating(platform.clickhouse, player_id, None, START, 1),
    )
    return page(
        request,
        "public/career/form.html",
        "players",
        who=who.identity,
        form=found,
        trend=_trend(found),
        missing=form.missing(found),
        bests=most,
        streaks=runs,
        curves=[_curve(n, current, rating.curve) for n, current in enumerate(rating.current)],
        change=rating.changes[0] if rating.changes else None,
    )


@get("/players/{player_id:str}/matches")
async def list_matches(request: PageRequest, platform: Here, player_id: FromPath[str]) -> Response[bytes]:
    """Show the matches that a player was in."""
    query = asked(request, _AskedMatches)
    who = await known(platform.clickhouse, player_id)
    wanted = Wanted(query.map, query.gametype, query.server, query.outcome)
    found, names = await asyncio.gather(
        matches.matches(platform.clickhouse, who, wanted, paging.decode(query.cursor), _ROWS),
        servers.names(platform.postgres),
    )
    here = f"/players/{who.identity.id}/matches"
    return page(
        request,
        "public/career/matches.html",
        "players",
        who=who.identity,
        asked=query,
        filtered=wanted != Wanted(),
        matches=found.matches,
        servers=names,
        first=address(here, query) if query.cursor else None,
        next=address(here, query, cursor=found.next_cursor) if found.next_cursor else None,
    )


@get("/players/{player_id:str}/rivals")
async def list_rivals(request: PageRequest, platform: Here, player_id: FromPath[str]) -> Response[bytes]:
    """Show whom a player killed and was killed by."""
    query = asked(request, _AskedRivals)
    who = await known(platform.clickhouse, player_id)
    found, (nemesis, victim) = await asyncio.gather(
        rivals.rivals(platform.clickhouse, who, query.sort, paging.decode(query.cursor), _ROWS),
        rivals.closest(platform.clickhouse, who),
    )
    here = f"/players/{who.identity.id}/rivals"
    return page(
        request,
        "public/career/rivals.html",
        "players",
        who=who.identity,
        asked=query,
        sorts={sort: (title, address(here, query, sort=sort)) for sort, title in RIVALS.items()},
        rivals=found.rivals,
        most=max((max(row.kills, row.deaths) for row in found.rivals), default=0),
        bar=bar,
        nemesis=nemesis,
        victim=victim,
        first=address(here, query) if query.cursor else None,
        next=address(here, query, cursor=found.next_cursor) if found.next_cursor else None,
    )


@get("/players/{player_id:str}/combat")
async def show_combat(request: PageRequest, platform: Here, player_id: FromPath[str]) -> Response[bytes]:
    """Show where a player hits and is hit, from how far, how both stood, and what the player dies of."""
    who = await known(platform.clickhouse, player_id)
    (located, means), pieces, farthest = await asyncio.gather(
        hits.hits(platform.clickhouse, who.keys),
        parts.fights(platform.clickhouse, who.keys),
        parts.longest_kill(platform.clickhouse, who.keys),
    )
    bands = _shortened(parts.bands_of(pieces))
    causes = hits.causes_of(means)
    return page(
        request,
        "public/career/combat.html",
        "players",
        who=who.identity,
        bodies=bodies(located),
        causes=causes,
        most=max((max(cause.kills, cause.deaths) for cause in causes), default=0),
        bar=bar,
        bands=[(_metres(row, n == _BANDS), row) for n, row in enumerate(bands)],
        distances=_distances(bands),
        farthest=farthest,
        stances=[
            ("How this player stood", parts.stances_of(pieces, "stance")),
            ("How the enemy stood", parts.stances_of(pieces, "stance_of_other")),
        ],
    )


@get("/players/{player_id:str}/weapons")
async def show_weapons(request: PageRequest, platform: Here, player_id: FromPath[str]) -> Response[bytes]:
    """Show a player's weapons, maps, game types and servers."""
    who = await known(platform.clickhouse, player_id)
    found, places, names = await asyncio.gather(
        history.weapons(platform.clickhouse, who),
        matches.places(platform.clickhouse, who),
        servers.names(platform.postgres),
    )
    return page(
        request,
        "public/career/weapons.html",
        "players",
        who=who.identity,
        weapons=found.weapons,
        most=max((row.kills for row in found.weapons), default=0),
        bar=bar,
        places_found=places,
        servers=names,
    )


@get("/players/{player_id:str}/activity")
async def show_activity(request: PageRequest, platform: Here, player_id: FromPath[str]) -> Response[bytes]:
    """Show when and how long a player plays, and the names they used."""
    query = asked(request, _AskedPeriods)
    who = await known(platform.clickhouse, player_id)
    found, periods, sessions, names = await asyncio.gather(
        parts.activity(platform.clickhouse, who),
        history.periods(platform.clickhouse, who, query.by, paging.decode(query.cursor), _PERIODS),
        matches.sessions(platform.clickhouse, who, START, _SESSIONS),
        summary.names(platform.clickhouse, who),
    )
    here = f"/players/{who.identity.id}/activity"
    return page(
        request,
        "public/career/activity.html",
        "players",
        who=who.identity,
        asked=query,
        activity=found,
        card=_punched(found),
        days=DAYS,
        spans={span: (title, address(here, query, by=span)) for span, title in SPANS.items()},
        periods=periods.periods,
        sessions=sessions.sessions,
        names=names.names,
        first=address(here, query) if query.cursor else None,
        next=address(here, query, cursor=periods.next_cursor) if periods.next_cursor else None,
    )


def _trend(found: Form) -> Markup:
    told = [match for match in found.matches if match.fitted is not None]
    return band(
        [match.fitted or 0 for match in told],
        [match.low or 0 for match in told],
        [match.high or 0 for match in told],
        [match.rate for match in found.matches],
        ident="trend",
        title="Kills less deaths per 10 minutes, match by match",
        desc=f"{len(found.matches)} matches, the earliest on the left: {found.verdict}.",
    )


def _curve(n: int, current: Current, days: Sequence[Day]) -> Curve:
    own = [day for day in reversed(days) if day.gametype == current.gametype]
    now = current.rating
    picture = band(
        [day.rating.mu for day in own],
        [day.rating.low for day in own],
        [day.rating.high for day in own],
        [],
        ident=f"curve-{n}",
        title=f"Rating in {current.gametype or 'an unknown game type'} day by day",
        desc=f"Now {now.mu:.1f}, with 95% between {now.low:.1f} and {now.high:.1f}.",
    )
    return Curve(current, picture, own[0].day.isoformat() if own else "", own[::-1])


def _punched(found: Activity) -> Markup:
    return punchcard(
        {(hour.weekday, hour.hour): hour.playtime for hour in found.hours}, "Time played by hour of the week"
    )


def _shortened(bands: list[Band]) -> list[Band]:
    """Return bands of which the last holds all that is farther than those before it."""
    if len(bands) <= _BANDS + 1:
        return bands
    rest = bands[_BANDS:]
    last = Band(
        rest[0].since,
        rest[-1].until,
        sum(row.kills for row in rest),
        sum(row.kill_headshots for row in rest),
        sum(row.deaths for row in rest),
    )
    return [*bands[:_BANDS], last]


def _metres(row: Band, is_last: bool) -> str:
    near, far = (round(units * METRES_PER_UNIT) for units in (row.since, row.until))
    return f"{near} m and more" if is_last else f"{near} to {far} m"


def _distances(bands: list[Band]) -> Markup:
    kills, deaths = sum(row.kills for row in bands), sum(row.deaths for row in bands)
    return histogram(
        [
            (f"{_metres(row, n == _BANDS)}: {row.kills} kills, {row.deaths} deaths", row.kills, row.deaths)
            for n, row in enumerate(bands)
        ],
        "Kills and deaths by distance",
        f"{number(kills)} kills upwards, {number(deaths)} deaths downwards, the nearest first.",
        "distances",
    )


def bodies(located: HitLocations) -> list[tuple[str, Markup, list[tuple[str, int]]]]:
    """Return for hits given and taken: what it is, the picture, and its table."""
    shown = []
    for side, title, rows_of in (
        ("given", "Where this player hits", located.given),
        ("taken", "Where this player is hit", located.taken),
    ):
        counts = {row.hitloc: row.hits for row in rows_of if row.hits}
        rows = sorted(counts.items(), key=lambda row: -row[1])
        shown.append((title, body(counts, title, f"body-{side}"), rows))
    return shown
