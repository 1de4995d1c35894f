"""How a match went: who led when, runs of kills, who killed whom, with what, and where."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from api.reports.moments import NOBODY, SIDES, Moment

# Kills each at most so long after the one before are a multi-kill, as in
# clickhouse/migrations/0003_counting.sql.
MULTI_KILL_MS: Final = 4_000
# Shorter streaks are not told.
STREAK: Final = 3


class Lead(msgspec.Struct, frozen=True, array_like=True):
    """Somebody else was alone in the lead from here on: a side, or without sides a player."""

    at: int
    """Unix milliseconds."""
    side: str
    player: int
    kills: int
    next: int
    """Kills of the best of the others."""


class Run(msgspec.Struct, frozen=True, array_like=True):
    """Kills of one player in a row: a streak, or a multi-kill."""

    player: int
    kills: int
    start: int
    """Its first kill, unix milliseconds."""
    end: int


class Pair(msgspec.Struct, frozen=True, array_like=True):
    """How often one killed another."""

    killer: int
    victim: int
    kills: int


class Weapon(msgspec.Struct, frozen=True, array_like=True):
    """Kills with a weapon; where no weapon was said, by the means of death."""

    name: str
    kills: int
    headshots: int
    longest: float | None
    """The longest way of a kill, game units."""
    players: int
    """How many killed with it."""


class Tile(msgspec.Struct, frozen=True, array_like=True):
    """A tile of the map, by its corner with the lowest x and y in game units, and what happened on it."""

    x: int
    y: int
    kills: int
    deaths: int


def has_sides(moments: Sequence[Moment]) -> bool:
    """Tell whether sides fought each other."""
    return any(moment.actor_side for moment in moments if moment.kind == "kill")


def leads(moments: Sequence[Moment]) -> list[Lead]:
    """Return when the lead, in kills, was taken. A draw leaves it to who had it, until another is ahead."""
    sided = has_sides(moments)
    counts: Counter[str | int] = Counter(dict.fromkeys(SIDES, 0) if sided else {})
    leader: str | int | None = None
    found = []
    for moment in _kills(moments):
        who: str | int = moment.actor_side if sided else moment.actor
        if who == "":
            continue
        counts[who] += 1
        # Only who has just killed can have gone ahead.
        behind = max((kills for other, kills in counts.items() if other != who), default=0)
        if who != leader and counts[who] > behind:
            leader = who
            side, player = (who, NOBODY) if isinstance(who, str) else ("", who)
            found.append(Lead(moment.at, side, player, counts[who], behind))
    return found


def streaks(moments: Sequence[Moment]) -> list[Run]:
    """Return everybody's runs of kills between deaths, the longest first."""
    running: dict[int, Run] = {}
    found: list[Run] = []
    for moment in moments:
        if moment.kind == "kill":
            running[moment.actor] = _longer(running.get(moment.actor), moment)
        if moment.kind != "objective" and (ended := running.pop(moment.target, None)):
            found.append(ended)
    return sorted([*found, *running.values()], key=_longest_first)


def multi_kills(moments: Sequence[Moment]) -> list[Run]:
    """Return runs of two kills and more, each within 4 s of the one before, the longest first."""
    running: dict[int, Run] = {}
    found: list[Run] = []
    for moment in _kills(moments):
        run = running.get(moment.actor)
        if run and moment.at - run.end > MULTI_KILL_MS:
            found.append(run)
            run = None
        running[moment.actor] = _longer(run, moment)
    return sorted([run for run in (*found, *running.values()) if run.kills > 1], key=_longest_first)


def versus(moments: Sequence[Moment]) -> list[Pair]:
    """Return who killed whom how often, the most often first."""
    pairs = Counter((kill.actor, kill.target) for kill in _kills(moments) if kill.target != NOBODY)
    return sorted((Pair(*pair, kills) for pair, kills in pairs.items()), key=_by_kills)


def weapons(moments: Sequence[Moment]) -> list[Weapon]:
    """Return what was killed with, the deadliest first."""
    by_name: defaultdict[str, list[Moment]] = defaultdict(list)
    for kill in _kills(moments):
        by_name[kill.weapon or kill.mod].append(kill)
    found = [
        Weapon(
            name,
            len(kills),
            sum(kill.at_head for kill in kills),
            max((way for kill in kills if (way := kill.distance) is not None), default=None),
            len({kill.actor for kill in kills}),
        )
        for name, kills in by_name.items()
    ]
    return sorted(found, key=lambda weapon: (-weapon.kills, weapon.name))


def tiles(moments: Sequence[Moment], edge: int) -> list[Tile]:
    """Return where was killed from, and died, on tiles so many game units wide."""
    counts: defaultdict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    for moment in moments:
        if moment.kind == "kill" and moment.actor_place:
            counts[corner(moment.actor_place, edge)][0] += 1
        if moment.kind != "objective" and moment.target_place:
            counts[corner(moment.target_place, edge)][1] += 1
    return [Tile(x, y, *both) for (x, y), both in sorted(counts.items())]


def corner(place: Sequence[float], edge: int) -> tuple[int, int]:
    """Return the corner of the tile that a place lies in."""
    return int(place[0] // edge) * edge, int(place[1] // edge) * edge


def _kills(moments: Sequence[Moment]) -> Iterator[Moment]:
    return (moment for moment in moments if moment.kind == "kill")


def _longer(run: Run | None, kill: Moment) -> Run:
    return Run(kill.actor, run.kills + 1, run.start, kill.at) if run else Run(kill.actor, 1, kill.at, kill.at)


def _longest_first(run: Run) -> tuple[int, int, int]:
    return -run.kills, run.start, run.player


def _by_kills(pair: Pair) -> tuple[int, int, int]:
    return -pair.kills, pair.killer, pair.victim
