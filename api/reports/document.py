"""A report as it is kept: all that follows from a match's moments by the rules, and no player's name."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from api.reports import course
from api.reports.course import Lead, Pair, Run, Tile, Weapon
from api.reports.engagements import Engagement, Rules, engagements
from api.reports.moments import NOBODY, SIDES, Moment
from api.reports.mvp import Tally

# Another answer to the same events needs another number: reports of the old one are made anew.
VERSION: Final = 2
# So many kills and deaths are listed; all of them count.
FEED: Final = 5_000


class Document(msgspec.Struct, frozen=True):
    """What a match came to. Players are places in the list of fighters; moments, in `moments`."""

    sided: bool
    by_side: list[int]
    """Kills of allies and of axis."""
    tallies: list[Tally]
    """Of the fighters, in their order."""
    first_blood: Moment | None
    last_blood: Moment | None
    leads: list[Lead]
    streaks: list[Run]
    multi_kills: list[Run]
    versus: list[Pair]
    weapons: list[Weapon]
    edge: int
    """Of a tile, in game units."""
    tiles: list[Tile]
    engagements: list[Engagement]
    moments: list[Moment]
    """The first of them."""
    told: int
    """How many there are."""


def document(moments: Sequence[Moment], fighters: int, rules: Rules, edge: int) -> Document:
    """Return the report of moments in the order of time; `edge` is that of a tile in game units."""
    streaks, multi_kills = course.streaks(moments), course.multi_kills(moments)
    kills = [moment for moment in moments if moment.kind == "kill"]
    return Document(
        sided=course.has_sides(moments),
        by_side=[sum(kill.actor_side == side for kill in kills) for side in SIDES],
        tallies=_tallies(moments, fighters, streaks, multi_kills),
        first_blood=kills[0] if kills else None,
        last_blood=kills[-1] if kills else None,
        leads=course.leads(moments),
        streaks=[run for run in streaks if run.kills >= course.STREAK],
        multi_kills=multi_kills,
        versus=course.versus(moments),
        weapons=course.weapons(moments),
        edge=edge,
        tiles=course.tiles(moments, edge),
        engagements=engagements(moments, rules),
        moments=list(moments[:FEED]),
        told=len(moments),
    )


def _tallies(
    moments: Sequence[Moment], fighters: int, streaks: Sequence[Run], multi_kills: Sequence[Run]
) -> list[Tally]:
    counts: dict[str, Counter[int]] = {field: Counter() for field in Tally.__struct_fields__}
    for moment in moments:
        match moment.kind:
            case "kill":
                if not counts["first_blood"]:
                    counts["first_blood"][moment.actor] = 1
                counts["kills"][moment.actor] += 1
                counts["headshots"][moment.actor] += moment.at_head
            case "team_kill":
                counts["team_kills"][moment.actor] += 1
            case "objective":
                counts["objectives"][moment.actor] += 1
        if moment.kind != "objective" and moment.target != NOBODY:
            counts["deaths"][moment.target] += 1
    for run in streaks:
        counts["best_streak"][run.player] = max(counts["best_streak"][run.player], run.kills)
    for run in multi_kills:
        counts["multi_kills"][run.player] += run.kills - 1
    return [
        Tally(**{field: counted[player] for field, counted in counts.items()}) for player in range(fighters)
    ]
