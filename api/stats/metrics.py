"""What leaderboards can rank by. A metric's name is also a column of clickhouse/queries/leaderboards.sql."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from api.errors import Unprocessable


class Metric(msgspec.Struct, frozen=True):
    """A number by which players can be ranked, the highest first."""

    name: Annotated[str, Meta(examples=["kd"])]
    title: Annotated[str, Meta(examples=["Kills per death"])]
    definition: str
    unit: Annotated[str, Meta(examples=["ratio"])]
    source: Annotated[
        Literal["daily", "by_match"],
        Meta(
            description="counted by day, or match by match, then some seconds later; "
            "a match belongs to the day on which it began"
        ),
    ] = "daily"
    sample: Annotated[str, Meta(description="what `minimum` is a number of")] = "kills"
    minimum: Annotated[int, Meta(description="players with a smaller sample are left out")] = 0


_ALL = (
    Metric("kills", "Kills", "Enemies killed.", "kills"),
    Metric("deaths", "Deaths", "Deaths of every cause.", "deaths", sample="deaths"),
    Metric(
        "kd",
        "Kills per death",
        "Kills divided by deaths. Without a death it is the number of kills.",
        "ratio",
        sample="duels",
        minimum=20,
    ),
    Metric("headshots", "Headshots", "Kills at head or helmet.", "kills"),
    Metric(
        "headshot_ratio",
        "Headshot ratio",
        "Share of the kills that were at head or helmet.",
        "ratio",
        minimum=20,
    ),
    Metric(
        "accuracy",
        "Accuracy",
        "Hits divided by shots fired, on days on which the server reported shots.",
        "ratio",
        sample="shots",
        minimum=100,
    ),
    Metric("shots", "Shots", "Shots fired, where the server reports them.", "shots", sample="shots"),
    Metric("damage", "Damage dealt", "Damage done to enemies.", "health points"),
    Metric("damage_taken", "Damage taken", "Damage done by enemies.", "health points"),
    Metric("bash", "Bashes", "Kills with the butt of a weapon.", "kills"),
    Metric("grenade", "Grenade kills", "Kills by grenade.", "kills"),
    Metric("suicides", "Suicides", "Deaths by one's own hand or by nobody's.", "deaths", sample="suicides"),
    Metric("team_kills", "Team kills", "Team mates killed.", "kills", sample="team_kills"),
    Metric("chat_lines", "Chat lines", "Lines said in chat.", "lines"),
    Metric("jumps", "Jumps", "Times jumped.", "jumps"),
    Metric("reloads", "Reloads", "Times reloaded.", "reloads"),
    Metric("items", "Items", "Items, health, ammunition and armour picked up.", "items"),
    Metric("objectives", "Objectives", "Objectives captured.", "objectives"),
    Metric("distance", "Distance", "Way covered by any means.", "game units"),
    Metric("walked", "Walked", "Way walked.", "game units"),
    Metric("sprinted", "Sprinted", "Way sprinted.", "game units"),
    Metric("swam", "Swum", "Way swum.", "game units"),
    Metric("driven", "Driven", "Way driven.", "game units"),
    Metric("matches", "Matches", "Matches taken part in.", "matches", "by_match", "matches"),
    Metric("wins", "Wins", "Matches that ended with one's team as winner.", "matches", "by_match", "matches"),
    Metric(
        "playtime",
        "Playtime",
        "Time between joining a team and leaving it.",
        "seconds",
        "by_match",
        "matches",
    ),
    Metric("best_streak", "Best streak", "Most kills between two deaths.", "kills", "by_match", "matches"),
    Metric(
        "multi_kills",
        "Multi-kills",
        "Runs of two or more kills, each within 4 s of the one before.",
        "runs",
        "by_match",
        "matches",
    ),
)
METRICS = {metric.name: metric for metric in _ALL}


def metric(name: str) -> Metric:
    """Return a metric. Raises Unprocessable, naming those that exist, for an unknown one."""
    found = METRICS.get(name)
    if found is None:
        raise Unprocessable(f"no metric is called {name[:40]!r}; there are {', '.join(METRICS)}")
    return found
