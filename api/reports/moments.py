"""What a report is made of: the deaths and objectives of a match, in the order in which they happened."""

from math import sqrt
from typing import Literal

import msgspec

SIDES = ("allies", "axis")
NOBODY = -1

Kind = Literal["kill", "team_kill", "suicide", "objective"]
Place = tuple[float, float, float]


class Moment(msgspec.Struct, frozen=True, array_like=True):
    """Somebody died, or took an objective. Players are numbers: their places in the list of fighters."""

    at: int
    """Unix milliseconds."""
    kind: Kind
    actor: int = NOBODY
    """Who did it; NOBODY for the world."""
    target: int = NOBODY
    actor_side: str = ""
    """allies, axis, or "" where there are no sides."""
    target_side: str = ""
    weapon: str = ""
    hitloc: str = ""
    mod: str = ""
    actor_place: Place | None = None
    """Game units."""
    target_place: Place | None = None

    @property
    def at_head(self) -> bool:
        """Whether it was a headshot."""
        return self.hitloc in ("head", "helmet")

    @property
    def distance(self) -> float | None:
        """From one to the other in game units; None where a place is unknown."""
        if self.actor_place is None or self.target_place is None:
            return None
        ways = ((a - b) ** 2 for a, b in zip(self.actor_place, self.target_place, strict=True))
        return round(sqrt(sum(ways)), 1)


def side_of(team: str, gametype: str) -> str:
    """Return the side that a team is: "" in a game without sides, and for whoever is on none."""
    return team if gametype != "ffa" and team in SIDES else ""
