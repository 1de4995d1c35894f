"""Odd events through the door: ClickHouse holds of them what the rules in Python and the ledger say."""

import os
import struct
from random import Random
from typing import Any

import msgspec
import pytest

from api.events import catalogue
from api.events.fold import YEAR_2020, fold
from api.events.parse import parse
from api.events.refusal import Refused
from api.platform import Platform
from tests.bad_input.conftest import Served
from tests.bad_input.events_odd import odd_event

ROUNDS = int(os.environ.get("FUZZ_ROUNDS", "2"))
EVENTS = 500
ACTORS = ("attacker", "killer", "player")
TARGETS = ("victim", "target")
PLAIN = [name for name in catalogue.FIELDS if name not in (*catalogue.COMMON, "gametype", "map")]


class Known(msgspec.Struct):
    session_id: str
    received: str


def as_float32(number: float | None) -> float | None:
    return None if number is None else float(struct.unpack("f", struct.pack("f", number))[0])


def lowered(text: str) -> str:
    """In lower case as ClickHouse has it, which knows ASCII alone."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def word(text: str, words: dict[str, str]) -> str:
    text = lowered(text)
    return words.get(text, text)


def plain(name: str, value: Any) -> Any:
    kind = catalogue.ALL_FIELDS[name].kind
    if kind == "number":
        return as_float32(value)
    return value if kind == "integer" else value or {"string": "", "boolean": False}[kind]


def person(event: dict[str, Any], prefixes: tuple[str, ...], role: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part, field in catalogue.PLAYER_PARTS.items():
        value: Any
        values = [event.get(f"{prefix}_{part}") for prefix in prefixes]
        if field.kind == "string":
            value = next((each for each in values if each), "")
        elif field.kind == "boolean":
            value = any(values)
        else:
            value = next((each for each in values if each is not None), None)
        found[f"{role}_{part}"] = as_float32(value) if field.kind == "number" else value
    found[f"{role}_team"] = word(found[f"{role}_team"], catalogue.TEAMS)
    return found


def expected(event: dict[str, Any]) -> dict[str, Any]:
    """The row of raw_events that an event in its canonical form should be."""
    match_id = event.get("match_id") or ""
    return {
        "type": event["type"],
        "seq": -1 if event.get("seq") is None else event["seq"],
        "match_id": "" if match_id == "no_match" else match_id,
        "map": event.get("map") or "",
        "gametype": word((event.get("gametype") or "").strip(" "), catalogue.GAMETYPES),
        **person(event, ACTORS, "actor"),
        **person(event, TARGETS, "target"),
        **{name: plain(name, event.get(name)) for name in PLAIN},
    }


def check_time(event: dict[str, Any], row: dict[str, Any]) -> None:
    """Alone in its body, a relative timestamp is the time of receipt, as is one that cannot be."""
    timestamp = event.get("timestamp")
    if timestamp is None or timestamp < YEAR_2020 or timestamp * 1000 > row["received_ms"] + 86_400_000:
        timestamp = row["received_ms"] / 1000
    assert abs(row["time_ms"] - timestamp * 1000) <= 1


def ndjson(pieces: list[bytes]) -> bytes:
    return b"\n".join(pieces)


def array(pieces: list[bytes]) -> bytes:
    return b"[" + b",\n".join(pieces) + b"]"


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_log_ledger_and_rules_agree(served: Served, seed: int) -> None:
    random = Random(seed)
    pieces = {
        f"agree {seed}-{number}": odd_event(random, f"agree {seed}-{number}") for number in range(EVENTS)
    }
    folded: dict[str, Any] = {}
    for name, piece in pieces.items():
        try:
            folded[name] = fold(parse(piece)[0])
        except Refused:
            continue
    assert len(folded) > EVENTS // 3

    content = random.choice([ndjson, array])(list(pieces.values()))
    answer = served.post(content).json()
    taken = set(pieces) - {list(pieces)[each["index"]] for each in answer["rejected"]}
    assert taken == set(folded)
    assert answer["accepted"] == len(folded)

    rows = served.rows(
        "SELECT *, toUnixTimestamp64Milli(time) AS time_ms, "
        "toUnixTimestamp64Milli(received_at) AS received_ms "
        "FROM raw_events WHERE startsWith(session_id, {prefix:String})",
        prefix=f"agree {seed}-",
    )
    assert len(rows) == len(folded)
    for row in rows:
        event = folded[row["session_id"]]
        want = expected(event)
        # A 32-bit float comes in its shortest decimals.
        is_float = {name for name, value in want.items() if isinstance(value, float)}
        found = {name: as_float32(row[name]) if name in is_float else row[name] for name in want}
        assert found == want, pieces[row["session_id"]]
        check_time(event, row)
    check_ledger(served, folded)


def check_ledger(served: Served, folded: dict[str, Any]) -> None:
    async def ask(platform: Platform) -> list[Known]:
        return await platform.postgres.rows("SELECT session_id, received::text FROM ingest_sessions", Known)

    known = {row.session_id: row.received for row in served.run(ask)}
    for name, event in folded.items():
        seq = event.get("seq")
        assert known[name] == ("{}" if seq is None else f"{{[{seq},{seq + 1})}}")
