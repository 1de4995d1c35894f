"""The streams of events that benches send, made ahead so that making it costs the measurement nothing.

In the one of `bench ingest`, every type of the catalogue occurs. How often each does is the mix of a match:
damage, kills, spawns and chat stand to each other as in the recorded ones, and what a stock server cannot
report (shots, reloads, steps) is set beside them by how often people do it. Sixteen players at a time are
together, four of them bots, walk about, and are replaced by others of some thousands. Places are in whole
units, as the tracker sends them. The ones of `bench peers` are kills, and whole matches of them.
"""

import gzip
import json
import random
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final

from api.events.catalogue import ALL_FIELDS, EVENTS, HIT_LOCATIONS, MEANS_OF_DEATH

# A relay packs as much as this much at a time.
_GZIP_LEVEL: Final = 6
_TEMPLATES: Final = 80_000
_TOGETHER: Final = 16
_TOGETHER_EVENTS: Final = 500
# Every so many-th is one.
_BOTS: Final = 4
_MATCH_EVENTS: Final = 15_000
_STARTED: Final = 1_790_000_000
_MATCH_KILLS: Final = 500
_EVENTS_A_SECOND: Final = 20
_SEED: Final = 1944
_LENGTH: Final = struct.Struct("<I")

# Events of each type in a thousand or so; a type that is not named here occurs once.
_MIX: Final = {
    "weapon_fire": 250,
    "player_damage": 80,
    "weapon_hit": 75,
    "player_pain": 60,
    "player_distance": 45,
    "player_land": 35,
    "player_jump": 35,
    "player_crouch": 30,
    "weapon_change": 25,
    "weapon_raise": 25,
    "player_kill": 24,
    "player_spawn": 24,
    "weapon_reload": 20,
    "weapon_reload_done": 20,
    "weapon_ready": 20,
    "weapon_holster": 15,
    "item_pickup": 12,
    "ammo_pickup": 10,
    "health_pickup": 8,
    "weapon_drop": 8,
    "weapon_no_ammo": 6,
    "player_say": 6,
    "grenade_throw": 6,
    "grenade_explode": 6,
    "player_headshot": 4,
    "door_open": 4,
    "door_close": 4,
    "player_prone": 4,
    "ladder_mount": 3,
    "ladder_dismount": 3,
    "heartbeat": 3,
    "team_join": 3,
}
_WEAPONS: Final = (
    "M1 Garand",
    "Thompson",
    "KAR98 - Sniper",
    "MP40",
    "BAR",
    "StG 44",
    "Springfield '03",
    "Bazooka",
)
_WORDS: Final = (
    "nice shot",
    "gg",
    "where are you all",
    "behind you",
    "medic",
    "cover me",
    "one more map",
    "lol",
)
_MAPS: Final = ("dm/mohdm1", "dm/mohdm2", "dm/mohdm6", "dm/mohdm7", "obj/obj_team1", "obj/obj_team2")


class Stream:
    """An endless stream of sessions with events of their own."""

    def __init__(self) -> None:
        dice = random.Random(_SEED)  # noqa: S311 - no secret
        kinds = _kinds(dice)
        self._templates: list[tuple[bytes, bytes]] = []
        for start in range(0, len(kinds), _TOGETHER_EVENTS):
            known = start // _TOGETHER_EVENTS * _TOGETHER
            people = [_Player(dice, known + number) for number in range(_TOGETHER)]
            self._templates += [
                _template(dice, kind, people) for kind in kinds[start : start + _TOGETHER_EVENTS]
            ]

    def lines(self, session: int, first: int, count: int) -> Iterator[bytes]:
        """Give `count` events of a session as JSON, from number `first` on."""
        templates = self._templates
        map_ = _MAPS[session % len(_MAPS)]
        offset = session * 997
        for seq in range(first, first + count):
            kind, rest = templates[(offset + seq) % len(templates)]
            at = _STARTED + seq / _EVENTS_A_SECOND
            yield (
                b'{"type":"%b","match_id":"bench-%d-m%d","session_id":"bench-%d","seq":%d,"timestamp":%.3f,'
                b'"sent_at":%.3f,"map":"%b","gametype":2%b'
            ) % (kind, session, seq // _MATCH_EVENTS, session, seq, at, at, map_.encode(), rest)

    def bodies(self, events: int, batch: int, sessions: int, *, first: int = 0) -> Iterator[bytes]:
        """Give request bodies, `events` in all and round about, of sessions that take turns.

        Batches are packed newline-delimited JSON, as the relay makes them; with `batch` 1 each is an array of
        one event, as a server with HTTP of its own sends it. `first` is the number of the first session.
        """
        for start in range(0, events // sessions, batch):
            for session in range(first, first + sessions):
                lines = self.lines(session, start, batch)
                yield (
                    b"[" + next(lines) + b"]" if batch == 1 else gzip.compress(b"\n".join(lines), _GZIP_LEVEL)
                )


def kills(name: str, count: int, players: int) -> Iterator[bytes]:
    """Give a session of nothing but kills as JSON, between players of its own that kill in turn."""
    for seq in range(count):
        yield _line(name, seq, f"{name}-m{seq // _MATCH_KILLS}", _kill(name, seq, players))


def match(name: str, number: int, count: int, players: int) -> Iterator[bytes]:
    """Give a match of `count` kills as JSON, from its start to its end, as a session of its own."""
    happened = [
        {"type": "match_start", "fraglimit": count // players},
        *(
            {"type": "team_join", "new_team": "freeforall", **_named(name, "player", n)}
            for n in range(players)
        ),
        *(_kill(name, seq, players) for seq in range(count)),
        {"type": "match_end"},
    ]
    session = f"{name}-{number}"
    for seq, event in enumerate(happened):
        yield _line(session, seq, f"{session}-m0", event)


def write(file: IO[bytes], bodies: Iterator[bytes]) -> Iterator[int]:
    """Write bodies, each after its length, and give how many there are by now."""
    for count, body in enumerate(bodies, 1):
        file.write(_LENGTH.pack(len(body)) + body)
        yield count


def read(path: Path) -> Iterator[bytes]:
    """Give the bodies that `write` wrote, one at a time."""
    with path.open("rb") as file:
        while header := file.read(_LENGTH.size):
            yield file.read(_LENGTH.unpack(header)[0])


def _line(session: str, seq: int, match_id: str, event: dict[str, Any]) -> bytes:
    at = _STARTED + seq / _EVENTS_A_SECOND
    common = {"match_id": match_id, "session_id": session, "seq": seq, "timestamp": at, "sent_at": at}
    common |= {"map": _MAPS[0], "gametype": 1}
    return json.dumps(event | common, separators=(",", ":")).encode()


def _kill(name: str, seq: int, players: int) -> dict[str, Any]:
    attacker, turn = seq % players, seq // players
    return {
        "type": "player_kill",
        **_named(name, "attacker", attacker),
        **_named(name, "victim", (attacker + 1 + turn % (players - 1)) % players),
        "weapon": _WEAPONS[turn % len(_WEAPONS)],
        "hitloc": "torso_upper",
        "mod": "bullet",
        "damage": 100,
    }


def _named(name: str, prefix: str, number: int) -> dict[str, Any]:
    """A player, and where they stand."""
    return {
        f"{prefix}_name": f"{name} {number:02}",
        f"{prefix}_team": "freeforall",
        f"{prefix}_x": 16 * number,
        f"{prefix}_y": -8 * number,
        f"{prefix}_z": 24,
        f"{prefix}_yaw": 45,
    }


def _kinds(dice: random.Random) -> list[str]:
    weights = [_MIX.get(kind, 1) for kind in EVENTS]
    # Rare types are there in the shortest of streams, too.
    kinds = [*EVENTS, *dice.choices(list(EVENTS), weights, k=_TEMPLATES - len(EVENTS))]
    dice.shuffle(kinds)
    return kinds


def _template(dice: random.Random, kind: str, people: Sequence["_Player"]) -> tuple[bytes, bytes]:
    """An event's type, and what follows its common fields."""
    event: dict[str, Any] = {}
    prefixes = EVENTS[kind].prefixes
    crowd = [player for player in people if player.bot] if kind.startswith("bot_") else people
    for prefix, player in zip(prefixes, dice.sample(crowd, len(prefixes)), strict=True):
        event |= player.fields(dice, prefix)
    for field in EVENTS[kind].fields:
        if field not in ("map", "gametype"):
            event[field] = _value(dice, field)
    return kind.encode(), b"," + json.dumps(event, separators=(",", ":")).encode()[1:] if event else b"}"


class _Player:
    """Somebody who walks about."""

    def __init__(self, dice: random.Random, number: int) -> None:
        self.bot = number % _BOTS == 0
        self._name, self._guid = f"Soldier {number}", f"{number * 2_654_435_761 % 2**32:08x}"
        self._team = dice.choice(("allies", "axis"))
        self._x, self._y, self._z = (
            dice.uniform(-4_000, 4_000),
            dice.uniform(-4_000, 4_000),
            dice.randrange(600),
        )
        self._yaw = dice.uniform(-180, 180)

    def fields(self, dice: random.Random, prefix: str) -> dict[str, Any]:
        """Walk on, and return what an event says of this player."""
        self._x, self._y = self._x + dice.gauss(0, 60), self._y + dice.gauss(0, 60)
        self._yaw = (self._yaw + dice.gauss(0, 40) + 180) % 360 - 180
        player = {
            "name": self._name,
            "guid": self._guid,
            "bot": self.bot,
            "team": self._team,
            "x": round(self._x),
            "y": round(self._y),
            "z": self._z,
            "pitch": round(dice.gauss(0, 8)),
            "yaw": round(self._yaw),
            "stance": dice.choice(("stand", "stand", "crouch")),
        }
        return {f"{prefix}_{part}": value for part, value in player.items()}


def _value(dice: random.Random, field: str) -> object:
    words: dict[str, tuple[str, ...]] = {
        "weapon": _WEAPONS,
        "old_weapon": _WEAPONS,
        "new_weapon": _WEAPONS,
        "hitloc": tuple(HIT_LOCATIONS.values()),
        "mod": tuple(MEANS_OF_DEATH.values()),
        "message": _WORDS,
        "old_team": ("spectator",),
        "new_team": ("allies", "axis"),
        "winning_team": ("allies", "axis"),
        "team": ("allies", "axis"),
    }
    if field in words:
        return dice.choice(words[field])
    kinds = {
        "string": f"{field} {dice.randrange(8)}",
        "boolean": dice.random() < 0.2,
        "integer": dice.randrange(30),
        "number": round(dice.uniform(0, 120), 3),
    }
    return kinds[ALL_FIELDS[field].kind]
