"""A running After Action, started as its user would and killed as its user would not."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import httpx


class Instance:
    """`afteraction up` in a scratch folder, on a free port; as a context manager, started and stopped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AFTERACTION_")},
            "AFTERACTION_DATA": str(folder / "data"),
            "AFTERACTION_PORT": str(self.port),
            "PYTHONFAULTHANDLER": "1",
        }

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, seconds: float = 90) -> None:
        """Start, and wait until events are taken in."""
        log = (self.folder / "up.log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "up"], env=self.environment, stdout=log, stderr=log
        )
        log.close()
        self.wait_until_ready(seconds)

    def wait_until_ready(self, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                raise AssertionError(f"up ended: {self._log()}")
            try:
                if httpx.get(f"{self.url}/readyz", timeout=5).json()["status"] == "ready":
                    return
            except (httpx.HTTPError, ValueError):
                pass
            time.sleep(0.1)
        raise AssertionError(f"not ready: {self._log()}")

    def command(self, *arguments: str) -> str:
        """Run another command beside it and return what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "api.cli", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def pid(self) -> int:
        """The pid of the running process."""
        assert self._process is not None
        return self._process.pid

    def is_running(self) -> bool:
        """Tell whether the process has not ended."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """Kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Stop as Ctrl-C does."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                # Where each thread is goes to the log, for PYTHONFAULTHANDLER.
                self._process.send_signal(signal.SIGABRT)
                self._process.wait()
                raise AssertionError(f"does not stop: {self._log()}") from None

    def _log(self) -> str:
        return (self.folder / "up.log").read_text()[-6000:]

    def wait_until_written(self, seconds: float = 60) -> None:
        """Wait until the inbox is empty."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            inbox = httpx.get(f"{self.url}/readyz", timeout=10).json()["inbox"]
            if inbox["rows"] == 0:
                return
            time.sleep(0.1)
        raise AssertionError(f"still in the inbox: {inbox}\n{self._log()}")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
