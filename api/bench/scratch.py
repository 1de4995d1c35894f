"""A running After Action in a folder that is thrown away, for benches."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil

from api.errors import AfterActionError

_START_SECONDS = 90
_POLL_SECONDS = 0.05
_COMMAND = (sys.executable, "-m", "api.cli")


class Instance:
    """`afteraction up`, with one server added to it: where it is, and the server's token."""

    url = ""
    token = ""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._environment = {k: v for k, v in os.environ.items() if not k.startswith("AFTERACTION_")}
        self._environment |= {
            "AFTERACTION_DATA": str(folder / "data"),
            "AFTERACTION_PORT": "0",
            "AFTERACTION_INGEST_REQUESTS_PER_MINUTE": "0",
            "AFTERACTION_READS_PER_MINUTE": "0",
        }

    @property
    def pid(self) -> int:
        """The process id, another one after a restart."""
        return self._process.pid

    def start(self) -> None:
        """Start, or start again at the same port, and wait until it answers.

        Raises AfterActionError when it does not.
        """
        with (self._folder / "up.log").open("ab") as log:
            self._process = subprocess.Popen([*_COMMAND, "up"], env=self._environment, stdout=log, stderr=log)
        self.url = self._wait_for_url()
        self._environment["AFTERACTION_PORT"] = str(urlsplit(self.url).port)

    def add_server(self) -> None:
        """Add the server that senders are."""
        command = [*_COMMAND, "server", "add", "bench"]
        added = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=True)
        self.token = added.stdout.strip()

    def stop(self) -> None:
        """Stop as an admin does."""
        self._process.terminate()
        self._process.wait(60)

    def kill(self) -> None:
        """Kill -9 the application; its engines end with it."""
        self._process.kill()
        self._process.wait()

    def freeze(self, seconds: float, *, postgres_alone: bool) -> None:
        """Stop everything, or Postgres alone, where it stands, and let it go on after so many seconds."""
        up = psutil.Process(self.pid)
        everything = [up, *up.children(recursive=True)]
        frozen = [process for process in everything if not postgres_alone or "postgres" in process.name()]
        try:
            _signal(frozen, signal.SIGSTOP)
            time.sleep(seconds)
        finally:
            _signal(frozen, signal.SIGCONT)

    def wait_until_drained(self) -> float:
        """Return when, in unix seconds, every table had everything: only then is the inbox empty."""
        with httpx.Client(base_url=self.url, timeout=60) as client:
            while client.get("/readyz").json()["inbox"]["rows"]:
                time.sleep(_POLL_SECONDS)
        return time.time()

    def _wait_for_url(self) -> str:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                url = json.loads((self._folder / "data" / "running.json").read_text())["url"]
                if url and httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                    return str(url)
            except (OSError, ValueError, KeyError, httpx.HTTPError):
                pass
            time.sleep(0.1)
        raise AfterActionError(
            f"the scratch instance did not start; it says in {self._folder / 'up.log'} why"
        )


@contextmanager
def instance(folder: Path) -> Iterator[Instance]:
    """Run `afteraction up` in the scratch folder."""
    running = Instance(folder)
    try:
        running.start()
        running.add_server()
        yield running
    finally:
        running.stop()


def _signal(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
