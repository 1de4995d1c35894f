"""The judging: what a player did, held against the catalogue. No I/O."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from api.achievements.catalogue import FAMILIES, Achievement


class End(msgspec.Struct, frozen=True):
    """The match with which something was earned, and when it was over."""

    match: str
    at: datetime


class Facts(msgspec.Struct):
    """What a player did, by family: how much, and what earned each tier within matches.

    `matches`: that are over and that the player played in; `last`: the latest of them.
    """

    player: int
    counted: dict[str, float] = {}
    earned: dict[str, list[End | None]] = {}
    matches: int = 0
    last: End | None = None
    bot: bool = False
    flagged: bool = False


class Judged(msgspec.Struct, frozen=True):
    """How far a player is with an achievement."""

    achievement: Achievement
    value: Annotated[float, Meta(description="what was counted so far; earned from `target` on")]
    earned: bool
    end: End | None = None


def judge(facts: Facts) -> list[Judged]:
    """Return how far a player is with each achievement, in the order of the catalogue.

    Bots and whom an admin flagged have earned nothing. What all play came to was earned with the latest
    match, for whoever judges after each.
    """
    if facts.bot or facts.flagged:
        return [Judged(each, 0, False) for family in FAMILIES for each in family.achievements]
    return [
        _judged(facts, each, tier, within_matches=family.counts != "career")
        for family in FAMILIES
        for tier, each in enumerate(family.achievements)
    ]


def _judged(facts: Facts, achievement: Achievement, tier: int, *, within_matches: bool) -> Judged:
    value = facts.counted.get(achievement.family, 0.0)
    if value < achievement.target:
        return Judged(achievement, value, False)
    ends = facts.earned.get(achievement.family, [])
    end = (ends[tier] if tier < len(ends) else None) if within_matches else facts.last
    return Judged(achievement, value, True, end)
