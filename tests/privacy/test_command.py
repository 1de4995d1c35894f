"""`afteraction player` beside a running instance, which may be killed in the middle."""

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tests.events_made import body
from tests.privacy.test_erase import CLIENT, NAME, game
from tests.running import Instance


def exported(instance: Instance, player: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "api.cli", "player", "export", player],
        env=instance.environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_player_is_exported_and_erased_while_the_instance_is_killed(tmp_path: Path) -> None:
    dice = random.Random(5)
    with Instance(tmp_path) as instance:
        token = json.loads(instance.command("server", "add", "one", "--json"))["token"]
        sent = httpx.post(
            f"{instance.url}/api/v1/ingest/events",
            content=body(game()),
            headers={"Authorization": f"Bearer {token}"},
        )
        assert sent.json()["accepted"] == len(game())
        instance.wait_until_written()
        players = httpx.get(f"{instance.url}/api/v1/stats/players?q=Zaphod").json()["players"]
        player = next(
            p["player"]["id"] for p in players if p["player"]["rung"] == "client" and p["kills"] > 1
        )
        told = json.loads(instance.command("player", "export", player))
        assert (told["player"], told["client_ids"]) == (player, [CLIENT])
        assert NAME in told["names"]
        assert any("of course" in line["message"] for line in told["chat"])
        assert json.loads(instance.command("player", "erase", player, "--json"))["done"] is False
        everybody = httpx.get(f"{instance.url}/api/v1/stats/global").json()
        for _ in range(3):
            command = subprocess.Popen(
                [sys.executable, "-m", "api.cli", "player", "erase", player, "--yes"],
                env=instance.environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            time.sleep(0.8 + dice.random())
            instance.kill()
            command.kill()
            command.wait()
            instance.start()
        # Whatever was begun is completed by itself; else the command does it.
        again = subprocess.run(
            [sys.executable, "-m", "api.cli", "player", "erase", player, "--yes"],
            env=instance.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert again.returncode == 0 or "nothing is kept" in again.stderr, again.stderr
        left = exported(instance, player)
        assert (left.returncode, "nothing is kept" in left.stderr) == (1, True), left
        assert httpx.get(f"{instance.url}/api/v1/stats/players?q=Zaphod").json()["players"] == [
            row for row in players if row["player"]["id"] != player
        ]
        after = httpx.get(f"{instance.url}/api/v1/stats/global").json()
        assert {k: v for k, v in after.items() if k != "updated_at"} == {
            k: v for k, v in everybody.items() if k != "updated_at"
        }
        entries = json.loads(instance.command("audit", "--json"))
        assert [e["action"] for e in entries].count("player.erase") == 1
        assert CLIENT not in json.dumps(entries)
