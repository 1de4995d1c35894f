"""A plain recount of what an engine said happened: the yardstick for everything that counts events.

Reads a truth.ndjson as the engine rig writes it and shares no code with the tracker, the relay or the
platform. The definitions are those of the design:

- A kill has an attacker other than the victim and, in a team game, of another team.
- Attacker = victim is a suicide, an attacker of the same team in a team game a team kill; neither is a
  kill, each is a death.
- Damage is counted in events, each at its hit location and by its means, whoever hit whom. `self_*` tells
  what of it players did to themselves, `team_*` what they did to others of their team.

The truth does not say teams with each hit. A player's team is that of the last `spawned` line before it.
A `map` line begins a match. (In round based games it begins a round.)
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

# by the engine's numbers: locations from -2 on, means from 0 on
LOCATION_WORDS = """
    miss general head helmet neck torso_upper torso_mid torso_lower pelvis r_arm_upper l_arm_upper
    r_leg_upper l_leg_upper r_arm_lower l_arm_lower r_leg_lower l_leg_lower r_hand l_hand r_foot l_foot
"""
MEANS_WORDS = """
    none suicide crush crush_every_frame telefrag lava slime falling last_self_inflicted explosion
    explodewall electric electricwater thrownobject grenade beam rocket impact bullet fast_bullet vehicle
    fire flashbang on_fire gib impale bash shotgun aagun landmine
"""
LOCATIONS = LOCATION_WORDS.split()
MEANS = MEANS_WORDS.split()


@dataclass
class PlayerCount:
    """What one player did and suffered. Counters hold only what happened, so plain comparison works."""

    kills: int = 0
    deaths: int = 0
    suicides: int = 0
    teamkills: int = 0
    chat_lines: int = 0
    kills_by_location: Counter[str] = field(default_factory=Counter)
    kills_by_means: Counter[str] = field(default_factory=Counter)
    deaths_by_means: Counter[str] = field(default_factory=Counter)
    given_by_location: Counter[str] = field(default_factory=Counter)
    given_by_means: Counter[str] = field(default_factory=Counter)
    taken_by_location: Counter[str] = field(default_factory=Counter)
    taken_by_means: Counter[str] = field(default_factory=Counter)
    self_by_location: Counter[str] = field(default_factory=Counter)
    self_by_means: Counter[str] = field(default_factory=Counter)
    team_by_location: Counter[str] = field(default_factory=Counter)
    team_by_means: Counter[str] = field(default_factory=Counter)
    kills_of: Counter[str] = field(default_factory=Counter)

    def add(self, other: PlayerCount) -> None:
        for name, value in vars(other).items():
            if isinstance(value, Counter):
                getattr(self, name).update(value)
            else:
                setattr(self, name, getattr(self, name) + value)


Table = dict[str, PlayerCount]


@dataclass
class Recount:
    """Tables by player name: one for each match, in order, and one for all of them."""

    matches: list[Table]

    @property
    def total(self) -> Table:
        table: Table = {}
        for match in self.matches:
            for name, count in match.items():
                table.setdefault(name, PlayerCount()).add(count)
        return table


def read_lines(path: Path) -> list[str]:
    raw = path.read_bytes()
    text = gzip.decompress(raw) if path.suffix == ".gz" else raw
    return text.decode("utf-8").splitlines()


def recount(path: Path, *, team_game: bool) -> Recount:
    matches: list[Table] = []
    teams: dict[str, str] = {}
    for line in read_lines(path):
        event: dict[str, str] = json.loads(line)
        if event["event"] == "map":
            matches.append({})
            continue
        if event["event"] == "spawned":
            teams[event["name"]] = event["team"]
        table = matches[-1]
        if event["event"] == "connected":
            table.setdefault(event["name"], PlayerCount())
        elif event["event"] == "text":
            table.setdefault(event["name"], PlayerCount()).chat_lines += 1
        elif event["event"] in ("killed", "damaged"):
            _count_harm(table, event, team_game and teams[event["attacker"]] == teams[event["victim"]])
    return Recount(matches)


def _count_harm(table: Table, event: dict[str, str], same_team: bool) -> None:
    attacker = table.setdefault(event["attacker"], PlayerCount())
    victim = table.setdefault(event["victim"], PlayerCount())
    location = LOCATIONS[int(event["location"]) + 2]
    means = MEANS[int(event["mod"])]
    own = event["attacker"] == event["victim"]
    if event["event"] == "killed":
        victim.deaths += 1
        victim.deaths_by_means[means] += 1
        if own:
            victim.suicides += 1
        elif same_team:
            attacker.teamkills += 1
        else:
            attacker.kills += 1
            attacker.kills_by_location[location] += 1
            attacker.kills_by_means[means] += 1
            attacker.kills_of[event["victim"]] += 1
        return
    attacker.given_by_location[location] += 1
    attacker.given_by_means[means] += 1
    victim.taken_by_location[location] += 1
    victim.taken_by_means[means] += 1
    if own:
        victim.self_by_location[location] += 1
        victim.self_by_means[means] += 1
    elif same_team:
        attacker.team_by_location[location] += 1
        attacker.team_by_means[means] += 1
