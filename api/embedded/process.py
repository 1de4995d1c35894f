"""Starting an engine as a child that ends when this process does, however it ends.

The kernel ends the child with the thread that started it, so engines are started from the main thread.
"""

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from api.errors import ConfigurationError


class Child:
    """An engine that runs as a child process. `name` is for messages, `log` is where it writes."""

    def __init__(self, name: str, command: Sequence[str], log: Path, stop_signal: signal.Signals) -> None:
        self.name = name
        self.log = log
        self._command = command
        self._stop_signal = stop_signal
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as output:
            return subprocess.Popen(
                [*prefix(self._stop_signal), *self._command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Ctrl-C reaches the whole foreground group; the engines are stopped in order instead.
                start_new_session=True,
            )

    def revive(self) -> bool:
        """Start the engine again if it has ended, and tell whether it had. Call from the main thread."""
        if self.process.poll() is None:
            return False
        self.process = self._start()
        return True

    def wait_until(self, ready: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until the engine answers.

        Raises ConfigurationError with the end of its log when it stops or takes too long.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if self.process.poll() is not None:
                raise ConfigurationError(f"{self.name} did not start:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise ConfigurationError(f"{self.name} did not answer in {seconds:.0f} s:\n{self.log_tail()}")
            time.sleep(0.05)

    def stop(self, seconds: float = 30) -> None:
        """Ask the engine to stop, and end it when it has not in time."""
        if self.process.poll() is None:
            self.process.send_signal(self._stop_signal)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def log_tail(self, lines: int = 8) -> str:
        """Return the last lines of the engine's log."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return "(no log)"


def service_user() -> pwd.struct_passwd | None:
    """Return whom engines run as when this process is root: `afteraction` if there is one, else `nobody`."""
    if os.geteuid() != 0:
        return None
    for name in ("afteraction", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ConfigurationError(
        "Postgres does not run as root, and this system has no user 'nobody' to run it as. "
        "Start After Action as another user."
    )


def own(folder: Path) -> None:
    """Give a folder to whom the engines run as."""
    user = service_user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)


def run(command: Sequence[str], log: Path) -> None:
    """Run a program of an engine to its end.

    Raises ConfigurationError with the end of what it said when it fails.
    """
    with log.open("ab") as output:
        done = subprocess.run(
            [*prefix(None), *command], stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    if done.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
        raise ConfigurationError(f"{Path(command[0]).name} failed:\n{tail}")


def prefix(death_signal: signal.Signals | None) -> list[str]:
    """Return the command before a command: whom it runs as, and what it gets when this process dies.

    As root, the engine keeps the right to read and to pass through folders (nothing else), because a checkout
    under /root is closed to everyone else.
    """
    setpriv = shutil.which("setpriv")
    user = service_user()
    if setpriv is None:
        if user is not None:
            raise ConfigurationError("as root, After Action needs the program setpriv (Debian: util-linux)")
        return []
    words = [setpriv]
    if death_signal is not None:
        words += ["--pdeathsig", death_signal.name.removeprefix("SIG")]
    if user is not None:
        words += ["--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]
        words += ["--inh-caps", "-all,+dac_read_search", "--ambient-caps", "-all,+dac_read_search"]
    return [*words, "--"] if len(words) > 1 else []
