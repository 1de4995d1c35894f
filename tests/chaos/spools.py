"""The true relay on a spool that others cut, rotate and copy while it works."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from tests.chaos.journal import Batch
from tests.chaos.scene import Scene
from tests.chaos.stream import Stream

RELAY = Path(__file__).resolve().parents[2] / "game_scripts" / "relay.py"
_TAKEN = re.compile(r": (\d+) acknowledged, (\d+) of them repeats")


class Spool:
    """A tracker's folder with a relay on it. What is destroyed before the relay read it need not arrive."""

    def __init__(self, scene: Scene, session: str) -> None:
        self.session = session
        self.folder = scene.folder / f"spool-of-{scene.new_session()}"
        self.folder.mkdir()
        self._number = 1
        self._here: list[Batch] = []
        self._rotated: list[Batch] = []
        self._log = self.folder / "relay.log"
        self._command = [
            sys.executable, str(RELAY), "--spool", str(self.folder), "--url", scene.proxy.url, "--token",
            scene.token, "--linger", "0.05", "--poll", "0.02", "--backoff", "0.1", "--timeout", "8",
        ]  # fmt: skip
        self._relay = self._start()

    @property
    def path(self) -> Path:
        return self.folder / f"spool-{self.session}-{self._number:05d}.ndjson"

    def _start(self, *more: str) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen([*self._command, *more], stdout=log, stderr=log)

    def append(self, lines: list[Batch]) -> None:
        """Write lines, each noted as a batch, as the tracker does."""
        self._here += lines
        with self.path.open("ab") as file:
            file.write(b"".join(line + b"\n" for batch in lines for line in batch.lines))

    def cut(self) -> None:
        """Empty the file under the relay, as logrotate's copytruncate does."""
        with suppress(FileNotFoundError):
            os.truncate(self.path, 0)
        self._here.clear()

    def take_away(self) -> None:
        """Move the file to where the relay does not look; the next lines go into a new one of its name."""
        with suppress(FileNotFoundError):
            self.path.rename(self.path.with_suffix(".old"))
        self._here.clear()

    def rotate(self) -> None:
        """Begin the next file, as the tracker does; nothing is destroyed."""
        self._rotated += self._here
        self._here = []
        self._number += 1

    def kill(self) -> None:
        """Kill -9 the relay, and start it again."""
        self._relay.kill()
        self._relay.wait()
        self._relay = self._start()

    def finish(self) -> None:
        """Stop the relay, have another one send what is left, and note what must have arrived."""
        self._relay.send_signal(signal.SIGTERM)
        # It may have been started a moment ago, and know nothing of signals yet.
        assert self._relay.wait(30) in (0, -signal.SIGTERM), self._log.read_text()[-3000:]
        last = self._start("--once", "--tries", "30")
        assert last.wait(60) == 0, self._log.read_text()[-3000:]
        for batch in (*self._here, *self._rotated):
            batch.acknowledged = True

    def taken(self) -> int:
        """Return how many events the relay was told were new."""
        found = _TAKEN.findall(self._log.read_text())
        return sum(int(lines) - int(repeats) for lines, repeats in found)


def _noted(scene: Scene, stream: Stream, count: int) -> list[Batch]:
    return [scene.journal.write(stream.session, [line]) for line in stream.take(count)]


def cut_and_rotated(scene: Scene) -> None:
    """Cut, take away and rotate the spool at random moments while the tracker writes and the relay sends."""
    stream = Stream(scene.new_session(), scene.new_dice())
    spool = Spool(scene, stream.session)
    for _ in range(60):
        spool.append(_noted(scene, stream, scene.dice.randrange(1, 60)))
        time.sleep(scene.dice.choice([0, 0, 0.01, 0.05, 0.1]))
        what = scene.dice.choice([spool.cut, spool.take_away, spool.rotate, None, None, None])
        if what is not None:
            what()
    spool.append(_noted(scene, stream, 1))
    spool.finish()
    received = scene.sessions()[stream.session]["received"]
    assert isinstance(received, int)
    assert received >= spool.taken() > 0


def copied(scene: Scene) -> None:
    """Two relays, each on its own copy of one spool, both killed at random moments."""
    stream = Stream(scene.new_session(), scene.new_dice())
    spools = [Spool(scene, stream.session) for _ in range(2)]
    for _ in range(30):
        lines = _noted(scene, stream, scene.dice.randrange(1, 60))
        for spool in scene.dice.sample(spools, 2):
            spool.append(lines)
        time.sleep(scene.dice.choice([0, 0.01, 0.05, 0.1]))
        if scene.dice.random() < 0.15:
            scene.dice.choice(spools).kill()
    for spool in spools:
        spool.finish()
