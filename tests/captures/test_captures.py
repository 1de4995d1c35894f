"""The tracker's spool and the engine's own truth, recorded together, say the same."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.captures.recount import PlayerCount, Table, read_lines, recount

HERE = Path(__file__).resolve().parent
CAPTURES = {"ffa": False, "team": True}
Event = dict[str, Any]


def spool_of(capture: str) -> list[Event]:
    (path,) = (HERE / capture).glob("spool.ndjson*")
    return [json.loads(line) for line in read_lines(path)]


def tables_of(events: list[Event], *, team_game: bool) -> list[Table]:
    """Count the tracker's events the way a platform would: from one line alone, teams included."""
    tables: dict[str, Table] = {}
    for event in events:
        table = tables.setdefault(event["match_id"], {})
        if event["type"] in ("player_kill", "player_damage"):
            count_harm(table, event, team_game)
        elif event["type"] == "player_say":
            table.setdefault(event["player_name"], PlayerCount()).chat_lines += 1
        elif "player_name" in event:
            table.setdefault(event["player_name"], PlayerCount())
    return list(tables.values())


def count_harm(table: Table, event: Event, team_game: bool) -> None:
    victim = table.setdefault(event["victim_name"], PlayerCount())
    attacker = table.setdefault(event["attacker_name"], PlayerCount())
    own = attacker is victim
    same_team = team_game and event["attacker_team"] == event["victim_team"]
    location, means = event["hitloc"], event["mod"]
    if event["type"] == "player_damage":
        attacker.given_by_location[location] += 1
        attacker.given_by_means[means] += 1
        victim.taken_by_location[location] += 1
        victim.taken_by_means[means] += 1
        if own or same_team:
            (attacker.self_by_location if own else attacker.team_by_location)[location] += 1
            (attacker.self_by_means if own else attacker.team_by_means)[means] += 1
        return
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
        attacker.kills_of[event["victim_name"]] += 1


@pytest.mark.parametrize("capture", CAPTURES)
def test_spool_equals_truth(capture: str) -> None:
    team_game = CAPTURES[capture]
    truth = recount(next((HERE / capture).glob("truth.ndjson*")), team_game=team_game)
    assert tables_of(spool_of(capture), team_game=team_game) == truth.matches
    total = truth.total.values()
    assert sum(player.kills for player in total) > 40
    assert sum(player.suicides for player in total) > 0
    assert (sum(player.teamkills for player in total) > 0) == team_game


@pytest.mark.parametrize("capture", CAPTURES)
def test_numbering_and_clock(capture: str) -> None:
    events = spool_of(capture)
    assert len({event["session_id"] for event in events}) == 1
    assert [event["seq"] for event in events] == list(range(len(events)))
    times = [event["timestamp"] for event in events]
    assert times == sorted(times)
    assert times[0] > 1_577_836_800


@pytest.mark.parametrize("capture", CAPTURES)
def test_matches_begin_and_end(capture: str) -> None:
    by_match: dict[str, list[str]] = {}
    for event in spool_of(capture):
        by_match.setdefault(event["match_id"], []).append(event["type"])
    assert len(by_match) >= 3
    for types in by_match.values():
        counts = Counter(types)
        assert (types[0], types[-1]) == ("match_start", "match_end")
        assert counts["match_start"] == counts["match_end"] == 1
        assert counts["intermission_start"] <= 1


@pytest.mark.parametrize("capture", CAPTURES)
def test_every_event_names_its_place(capture: str) -> None:
    for event in spool_of(capture):
        assert event["map"] == "dm/box"
        assert event["gametype"] == (2 if CAPTURES[capture] else 1)
        for prefix in ("player", "attacker", "victim"):
            if prefix + "_name" in event:
                assert event[prefix + "_bot"] is True
                assert event[prefix + "_guid"] == ""
                numbers = [event[f"{prefix}_{axis}"] for axis in ("x", "y", "z", "pitch", "yaw")]
                assert all(isinstance(number, int) for number in numbers)


@pytest.mark.parametrize("capture", CAPTURES)
def test_one_connect_for_each_player(capture: str) -> None:
    connects = Counter(e["player_name"] for e in spool_of(capture) if e["type"] == "client_connect")
    assert set(connects.values()) == {1}
