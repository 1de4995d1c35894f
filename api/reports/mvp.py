"""Who was worth most in a match: points for what they did, by a plain sum.

A kill is worth 10 points, a headshot 2 more, an objective 15, the first blood 5. The longest streak is
worth 2 for each kill beyond its second, and each kill of a multi-kill beyond its first 3. A death costs
5, by whatever hand, and a team kill 10.
"""

from collections.abc import Sequence
from typing import Final

import msgspec


class Tally(msgspec.Struct, frozen=True, array_like=True):
    """What counts of what somebody did."""

    kills: int = 0
    headshots: int = 0
    objectives: int = 0
    first_blood: int = 0
    best_streak: int = 0
    multi_kills: int = 0
    """Kills of multi-kills, beyond the first of each."""
    deaths: int = 0
    team_kills: int = 0


class Part(msgspec.Struct, frozen=True):
    """What somebody did so often, and what it is worth."""

    what: str
    count: int
    points: int


# What is counted, in words (one, several), and what each is worth.
_WORTH: Final = (
    ("kills", "kill", "kills", 10),
    ("headshots", "headshot", "headshots", 2),
    ("objectives", "objective", "objectives", 15),
    ("first_blood", "first blood", "first blood", 5),
    ("multi_kills", "kill in quick succession", "kills in quick succession", 3),
    ("deaths", "death", "deaths", -5),
    ("team_kills", "team kill", "team kills", -10),
)
_STREAK: Final = 2


def parts(tally: Tally) -> list[Part]:
    """Return what somebody's points are made of."""
    found = [
        Part(one if count == 1 else several, count, count * worth)
        for field, one, several, worth in _WORTH
        if (count := getattr(tally, field))
    ]
    if tally.best_streak > _STREAK:
        worth = 2 * (tally.best_streak - _STREAK)
        found.append(Part(f"a streak of {tally.best_streak}", tally.best_streak, worth))
    # What was good comes first.
    return sorted(found, key=lambda part: part.points < 0)


def points(tally: Tally) -> int:
    """Return what somebody was worth."""
    return sum(part.points for part in parts(tally))


def best(tallies: Sequence[Tally], eligible: Sequence[bool]) -> int | None:
    """Return who was worth most; among equals, who killed more, then who died less, then who came first.

    None where nobody who may be named has a point.
    """
    ranked = ranking(tallies, eligible)
    return ranked[0] if ranked and points(tallies[ranked[0]]) > 0 else None


def ranking(tallies: Sequence[Tally], eligible: Sequence[bool]) -> list[int]:
    """Return those who may be named, the worthiest first."""
    who = [number for number, may in enumerate(eligible) if may]
    return sorted(who, key=lambda n: (-points(tallies[n]), -tallies[n].kills, tallies[n].deaths, n))


def reason(tallies: Sequence[Tally], eligible: Sequence[bool]) -> str:
    """Say with numbers why the best one is: "9 kills (+90), 2 deaths (−10): 80 points, 12 ahead of the next".

    Somebody must be eligible.
    """
    first, *others = ranking(tallies, eligible)
    told = ", ".join(f"{_counted(part)} ({part.points:+d})" for part in parts(tallies[first]))
    ahead = f", {points(tallies[first]) - points(tallies[others[0]])} ahead of the next" if others else ""
    return f"{told}: {points(tallies[first])} points{ahead}".replace("(-", "(\N{MINUS SIGN}")


def _counted(part: Part) -> str:
    alone = part.what == "first blood" or part.what.startswith("a streak")
    return part.what if alone else f"{part.count} {part.what}"
