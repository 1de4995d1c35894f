"""The definitions once more, in plain Python: what the aggregates must say about a list of events."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import dist
from typing import Any

Event = dict[str, Any]
SIDES = {"allies", "axis"}
PLAYING = SIDES | {"freeforall"}
UPRIGHT = {"player_stand", "team_join", "client_disconnect"}
CANONICAL = {"american": "allies", "german": "axis"}


@dataclass
class Seen:
    """A player in a match."""

    kills: list[tuple[float, int]] = field(default_factory=list)
    deaths: list[tuple[float, int]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    joins: list[float] = field(default_factory=list)
    leaves: list[float] = field(default_factory=list)
    gone: list[float] = field(default_factory=list)
    teams: list[tuple[float, int, str]] = field(default_factory=list)
    stances: list[tuple[float, int, bool]] = field(default_factory=list)


@dataclass(order=True, frozen=True)
class Duel:
    """A death: when, by whom (nobody: ""), of whom. Sides are told of enemies in team games only."""

    time: float
    seq: int
    killer: str
    victim: str
    killer_side: str
    victim_side: str
    enemies: bool


@dataclass
class Recount:
    """Counts by player's name, and what is told match by match."""

    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    rivals: Counter[tuple[str, str]] = field(default_factory=Counter)
    tiles: Counter[tuple[str, str, int, int]] = field(default_factory=Counter)
    places: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    seen: dict[tuple[str, str], Seen] = field(default_factory=lambda: defaultdict(Seen))
    matches: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    duels: dict[str, list[Duel]] = field(default_factory=lambda: defaultdict(list))
    winners: dict[str, list[tuple[float, int, str]]] = field(default_factory=lambda: defaultdict(list))
    rounds: Counter[str] = field(default_factory=Counter)


def recount(events: list[Event]) -> Recount:
    """Count a list of events, in whatever order."""
    result = Recount()
    for event in events:
        _count(result, event)
    return result


def _team(event: Event, *prefixes: str) -> str:
    sent = next((event[f"{p}_team"] for p in prefixes if event.get(f"{p}_team")), "")
    return CANONICAL.get(sent, sent)


def _teams(event: Event) -> tuple[str, str]:
    return _team(event, "attacker", "player"), _team(event, "victim")


def _count(result: Recount, e: Event) -> None:
    actor = e.get("attacker_name") or e.get("player_name") or ""
    target = e.get("victim_name") or ""
    actor_team, target_team = _teams(e)
    mates = e["gametype"] != "1" and actor_team == target_team and actor_team in SIDES
    enemies = bool(actor) and actor != target and not mates
    result.matches[e["match_id"]].append(e["timestamp"])
    if e["type"] == "match_end":
        result.winners[e["match_id"]].append((e["timestamp"], e["seq"], _team(e, "winning")))
    result.rounds[e["match_id"]] += e["type"] == "round_end"
    if e["type"] in UPRIGHT | {"player_crouch"}:
        stance = (e["timestamp"], e["seq"], e["type"] == "player_crouch")
        result.seen[actor, e["match_id"]].stances.append(stance)
    for name, team in {(actor, actor_team), (target, target_team)} - {("", "")}:
        if name:
            seen = result.seen[name, e["match_id"]]
            seen.times.append(e["timestamp"])
            if team and e["type"] != "team_join":
                seen.teams.append((e["timestamp"], e["seq"], team))
    if e["type"] == "player_kill" or (e["type"] == "player_death" and not actor):
        _kill(result, e, actor, target, enemies)
    elif e["type"] == "player_damage":
        _damage(result, e, actor, target, enemies)
    elif e["type"] in ("weapon_fire", "player_say"):
        result.counts[actor][e["type"]] += 1
    elif e["type"] in ("team_join", "client_disconnect"):
        _turn(result.seen[actor, e["match_id"]], e, actor_team)


def _kill(result: Recount, e: Event, actor: str, target: str, enemies: bool) -> None:
    moment = (e["timestamp"], e["seq"])
    result.counts[target]["deaths"] += 1
    result.seen[target, e["match_id"]].deaths.append(moment)
    result.seen[target, e["match_id"]].stances.append((*moment, False))
    sides = [team if team in SIDES and enemies and e["gametype"] != "1" else "" for team in _teams(e)]
    result.duels[e["match_id"]].append(Duel(*moment, actor, target, sides[0], sides[1], enemies))
    result.tiles["deaths", target, int(e["victim_x"] // 64), int(e["victim_y"] // 64)] += 1
    if enemies:
        result.counts[actor]["kills"] += 1
        result.counts[actor]["kill_headshots"] += e["hitloc"] in ("head", "helmet")
        result.rivals[actor, target] += 1
        result.seen[actor, e["match_id"]].kills.append(moment)
        result.tiles["kills", actor, int(e["attacker_x"] // 64), int(e["attacker_y"] // 64)] += 1
    elif actor in ("", target):
        result.counts[target]["suicides"] += 1
    else:
        result.counts[actor]["team_kills"] += 1


def _damage(result: Recount, e: Event, actor: str, target: str, enemies: bool) -> None:
    if enemies:
        result.counts[actor]["damage_dealt"] += round(e["damage"] * 1000)
        result.counts[target]["damage_taken"] += round(e["damage"] * 1000)
        result.places[actor, "given", e["hitloc"], e["mod"]] += 1
        result.places[target, "taken", e["hitloc"], e["mod"]] += 1
    elif actor and actor != target:
        result.counts[actor]["friendly_damage"] += round(e["damage"] * 1000)


def _turn(seen: Seen, e: Event, team: str) -> None:
    if e["type"] == "client_disconnect":
        seen.gone.append(e["timestamp"])
        if team in PLAYING:
            seen.leaves.append(e["timestamp"])
        return
    new, old = (CANONICAL.get(str(t), str(t)) for t in (e["new_team"], e["old_team"]))
    seen.teams.append((e["timestamp"], e["seq"], new))
    if new in PLAYING and old not in PLAYING:
        seen.joins.append(e["timestamp"])
    elif new not in PLAYING and old in PLAYING:
        seen.leaves.append(e["timestamp"])


def parts(events: list[Event], anchor: float = 0) -> dict[tuple[str, str, str], tuple[int, int, int]]:
    """Return kills, headshots and deaths by player's name, kind and part; times count from `anchor`."""
    counts: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for e in events:
        actor = e.get("attacker_name") or e.get("player_name") or ""
        target = e.get("victim_name") or ""
        if e["type"] != "player_kill" and (e["type"] != "player_death" or actor):
            continue
        sides = _team(e, "attacker", "player"), _team(e, "victim")
        mates = e["gametype"] != "1" and sides[0] == sides[1] and sides[0] in SIDES
        enemies = e["type"] == "player_kill" and bool(actor) and actor != target and not mates
        of_killer, of_victim = _pieces(e, enemies, anchor)
        for kind, part in of_killer if enemies else []:
            counts[actor, kind, part]["kills"] += 1
            counts[actor, kind, part]["heads"] += e.get("hitloc") in ("head", "helmet")
        for kind, part in of_victim if target else []:
            counts[target, kind, part]["deaths"] += 1
    return {key: (found["kills"], found["heads"], found["deaths"]) for key, found in counts.items()}


def _pieces(e: Event, enemies: bool, anchor: float) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return what is known of a death, as kinds and parts, for who killed and for who died."""
    at = datetime.fromtimestamp(anchor + e["timestamp"], UTC)
    hour = f"{at.isoweekday()} {at.hour:02}"
    stances = e.get("attacker_stance", ""), e.get("victim_stance", "")
    places: list[list[Any]] = [[e.get(f"{who}_{axis}") for axis in "xyz"] for who in ("attacker", "victim")]
    known = enemies and all(n is not None and abs(n) < 131072 for place in places for n in place)
    band = str(int(dist(*places)) // 256 * 256) if known else ""
    both = [("hour", hour), ("distance", band)]
    killer = [*both, ("stance", stances[0]), ("stance_of_other", stances[1])]
    victim = [*both, ("stance", stances[1]), ("stance_of_other", stances[0] if enemies else "")]
    return [piece for piece in killer if piece[1]], [piece for piece in victim if piece[1]]


def reach(events: list[Event]) -> dict[tuple[str, int], tuple[int, int]]:
    """Return kills of enemies and headshots by weapon and band of distance."""
    counts: dict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    for e in events:
        actor, target = e.get("attacker_name") or "", e.get("victim_name") or ""
        sides = _team(e, "attacker", "player"), _team(e, "victim")
        mates = e["gametype"] != "1" and sides[0] == sides[1] and sides[0] in SIDES
        if e["type"] != "player_kill" or not actor or actor == target or mates or not e.get("weapon"):
            continue
        if band := dict(_pieces(e, True, 0)[0]).get("distance"):
            counts[e["weapon"], int(band)]["kills"] += 1
            counts[e["weapon"], int(band)]["heads"] += e.get("hitloc") in ("head", "helmet")
    return {key: (found["kills"], found["heads"]) for key, found in counts.items()}


def traffic(events: list[Event]) -> Counter[tuple[str, int, int]]:
    """Return how many events tell of somebody on a tile, by map."""
    counts: Counter[tuple[str, int, int]] = Counter()
    for e in events:
        doer = "attacker" if e.get("attacker_name") else "player"
        for who, name in {e.get(f"{who}_name", ""): who for who in ("victim", doer)}.items():
            place: list[Any] = [e.get(f"{name}_{axis}") for axis in "xy"]
            if who and e.get("map") and all(n is not None and abs(n) < 131072 for n in place):
                counts[e["map"], int(place[0] // 64), int(place[1] // 64)] += 1
    return counts


def best_streak(seen: Seen) -> int:
    """Return the most kills between two deaths."""
    best = run = 0
    for _, kind in sorted([(k, 1) for k in seen.kills] + [(d, -1) for d in seen.deaths]):
        run = run + 1 if kind == 1 else 0
        best = max(best, run)
    return best


def multi_kills(seen: Seen) -> list[int]:
    """Return the sizes of runs of kills, each within 4 s of the one before, from two on."""
    runs: list[int] = []
    last = None
    for time, _ in sorted(seen.kills):
        if last is not None and time - last <= 4:
            runs[-1] += 1
        else:
            runs.append(1)
        last = time
    return sorted(size for size in runs if size > 1)


def playtime(seen: Seen, match: list[float]) -> float:
    """Return the seconds between joining a team and leaving it."""
    first, last = min(seen.times), max(seen.times)
    if not seen.joins and not seen.leaves:
        team = max(seen.teams)[2] if seen.teams else ""
        return last - first if team in PLAYING or not team else 0
    unbalanced = len(seen.joins) - len(seen.leaves)
    gone = max(seen.gone, default=-1)
    end = (gone if gone >= last else max(match)) if unbalanced >= 0 else first
    whole = sum(seen.leaves) - sum(seen.joins) + unbalanced * end
    return min(max(whole, 0), max(match) - min(match))


def first_and_last(duels: list[Duel]) -> tuple[str, str]:
    """Return who had the first kill of a match, and who the last."""
    kills = sorted(duel for duel in duels if duel.enemies)
    return (kills[0].killer, kills[-1].killer) if kills else ("", "")


def revenges(duels: list[Duel], name: str) -> int:
    """Return how many deaths a player paid back: killed the killer before dying again."""
    owed, paid = "", 0
    for duel in sorted(duels):
        if duel.victim == name:
            owed = duel.killer
        elif duel.killer == name and duel.enemies and owed and duel.victim == owed:
            owed, paid = "", paid + 1
    return paid


def trades(duels: list[Duel], name: str) -> int:
    """Return how many enemies a player killed who had killed a mate in that life, at most 4 s before."""
    return sum(
        any(
            mate.killer == duel.victim
            and mate.enemies
            and mate.victim != name
            and mate.victim_side == duel.killer_side
            and duel.time - mate.time <= 4
            and not any(mate < other < duel and other.victim == duel.victim for other in duels)
            for mate in duels
            if mate < duel
        )
        for duel in duels
        if duel.killer == name and duel.killer_side
    )


def crouched(seen: Seen) -> float:
    """Return the seconds spent crouched."""
    moments = sorted(seen.stances)
    ends = [time for time, _, _ in moments[1:]] + [max(seen.times)]
    return sum(end - time for (time, _, down), end in zip(moments, ends, strict=False) if down)


def took_part(seen: Seen, match: list[float]) -> bool:
    """Return whether a player played, killed or died."""
    return bool(seen.kills or seen.deaths or playtime(seen, match) > 0)


def outcome(told: Recount, name: str, match: str, free_for_all: bool) -> int:
    """Return 1 for a win, -1 for a defeat, 0 for neither."""
    seen = told.seen[name, match]
    if match not in told.winners or not took_part(seen, told.matches[match]):
        return 0
    if free_for_all:
        others = max((len(s.kills) for (n, m), s in told.seen.items() if m == match and n != name), default=0)
        return (len(seen.kills) > others) - (len(seen.kills) < others)
    team = max(seen.teams)[2] if seen.teams else ""
    named = [winner for winner in told.winners[match] if winner[2]]
    winner = max(named)[2] if named else ""
    return 0 if not {team, winner} <= SIDES else 1 if team == winner else -1
