"""Events as a tracker would write them: a match of a few players, with more than kills in it."""

import json
import random
import time
from typing import Any

PLAYERS = [("Ann", "allies"), ("Bob", "axis"), ("Cid", "american"), ("Dee", "german"), ("Eve^1", "allies")]
WEAPONS = ["M1 Garand", "KAR98", "Colt 45"]
MAPS = ["dm/mohdm6", "obj/obj_team2"]
PLACES = ["head", "helmet", "torso_upper", "pelvis"]
EVENTS_A_MATCH = 400

Event = dict[str, Any]


class Stream:
    """The events of one session, numbered or not. `clock_lead`: seconds by which its clock is wrong."""

    def __init__(self, session: str, dice: random.Random, *, numbered: bool = True) -> None:
        self.session, self.numbered = session, numbered
        self.clock_lead = 0.0
        self._dice = dice
        self._written = 0

    def take(self, count: int) -> list[bytes]:
        """Return the next events as lines."""
        return [self._next() for _ in range(count)]

    def _next(self) -> bytes:
        number, self._written = self._written, self._written + 1
        match = number // EVENTS_A_MATCH
        now = round(time.time() + self.clock_lead, 3)
        event: Event = {"type": "", "match_id": f"{self.session}-m{match}", "session_id": self.session}
        event |= {"timestamp": now, "sent_at": now, "map": MAPS[match % 2], "gametype": str(match % 2 + 1)}
        # Without a number, the event has to differ from every other by itself.
        event |= {"seq": number} if self.numbered else {"note": number}
        within = number % EVENTS_A_MATCH
        if within == 0:
            event["type"] = "match_start"
        elif within == EVENTS_A_MATCH - 1:
            event |= {"type": "match_end", "winning_team": "axis", "allies_score": within, "axis_score": 7}
        else:
            self._happening(event)
        return json.dumps(event, separators=(",", ":")).encode()

    def _happening(self, event: Event) -> None:
        kinds = (self._kill, self._damage, self._shot, self._join, self._move, self._talk, self._server)
        kind = self._dice.choices(kinds, (6, 5, 5, 2, 2, 2, 1))[0]
        kind(event)

    def _person(self, event: Event, prefix: str) -> None:
        name, team = self._dice.choice(PLAYERS)
        event |= {f"{prefix}_name": name, f"{prefix}_team": team}
        event |= {f"{prefix}_{axis}": self._dice.randrange(-2000, 2000) for axis in "xyz"}

    def _kill(self, event: Event) -> None:
        event["type"] = "player_kill"
        if self._dice.random() < 0.9:
            self._person(event, "attacker")
        self._person(event, "victim")
        event |= {
            "weapon": self._dice.choice(WEAPONS),
            "mod": self._dice.choice(["bullet", "bash", "grenade"]),
        }
        event["hitloc"] = self._dice.choice(PLACES)

    def _damage(self, event: Event) -> None:
        self._kill(event)
        event |= {"type": "player_damage", "damage": self._dice.randrange(1, 800) / 8}

    def _shot(self, event: Event) -> None:
        event["type"] = self._dice.choice(["weapon_fire", "weapon_hit", "weapon_reload"])
        self._person(event, "player")
        event["weapon"] = self._dice.choice(WEAPONS)

    def _join(self, event: Event) -> None:
        self._person(event, "player")
        if self._dice.random() < 0.3:
            event["type"] = "client_disconnect"
        else:
            teams = ["spectator", "allies", "axis", "german"]
            old, new = self._dice.choice(teams), self._dice.choice(teams)
            event |= {"type": "team_join", "old_team": old, "new_team": new}

    def _move(self, event: Event) -> None:
        event["type"] = self._dice.choice(["player_distance", "player_jump", "item_pickup", "grenade_throw"])
        self._person(event, "player")
        if event["type"] == "player_distance":
            walked, sprinted = self._dice.randrange(4000) / 4, self._dice.randrange(4000) / 4
            event |= {"walked": walked, "sprinted": sprinted, "distance": walked + sprinted}

    def _talk(self, event: Event) -> None:
        event["type"] = "player_say"
        self._person(event, "player")
        event["message"] = f"übrigens {self._dice.random()}"

    def _server(self, event: Event) -> None:
        event["type"] = self._dice.choice(["heartbeat", "round_end"])
        event["player_count"] = self._dice.randrange(1, 32)
