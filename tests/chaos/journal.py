"""What senders sent and what they were told: the side of the books that the platform has no hand in."""

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Batch:
    """Lines that were sent as one body. `acknowledged` once a 2xx came for them."""

    session: str
    lines: list[bytes]
    acknowledged: bool = False


@dataclass(slots=True)
class Balance:
    """How a journal and a log agree. All counts are of events but `torn`, which is of batches."""

    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    counted_anyway: int = 0
    not_counted: int = 0
    torn: int = 0
    foreign: int = 0

    @property
    def wrong(self) -> bool:
        return bool(self.lost or self.doubled or self.torn or self.foreign)


@dataclass
class Journal:
    """Every batch of a block of faults, from all of its senders."""

    batches: list[Batch] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, session: str, lines: list[bytes], *, acknowledged: bool = False) -> Batch:
        """Note a batch before it is sent."""
        batch = Batch(session, lines, acknowledged)
        with self._lock:
            self.batches.append(batch)
        return batch

    def sessions(self) -> set[str]:
        with self._lock:
            return {batch.session for batch in self.batches}

    def acknowledged(self) -> list[bytes]:
        with self._lock:
            return [line for batch in self.batches if batch.acknowledged for line in batch.lines]

    def balance(self, log: Iterable[bytes]) -> Balance:
        """Hold a log's lines against what was sent: each acknowledged event once, all others whole or not."""
        told = Counter(log)
        result = Balance(doubled=sum(count - 1 for count in told.values()))
        known: set[bytes] = set()
        for batch in self.batches:
            found = sum(1 for line in batch.lines if line in told)
            known.update(batch.lines)
            if batch.acknowledged:
                result.acknowledged += len(batch.lines)
                result.lost += len(batch.lines) - found
            elif found in (0, len(batch.lines)):
                result.counted_anyway += found
                result.not_counted += len(batch.lines) - found
            else:
                result.torn += 1
        result.foreign = len(told.keys() - known)
        return result
