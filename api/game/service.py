"""Answers to what players ask in the game: their stats, in lines that its console can show."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Literal, get_args

import msgspec

from api import paging
from api.errors import StoreUnavailable, TooManyRequests
from api.game import words
from api.game.asker import Asker, KnownBy, of_client
from api.limits import Limits
from api.logins.service import Logins
from api.players.identities import identities, parse, person
from api.stats import leaderboards, players
from api.stats.career import matches, rivals, summary
from api.stats.leaderboards import Scope
from api.stats.metrics import METRICS, Metric
from api.stats.periods import Calendar, Period
from api.stores.clickhouse import ClickHouse

# A game waits some seconds for an answer, and its relay less.
_SECONDS: Final = 2.0
_TOP: Final = 5
_PERIODS: Final[dict[Period, str]] = {
    "day": "today",
    "week": "this week",
    "month": "this month",
    "season": "this season",
    "year": "this year",
    "all": "all time",
}
_LABELS: Final[dict[KnownBy, str]] = {
    "login": "member",
    "client": "this client",
    "name": "by name only",
    "nobody": "new",
}
_NEW: Final = "Nothing is counted for you yet. Play on, and ask again in a while."
_LOG_IN: Final = "Log in with a code from the forum, and the stats are yours: !login CODE"

Outcome = Literal["answered", "unknown", "wait", "away"]


class Question(msgspec.Struct, frozen=True):
    """What a player typed: a command without its mark, and the words after it."""

    server_id: int
    client_id: str
    name: str
    command: str
    arguments: str = ""


class Told(msgspec.Struct):
    """The lines for the player. `known_by` says how sure it is who asked: a login, a client id, a name."""

    outcome: Outcome
    lines: list[str]
    known_by: KnownBy | None = None


class _Board(msgspec.Struct, frozen=True):
    metric: Metric
    period: Period

    @property
    def title(self) -> str:
        return f"{self.metric.title}, {_PERIODS[self.period]}"


_Reply = Callable[[ClickHouse, Asker, str, Calendar], Awaitable[list[str]]]


async def answer(
    logins: Logins, clickhouse: ClickHouse, limits: Limits, question: Question, now: Calendar
) -> Told:
    """Answer a player. Whatever is in the way is told in words as well, for nobody else would tell."""
    try:
        who = question.client_id or question.name
        await limits.spend("commands", f"{question.server_id}:{who}")
    except TooManyRequests:
        return Told("wait", words.lines("Not so fast: ask again in a minute."))
    reply = _REPLIES.get(question.command.lower())
    if reply is None:
        return Told("unknown", _help())
    try:
        async with asyncio.timeout(_SECONDS):
            asker = await of_client(logins, clickhouse, question.client_id, question.name)
            told = await reply(clickhouse, asker, question.arguments.strip(), now)
    except (TimeoutError, StoreUnavailable):
        return Told("away", words.lines("The stats are away for a moment. Nothing is lost: ask again later."))
    return Told("answered", told, asker.known_by)


def _help() -> list[str]:
    return words.lines(
        "You can ask: stats [NAME], rank [BOARD] [PERIOD], top [BOARD] [PERIOD], last, nemesis, whoami.",
        words.listed("Boards:", ["kills", "kd", "headshots", "accuracy", "playtime", "best_streak ..."])
        + ". Periods: day, week, month, season, year, all.",
    )


def _called(asker: Asker) -> str:
    label = _LABELS[asker.known_by]
    if asker.identity is not None and asker.identity.rung == "verified":
        label = "member"
    return f"{words.plain(asker.name)} ({label})"


async def _stats(clickhouse: ClickHouse, asker: Asker, arguments: str, _: Calendar) -> list[str]:
    if arguments:
        return await _stats_of(clickhouse, arguments)
    if asker.person is None:
        return words.lines(_NEW)
    return _record(_called(asker), await summary.record(clickhouse, asker.person))


async def _stats_of(clickhouse: ClickHouse, name: str) -> list[str]:
    found = await players.find(clickhouse, name[:64], "kills", "include", paging.START, 1, "include")
    if not found.players:
        return words.lines(f"Nobody is known whose name holds {words.plain(name)}.")
    who = found.players[0].player
    known = await person(clickhouse, parse(who.id))
    label = {"verified": "member", "client": "client", "name": "by name only", "bot": "bot"}[who.rung]
    if who.flagged:
        label += ", flagged"
    return _record(f"{words.plain(who.name)} ({label})", await summary.record(clickhouse, known))


def _record(whose: str, record: summary.Record | None) -> list[str]:
    if record is None:
        return words.lines(_NEW)
    totals = record.totals
    first = [
        words.many(totals.kills, "kill"),
        words.many(totals.deaths, "death"),
        f"K/D {totals.kd:.2f}",
        words.many(totals.kill_headshots, "headshot"),
        f"best streak {record.best_streak}",
    ]
    second = [
        words.many(record.matches, "match", "matches"),
        words.many(totals.suicides, "suicide"),
        words.many(totals.team_kills, "team kill"),
    ]
    if totals.accuracy is not None:
        second.append(f"accuracy {100 * totals.accuracy:.0f} of 100 shots")
    return words.lines(words.listed(f"{whose}:", first), words.listed("Also:", second))


async def _rank(clickhouse: ClickHouse, asker: Asker, arguments: str, now: Calendar) -> list[str]:
    board = _board(arguments)
    if isinstance(board, str):
        return words.lines(board)
    if asker.person is None:
        return words.lines(_NEW)
    if asker.identity is not None and asker.identity.flagged:
        return words.lines(f"{_called(asker)} is flagged by an admin, and stands on no board.")
    scope, metric = Scope(board.period, bots="include" if _is_bot(asker) else "exclude"), board.metric
    found = await leaderboards.standing(clickhouse, metric.name, scope, now, asker.person.player)
    if found.rank is None:
        needed = f" It takes {metric.minimum} {metric.sample} to be on it." if metric.minimum else ""
        return words.lines(f"{_called(asker)} is not on the board yet: {board.title}.{needed}")
    value = words.amount(found.value, metric.unit)
    told = f"{_called(asker)} is number {found.rank} by {board.title}: {value}."
    if found.above is not None:
        above = (await identities(clickhouse, [found.above]))[found.above]
        told += f" Next above: {words.plain(above.name)}, {words.amount(found.above_value, metric.unit)}."
    return words.lines(told)


async def _top(clickhouse: ClickHouse, _: Asker, arguments: str, now: Calendar) -> list[str]:
    board = _board(arguments)
    if isinstance(board, str):
        return words.lines(board)
    found = await leaderboards.board(
        clickhouse, board.metric.name, Scope(board.period), now, paging.START, _TOP
    )
    if not found.players:
        return words.lines(f"{board.title}: nobody is on this board yet.")
    places = [
        f"{place.rank}. {words.plain(place.player.name)} {words.amount(place.value, board.metric.unit)}"
        for place in found.players
    ]
    return words.lines(words.listed(f"{board.title}:", places))


def _board(arguments: str) -> _Board | str:
    """Return the board that was named, in words of any order, or what is wrong with it."""
    metric, period = METRICS["kills"], "all"
    for word in arguments.lower().split():
        if word in METRICS:
            metric = METRICS[word]
        elif word in get_args(Period):
            period = word
        else:
            return words.listed(f"There is no board {words.plain(word)}. There are", METRICS)
    return _Board(metric, msgspec.convert(period, Period))


async def _last(clickhouse: ClickHouse, asker: Asker, _: str, __: Calendar) -> list[str]:
    match = await matches.last_match(clickhouse, asker.person) if asker.person else None
    if match is None:
        return words.lines(_NEW)
    how = f"{words.many(match.kills, 'kill')}, {words.many(match.deaths, 'death')}"
    how += f", best streak {match.best_streak}"
    if match.winning_team and match.team:
        how += ", won" if match.winning_team == match.team else ", lost"
    where = f"{words.plain(match.map, 40)} {words.plain(match.gametype)}"
    return words.lines(
        f"{_called(asker)}, last match, {where}, {match.started_at:%Y-%m-%d %H:%M} UTC: {how}."
    )


async def _nemesis(clickhouse: ClickHouse, asker: Asker, _: str, __: Calendar) -> list[str]:
    if asker.person is None:
        return words.lines(_NEW)
    nemesis, victim = await rivals.closest(clickhouse, asker.person)
    told = []
    if nemesis is not None:
        name = words.plain(nemesis.player.name)
        told.append(
            f"{name} killed you {words.times(nemesis.deaths)}, you {name} {words.times(nemesis.kills)}."
        )
    if victim is not None:
        name = words.plain(victim.player.name)
        told.append(f"You killed {name} most: {words.times(victim.kills)}.")
    return words.lines(f"{_called(asker)}:", *told) if told else words.lines("You have no nemesis yet.")


async def _whoami(_: ClickHouse, asker: Asker, __: str, ___: Calendar) -> list[str]:
    name, linked = words.plain(asker.name), asker.identity is not None and asker.identity.rung == "verified"
    if asker.known_by == "login":
        return words.lines(f"You are {name}, logged in: your stats are the forum member's.")
    if asker.known_by == "client" and linked:
        return words.lines(f"You are not logged in. The stats of this client are the forum member {name}'s.")
    if asker.known_by == "client":
        return words.lines(f"You are {name}, known by this client of the game.", _LOG_IN)
    if asker.known_by == "name":
        return words.lines(f"You are {name} by name only, which anybody may use.", _LOG_IN)
    return words.lines("You are new here.", _NEW)


def _is_bot(asker: Asker) -> bool:
    return asker.identity is not None and asker.identity.bot


_REPLIES: Final[dict[str, _Reply]] = {
    "stats": _stats,
    "rank": _rank,
    "top": _top,
    "last": _last,
    "nemesis": _nemesis,
    "whoami": _whoami,
}
