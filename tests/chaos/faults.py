"""What happens to a running After Action. Each fault is one round; `FAULTS` names them all."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.chaos import spools
from tests.chaos.proxy import Mode
from tests.chaos.scene import Scene, filled
from tests.chaos.sender import Sender, client, post

Fault = Callable[[Scene], None]
HOURS = 3600.0


def killed(engine: str) -> Fault:
    """Kill -9, and once more while it comes back."""

    def fault(scene: Scene) -> None:
        scene.kill(engine)
        if engine != "up" and scene.dice.random() < 0.3:
            time.sleep(scene.dice.uniform(0, 1.5))
            if scene.processes(engine):
                scene.kill(engine)

    return fault


def frozen(engine: str) -> Fault:
    """SIGSTOP for some seconds, then SIGCONT."""

    def fault(scene: Scene) -> None:
        with scene.frozen(engine):
            time.sleep(scene.dice.uniform(1, 7))

    return fault


def disk_full(scene: Scene) -> None:
    """Fill the disk under everything until events are refused; then free it.

    ClickHouse may end its whole process on a full disk: whoever runs it starts it again.
    """
    before = [sender.refused for sender in scene.senders]
    with filled(scene.data, scene.dice.randrange(256 << 10)):
        scene.wait_for(
            lambda: any(s.refused > n for s, n in zip(scene.senders, before, strict=True)),
            "events are refused while the disk is full",
        )
        time.sleep(scene.dice.uniform(0, 3))
    scene.revive()


def clickhouse_disk_full(scene: Scene) -> None:
    """Fill the disk under ClickHouse until it refuses a block; then free it."""
    with filled(scene.data / "clickhouse", scene.dice.randrange(1 << 20)):
        scene.wait_for(scene.clickhouse_refuses, "ClickHouse refuses a block while its disk is full")
        time.sleep(scene.dice.uniform(0, 3))
    scene.revive()


def clickhouse_refuses(scene: Scene) -> None:
    """Take away the folder that inserts pass through until a block was refused; then put it back."""
    incoming = scene.data / "clickhouse" / "incoming"
    away = incoming.with_name("incoming.away")
    incoming.rename(away)
    try:
        scene.wait_for(scene.clickhouse_refuses, "ClickHouse refuses a block without its folder")
        _everyone_is_answered(scene)
    finally:
        away.rename(incoming)


def _everyone_is_answered(scene: Scene) -> None:
    """Ingest goes on while ClickHouse is away."""
    before = [(sender, sender.answered) for sender in scene.senders if scene.instance.is_running()]
    scene.wait_for(lambda: all(s.answered > n for s, n in before), "events are taken in without ClickHouse")


def connections(mode: Mode) -> Fault:
    """Break half of the connections: in the middle of the body, or when it was served."""

    def fault(scene: Scene) -> None:
        broken = scene.proxy.broken
        scene.proxy.mode = mode
        try:
            scene.wait_for(lambda: scene.proxy.broken > broken + 10, "ten connections are broken")
        finally:
            scene.proxy.mode = "carry"

    return fault


def everything_again(scene: Scene) -> None:
    """Send everything again from an arbitrary point on, in pieces of another size."""
    with _held(scene) as sender:
        lines = [
            line
            for b in sender.journal.batches
            if b.session == sender.stream.session and b.acknowledged
            for line in b.lines
        ]
        start, size = scene.dice.randrange(max(1, len(lines))), scene.dice.randrange(1, 300)
        for at in range(start, len(lines), size):
            while not sender.post(lines[at : at + size]):
                time.sleep(0.05)


def two_at_once(scene: Scene) -> None:
    """Two senders with the same events at the same moment, cut into other pieces."""
    with _held(scene) as sender:
        lines = sender.stream.take(200)
        batch = sender.journal.write(sender.stream.session, lines)

        def send(size: int) -> None:
            with client(scene.token) as own:
                for at in range(0, len(lines), size):
                    while not post(own, scene.proxy.url, lines[at : at + size]):
                        time.sleep(0.05)

        _at_once([lambda s=size: send(s) for size in scene.dice.sample(range(3, 80), 3)])  # type: ignore[misc]
        batch.acknowledged = True


def reordered(scene: Scene) -> None:
    """Batches of one session in any order, some of them at once."""
    with _held(scene) as sender:
        batches = [sender.next_batch() for _ in range(12)]
        scene.dice.shuffle(batches)

        def send(share: int) -> None:
            with client(scene.token) as own:
                for batch in batches[share::3]:
                    while not post(own, scene.proxy.url, batch.lines):
                        time.sleep(0.05)
                    batch.acknowledged = True

        _at_once([lambda n=share: send(n) for share in range(3)])  # type: ignore[misc]


def clock_shifted(scene: Scene) -> None:
    """Set the senders' clocks wrong by hours, and by others in the next round."""
    for sender in scene.senders:
        sender.stream.clock_lead = scene.dice.uniform(-20, 20) * HOURS
    time.sleep(scene.dice.uniform(0.2, 1))


def _at_once(work: list[Callable[[], None]]) -> None:
    failures: list[Exception] = []

    def run(one: Callable[[], None]) -> None:
        try:
            one()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    if failures:
        raise failures[0]


@contextmanager
def _held(scene: Scene) -> Iterator[Sender]:
    """Have a numbered sender pause, to send in its place."""
    sender = scene.dice.choice([sender for sender in scene.senders if sender.stream.numbered])
    with sender.turn:
        yield sender


FAULTS: dict[str, Fault] = {
    "kill -9 API and worker": killed("up"),
    "kill -9 Postgres": killed("postgres"),
    "kill -9 Valkey": killed("valkey"),
    "freeze API and worker": frozen("up"),
    "freeze Postgres": frozen("postgres"),
    "freeze Valkey": frozen("valkey"),
    "disk full": disk_full,
    "ClickHouse's disk full": clickhouse_disk_full,
    "ClickHouse refuses": clickhouse_refuses,
    "connections cut in the body": connections("cut"),
    "connections cut before the answer": connections("swallow"),
    "everything sent again": everything_again,
    "two senders at once": two_at_once,
    "batches in any order": reordered,
    "clocks wrong by hours": clock_shifted,
    "spool cut, moved and rotated": spools.cut_and_rotated,
    "two relays on copies of a spool": spools.copied,
}

NEEDS_SMALL_DISKS = {disk_full, clickhouse_disk_full}
