"""Two APIs and two workers on one inbox keep the promise, whichever of them is killed.

What this proves: with several processes, numbers are new to one of them alone, blocks are sealed, claimed and
let go of in order, and a block whose worker dies while ClickHouse still inserts it, so that another one
inserts it at the same moment, counts once. The processes are the true ones, and so are Postgres and Valkey.

What it does not: ClickHouse is the embedded engine in a process of its own, reached over a socket of the
tests (shared_clickhouse.py). No current ClickHouse server is to be had here, so neither the native protocol
nor a server's own way of ending an insert whose client is gone takes part, and it is never killed.
"""

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from api.embedded import engines
from api.embedded.engines import Engines
from api.settings import Settings
from tests.chaos import audit
from tests.chaos.journal import Journal
from tests.chaos.run import disagreements
from tests.chaos.sender import Sender
from tests.chaos.stream import Stream

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "1"))
COMMANDS = ("serve", "serve", "worker", "worker")
ROOT = Path(__file__).resolve().parents[2]


class Fleet:
    """Two APIs, two workers and what they share."""

    def __init__(self, folder: Path, found: Engines) -> None:
        self.folder = folder
        self._started = 0
        self._socket = str(folder / "clickhouse.sock")
        self._ports = [_free_port(), _free_port()]
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AFTERACTION_")},
            "AFTERACTION_POSTGRES_URL": found.postgres_url,
            "AFTERACTION_REDIS_URL": found.redis_url,
            # Never connected to: the shared one takes its place.
            "AFTERACTION_CLICKHOUSE_URL": "clickhouse://shared/default",
            "AFTERACTION_POLL_SECONDS": "0.05",
            "AFTERACTION_DATA": str(folder / "data"),
        }
        self.holder = self._start("hold", str(folder / "clickhouse"), self._socket)
        _wait_for(lambda: Path(self._socket).exists())
        assert self._start("use", self._socket, "migrate").wait(60) == 0
        self._starts = [0] * len(COMMANDS)
        self.processes = [self._command(number) for number in range(len(COMMANDS))]

    @property
    def urls(self) -> Sequence[str]:
        return [f"http://127.0.0.1:{port}" for port in self._ports]

    def log_of(self, start: int) -> Path:
        return self.folder / f"{start}.log"

    def _start(self, *arguments: str, port: int = 0) -> subprocess.Popen[bytes]:
        self._started += 1
        with self.log_of(self._started).open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.shared_clickhouse", *arguments],
                env={**self._environment, "AFTERACTION_PORT": str(port)},
                stdout=log,
                stderr=log,
                cwd=ROOT,
            )

    def _command(self, number: int) -> subprocess.Popen[bytes]:
        process = self._start("use", self._socket, COMMANDS[number], port=self._ports[number % 2])
        self._starts[number] = self._started
        return process

    def wait_until_it_works(self, number: int) -> None:
        log = self.log_of(self._starts[number])
        _wait_for(lambda: "working" in log.read_text() or "serving on" in log.read_text())

    def kill(self, number: int) -> None:
        """Kill -9 one of the four, and start it again."""
        assert self.processes[number].poll() is None, self.log_of(self._starts[number]).read_text()
        self.processes[number].kill()
        self.processes[number].wait()
        self.processes[number] = self._command(number)

    def add_server(self) -> str:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.chaos.shared_clickhouse",
                "use",
                self._socket,
                "server",
                "add",
                "one",
            ],
            env=self._environment,
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def inbox(self, url: str) -> int:
        return int(httpx.get(f"{url}/readyz", timeout=10).json()["inbox"]["rows"])

    def is_up(self) -> bool:
        try:
            return all(httpx.get(f"{url}/readyz", timeout=5).status_code == 200 for url in self.urls)
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        for process in (*self.processes, self.holder):
            process.kill()
            process.wait()


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    with engines.running(Settings(data=str(tmp_path / "data")), lambda _: None) as found:
        fleet = Fleet(tmp_path, found)
        yield fleet
        fleet.stop()


def test_two_apis_and_two_workers_keep_the_promise(fleet: Fleet) -> None:
    seed = int(os.environ.get("CHAOS_SEED") or random.randrange(1 << 32))
    print(f"CHAOS_SEED={seed}")
    dice, journal, token = random.Random(seed), Journal(), fleet.add_server()
    _wait_for(fleet.is_up)
    senders = []
    for number in range(4):
        own = random.Random(dice.random())
        stream = Stream(f"s{number}", random.Random(dice.random()), numbered=number > 0)
        senders.append(Sender(lambda own=own: own.choice(fleet.urls), token, stream, journal, own))  # type: ignore[misc]
        senders[-1].start()
    for _ in range(ROUNDS):
        for victim in [*dice.sample(range(4), 4), 2, 3]:
            fleet.wait_until_it_works(victim)
            time.sleep(dice.uniform(0, 1.5))
            fleet.kill(victim)
    for sender in senders:
        sender.finish.set()
        sender.join(60)
        assert not sender.is_alive()
        assert sender.failure is None, sender.failure
    _wait_for(fleet.is_up)
    _wait_for(lambda: fleet.inbox(fleet.urls[0]) == 0)
    answer = httpx.get(f"{fleet.urls[1]}/api/v1/servers/1/sessions", timeout=10).json()
    fleet.stop()
    books = audit.read(fleet.folder / "clickhouse")
    balance = journal.balance(row.raw.encode() for row in books.log)
    print(balance)
    assert balance.acknowledged > 500
    assert not balance.wrong, balance
    ledger = {session["session_id"]: session for session in answer["sessions"]}
    assert disagreements(books, ledger, [journal]) == []


def _wait_for(done: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
