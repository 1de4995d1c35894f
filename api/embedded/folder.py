"""The data folder: what lies where in it, and the lock that lets one process run it."""

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.errors import ConfigurationError


class DataFolder:
    """The folder that holds the embedded engines' data."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clickhouse = path / "clickhouse"
        self.postgres = path / "postgres"
        self.valkey = path / "valkey"
        self.logs = path / "logs"

    @property
    def sockets(self) -> Path:
        """A short path for sockets: the kernel allows them 107 characters, a data folder may have more."""
        name = hashlib.sha256(str(self.path).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"afteraction-{name}"

    @property
    def postgres_url(self) -> str:
        """Where the embedded Postgres answers while the folder is run."""
        return f"postgresql://postgres@/postgres?host={self.sockets}"

    @property
    def redis_url(self) -> str:
        """Where the embedded Valkey answers while the folder is run."""
        return f"unix://{self.sockets / 'valkey.sock'}"

    def create(self) -> None:
        """Make the folders.

        Raises ConfigurationError when that is not possible.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (self.clickhouse, self.postgres, self.valkey, self.logs):
                folder.mkdir(exist_ok=True, mode=0o700)
            self.sockets.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise ConfigurationError(f"AFTERACTION_DATA = {str(self.path)!r}: {error}") from error

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for this process.

        Raises ConfigurationError when another process runs it.
        """
        with (self.path / "lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ConfigurationError(
                    f"{self.path} is run by another After Action (pid {self.runner().get('pid', '?')}). The "
                    "embedded ClickHouse allows one process: stop the other one, choose another "
                    "AFTERACTION_DATA, or set AFTERACTION_CLICKHOUSE_URL to share a server."
                ) from error
            self.announce(None)
            yield

    def announce(self, url: str | None) -> None:
        """Leave a note for the other commands: who runs the folder, and where it listens."""
        note = self.path / "running.json"
        note.write_text(json.dumps({"pid": os.getpid(), "url": url}))

    def runner(self) -> dict[str, object]:
        """Return the note of the process that runs the folder, {} when there is none."""
        try:
            note = json.loads((self.path / "running.json").read_text())
        except (OSError, ValueError):
            return {}
        return note if isinstance(note, dict) else {}

    def is_run(self) -> bool:
        """Tell whether another process holds the folder now."""
        try:
            with (self.path / "lock").open("a+") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False
