"""The embedded engines: the folder's lock, sockets of long paths, what a killed run left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.embedded import engines, postgres, process
from api.embedded.folder import DataFolder
from api.errors import ConfigurationError
from api.settings import Settings


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    made = DataFolder(tmp_path / "data")
    made.create()
    return made


def _quiet(_: str) -> None:
    pass


def test_the_folder_is_closed_to_others(folder: DataFolder) -> None:
    for path in (folder.path, folder.clickhouse, folder.postgres, folder.valkey, folder.sockets):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_folder_is_run_by_one_process(folder: DataFolder) -> None:
    assert not folder.is_run()
    with folder.lock():
        assert folder.is_run()
        assert folder.runner() == {"pid": os.getpid(), "url": None}
        with pytest.raises(ConfigurationError, match=f"pid {os.getpid()}"), folder.lock():
            pass
    assert not folder.is_run()


def test_the_lock_ends_with_its_process(folder: DataFolder) -> None:
    code = "import sys, time; from pathlib import Path; from api.embedded.folder import DataFolder\n"
    code += "with DataFolder(Path(sys.argv[1])).lock(): print('locked', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code, str(folder.path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        assert folder.is_run()
        assert folder.runner()["pid"] == holder.pid
        holder.kill()
    assert not folder.is_run()


def test_the_note_says_where_it_listens(folder: DataFolder) -> None:
    folder.announce("http://127.0.0.1:8080")
    assert folder.runner() == {"pid": os.getpid(), "url": "http://127.0.0.1:8080"}


@pytest.mark.parametrize("note", ["", "{", "[]", "null"])
def test_a_broken_note_is_no_note(folder: DataFolder, note: str) -> None:
    (folder.path / "running.json").write_text(note)
    assert folder.runner() == {}


def test_every_folder_has_sockets_of_its_own(tmp_path: Path) -> None:
    assert DataFolder(tmp_path / "one").sockets != DataFolder(tmp_path / "two").sockets
    assert DataFolder(tmp_path / "one").sockets == DataFolder(tmp_path / "one").sockets


@pytest.fixture
def long_path(tmp_path: Path) -> Path:
    """A folder whose sockets would not fit into the kernel's 107 characters, with names that want quoting."""
    return tmp_path / "a long name" / "ü" / ("x" * 100) / "data"


def test_a_long_path_runs_and_runs_again(long_path: Path) -> None:
    settings = Settings(data=str(long_path))
    for _ in range(2):
        with engines.running(settings, _quiet) as found:
            assert found.clickhouse_folder == long_path / "clickhouse"
            beside = engines.beside(settings)
            assert beside is not None
            assert beside.postgres_url == found.postgres_url
            pid = _postmaster(long_path)
        assert not Path(f"/proc/{pid}").exists()
        assert engines.beside(settings) is None


def _postmaster(data: Path) -> int:
    return int((data / "postgres" / "postmaster.pid").read_text().splitlines()[0])


@pytest.fixture
def leftover(folder: DataFolder) -> Iterator[int]:
    """A Postgres that outlived its After Action, as it may where there is no setpriv to end it."""
    child = postgres.start(folder)
    yield child.process.pid
    child.stop()


def test_a_leftover_postgres_is_ended(folder: DataFolder, leftover: int) -> None:
    with engines.running(Settings(data=str(folder.path)), _quiet):
        assert _postmaster(folder.path) != leftover


def test_a_pid_of_something_else_is_left_alone(folder: DataFolder) -> None:
    postgres.start(folder).stop()
    with subprocess.Popen(["sleep", "60"]) as other:
        (folder.postgres / "postmaster.pid").write_text(f"{other.pid}\n{folder.postgres}\n")
        with engines.running(Settings(data=str(folder.path)), _quiet):
            ended = other.poll()
        other.kill()
    assert ended is None


def test_an_engine_that_does_not_start_says_why(tmp_path: Path) -> None:
    child = process.Child(
        "Engine", ["sh", "-c", "echo no such luck; exit 1"], tmp_path / "log", signal.SIGTERM
    )
    with pytest.raises(ConfigurationError, match=r"Engine did not start:\nno such luck"):
        child.wait_until(lambda: False)


def test_an_engine_that_does_not_answer_says_so(tmp_path: Path) -> None:
    child = process.Child("Engine", ["sleep", "60"], tmp_path / "log", signal.SIGTERM)
    with pytest.raises(ConfigurationError, match="did not answer"):
        child.wait_until(lambda: False, seconds=0.2)
    child.stop()
    assert child.process.returncode == -signal.SIGTERM


def test_an_engine_that_does_not_stop_is_ended(tmp_path: Path) -> None:
    command = ["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.1; done"]
    child = process.Child("Engine", command, tmp_path / "log", signal.SIGTERM)
    child.wait_until(lambda: "deaf" in child.log_tail())
    child.stop(seconds=0.3)
    assert child.process.returncode == -signal.SIGKILL


def test_an_engine_that_has_ended_is_started_again(tmp_path: Path) -> None:
    child = process.Child("Engine", ["sleep", "60"], tmp_path / "log", signal.SIGTERM)
    first = child.process
    assert not child.revive()
    first.kill()
    first.wait()
    assert child.revive()
    assert child.process.pid != first.pid
    child.stop()


def test_a_program_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"sh failed:\nbroken"):
        process.run(["sh", "-c", "echo broken; exit 3"], tmp_path / "log")


def test_engines_end_with_their_process(tmp_path: Path) -> None:
    code = "import signal, sys, time; from pathlib import Path; from api.embedded import process\n"
    code += "child = process.Child('Engine', ['sleep', '60'], Path(sys.argv[1]), signal.SIGTERM)\n"
    code += "print(child.process.pid, flush=True); time.sleep(60)"
    command = [sys.executable, "-c", code, str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        engine = int(parent.stdout.readline())
        _wait_until(lambda: _command_line(engine).startswith(b"sleep"))
        parent.kill()
    _wait_until(lambda: _command_line(engine) == b"")


def _command_line(pid: int) -> bytes:
    """Return what a process runs, nothing for one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _wait_until(done: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_servers_that_are_not_set_are_named() -> None:
    with pytest.raises(ConfigurationError, match="AFTERACTION_POSTGRES_URL, AFTERACTION_REDIS_URL"):
        engines.servers(Settings(clickhouse_url="clickhouse://h/d"), "serve")


def test_with_servers_alone_no_folder_is_made(tmp_path: Path) -> None:
    settings = Settings(
        data=str(tmp_path / "data"),
        clickhouse_url="clickhouse://h/d",
        postgres_url="postgresql://h/d",
        redis_url="redis://h",
    )
    with engines.running(settings, _quiet) as found:
        assert found.data is None
    assert not settings.data_folder.exists()
