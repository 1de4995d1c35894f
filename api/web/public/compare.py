"""Two to four players side by side, and a form that finds them."""

from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from litestar import Response, get
from msgspec import Meta

from api.errors import Unprocessable
from api.paging import START
from api.players.identities import Identity, known
from api.stats import compare, players
from api.stats.career.summary import Summary
from api.stats.compare import MOST, Comparison
from api.web.forms import Text
from api.web.public.render import Here, PageRequest, asked, page
from api.web.units import number, ratio, share, span, way

_FOUND: Final = 8
_Value = Callable[[Summary], float | None]
_Shown = Callable[[float | None], str]
_ROWS: Final[tuple[tuple[str, _Value, _Shown, int], ...]] = (
    ("Kills", lambda each: each.totals.kills, number, 1),
    ("Deaths", lambda each: each.totals.deaths, number, 0),
    ("Kills per death", lambda each: each.totals.kd, ratio, 1),
    ("Kills per 10 minutes", lambda each: _rate(each.totals.kills, each), ratio, 1),
    ("Deaths per 10 minutes", lambda each: _rate(each.totals.deaths, each), ratio, -1),
    ("Accuracy", lambda each: each.totals.accuracy, share, 1),
    ("Headshots of kills", lambda each: _share(each.totals.kill_headshots, each.totals.kills), share, 1),
    ("Damage dealt", lambda each: each.totals.damage_dealt, number, 0),
    ("Best streak", lambda each: each.best_streak, number, 1),
    ("First kills", lambda each: each.first_kills, number, 0),
    ("Revenges", lambda each: each.revenges, number, 0),
    ("Trades", lambda each: each.trades, number, 0),
    ("Won of decided matches", lambda each: _share(each.won, each.won + each.lost), share, 1),
    ("Suicides", lambda each: each.totals.suicides, number, 0),
    ("Covered", lambda each: each.totals.distance, way, 0),
    ("Matches", lambda each: each.matches, number, 0),
    ("Played", lambda each: each.playtime, span, 0),
)


class Row(msgspec.Struct):
    """A figure of each player; the best of them, where one is."""

    title: str
    cells: list[str]
    best: list[bool]


class _Asked(msgspec.Struct):
    players: Annotated[str, Meta(max_length=200)] = ""
    q: Text | None = None


@get("/compare")
async def show_comparison(request: PageRequest, platform: Here) -> Response[bytes]:
    """Show players side by side; with fewer than two, only the form."""
    query = asked(request, _Asked)
    ids = [each.strip() for each in query.players.split(",") if each.strip()]
    if len(ids) > MOST:
        raise Unprocessable(f"no more than {MOST} players stand side by side, and {len(ids)} were asked for")
    found = None
    if len(ids) > 1:
        found = await compare.compare(platform.clickhouse, query.players)
        chosen = [each.identity for each in found.players]
    else:
        chosen = [(await known(platform.clickhouse, each)).identity for each in ids]
    lines = await _named(platform, query.q, chosen) if len(chosen) < MOST else []
    return page(
        request,
        "public/compare.html",
        "players",
        asked=query,
        chosen=chosen,
        comparison=found,
        rows=rows_of(found) if found else [],
        duels={(duel.killer, duel.victim): duel.kills for duel in found.duels} if found else {},
        lines=lines,
        with_one=lambda more: "/compare?players=" + ",".join([*(each.id for each in chosen), more.id]),
        without=lambda less: "/compare?players=" + ",".join(each.id for each in chosen if each.id != less.id),
        full=len(chosen) >= MOST,
    )


def rows_of(found: Comparison) -> list[Row]:
    """Return the figures of each player, row by row."""
    return [_row(found.players, *row) for row in _ROWS]


async def _named(platform: Here, q: str | None, chosen: list[Identity]) -> list[Identity]:
    if not q:
        return []
    found = await players.find(platform.clickhouse, q, "kills", "include", START, _FOUND, "include")
    have = {each.id for each in chosen}
    return [line.player for line in found.players if line.player.id not in have]


def _row(everybody: list[Summary], title: str, value: _Value, shown: _Shown, direction: int) -> Row:
    values = [value(each) for each in everybody]
    told = [one for one in values if one is not None]
    best = max(told, key=lambda one: direction * one) if direction and len(set(told)) > 1 else None
    return Row(
        title,
        [shown(one) for one in values],
        [one is not None and one == best for one in values],
    )


def _rate(count: int, each: Summary) -> float | None:
    return 600 * count / each.playtime if each.playtime else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
