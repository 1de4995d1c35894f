"""A player's skill as people read it."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

# Ratings are kept in millionths, so that they are the same wherever a computation is taken up again.
UNIT: Final = 1_000_000

_DEVIATIONS: Final = 3
# 95% of a normal distribution lie within so many standard deviations of its middle.
_INTERVAL: Final = 1.96


class Rated(msgspec.Struct, kw_only=True):
    """What a match did to a player's rating, in millionths."""

    player_key: int
    mu_before: int
    sigma_before: int
    mu: int
    sigma: int
    expected: int
    result: int


class Skill(msgspec.Struct):
    """What is believed of a player's skill: a normal distribution. Everybody begins at 25 ± 8.33."""

    mu: Annotated[float, Meta(description="its middle", examples=[27.1])]
    sigma: Annotated[float, Meta(description="its standard deviation: the uncertainty")]
    ordinal: Annotated[
        float, Meta(description="mu - 3 sigma: what can be said for sure, and what boards rank by")
    ]
    low: Annotated[float, Meta(description="skill lies between low and high with a chance of 95%")]
    high: float


def skill(mu: int, sigma: int) -> Skill:
    """Return a rating, in millionths, as people read it."""
    middle, deviation = mu / UNIT, sigma / UNIT
    return Skill(
        round(middle, 3),
        round(deviation, 3),
        round(middle - _DEVIATIONS * deviation, 3),
        round(middle - _INTERVAL * deviation, 3),
        round(middle + _INTERVAL * deviation, 3),
    )
