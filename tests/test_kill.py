"""kill -9 at random moments, while everything is sent repeatedly: what was acknowledged counts once.

`KILL_ROUNDS` asks for more rounds than CI has time for.
"""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from tests.events_made import body, kill
from tests.running import Instance

ROUNDS = int(os.environ.get("KILL_ROUNDS", "6"))
SENDERS = 3
BATCH = 40
SEED = 20_261_121


class Sender(threading.Thread):
    """Sends numbered batches of one session until told to stop: each until acknowledged, and some again."""

    def __init__(self, instance: Instance, token: str, session: str, dice: random.Random) -> None:
        super().__init__(daemon=True)
        self.instance, self.token, self.session, self.dice = instance, token, session, dice
        self.acknowledged: list[dict[str, Any]] = []
        self.sent = 0
        self.failure: Exception | None = None
        self.finish = threading.Event()

    def run(self) -> None:
        try:
            self._send_until_told()
        except Exception as error:
            self.failure = error

    def _send_until_told(self) -> None:
        with httpx.Client(base_url=self.instance.url, timeout=10) as client:
            while not self.finish.is_set():
                batch = self._next_batch()
                while not self._acknowledged(client, batch):
                    time.sleep(0.05)
                self.acknowledged += batch
                if self.dice.random() < 0.3:
                    start = self.dice.randrange(max(1, len(self.acknowledged) - BATCH))
                    self._acknowledged(client, self.acknowledged[start : start + BATCH])

    def _next_batch(self) -> list[dict[str, Any]]:
        names = ["Ann", "Bob", "Cid", "Dee"]
        batch = []
        for seq in range(self.sent, self.sent + self.dice.randrange(1, BATCH)):
            attacker, victim = self.dice.choice(names), self.dice.choice(names)
            batch.append(kill(seq, attacker, victim, session_id=self.session, match_id=f"m{seq // 500}"))
        self.sent += len(batch)
        return batch

    def _acknowledged(self, client: httpx.Client, batch: list[dict[str, Any]]) -> bool:
        try:
            answer = client.post(
                "/api/v1/ingest/events",
                content=body(batch),
                headers={"Authorization": f"Bearer {self.token}"},
            )
        except httpx.HTTPError:
            return False
        if answer.status_code == 503:
            return False
        assert answer.status_code == 202, answer.text
        assert answer.json()["processed"] == len(batch), answer.text
        return True


def test_what_was_acknowledged_counts_once(tmp_path: Path) -> None:
    dice = random.Random(SEED)
    with Instance(tmp_path) as instance:
        token = instance.command("server", "add", "one").strip()
        senders = [Sender(instance, token, f"s{n}", random.Random(SEED + n)) for n in range(SENDERS)]
        for sender in senders:
            sender.start()
        for _ in range(ROUNDS):
            time.sleep(dice.uniform(0.1, 3))
            instance.kill()
            instance.start()
        for sender in senders:
            sender.finish.set()
            sender.join(60)
            assert not sender.is_alive()
            assert sender.failure is None
        instance.wait_until_written()
    events = [event for sender in senders for event in sender.acknowledged]
    assert len(events) > ROUNDS * BATCH
    compare(tmp_path / "data" / "clickhouse", events)


def compare(folder: Path, events: list[dict[str, Any]]) -> None:
    """Hold the log and every aggregate against a plain recount of the acknowledged events."""
    wanted = expectations(events)
    questions = {table: sql for table, (sql, _) in wanted.items()}
    found = answers(folder, questions | {"raw_events": "SELECT session_id, seq FROM raw_events"})
    log = Counter((row["session_id"], int(row["seq"])) for row in found["raw_events"])
    assert log == Counter((e["session_id"], e["seq"]) for e in events)
    for table, (_, rows) in wanted.items():
        told = Counter(tuple(map(str, row.values())) for row in found[table])
        assert told == Counter(tuple(map(str, row)) for row in rows), table


def answers(folder: Path, questions: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Ask a stopped instance's ClickHouse, in a process of its own: a process can open one folder."""
    command = [sys.executable, "-c", ASK, str(folder)]
    done = subprocess.run(command, input=json.dumps(questions), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    return found


ASK = """
import chdb, json, sys
connection = chdb.connect(sys.argv[1])
ask = lambda sql: connection.query(sql, "JSONEachRow").bytes().splitlines()
print(json.dumps({name: list(map(json.loads, ask(sql))) for name, sql in json.load(sys.stdin).items()}))
"""

Row = tuple[object, ...]


def expectations(events: list[dict[str, Any]]) -> dict[str, tuple[str, set[Row]]]:
    """For each aggregate a query, and the rows that a plain recount gives."""
    kills = [e for e in events if e["attacker_name"] != e["victim_name"]]
    by_attacker = Counter(e["attacker_name"] for e in kills)
    by_victim = Counter(e["victim_name"] for e in events)
    suicides = Counter(e["victim_name"] for e in events if e["attacker_name"] == e["victim_name"])
    pairs = Counter((e["attacker_name"], e["victim_name"]) for e in kills)
    matches = Counter(e["match_id"] for e in events)
    named = "(SELECT player_key, any(name) AS name FROM player_identities GROUP BY player_key)"
    return {
        "player_daily": (
            "SELECT i.name, sum(d.kills), sum(d.deaths), sum(d.suicides) FROM player_daily AS d "
            f"INNER JOIN {named} AS i ON i.player_key = d.player_key GROUP BY i.name",
            {(n, by_attacker[n], by_victim[n], suicides[n]) for n in by_victim | by_attacker},
        ),
        "match_players": (
            "SELECT i.name, sum(d.kills), sum(d.deaths) FROM match_players AS d "
            f"INNER JOIN {named} AS i ON i.player_key = d.player_key GROUP BY i.name",
            {(n, by_attacker[n], by_victim[n]) for n in by_victim | by_attacker},
        ),
        "rivals": (
            "SELECT a.name, b.name, sum(r.kills) FROM rivals AS r "
            f"INNER JOIN {named} AS a ON a.player_key = r.player_key "
            f"INNER JOIN {named} AS b ON b.player_key = r.opponent_key "
            "GROUP BY a.name, b.name HAVING sum(r.kills) > 0",
            {(a, b, n) for (a, b), n in pairs.items()},
        ),
        "matches": (
            "SELECT max(match_id), sum(events) FROM matches GROUP BY match_key",
            set(matches.items()),
        ),
        "event_types": (
            "SELECT type, sum(events) FROM event_types GROUP BY type",
            {("player_kill", len(events))},
        ),
        "server_hours": ("SELECT sum(events), sum(kills) FROM server_hours", {(len(events), len(kills))}),
        "map_daily": ("SELECT map, sum(kills) FROM map_daily GROUP BY map", {("dm/mohdm6", len(kills))}),
        "weapon_daily": (
            "SELECT weapon, sum(kills) FROM weapon_daily GROUP BY weapon",
            {("M1 Garand", len(kills))},
        ),
        "player_weapons": (
            "SELECT weapon, sum(kills) FROM player_weapons GROUP BY weapon",
            {("M1 Garand", len(kills))},
        ),
    }
