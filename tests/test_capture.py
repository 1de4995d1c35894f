"""Matches that the real engine played, through relay, HTTP, ledger and ClickHouse to the API: the truth.

The truth is what the engine itself printed, recounted by tests/captures/recount.py, which shares no code with
what is under test. Bots count as players here; the engine had no others.
"""

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.captures.recount import PlayerCount, Recount, recount
from tests.running import Instance

CAPTURES = Path(__file__).parent / "captures"
RELAY = Path(__file__).parents[1] / "game_scripts" / "relay.py"
TEAM_GAME = {"ffa": False, "team": True}
# A fresh run of the rig is held against its own truth: NAME=FOLDER with spool*.ndjson and truth.ndjson in it.
FRESH = os.environ.get("FRESH_CAPTURES", "")


def captures() -> dict[str, Path]:
    fresh = dict(pair.split("=", 1) for pair in FRESH.split(",") if pair)
    return {name: Path(fresh.get(name, CAPTURES / name)) for name in TEAM_GAME}


@pytest.fixture(scope="module", params=sorted(TEAM_GAME))
def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """Give the name of a capture and the URL of an instance to which the relay has sent it."""
    name: str = request.param
    folder = tmp_path_factory.mktemp(name)
    spool = folder / "spool"
    spool.mkdir()
    for file in captures()[name].glob("spool*.ndjson*"):
        shutil.copy(file, spool)
        if file.suffix == ".gz":
            subprocess.run(["gzip", "-d", spool / file.name], check=True)
    with Instance(folder) as instance:
        token = instance.command("server", "add", "rig").strip()
        relay = [sys.executable, str(RELAY), "--spool", str(spool), "--url", instance.url, "--once"]
        relay += ["--batch-events", "150"]
        environment = {**os.environ, "AFTERACTION_RELAY_TOKEN": token}
        subprocess.run(relay, check=True, env=environment, timeout=120)
        instance.wait_until_written()
        yield name, instance.url


def get(url: str, path: str) -> Any:
    answer = httpx.get(f"{url}/api/v1/{path}", timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def truth_of(name: str) -> Recount:
    (path,) = captures()[name].glob("truth.ndjson*")
    return recount(path, team_game=TEAM_GAME[name])


def by_word(rows: list[dict[str, Any]], word: str, *columns: str) -> Counter[str]:
    return Counter({row[word]: sum(row[c] for c in columns) for row in rows})


def shown(player: dict[str, Any]) -> PlayerCount:
    """What the API says of a player, in the shape of the truth."""
    totals, locations, means = player["totals"], player["hit_locations"], player["means"]
    return PlayerCount(
        kills=totals["kills"],
        deaths=totals["deaths"],
        suicides=totals["suicides"],
        teamkills=totals["team_kills"],
        chat_lines=totals["chat_lines"],
        kills_by_location=+by_word(locations["given"], "hitloc", "kills"),
        kills_by_means=+by_word(means["given"], "mod", "kills"),
        deaths_by_means=+by_word(means["taken"], "mod", "deaths"),
        given_by_location=+by_word(locations["given"], "hitloc", "hits", "friendly_hits"),
        given_by_means=+by_word(means["given"], "mod", "hits", "friendly_hits"),
        taken_by_location=+by_word(locations["taken"], "hitloc", "hits", "friendly_hits", "own_hits"),
        taken_by_means=+by_word(means["taken"], "mod", "hits", "friendly_hits", "own_hits"),
        self_by_location=+by_word(locations["taken"], "hitloc", "own_hits"),
        self_by_means=+by_word(means["taken"], "mod", "own_hits"),
        team_by_location=+by_word(locations["given"], "hitloc", "friendly_hits"),
        team_by_means=+by_word(means["given"], "mod", "friendly_hits"),
        kills_of=+Counter({rival["player"]["name"]: rival["kills"] for rival in player["victims"]}),
    )


def expected(true: PlayerCount) -> PlayerCount:
    """The truth, but for what a player did to themselves: the API counts that as taken, not as given."""
    true.given_by_location -= true.self_by_location
    true.given_by_means -= true.self_by_means
    return true


def test_every_player_equals_the_engine_s_count(played: tuple[str, str]) -> None:
    name, url = played
    found = get(url, "stats/players?bots=include&limit=100")["players"]
    players = {p["player"]["name"]: get(url, f"stats/players/{p['player']['id']}") for p in found}
    truth = truth_of(name).total
    assert {n: vars(shown(p)) for n, p in players.items()} == {n: vars(expected(t)) for n, t in truth.items()}
    assert sum(t.kills for t in truth.values()) > 20


def test_every_match_equals_the_engine_s_count(played: tuple[str, str]) -> None:
    name, url = played
    found = [get(url, f"stats/matches/{m['id']}") for m in get(url, "stats/matches?limit=100")["matches"]]
    found.sort(key=lambda match: str(match["first_time"]))
    counted = [
        {
            p["name"]: (p["kills"], p["deaths"], p["suicides"], p["team_kills"], p["chat_lines"])
            for p in match["players"]
        }
        for match in found
    ]
    truth = [
        {n: (t.kills, t.deaths, t.suicides, t.teamkills, t.chat_lines) for n, t in table.items()}
        for table in truth_of(name).matches
    ]
    assert counted == truth
    assert len(truth) > 1


def test_nothing_is_missing_and_it_is_said(played: tuple[str, str]) -> None:
    _, url = played
    sessions = get(url, "servers/1/sessions")["sessions"]
    assert [s["complete"] for s in sessions] == [True] * len(sessions)
    for match in get(url, "stats/matches?limit=100")["matches"]:
        assert get(url, f"stats/matches/{match['id']}")["completeness"]["complete"] is True
