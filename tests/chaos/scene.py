"""A running After Action with senders, which faults happen to."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx

from tests.chaos.journal import Journal
from tests.chaos.proxy import Proxy
from tests.chaos.sender import Sender
from tests.chaos.stream import Stream
from tests.running import Instance

NUMBERED, UNNUMBERED = 3, 1
CLICKHOUSE_DISK, DISK = 320 << 20, 640 << 20


class Scene:
    """An instance behind a proxy, its disks, and the senders of the moment."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.dice = random.Random(seed)
        self.instance = Instance(folder)
        self.data = folder / "data"
        self.small_disks = False
        self.journal = Journal()
        self.senders: list[Sender] = []
        self._stack = ExitStack()
        self._sessions = 0

    def __enter__(self) -> "Scene":
        with ExitStack() as stack:
            self.data.mkdir()
            self.small_disks = stack.enter_context(small_disk(self.data, DISK))
            (self.data / "clickhouse").mkdir()
            if self.small_disks:
                stack.enter_context(small_disk(self.data / "clickhouse", CLICKHOUSE_DISK))
            stack.enter_context(self.instance)
            self.proxy = stack.enter_context(Proxy(self.instance.port, random.Random(self.dice.random())))
            self.token = self.instance.command("server", "add", "one").strip()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Have new senders send for the length of the block, and all of it acknowledged or given up after."""
        self.journal = Journal()
        self.senders = [self._sender(numbered) for numbered in [True] * NUMBERED + [False] * UNNUMBERED]
        for sender in self.senders:
            sender.start()
        try:
            yield
        finally:
            for sender in self.senders:
                sender.finish.set()
            for sender in self.senders:
                sender.join(60)
        for sender in self.senders:
            assert not sender.is_alive(), "a sender was not answered in a minute"
            if sender.failure is not None:
                raise sender.failure

    def _sender(self, numbered: bool) -> Sender:
        stream = Stream(self.new_session(), self.new_dice(), numbered=numbered)
        return Sender(lambda: self.proxy.url, self.token, stream, self.journal, self.new_dice())

    def new_session(self) -> str:
        """Return a session's name that was not there before."""
        self._sessions += 1
        return f"s{self._sessions}"

    def new_dice(self) -> random.Random:
        """Return dice for another thread."""
        return random.Random(self.dice.random())

    def processes(self, engine: str) -> list[int]:
        """Return the pids of an engine (`up`, `postgres`, `valkey`), the one that leads first."""
        if engine == "up":
            return [self.instance.pid]
        found = descendants(self.instance.pid)
        return sorted(pid for pid in found if engine in program(pid))

    def kill(self, engine: str) -> None:
        """Kill -9. What has killed `up` starts it again; `up` itself revives the others."""
        if engine == "up":
            self.instance.kill()
            self.instance.start()
        else:
            os.kill(self.processes(engine)[0], signal.SIGKILL)

    @contextmanager
    def frozen(self, engine: str) -> Iterator[None]:
        """Stop an engine's processes (SIGSTOP) for the length of the block."""
        stopped = self.processes(engine)
        assert stopped
        for pid in stopped:
            signal_if_there(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in stopped:
                signal_if_there(pid, signal.SIGCONT)

    def wait_for(self, done: Callable[[], bool], what: str, seconds: float = 60) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline, f"not in {seconds:.0f} s: {what}"
            time.sleep(0.05)

    def revive(self) -> None:
        """Start `up` again if it has ended, as a supervisor would."""
        if not self.instance.is_running():
            self.instance.start()

    def recover(self) -> None:
        """Wait until all is well again and every sender is answered."""
        self.instance.wait_until_ready()
        before = [(sender, sender.answered) for sender in self.senders]
        for sender, answered in before:
            self.wait_for(
                lambda s=sender, n=answered: s.answered > n or not s.is_alive(),  # type: ignore[misc]
                "a sender is answered again",
            )

    def sessions(self) -> dict[str, dict[str, object]]:
        """Return the ledger as the API shows it."""
        answer = httpx.get(f"{self.instance.url}/api/v1/servers/1/sessions?limit=1000", timeout=20)
        return {session["session_id"]: session for session in answer.json()["sessions"]}

    def clickhouse_refuses(self) -> bool:
        """Whether ClickHouse takes nothing now."""
        with suppress(httpx.HTTPError, ValueError, TypeError, KeyError):
            inbox = httpx.get(f"{self.instance.url}/readyz", timeout=10).json()["inbox"]
            return bool(inbox["failing_blocks"]) or inbox["oldest_seconds"] > 5
        return not self.instance.is_running()


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[bool]:
    """Mount a small disk at a folder; yield False where that is not allowed."""
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(folder)], capture_output=True
        ).returncode
    )
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def filled(disk: Path, left: int) -> Iterator[None]:
    """Take a disk's space but some bytes for the length of the block."""
    filler = disk / "filler"
    try:
        with filler.open("wb") as file:
            # Others write meanwhile: what was free a moment ago may not be any more.
            while (free := _free(disk)) > left:
                with suppress(OSError):
                    os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, free - left)
        yield
    finally:
        filler.unlink(missing_ok=True)


def _free(disk: Path) -> int:
    space = os.statvfs(disk)
    return space.f_bavail * space.f_frsize


def signal_if_there(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def program(pid: int) -> str:
    """Return the name of a process's program, empty for one that is gone."""
    try:
        return Path(f"/proc/{pid}/exe").resolve().name
    except OSError:
        return ""


def descendants(pid: int) -> set[int]:
    """Return the processes below a process."""
    children: dict[int, set[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, set()).add(int(stat.parent.name))
    found, waiting = set(), {pid}
    while waiting:
        below = children.get(waiting.pop(), set())
        found |= below
        waiting |= below
    return found
