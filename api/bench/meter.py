"""What a running instance uses: CPU seconds by component, and memory over time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec
import psutil

_EVERY_SECONDS: Final = 0.5
_MB: Final = 1 << 20


class CpuSeconds(msgspec.Struct):
    """CPU seconds by component. `api` is the application and the worker, all that is Python."""

    api: float
    clickhouse: float
    postgres: float
    valkey: float

    def since(self, before: "CpuSeconds") -> "CpuSeconds":
        """Return what was used after `before`."""
        return CpuSeconds(
            *(
                a - b
                for a, b in zip(msgspec.structs.astuple(self), msgspec.structs.astuple(before), strict=True)
            )
        )

    def times(self, factor: float) -> "CpuSeconds":
        """Return all of it, multiplied and rounded."""
        return CpuSeconds(*(round(value * factor, 2) for value in msgspec.structs.astuple(self)))


class Memory(msgspec.Struct):
    """Resident MB: the application with ClickHouse in it, and Postgres; the most in each tenth of a run."""

    peak_mb: int
    postgres_peak_mb: int
    by_tenth_mb: list[int]


class Meter:
    """Reads the instance of a process id."""

    def __init__(self, pid: int) -> None:
        self._up = psutil.Process(pid)
        self._samples: list[tuple[int, int]] = []

    def cpu(self) -> CpuSeconds:
        """Return what was used since the start.

        In the process of the application, ClickHouse's threads carry names of their own and may end; Python's
        carry the process's name and stay. So ClickHouse is what is left of the whole.
        """
        whole = self._up.cpu_times()
        own = Path(f"/proc/{self._up.pid}/comm").read_text()
        python = sum(
            thread.user_time + thread.system_time
            for thread in self._up.threads()
            if _name(self._up.pid, thread.id) == own
        )
        return CpuSeconds(
            api=python,
            clickhouse=whole.user + whole.system - python,
            postgres=sum(map(_all_time, self._engine("postgres"))),
            valkey=sum(map(_all_time, self._engine("valkey"))),
        )

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Take samples of memory for the length of the block."""
        self._samples.clear()
        stop = threading.Event()

        def watch() -> None:
            while not stop.wait(_EVERY_SECONDS):
                postgres = sum(map(_private, self._engine("postgres")))
                self._samples.append((self._up.memory_info().rss, postgres))

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def memory(self) -> Memory:
        """Return what the samples say."""
        own = [sample // _MB for sample, _ in self._samples] or [0]
        tenths = [own[len(own) * tenth // 10 : len(own) * (tenth + 1) // 10] for tenth in range(10)]
        return Memory(
            peak_mb=max(own),
            postgres_peak_mb=max((sample // _MB for _, sample in self._samples), default=0),
            by_tenth_mb=[max(tenth) for tenth in tenths if tenth],
        )

    def _engine(self, name: str) -> list[psutil.Process]:
        found = []
        for process in self._up.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if name in process.name():
                    found.append(process)
        return found


def _name(pid: int, thread: int) -> str:
    try:
        return Path(f"/proc/{pid}/task/{thread}/comm").read_text()
    except OSError:
        return ""


def _private(process: psutil.Process) -> int:
    """Resident bytes without those that processes share; 0 for one that has just ended."""
    try:
        memory = process.memory_info()
    except psutil.NoSuchProcess:
        return 0
    return int(memory.rss - memory.shared)


def _all_time(process: psutil.Process) -> float:
    try:
        used = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0
    # Of a process's children those that ended count: Postgres's short-lived ones.
    ended = used.children_user + used.children_system if process.name() == "postgres" else 0
    return float(used.user + used.system + ended)
