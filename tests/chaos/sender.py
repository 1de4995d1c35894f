"""Senders: each sends batches of a session until they are acknowledged, and some of them again."""

import random
import threading
import time
from collections.abc import Callable

import httpx

from tests.chaos.journal import Batch, Journal
from tests.chaos.stream import Stream

BATCH = 40


class Sender(threading.Thread):
    """Sends a stream in batches. A batch that fails is tried again until acknowledged, or given up."""

    def __init__(
        self,
        url: Callable[[], str],
        token: str,
        stream: Stream,
        journal: Journal,
        dice: random.Random,
        gives_up: float = 0.3,
    ) -> None:
        super().__init__(daemon=True)
        self.stream, self.journal = stream, journal
        self.answered = 0
        self.refused = 0
        self.failure: Exception | None = None
        self.finish = threading.Event()
        # One request at a time goes past whoever holds this.
        self.turn = threading.Lock()
        self._url, self._dice, self._gives_up = url, dice, gives_up
        self._client = client(token)

    def run(self) -> None:
        try:
            while not self.finish.is_set():
                with self.turn:
                    self._send_one()
                time.sleep(0.01)
            self._send_last()
        except Exception as error:
            self.failure = error
        finally:
            self._client.close()

    def next_batch(self) -> Batch:
        """Take the next events, note them, and return them unsent."""
        return self.journal.write(self.stream.session, self.stream.take(self._dice.randrange(1, BATCH)))

    def _send_one(self) -> None:
        batch = self.next_batch()
        self.deliver(batch, self._gives_up)
        if self.stream.numbered and self._dice.random() < 0.2:
            self.repeat()

    def _send_last(self) -> None:
        """What is missing shows in the numbers as soon as a later one has come."""
        self.deliver(self.journal.write(self.stream.session, self.stream.take(1)), 0)

    def deliver(self, batch: Batch, gives_up: float = 0) -> None:
        """Send a batch until it is acknowledged or given up."""
        if not self.post(batch.lines):
            if self._dice.random() < gives_up:
                time.sleep(0.5)
                return
            while not self.post(batch.lines):
                time.sleep(0.05)
        batch.acknowledged = True

    def repeat(self) -> None:
        """Send once more a run of what was acknowledged, cut elsewhere."""
        mine = [b for b in self.journal.batches if b.session == self.stream.session and b.acknowledged]
        lines = [line for batch in mine[-50:] for line in batch.lines]
        start = self._dice.randrange(len(lines)) if lines else 0
        if lines[start : start + BATCH]:
            self.post(lines[start : start + BATCH])

    def post(self, lines: list[bytes]) -> bool:
        """Send lines and tell whether they were acknowledged."""
        accepted = post(self._client, self._url(), lines)
        self.answered += accepted
        self.refused += not accepted
        return accepted


def client(token: str) -> httpx.Client:
    """A client that waits as long as a relay in a hurry would."""
    return httpx.Client(timeout=8, headers={"Authorization": f"Bearer {token}"})


def post(with_client: httpx.Client, url: str, lines: list[bytes]) -> bool:
    """Send lines and tell whether they were acknowledged. Any answer but 202 and 503 is a failure of ours."""
    try:
        answer = with_client.post(f"{url}/api/v1/ingest/events", content=b"\n".join(lines))
    except httpx.HTTPError:
        return False
    if answer.status_code == 503:
        assert "Retry-After" in answer.headers, answer.text
        return False
    assert answer.status_code == 202, answer.text
    assert answer.json()["processed"] == len(lines), answer.text
    return True
