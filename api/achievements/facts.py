"""What achievements count of a player: metrics of the catalogue that can but grow, and facts of one match.

An expression is SQL over the columns of its source and nothing but a constant, as in api/stats/metrics.py.
"""

import re
from typing import Final, Literal

import msgspec

from api.stats.metrics import METRICS, RECIPES, Recipe

Table = Literal["totals", "acts", "results", "ratings", "parts", "weapons"]


class Fact(msgspec.Struct, frozen=True):
    """Something that can be counted: of a player, or of a player's part in one match."""

    definition: str
    value: str
    table: Table = "results"


_SUM_IF: Final = re.compile(r"\b(sum|max)If\((\w+), ")
_SUM: Final = re.compile(r"\b(sum|max)\((\w+)\)")
_TABLES: Final[dict[str, Table]] = {"daily": "totals", "acts": "acts", "by_match": "results"}


def _value(recipe: Recipe) -> str:
    """Return a metric's expression; that of acts as one over the rows of all acts."""
    if not recipe.acts:
        return recipe.value
    these = f"act IN ({', '.join(map(repr, recipe.acts))})"
    told = _SUM_IF.sub(rf"\1If(\2, {these} AND ", recipe.value)
    return _SUM.sub(rf"\1If(\2, {these})", told)


def _metrics() -> dict[str, Fact]:
    """Return the metrics that only grow while somebody plays: no ratio, share or rating."""
    return {
        name: Fact(metric.definition, _value(RECIPES[name]), _TABLES[metric.source])
        for name, metric in METRICS.items()
        if metric.source in _TABLES
        and metric.direction == "highest"
        and not RECIPES[name].by_day
        and not any(part in RECIPES[name].value for part in ("ratio_of", "kd_of", "/ greatest"))
    }


# Of all that somebody played, in matches that are over where it is told match by match.
CAREER: Final[dict[str, Fact]] = {
    **_metrics(),
    "days": Fact(
        "Days, in UTC, on which matches began that one played in.",
        "uniqExactIf(toDate(started_at), took_part)",
    ),
    "maps": Fact("Maps played on.", "uniqExactIf(map, took_part AND map != '')"),
    "servers": Fact("Servers played on.", "uniqExactIf(server_id, took_part)"),
    "peak_rating": Fact(
        "The highest rating ever, in any game type.", "max(mu - 3 * sigma) / 1000000", "ratings"
    ),
    "longest_kill": Fact("The longest kill, in game units.", "max(farthest).1", "parts"),
    "weapons": Fact(
        "Weapons with which an enemy was killed.",
        "uniqExactIf(weapon, kills > 0 AND weapon != '')",
        "weapons",
    ),
}

# Of one match that is over, and in which one played, killed or died.
MATCH: Final[dict[str, Fact]] = {
    "kills": Fact("Enemies killed.", "kills"),
    "deaths": Fact("Deaths of every cause.", "deaths"),
    "headshots": Fact("Kills at head or helmet.", "kill_headshots"),
    "headshot_share": Fact(
        "Those, in per cent of the kills.", "ifNull(100 * ratio_of(kill_headshots, kills), 0)"
    ),
    "kills_per_death": Fact("Kills divided by deaths; without a death, kills.", "kd_of(kills, deaths)"),
    "kills_a_minute": Fact("Kills for each minute played.", "ifNull(ratio_of(kills, playtime / 60000), 0)"),
    "even": Fact("Kills, where deaths are as many.", "if(kills = deaths, kills, 0)"),
    "damage": Fact("Damage done to enemies.", "damage_dealt / 1000"),
    "minutes": Fact("Minutes played.", "playtime / 60000"),
    "best_streak": Fact("Most kills between two deaths.", "best_streak"),
    "multi_kill": Fact("Most kills in one go, each within 4 s.", "arrayMax(arrayPushBack(multi_kills, 0))"),
    "first_kills": Fact("1: the first kill of the match.", "first_kills"),
    "last_kills": Fact("1: the last kill of the match.", "last_kills"),
    "revenges": Fact("Deaths whose killer one killed before dying again.", "revenges"),
    "trades": Fact("Kills of an enemy who had just killed a team mate.", "trades"),
    "rounds": Fact("Rounds that ended in the match.", "rounds"),
    "won": Fact("1: won.", "outcome = 1"),
    "lost": Fact("1: lost.", "outcome = -1"),
    "team_game": Fact("1: no free-for-all.", "gametype != 'ffa'"),
    "hour": Fact("The hour in which the match began, UTC.", "toHour(started_at)"),
    "month_day": Fact(
        "The day on which it began, UTC: 606 is the sixth of June.",
        "toMonth(started_at) * 100 + toDayOfMonth(started_at)",
    ),
}
