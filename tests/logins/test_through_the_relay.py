"""The whole way: a code for the forum, a spool, relay.py, a running instance, and words for the player."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.running import Instance

RELAY = Path(__file__).resolve().parents[2] / "game_scripts" / "relay.py"
GUID = "0a1b2c3d4e5f6071"


class Game:
    """A spool with a relay beside it, as a game server has them."""

    def __init__(self, instance: Instance, folder: Path) -> None:
        self.instance = instance
        self.spool = folder / "afteraction"
        self.spool.mkdir()
        self.log = folder / "relay.log"
        token = folder / "token"
        token.write_text(json.loads(instance.command("server", "add", "Omaha", "--json"))["token"])
        forum = json.loads(instance.command("key", "add", "forum", "smf", "--json"))["token"]
        self.forum = httpx.Client(
            base_url=f"{instance.url}/api/v1/auth", headers={"Authorization": f"Bearer {forum}"}, timeout=30
        )
        flags = {"spool": self.spool, "url": instance.url, "token-file": token, "poll": 0.1, "linger": 0.1}
        with self.log.open("wb") as log:
            self.relay = subprocess.Popen(
                [sys.executable, str(RELAY), *(f"--{name}={value}" for name, value in flags.items())],
                stderr=log,
            )
        self.number = 0

    def code(self) -> str:
        return str(self.forum.post("/tokens", json={"member_id": 17, "member_name": "Mara"}).json()["code"])

    def ask(self, kind: str, address: str = "192.0.2.7:12203", **more: str) -> tuple[str, float]:
        """What the player reads, and after how many seconds."""
        self.number += 1
        ask = self.spool / f"ask-1795313275-0b07ecc4-{self.number}.json"
        answer = self.spool / f"answer-1795313275-0b07ecc4-{self.number}.txt"
        began = time.monotonic()
        question = {"ask": kind, "client_id": GUID, "name": "Ann", "address": address, **more}
        ask.write_text(json.dumps(question) + "\n")
        while not answer.exists():
            assert time.monotonic() < began + 20, self.log.read_text()
            time.sleep(0.02)
        return answer.read_text(), time.monotonic() - began

    def kill(self, seq: int) -> None:
        """A kill by the player, through the spool of events."""
        event = {
            "type": "player_kill", "session_id": "1795313275-0b07ecc4", "seq": seq, "match_id": "m1",
            "map": "dm/mohdm6", "gametype": 1, "timestamp": time.time(), "attacker_name": "Ann",
            "attacker_guid": GUID, "attacker_team": "freeforall", "victim_name": "Bob", "victim_guid": "b",
            "victim_team": "freeforall",
        }  # fmt: skip
        with (self.spool / "spool-1795313275-0b07ecc4-00001.ndjson").open("a") as spool:
            spool.write(json.dumps(event) + "\n")

    def totals(self, player: str) -> tuple[int | None, str | None]:
        """The player's kills, and how the player is known."""
        found = httpx.get(f"{self.instance.url}/api/v1/stats/players/{player}", timeout=30).json()
        return found.get("totals", {}).get("kills"), found.get("identity", {}).get("rung")


@pytest.fixture(scope="module")
def game(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Game]:
    folder = tmp_path_factory.mktemp("login")
    with Instance(folder) as instance:
        game = Game(instance, folder)
        yield game
        game.relay.terminate()
        game.relay.wait(10)
        game.forum.close()


def test_the_whole_login(game: Game) -> None:
    game.kill(0)
    assert game.ask("resume")[0] == "-"
    assert game.ask("login", code="2222-2222")[0] == "This code is not valid."
    code = game.code()
    words, seconds = game.ask("login", code=code)
    assert words == "Logged in as Mara."
    assert seconds < 3
    assert game.ask("resume")[0] == "Logged in as Mara."
    assert "new address" in game.ask("resume", "198.51.100.9:12203")[0]

    (waiting,) = game.forum.get("/members/17").json()["approvals"]
    done = game.forum.post(f"/members/17/approvals/{waiting['id']}/approve", json={"label": "café"})
    assert done.status_code == 204
    assert game.ask("resume", "198.51.100.9:12203")[0] == "Logged in as Mara."

    # The kill from before the login, and one after, are the member's.
    game.kill(1)
    player = game.forum.get("/members/17").json()["player"]
    deadline = time.monotonic() + 30
    # Totals may be told a moment before names: the tables of one block are filled one after the other.
    while (told := game.totals(player)) != (2, "verified"):
        assert time.monotonic() < deadline, told
        time.sleep(0.2)

    words, seconds = game.ask("command", command="stats")
    assert words.startswith("Mara (member): 2 kills, 0 deaths, K/D 2.00")
    assert len(words.splitlines()) == 2
    assert seconds < 3
    assert game.ask("command", command="top", arguments="kills")[0] == "Kills, all time: 1. Ann 2"
    assert game.ask("command", command="dance")[0].startswith("You can ask: stats")

    assert game.ask("logout")[0] == "You are logged out."
    assert game.ask("resume")[0] == "-"

    # Secrets are where they must be, and nowhere else.
    folder = game.instance.folder
    logs = (folder / "up.log").read_text() + game.log.read_text()
    logs += httpx.get(f"{game.instance.url}/metrics", timeout=10).text
    assert "login: logged_in" in logs
    assert code not in logs
    assert code.replace("-", "") not in logs
    left = b"".join(path.read_bytes() for path in game.spool.iterdir())
    assert code.encode() not in left
