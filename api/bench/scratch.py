"""A running After Action in a folder that is thrown away, for benches."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from api.errors import AfterActionError

_START_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Instance:
    """What is running: where, the token of a server of its own, and the process."""

    url: str
    token: str
    pid: int


@contextmanager
def instance(folder: Path) -> Iterator[Instance]:
    """Run `afteraction up` in the scratch folder, with one server added to it."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AFTERACTION_")}
    environment |= {"AFTERACTION_DATA": str(folder / "data"), "AFTERACTION_PORT": "0"}
    command = [sys.executable, "-m", "api.cli"]
    with (folder / "up.log").open("wb") as log:
        process = subprocess.Popen([*command, "up"], env=environment, stdout=log, stderr=log)
    try:
        url = _wait_for_url(folder / "data" / "running.json", process)
        added = subprocess.run(
            [*command, "server", "add", "bench"], env=environment, capture_output=True, text=True, check=True
        )
        yield Instance(url, added.stdout.strip(), process.pid)
    finally:
        process.terminate()
        process.wait(60)


def _wait_for_url(note: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            url = json.loads(note.read_text())["url"]
            if url and httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                return str(url)
        except (OSError, ValueError, KeyError, httpx.HTTPError):
            pass
        time.sleep(0.1)
    raise AfterActionError(
        f"the scratch instance did not start; it says in {note.parent.parent / 'up.log'} why"
    )
