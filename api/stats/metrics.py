"""The one catalogue of metrics: what each is, how it is counted, and who may stand on its board.

From it are made: the boards' SQL, drill-down, `/stats/leaderboards`, the pages of boards, `/docs/stats` and
docs/stats.md. An expression is SQL over the columns of its source, and nothing but a constant of this module;
drill-down reads the same names from the log itself (clickhouse/queries/drilldown.sql).
"""

from collections.abc import Sequence
from typing import Annotated, Final, Literal, get_args

import msgspec
from msgspec import Meta

from api.errors import Unprocessable
from api.servers.reported import NEEDS

Group = Literal["combat", "movement", "items", "match play", "social", "fun"]
Source = Literal["daily", "acts", "by_match", "rated"]
Ranks = Literal["value", "wilson_95"]
By = Literal[
    "player",
    "victim",
    "killer",
    "weapon",
    "map",
    "gametype",
    "server",
    "hitloc",
    "cause",
    "stance",
    "hour",
    "weekday",
    "reach",
    "item",
]

SOURCES: Final[dict[Source, str]] = {
    "daily": "by day",
    "acts": "by day",
    "by_match": "match by match, some seconds later; a match belongs to the day on which it began",
    "rated": "when a match has ended, some seconds later; a match belongs to the day on which it began",
}
TABLES: Final[dict[Source, str]] = {
    "daily": "player_daily",
    "acts": "player_acts",
    "by_match": "match_results",
    "rated": "ratings",
}


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """A number by which players can be ranked."""

    name: Annotated[str, Meta(examples=["kd"])]
    title: Annotated[str, Meta(examples=["Kills per death"])]
    definition: str
    unit: Annotated[str, Meta(examples=["ratio"])]
    group: Group
    source: Annotated[Source, Meta(description="; ".join(f"{k}: counted {v}" for k, v in SOURCES.items()))]
    direction: Annotated[Literal["highest", "lowest"], Meta(description="which is the best")] = "highest"
    ranks: Annotated[
        Ranks,
        Meta(
            description="value: by the value itself; wilson_95: by the lower end of the share's 95 % "
            "interval (Wilson), so that a few lucky cases do not top the board"
        ),
    ] = "value"
    sample: Annotated[str, Meta(description="what `minimum` is a number of")]
    minimum: Annotated[int, Meta(description="players with a smaller sample are left out")] = 0
    reports: Annotated[
        tuple[str, ...],
        Meta(
            description="a server has to report one of these events; else the metric is unknown there, not 0"
        ),
    ] = ()
    dimensions: Annotated[
        tuple[By, ...], Meta(description="what /stats/query tells it by and narrows it to; none: not at all")
    ] = ()
    by_weapon: Annotated[bool, Meta(description="has a board for each weapon")] = False


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """How a metric is counted: aggregates over its source, by player.

    acts, kinds: the rows of player_acts that it is about. suffered: told by who it was done to.
    only_reporting: servers that do not report it are left out, or they would thin out the ratio. weapon:
    the expression over one weapon's rows of player_weapons, "" where it is not told by weapon. signed: 0
    and less stand on the board, too.
    """

    value: str
    sample: str
    acts: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    suffered: bool = False
    only_reporting: bool = False
    by_day: bool = False
    weapon: str = ""
    signed: bool = False


METRICS: Final[dict[str, Metric]] = {}
RECIPES: Final[dict[str, Recipe]] = {}
GROUPS: Final[tuple[Group, ...]] = ("combat", "movement", "items", "match play", "social", "fun")
# Hits count where somebody counted the shots.
_COUNTED: Final = "(day, server_id) NOT IN (SELECT day, server_id FROM server_days FINAL WHERE shots = 0)"
_HITS: Final = f"sumIf(hits, {_COUNTED})"
_PLAYED: Final = "countIf(took_part)"
_EVENT: Final[tuple[By, ...]] = get_args(By)
# What is known of a match as a whole, and of who was in it.
_MATCH: Final[tuple[By, ...]] = ("player", "map", "gametype", "server", "hour", "weekday")


def metric(name: str) -> Metric:
    """Return a metric. Raises Unprocessable, naming those that exist, for an unknown one."""
    found = METRICS.get(name)
    if found is None:
        raise Unprocessable(f"no metric is called {name[:40]!r}; there are {', '.join(METRICS)}")
    return found


def is_counted(chosen: Metric) -> bool:
    """Tell whether a metric is counted event by event, so that the log itself can be asked for it."""
    return chosen.source in ("daily", "acts")


def countable(name: str, by: By, narrowed: Sequence[By]) -> Metric:
    """Return a metric that can be told by a dimension, and narrowed to parts of others.

    Raises Unprocessable, with the reason, for any other.
    """
    found = metric(name)
    if not found.dimensions:
        raise Unprocessable(f"{name!r} is where a player stands now, and no sum: ask for 'rating_gained'")
    for each in (by, *narrowed):
        if each not in found.dimensions:
            raise Unprocessable(f"{name!r} cannot be told by {each}: {_why_not(found)}")
    return found


def _why_not(chosen: Metric) -> str:
    if is_counted(chosen):
        return "it holds what was done and what was suffered; ask for kills, or for deaths"
    return f"it follows from whole matches, which have a {', '.join(chosen.dimensions)} each"


def reporting(chosen: Metric) -> list[str]:
    """Return the events of which a server must have told one for its rows to count; none: all rows do."""
    return list(chosen.reports) if RECIPES[chosen.name].only_reporting else []


def _dimensions(source: Source, name: str) -> tuple[By, ...]:
    if name == "rating":
        return ()
    if name == "kd":
        return tuple(by for by in _EVENT if by not in ("victim", "killer"))
    return _EVENT if source in ("daily", "acts") else _MATCH


def _add(
    source: Source,
    group: Group,
    name: str,
    title: str,
    definition: str,
    unit: str,
    value: str,
    *,
    sample: str = "",
    cases: str = "",
    minimum: int = 0,
    reports: tuple[str, ...] = (),
    acts: tuple[str, ...] = (),
    kinds: tuple[str, ...] = (),
    weapon: bool | str = False,
    lowest: bool = False,
    suffered: bool = False,
    only_reporting: bool = False,
    signed: bool = False,
    plain: bool = False,
) -> None:
    by_weapon = weapon if isinstance(weapon, str) else value if weapon else ""
    METRICS[name] = Metric(
        name=name,
        title=title,
        definition=definition,
        unit=unit,
        group=group,
        source=source,
        direction="lowest" if lowest else "highest",
        ranks="wilson_95" if unit == "share" and not plain else "value",
        sample=sample or unit,
        minimum=minimum,
        reports=reports,
        dimensions=_dimensions(source, name),
        by_weapon=bool(by_weapon),
    )
    RECIPES[name] = Recipe(
        value=value,
        sample=cases or value,
        acts=acts,
        kinds=kinds,
        suffered=suffered,
        only_reporting=only_reporting,
        by_day=_COUNTED in value or only_reporting,
        weapon=by_weapon,
        signed=signed or lowest,
    )


def _acts(
    group: Group,
    name: str,
    title: str,
    definition: str,
    unit: str,
    *acts: str,
    kinds: tuple[str, ...] = (),
    suffered: bool = False,
    value: str = "",
) -> None:
    only = f"kind IN ({', '.join(repr(kind) for kind in kinds)})"
    counted = value or (f"sumIf(acts, {only})" if kinds else "sum(acts)")
    told = () if acts in (("kill",), ("death",)) else acts
    _add(
        "acts",
        group,
        name,
        title,
        definition,
        unit,
        counted,
        sample="times" if value else "",
        cases="sum(acts)" if value else "",
        reports=told,
        acts=acts,
        kinds=kinds,
        suffered=suffered,
    )


def _match(
    name: str,
    title: str,
    said: str,
    unit: str,
    value: str,
    *,
    group: Group = "match play",
    cases: str = _PLAYED,
    sample: str = "matches",
    minimum: int = 0,
    lowest: bool = False,
) -> None:
    _add(
        "by_match",
        group,
        name,
        title,
        said,
        unit,
        value,
        sample=sample,
        cases=cases,
        minimum=minimum,
        lowest=lowest,
    )


_add("daily", "combat", "kills", "Kills", "Enemies killed.", "kills", "sum(kills)", weapon=True)
_add(
    "daily",
    "combat",
    "deaths",
    "Deaths",
    "Deaths of every cause; by weapon, those by an enemy with it.",
    "deaths",
    "sum(deaths)",
    suffered=True,
    weapon=True,
)
_add(
    "daily",
    "combat",
    "kd",
    "Kills per death",
    "Kills divided by deaths. Without a death it is the number of kills.",
    "ratio",
    "kd_of(sum(kills), sum(deaths))",
    sample="kills and deaths",
    cases="sum(kills) + sum(deaths)",
    minimum=20,
    weapon=True,
)
_add(
    "daily",
    "combat",
    "headshots",
    "Headshots",
    "Kills at head or helmet.",
    "kills",
    "sum(kill_headshots)",
    weapon=True,
)
_add(
    "daily",
    "combat",
    "headshot_ratio",
    "Headshot ratio",
    "Share of the kills that were at head or helmet.",
    "share",
    "ratio_of(sum(kill_headshots), sum(kills))",
    sample="kills",
    cases="sum(kills)",
    minimum=20,
    weapon=True,
)
_add(
    "daily",
    "combat",
    "accuracy",
    "Accuracy",
    "Hits divided by shots fired, on days on which the server reported shots.",
    "share",
    f"accuracy_of(sum(shots), {_HITS})",
    sample="shots",
    cases="sum(shots)",
    minimum=100,
    reports=NEEDS["shots"],
)
_add(
    "daily",
    "combat",
    "shots",
    "Shots",
    "Shots fired.",
    "shots",
    "sum(shots)",
    reports=NEEDS["shots"],
    weapon=True,
)
_add(
    "daily",
    "combat",
    "hits",
    "Hits",
    "Shots that hit a player.",
    "shots",
    "sum(hits)",
    reports=NEEDS["hits"],
    weapon=True,
)
_add(
    "daily",
    "combat",
    "damage",
    "Damage dealt",
    "Damage done to enemies.",
    "health points",
    "sum(damage_dealt) / 1000",
    reports=NEEDS["damage"],
    weapon=True,
)
_add(
    "daily",
    "combat",
    "damage_taken",
    "Damage taken",
    "Damage done by enemies.",
    "health points",
    "sum(damage_taken) / 1000",
    reports=NEEDS["damage"],
    suffered=True,
)
_add("daily", "combat", "bash", "Bashes", "Kills with the butt of a weapon.", "kills", "sum(bash_kills)")
_add("daily", "combat", "grenade", "Grenade kills", "Kills by grenade.", "kills", "sum(grenade_kills)")
_acts(
    "combat",
    "roadkill",
    "Roadkills",
    "Kills by running an enemy over.",
    "kills",
    "kill",
    kinds=("vehicle",),
)
_acts(
    "combat",
    "telefrag",
    "Telefrags",
    "Kills by appearing where an enemy stood.",
    "kills",
    "kill",
    kinds=("telefrag",),
)
_acts(
    "combat",
    "crushed",
    "Crushed",
    "Deaths by being crushed.",
    "deaths",
    "death",
    kinds=("crush", "crush_every_frame"),
    suffered=True,
)
_add("daily", "combat", "team_kills", "Team kills", "Team mates killed.", "kills", "sum(team_kills)")
_add(
    "daily",
    "combat",
    "friendly_damage",
    "Friendly fire",
    "Damage done to team mates.",
    "health points",
    "sum(friendly_damage) / 1000",
    reports=NEEDS["damage"],
)
_add(
    "daily",
    "combat",
    "suicides",
    "Suicides",
    "Deaths by one's own hand or by nobody's.",
    "deaths",
    "sum(suicides)",
    suffered=True,
)
_add(
    "daily",
    "combat",
    "reloads",
    "Reloads",
    "Reloads begun.",
    "reloads",
    "sum(reloads)",
    reports=NEEDS["reloads"],
)
_add(
    "daily",
    "combat",
    "grenades_thrown",
    "Grenades thrown",
    "Grenades that left the hand.",
    "grenades",
    "sum(grenades)",
    reports=NEEDS["grenades"],
)
_acts(
    "combat",
    "weapon_swaps",
    "Weapon swaps",
    "Times another weapon was taken in hand.",
    "swaps",
    "weapon_change",
)
_acts(
    "combat",
    "no_ammo_clicks",
    "No-ammo clicks",
    "Times the trigger was pulled on an empty weapon.",
    "clicks",
    "weapon_no_ammo",
)

for column, title, said in (
    ("distance", "Distance", "Way covered by any means."),
    ("walked", "Walked", "Way walked."),
    ("sprinted", "Sprinted", "Way sprinted."),
    ("swam", "Swum", "Way swum."),
    ("driven", "Driven", "Way driven."),
):
    _add(
        "daily",
        "movement",
        column,
        title,
        said,
        "game units",
        f"sum({column}) / 1000",
        reports=NEEDS["distance"],
    )
_add(
    "daily",
    "movement",
    "jumps",
    "Jumps",
    "Times jumped.",
    "jumps",
    "sum(jumps)",
    reports=NEEDS["jumps"],
)
_acts("movement", "crouches", "Crouches", "Times gone down to a crouch.", "crouches", "player_crouch")
_add(
    "by_match",
    "movement",
    "crouch_time",
    "Crouch time",
    "Time in matches from going down to a crouch until standing up, lying down, dying, spawning or "
    "leaving; only on servers that tell of standing up.",
    "seconds",
    "sum(crouched) / 1000",
    sample="matches",
    cases="count()",
    reports=("player_stand",),
    only_reporting=True,
)
_acts("movement", "prones", "Prone", "Times lain down.", "times", "player_prone")
_acts("movement", "ladder_climbs", "Ladder climbs", "Times stepped on a ladder.", "climbs", "ladder_mount")
_acts(
    "movement",
    "highest_fall",
    "Highest fall",
    "The highest fall that ended in a landing.",
    "game units",
    "player_land",
    value="max(most) / 1000",
)
_acts("movement", "vehicles_entered", "Rides", "Times got into a vehicle.", "rides", "vehicle_enter")
_acts("movement", "turrets_manned", "Turrets manned", "Times took a turret.", "times", "turret_enter")

_add(
    "daily",
    "items",
    "items",
    "Items",
    "Items, health, ammunition and armour picked up.",
    "items",
    "sum(pickups)",
    reports=NEEDS["pickups"],
)
for name, title, said, act in (
    ("health_items", "Health picked up", "Times health was picked up.", "health_pickup"),
    ("ammo_items", "Ammunition picked up", "Times ammunition was picked up.", "ammo_pickup"),
    ("armor_items", "Armour picked up", "Times armour was picked up.", "armor_pickup"),
    (
        "other_items",
        "Other items",
        "Items picked up that are no health, ammunition or armour.",
        "item_pickup",
    ),
    ("item_drops", "Items dropped", "Items dropped.", "item_drop"),
    ("weapon_drops", "Weapons dropped", "Weapons dropped.", "weapon_drop"),
    ("objects_used", "Objects used", "Objects that one finished using.", "player_use_object_finish"),
    ("doors_opened", "Doors opened", "Doors opened.", "door_open"),
):
    _acts(
        "items",
        name,
        title,
        said,
        "items" if act.startswith(("item", "health", "ammo")) else "times",
        act,
    )
_acts(
    "items",
    "health_gained",
    "Health gained",
    "Health that picked up items gave, where the server says how much.",
    "health points",
    "health_pickup",
    value="sum(amount) / 1000",
)

_match("matches", "Matches", "Matches seen in.", "matches", "count()", cases="count()")
_match(
    "playtime",
    "Playtime",
    "Time between joining a team and leaving it.",
    "seconds",
    "sum(playtime) / 1000",
    cases="count()",
)
_match(
    "wins",
    "Wins",
    "Team games that ended with one's last team as winner, and free-for-all matches that "
    "ended with more kills than anybody else.",
    "matches",
    "countIf(outcome = 1)",
)
_match(
    "team_wins",
    "Team wins",
    "Matches, not free-for-all, that ended with one's last team as winner.",
    "matches",
    "countIf(outcome = 1 AND gametype != 'ffa')",
)
_match(
    "ffa_wins",
    "Free-for-all wins",
    "Free-for-all matches that ended with more kills than anybody else.",
    "matches",
    "countIf(outcome = 1 AND gametype = 'ffa')",
)
_match(
    "losses",
    "Losses",
    "Team games that ended with the other team as winner, and free-for-all matches "
    "in which somebody else had more kills.",
    "matches",
    "countIf(outcome = -1)",
)
_match(
    "win_ratio",
    "Win ratio",
    "Share of the matches won or lost that were won.",
    "share",
    "ratio_of(countIf(outcome = 1), countIf(outcome != 0))",
    sample="matches won or lost",
    cases="countIf(outcome != 0)",
    minimum=10,
)
_add(
    "daily",
    "match play",
    "objectives",
    "Objectives",
    "Objectives captured.",
    "objectives",
    "sum(objectives)",
    reports=NEEDS["objectives"],
)
_add(
    "by_match",
    "match play",
    "rounds",
    "Rounds",
    "Rounds that ended in matches that one played in, from the first of a match to its last.",
    "rounds",
    "sumIf(rounds, took_part)",
    sample="matches",
    cases=_PLAYED,
    reports=NEEDS["rounds"],
)
_match(
    "best_streak",
    "Best streak",
    "Most kills between two deaths, within a match.",
    "kills",
    "max(best_streak)",
)
_match(
    "multi_kills",
    "Multi-kills",
    "Runs of two or more kills, each within 4 s of the one before.",
    "runs",
    "sum(length(multi_kills))",
)
_match("first_kills", "First kills", "Matches whose first kill was one's own.", "kills", "sum(first_kills)")
_match(
    "last_kills",
    "Last kills",
    "Matches that ended and whose last kill was one's own.",
    "kills",
    "sum(last_kills)",
)
_match(
    "revenges",
    "Revenge",
    "Deaths whose killer one killed before dying again, in the same match.",
    "kills",
    "sum(revenges)",
)
_match(
    "trades",
    "Trades",
    "Kills of an enemy who, in that life and at most 4 s before, had killed a team mate.",
    "kills",
    "sum(trades)",
)
_match(
    "kills_a_minute",
    "Kills a minute",
    "Kills in matches divided by the minutes played in them.",
    "ratio",
    "ratio_of(sum(kills), sum(playtime) / 60000)",
    sample="minutes",
    cases="intDiv(sum(playtime), 60000)",
    minimum=30,
)
_match(
    "deaths_a_match",
    "Deaths a match",
    "Deaths in matches divided by the matches played in. Few are good.",
    "ratio",
    f"ratio_of(sum(deaths), {_PLAYED})",
    minimum=10,
    lowest=True,
)
_add(
    "rated",
    "match play",
    "rating",
    "Rating",
    "Skill less three times its uncertainty, after the latest rated match: of the game type asked for, "
    "or else of the one in which it is the highest. Bots are not rated.",
    "rating",
    "max(ordinal)",
    sample="matches",
    cases="argMax(matches, ordinal)",
    minimum=1,
    signed=True,
)
_add(
    "rated",
    "match play",
    "rating_gained",
    "Rating gained",
    "What matches added to the believed skill, less what they took: of the game type asked for, or all.",
    "rating",
    "sum(gained)",
    sample="matches",
    cases="sum(matches)",
    minimum=1,
    signed=True,
)

_add(
    "daily",
    "social",
    "chat_lines",
    "Chat lines",
    "Lines said in chat.",
    "lines",
    "sum(chat_lines)",
    reports=NEEDS["chat_lines"],
)
_acts(
    "social",
    "team_chat_lines",
    "Team chat",
    "Lines said to the own team only.",
    "lines",
    "player_say",
    kinds=("team",),
)
_acts("social", "votes_called", "Votes called", "Votes called.", "votes", "vote_start")
_acts(
    "social",
    "connections",
    "Connections",
    "Times connected, at every new map too.",
    "times",
    "client_connect",
)
_acts("social", "team_changes", "Team changes", "Times a team was joined or left.", "times", "team_join")
_acts(
    "social",
    "kicks",
    "Kicked for team kills",
    "Times kicked for killing team mates.",
    "kicks",
    "teamkill_kick",
)

_add(
    "daily",
    "fun",
    "gravedigger",
    "Gravedigger",
    "Digs their own grave: share of the deaths that were by one's own hand or by nobody's.",
    "share",
    "ratio_of(sum(suicides), sum(deaths))",
    sample="deaths",
    cases="sum(deaths)",
    minimum=20,
    suffered=True,
)
_add(
    "by_match",
    "fun",
    "pacifist",
    "Pacifist",
    "Matches played for five minutes or more without a kill.",
    "matches",
    "countIf(kills = 0 AND playtime >= 300000)",
    sample="matches",
    cases=_PLAYED,
)
_add(
    "by_match",
    "fun",
    "untouchable",
    "Untouchable",
    "Matches with five kills or more and no death.",
    "matches",
    "countIf(deaths = 0 AND kills >= 5)",
    sample="matches",
    cases=_PLAYED,
)
_add(
    "daily",
    "fun",
    "bunny_hopper",
    "Bunny hopper",
    "Jumps for each 1,000 game units (19 m) covered, on servers that report jumps.",
    "ratio",
    "ratio_of(sum(jumps), sum(distance) / 1000000)",
    sample="thousands of game units",
    cases="intDiv(sum(distance), 1000000)",
    minimum=100,
    reports=NEEDS["jumps"],
    only_reporting=True,
)
_add(
    "by_match",
    "fun",
    "camper",
    "Camper",
    "Share of the playtime spent crouched, on servers that tell of standing up.",
    "share",
    "ratio_of(least(sum(crouched), sum(playtime)), sum(playtime))",
    sample="minutes",
    cases="intDiv(sum(playtime), 60000)",
    minimum=30,
    reports=("player_stand",),
    only_reporting=True,
    plain=True,
)
_add(
    "daily",
    "fun",
    "loot_goblin",
    "Loot goblin",
    "Shops more than they shoot: things picked up for each kill, on servers that report pickups.",
    "ratio",
    "sum(pickups) / greatest(sum(kills), 1)",
    sample="items",
    cases="sum(pickups)",
    minimum=50,
    reports=NEEDS["pickups"],
    only_reporting=True,
)
_acts("fun", "door_opener", "Door opener", "Doors opened or closed.", "doors", "door_open", "door_close")
_acts(
    "fun",
    "butterfingers",
    "Butterfingers",
    "Items and weapons dropped.",
    "times",
    "item_drop",
    "weapon_drop",
)
_add(
    "daily",
    "fun",
    "chatterbox",
    "Chatterbox",
    "Talks instead of shooting: chat lines for each kill, on servers that report chat.",
    "ratio",
    "sum(chat_lines) / greatest(sum(kills), 1)",
    sample="lines",
    cases="sum(chat_lines)",
    minimum=50,
    reports=NEEDS["chat_lines"],
    only_reporting=True,
)
_acts(
    "fun",
    "icarus",
    "Icarus",
    "Flew too high: deaths by falling.",
    "deaths",
    "death",
    kinds=("falling",),
    suffered=True,
)
_acts(
    "fun",
    "speed_bump",
    "Speed bump",
    "Deaths under a vehicle.",
    "deaths",
    "death",
    kinds=("vehicle",),
    suffered=True,
)
_acts("fun", "pyromaniac", "Pyromaniac", "Kills by fire.", "kills", "kill", kinds=("fire", "on_fire"))
_add(
    "daily",
    "fun",
    "sponge",
    "Sponge",
    "Takes a lot: damage taken by enemies for each death.",
    "ratio",
    "sum(damage_taken) / 1000 / greatest(sum(deaths), 1)",
    sample="deaths",
    cases="sum(deaths)",
    minimum=20,
    reports=NEEDS["damage"],
    suffered=True,
    only_reporting=True,
)
_add(
    "daily",
    "fun",
    "spray_and_pray",
    "Spray and pray",
    "Shots for each kill, on days on which the server reported shots.",
    "ratio",
    f"sum(shots) / greatest(sumIf(kills, {_COUNTED}), 1)",
    sample="shots",
    cases="sum(shots)",
    minimum=500,
    reports=NEEDS["shots"],
)
_add(
    "daily",
    "fun",
    "tourist",
    "Tourist",
    "Sees the country: way covered for each kill, on servers that report ways.",
    "game units",
    "sum(distance) / 1000 / greatest(sum(kills), 1)",
    sample="thousands of game units",
    cases="intDiv(sum(distance), 1000000)",
    minimum=100,
    reports=NEEDS["distance"],
    only_reporting=True,
)
_acts("fun", "wallflower", "Wallflower", "Times gone to watch instead.", "times", "player_spectate")
_acts(
    "fun",
    "sleepwalker",
    "Sleepwalker",
    "Times dropped for doing nothing.",
    "times",
    "player_inactivity_drop",
)
_acts("fun", "button_masher", "Button masher", "Times pressed use on something.", "times", "player_use")
