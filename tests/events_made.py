"""Events for tests, as a tracker would write them."""

import json
from typing import Any


def kill(seq: int | None, attacker: str, victim: str, **more: Any) -> dict[str, Any]:
    """A kill on dm/mohdm6 in a free-for-all, at a time that follows from its number."""
    event: dict[str, Any] = {
        "type": "player_kill",
        "match_id": "m1",
        "session_id": "s1",
        "timestamp": 1_790_000_000 + (seq or 0),
        "map": "dm/mohdm6",
        "gametype": "ffa",
        "attacker_name": attacker,
        "victim_name": victim,
        "weapon": "M1 Garand",
        "hitloc": "torso_upper",
        "mod": "bullet",
    }
    if seq is not None:
        event["seq"] = seq
    return event | more


def body(events: list[dict[str, Any]]) -> bytes:
    """Events as newline-delimited JSON."""
    return b"".join(json.dumps(event, separators=(",", ":")).encode() + b"\n" for event in events)
