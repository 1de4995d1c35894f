"""`afteraction player merge` and `split` beside a running instance, which alone has ClickHouse."""

import json
import subprocess
import sys
from pathlib import Path

import httpx

from tests.events_made import body, kill
from tests.running import Instance


def test_players_are_merged_and_split_at_the_machine(tmp_path: Path) -> None:
    with Instance(tmp_path) as instance:
        token = json.loads(instance.command("server", "add", "one", "--json"))["token"]
        headers = {"Authorization": f"Bearer {token}"}
        events = body([kill(0, "Ann", "Zed"), kill(1, "Bob", "Zed"), kill(2, "Bob", "Zed")])
        httpx.post(f"{instance.url}/api/v1/ingest/events", content=events, headers=headers)
        instance.wait_until_written()
        players = httpx.get(f"{instance.url}/api/v1/stats/players").json()["players"]
        ids = {line["player"]["name"]: line["player"]["id"] for line in players}
        made = json.loads(instance.command("player", "merge", ids["Ann"], ids["Bob"], "--json"))
        assert made == {"player": ids["Ann"], "into": ids["Bob"], "keys": 1}
        found = httpx.get(f"{instance.url}/api/v1/stats/players/{ids['Ann']}").json()
        assert (found["identity"]["name"], found["totals"]["kills"]) == ("Bob", 3)
        assert "two players again" in instance.command("player", "split", ids["Ann"])
        found = httpx.get(f"{instance.url}/api/v1/stats/players/{ids['Ann']}").json()
        assert (found["identity"]["name"], found["totals"]["kills"]) == ("Ann", 1)
        again = subprocess.run(
            [sys.executable, "-m", "api.cli", "player", "split", ids["Ann"]],
            env=instance.environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert again.returncode == 1
        assert "was not merged" in again.stderr
        assert "Traceback" not in again.stderr
        audit = json.loads(instance.command("audit", "--json"))
        assert [e["action"] for e in audit if e["action"].startswith("player.")] == [
            "player.merge",
            "player.split",
        ]
