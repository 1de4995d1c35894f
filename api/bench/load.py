"""A sender of request bodies that costs little itself, run as a process of its own.

Each connection sends a body, waits for the answer and sends the next, as a relay does. A body that is not
acknowledged is sent again by a persistent sender, with the relay's waits; else it ends the run with an error:
a bench of refusals measures nothing.
"""

import asyncio
import random
import subprocess
import sys
import time
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast
from urllib.parse import urlsplit

import msgspec
import uvloop

from api.bench import stream
from api.errors import AfterActionError

_LONGEST_WAIT: Final = 15 * 60.0
# In a row, for one body.
_MOST_TRIES: Final = 8


class Order(msgspec.Struct):
    """What a sender is to do.

    `rate` is of bodies a second (0: each as soon as the one before is answered), the first of them due one
    interval after `starts_at` (unix seconds, 0: at once).
    """

    url: str
    token: str
    bodies: str
    connections: int
    rate: float = 0
    starts_at: float = 0
    persistent: bool = False


class Load(msgspec.Struct):
    """What a sender saw: seconds from the start to the last answer, its own CPU seconds, latencies in ms.

    A latency is the time to the acknowledgement, tries in between included, from when a body was due where it
    was paced, else from when it was sent first. `processed` counts acknowledged events, `duplicates` those of
    them that had been there before. `ended_at` is when the last answer came, in unix seconds.
    """

    requests: int
    processed: int
    duplicates: int
    tries_again: int
    seconds: float
    ended_at: float
    cpu_seconds: float
    ms_p50: float
    ms_p95: float
    ms_p99: float
    ms_max: float


class _Answer(msgspec.Struct):
    processed: int
    duplicates: int


def send(
    url: str,
    token: str,
    bodies: Path,
    connections: int,
    *,
    rate: float = 0,
    starts_at: float = 0,
    persistent: bool = False,
) -> Load:
    """Send a file of bodies, by an order of these, from a process of its own, and return what it saw.

    Raises AfterActionError with the answer when one is not a 202; from a persistent sender, when trying again
    makes no sense or does not help.
    """
    order = Order(url, token, str(bodies), connections, rate, starts_at, persistent)
    command = [sys.executable, "-m", __name__]
    done = subprocess.run(command, capture_output=True, input=msgspec.json.encode(order))
    if done.returncode:
        raise AfterActionError(f"the sender ended: {done.stderr.decode(errors='replace').strip()[-500:]}")
    return msgspec.json.decode(done.stdout, type=Load)


class _Sending:
    """What the connections of a sender share."""

    def __init__(self, order: Order, started: float) -> None:
        parts = urlsplit(order.url)
        self.persistent = order.persistent
        self.host, self.port = parts.hostname or "", parts.port or 80
        self.head = (
            f"POST /api/v1/ingest/events HTTP/1.1\r\nhost: {parts.netloc}\r\n"
            f"authorization: Bearer {order.token}\r\n"
        ).encode()
        self.latencies = array("d")
        self.processed = self.duplicates = self.tries_again = 0
        self.bodies = self._due(order, started)

    @staticmethod
    def _due(order: Order, started: float) -> Iterator[tuple[float, bytes]]:
        for number, body in enumerate(stream.read(Path(order.bodies)), 1):
            yield (started + number / order.rate if order.rate else 0.0), body


class _Connection(asyncio.Protocol):
    def __init__(self, sending: _Sending) -> None:
        self._sending = sending
        self._loop = asyncio.get_running_loop()
        self._request = self._received = b""
        self._since = self._retry_after = 0.0
        self._failures = 0
        self._why = "the connection was closed"
        self._timer: asyncio.TimerHandle | None = None
        self._opening: asyncio.Task[None] | None = None
        self.done: asyncio.Future[None] = self._loop.create_future()

    async def open(self) -> None:
        try:
            await self._loop.create_connection(lambda: self, self._sending.host, self._sending.port)
        except OSError as error:
            self._why = str(error)
            self.connection_lost(error)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._received = b""
        if self._request:
            self._send_when_due()
        else:
            self._next()

    def _next(self) -> None:
        due, body = next(self._sending.bodies, (0.0, b""))
        if not body:
            self.done.set_result(None)
            self._transport.close()
            return
        packed = b"content-encoding: gzip\r\n" if body[:1] == b"\x1f" else b""
        self._request = b"%b%bcontent-length: %d\r\n\r\n%b" % (self._sending.head, packed, len(body), body)
        self._since = due or time.perf_counter()
        self._send_when_due()

    def _send_when_due(self) -> None:
        wait = self._since - time.perf_counter()
        if wait > 0:
            self._timer = self._loop.call_later(wait, self._transport.write, self._request)
        else:
            self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, rest = self._received.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(_header(head, b"content-length"))
        if len(rest) < length:
            return
        if not head.startswith(b"HTTP/1.1 202"):
            self._refused(head, rest)
            return
        self._sending.latencies.append(time.perf_counter() - self._since)
        answer = msgspec.json.decode(rest, type=_Answer)
        self._sending.processed += answer.processed
        self._sending.duplicates += answer.duplicates
        self._received = b""
        self._failures = 0
        self._next()

    def _refused(self, head: bytes, rest: bytes) -> None:
        self._why = (head[:80] + b" " + rest[:300]).decode(errors="replace")
        if self._sending.persistent and head[9:10] == b"5":
            self._retry_after = float(_header(head, b"retry-after"))
        else:
            self.done.set_exception(AfterActionError(self._why))
        self._transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self.done.done():
            return
        self._failures += 1
        if not self._sending.persistent or self._failures == _MOST_TRIES:
            self.done.set_exception(AfterActionError(self._why))
            return
        self._sending.tries_again += 1
        wait = max(self._retry_after, min(_LONGEST_WAIT, 2.0 ** (self._failures - 1)))
        self._retry_after = 0.0
        self._loop.call_later(wait * random.uniform(1.0, 1.5), self._open_again)  # noqa: S311 - no secret

    def _open_again(self) -> None:
        self._opening = self._loop.create_task(self.open())


def _header(head: bytes, name: bytes) -> bytes:
    """A header's value, 0 without it."""
    return head.lower().partition(b"\r\n%b:" % name)[2].partition(b"\r")[0].strip() or b"0"


async def _run(order: Order) -> Load:
    await asyncio.sleep(max(0.0, order.starts_at - time.time()))
    started, cpu = time.perf_counter(), time.process_time()
    sending = _Sending(order, started)
    connections = [_Connection(sending) for _ in range(order.connections)]
    for connection in connections:
        await connection.open()
    await asyncio.gather(*(connection.done for connection in connections))
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
    ended_at = time.time()
    ordered = sorted(sending.latencies)

    def percentile(share: float) -> float:
        return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)

    return Load(
        requests=len(ordered),
        processed=sending.processed,
        duplicates=sending.duplicates,
        tries_again=sending.tries_again,
        seconds=seconds,
        ended_at=ended_at,
        cpu_seconds=cpu_seconds,
        ms_p50=percentile(0.50),
        ms_p95=percentile(0.95),
        ms_p99=percentile(0.99),
        ms_max=percentile(1),
    )


if __name__ == "__main__":
    try:
        _load = uvloop.run(_run(msgspec.json.decode(sys.stdin.buffer.read(), type=Order)))
    except (AfterActionError, OSError) as _error:
        sys.exit(str(_error))
    sys.stdout.buffer.write(msgspec.json.encode(_load))
