"""Kills grouped into fights, by time and by who was in them.

A kill at a time t belongs to every fight that has one of its two fighters, whose last kill was at most
`gap` before t and whose first at most `window`. Where those are several, they have become one; where
there is none, the kill begins one. In the end, fights with fewer than `minimum` kills were none. So no
fight is longer than the window, and the order of kills of the same moment does not matter. Team kills and
suicides neither begin a fight nor keep one going.
"""

from collections import Counter
from collections.abc import Sequence

import msgspec

from api.reports.moments import NOBODY, SIDES, Moment


class Rules(msgspec.Struct, frozen=True):
    """How kills are grouped: milliseconds, and the least number of kills."""

    window: int = 30_000
    gap: int = 12_000
    minimum: int = 2


class Fighter(msgspec.Struct, frozen=True, array_like=True):
    """What somebody did in a fight."""

    player: int
    side: str
    kills: int
    deaths: int


class Engagement(msgspec.Struct, frozen=True, array_like=True):
    """A fight."""

    kills: list[int]
    """Places in the list of moments."""
    start: int
    """Its first kill, unix milliseconds."""
    length: int
    """To its last kill, milliseconds."""
    fighters: list[Fighter]
    """The most kills first."""
    by_side: list[int]
    """Kills of allies and of axis."""
    winning_side: str
    """The side with more kills; "" for a draw, and without sides."""
    winner: int
    """Without sides: who alone has the most kills; NOBODY for a draw."""
    place: tuple[int, int] | None
    """The middle of where the victims died, or stood who killed them where that is unknown, in game units."""


class _Fight(msgspec.Struct):
    kills: list[int]
    first: int
    last: int
    who: set[int]


def engagements(moments: Sequence[Moment], rules: Rules) -> list[Engagement]:
    """Return the fights among moments, which are in the order of time; the first to begin first."""
    open_fights: list[_Fight] = []
    fights: list[_Fight] = []
    for number, moment in enumerate(moments):
        if moment.kind != "kill":
            continue
        # What is over by now stays so.
        open_fights = [
            fight
            for fight in open_fights
            if moment.at - fight.last <= rules.gap and moment.at - fight.first <= rules.window
        ]
        both = {moment.actor, moment.target} - {NOBODY}
        joined = [fight for fight in open_fights if fight.who & both]
        if not joined:
            joined = [_Fight([], moment.at, moment.at, set())]
            open_fights += joined
            fights += joined
        fight, *others = joined
        for other in others:
            fight.kills += other.kills
            fight.first = min(fight.first, other.first)
            fight.who |= other.who
            other.kills = []
            open_fights = [each for each in open_fights if each is not other]
        fight.kills.append(number)
        fight.last = moment.at
        fight.who |= both
    found = [
        _told(sorted(fight.kills), moments) for fight in fights if len(fight.kills) >= max(1, rules.minimum)
    ]
    return sorted(found, key=lambda fight: (fight.start, fight.kills))


def _told(kills: list[int], moments: Sequence[Moment]) -> Engagement:
    made, lost, sides = Counter[int](), Counter[int](), dict[int, str]()
    by_side = Counter[str]()
    for moment in (moments[number] for number in kills):
        made[moment.actor] += 1
        lost[moment.target] += 1
        by_side[moment.actor_side] += 1
        sides[moment.actor] = moment.actor_side
        if moment.target != NOBODY:
            sides[moment.target] = moment.target_side
    who = sorted(sides, key=lambda player: (-made[player], lost[player], player))
    sided = any(sides.values())
    allies, axis = (by_side[side] for side in SIDES)
    best = [player for player in who if made[player] == made[who[0]]]
    return Engagement(
        kills=kills,
        start=moments[kills[0]].at,
        length=moments[kills[-1]].at - moments[kills[0]].at,
        fighters=[Fighter(player, sides[player], made[player], lost[player]) for player in who],
        by_side=[allies, axis],
        winning_side="" if allies == axis else SIDES[allies < axis],
        winner=best[0] if len(best) == 1 and not sided else NOBODY,
        place=_middle([moments[number] for number in kills]),
    )


def _middle(kills: Sequence[Moment]) -> tuple[int, int] | None:
    places = [place for kill in kills if (place := kill.target_place or kill.actor_place) is not None]
    if not places:
        return None
    # Added up in whole units: sums of fractions depend on their order.
    xs, ys = (sum(round(place[axis]) for place in places) for axis in (0, 1))
    return round(xs / len(places)), round(ys / len(places))
