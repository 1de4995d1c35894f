"""Matches for tests, and what their ratings must be, by plain openskill over a recount that knows no SQL."""

import math
import random
from typing import Any

from openskill.models import ThurstoneMostellerFull

from tests.sql.recount import Event, Recount, playtime, recount

START = 1_790_000_000
MINUTE = 60
NAMES = ["Ann", "Bob", "Cid", "Dan", "Eve", "Fay"]
# Rank and side of everybody, and whose part how large was.
Told = dict[tuple[str, str], tuple[float, float]]


def match(number: int, chance: random.Random, *, names: list[str] | None = None) -> list[Event]:
    """A match of ten minutes, with its end: by turns a free-for-all and one of two sides."""
    team_game = number % 2 == 1
    who = chance.sample(names or NAMES, chance.randint(3, 5))
    sides = {name: ["allies", "axis"][place % 2] if team_game else "" for place, name in enumerate(who)}
    began = START + number * 15 * MINUTE
    about: Event = {"match_id": f"m{number}", "session_id": f"s{number}", "map": "dm/mohdm6"}
    about |= {"gametype": "2" if team_game else "1"}
    events = []
    for _ in range(chance.randint(4, 30)):
        killer, victim = chance.sample(who, 2)
        kill = {"type": "player_kill", "timestamp": began + chance.randint(1, 599), "weapon": "KAR98"}
        kill |= {
            "attacker_name": killer,
            "victim_name": victim,
            "hitloc": "head",
            "mod": "bullet",
            "damage": 9.0,
        }
        for place, name in (("attacker", killer), ("victim", victim)):
            kill |= {f"{place}_team": sides[name], f"{place}_x": 0.0, f"{place}_y": 0.0, f"{place}_z": 0.0}
        events.append(about | kill)
    events += [
        about
        | {
            "type": "player_say",
            "player_name": name,
            "player_team": sides[name],
            "timestamp": began,
            "message": "hi",
        }
        for name in who
    ]
    end: Event = about | {"type": "match_end", "timestamp": began + 600}
    if team_game:
        end |= {"winning_team": chance.choice(["allies", "axis", "german", ""])}
        end |= {"allies_score": chance.randint(0, 2), "axis_score": chance.randint(0, 2)}
    return [event | {"seq": seq} for seq, event in enumerate([*events, end])]


def expected(matches: list[list[Event]]) -> dict[str, Told]:
    """Return each player's rating after each match, by game type, then by name and match: mu and sigma."""
    found: dict[str, Told] = {"ffa": {}, "tdm": {}}
    standing: dict[tuple[str, str], tuple[float, float]] = {}
    for events in sorted(matches, key=lambda events: min(event["timestamp"] for event in events)):
        gametype = {"1": "ffa", "2": "tdm"}[events[0]["gametype"]]
        for name, rating in _rated(gametype, events, standing).items():
            standing[gametype, name] = rating
            found[gametype][name, events[0]["match_id"]] = rating
    return found


def _rated(
    gametype: str, events: list[Event], standing: dict[tuple[str, str], tuple[float, float]]
) -> dict[str, tuple[float, float]]:
    counted = recount(events)
    whole = counted.matches[events[0]["match_id"]]
    shares = {
        name: playtime(seen, whole) / (max(whole) - min(whole))
        for (name, _), seen in counted.seen.items()
        if name
    }
    here = [name for name, share in shares.items() if share >= 0.1]
    teams, ranks = _teams(gametype, events, counted, here)
    if len(teams) < 2 or not all(teams):
        return {}
    # Who was there for a share of the time counts for that share, measured from the middle.
    model: Any = ThurstoneMostellerFull(mu=0, sigma=25 / 3, beta=25, tau=0)

    def as_played(name: str) -> Any:
        mu, sigma = standing.get((gametype, name), (25, 25 / 3))
        return model.rating(shares[name] * (mu - 25), shares[name] * math.sqrt(sigma**2 + (25 / 300) ** 2))

    after = model.rate([[as_played(name) for name in team] for team in teams], ranks=ranks)
    return {
        name: (25 + new.mu / shares[name], new.sigma / shares[name])
        for team, news in zip(teams, after, strict=True)
        for name, new in zip(team, news, strict=True)
    }


def _teams(
    gametype: str, events: list[Event], counted: Recount, here: list[str]
) -> tuple[list[list[str]], list[float]]:
    if gametype == "ffa":
        kills = {name: counted.counts[name]["kills"] for name in here}
        return [[name] for name in here], [-float(kills[name]) for name in here]
    sides = {
        name: {"american": "allies", "german": "axis"}.get(team, team)
        for name in here
        for *_, team in [max(counted.seen[name, events[0]["match_id"]].teams)]
    }
    end = events[-1]
    winner = {"german": "axis"}.get(end["winning_team"], end["winning_team"])
    scores = {"allies": end["allies_score"], "axis": end["axis_score"]}
    points = {side: float(side == winner) if winner else float(scores[side]) for side in scores}
    return [[name for name in here if sides[name] == side] for side in scores], [
        -points[side] for side in scores
    ]
