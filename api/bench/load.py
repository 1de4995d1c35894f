"""A sender of request bodies that costs little itself, run as a process of its own.

Each connection sends a body, waits for the answer and sends the next, as a relay does. An answer other than
202 ends the run with an error: a bench of refusals measures nothing.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import msgspec
import uvloop

from api.bench import stream
from api.errors import AfterActionError


class Load(msgspec.Struct):
    """What a sender saw: seconds from first byte to last answer, its own CPU seconds, latencies in ms.

    `ended_at` is when the last answer came, in unix seconds.
    """

    requests: int
    seconds: float
    ended_at: float
    cpu_seconds: float
    ms_p50: float
    ms_p95: float
    ms_p99: float
    ms_max: float


def send(url: str, token: str, bodies: Path, connections: int) -> Load:
    """Send a file of bodies from a process of its own and return what it saw.

    Raises AfterActionError with the answer when one is not a 202.
    """
    command = [sys.executable, "-m", __name__, url, str(bodies), str(connections)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "BENCH_TOKEN": token})
    if done.returncode:
        raise AfterActionError(f"the sender ended: {done.stderr.strip()[-500:]}")
    return msgspec.json.decode(done.stdout, type=Load)


class _Connection(asyncio.Protocol):
    def __init__(self, head: bytes, bodies: Iterator[bytes], latencies: "array[float]") -> None:
        self._head, self._bodies, self._latencies = head, bodies, latencies
        self._received = b""
        self._sent_at = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._next()

    def _next(self) -> None:
        body = next(self._bodies, None)
        if body is None:
            self.done.set_result(None)
            self._transport.close()
            return
        packed = b"content-encoding: gzip\r\n" if body[:1] == b"\x1f" else b""
        self._sent_at = time.perf_counter()
        self._transport.write(b"%b%bcontent-length: %d\r\n\r\n%b" % (self._head, packed, len(body), body))

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, rest = self._received.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r")[0])
        if len(rest) < length:
            return
        if not head.startswith(b"HTTP/1.1 202"):
            self.done.set_exception(
                AfterActionError((head[:80] + b" " + rest[:300]).decode(errors="replace"))
            )
            self._transport.close()
            return
        self._latencies.append(time.perf_counter() - self._sent_at)
        self._received = b""
        self._next()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(AfterActionError("the connection was closed"))


async def _run(url: str, token: str, bodies: Path, connections: int) -> Load:
    parts = urlsplit(url)
    head = (
        f"POST /api/v1/ingest/events HTTP/1.1\r\nhost: {parts.netloc}\r\nauthorization: Bearer {token}\r\n"
    ).encode()
    latencies = array("d")
    waiting = stream.read(bodies)
    loop = asyncio.get_running_loop()
    host, port = parts.hostname or "", parts.port or 80
    started, cpu = time.perf_counter(), time.process_time()
    opened = [
        await loop.create_connection(lambda: _Connection(head, waiting, latencies), host, port)
        for _ in range(connections)
    ]
    await asyncio.gather(*(connection.done for _, connection in opened))
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu
    ended_at = time.time()
    ordered = sorted(latencies)

    def percentile(share: float) -> float:
        return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)

    return Load(
        requests=len(ordered),
        seconds=seconds,
        ended_at=ended_at,
        cpu_seconds=cpu_seconds,
        ms_p50=percentile(0.50),
        ms_p95=percentile(0.95),
        ms_p99=percentile(0.99),
        ms_max=percentile(1),
    )


if __name__ == "__main__":
    _url, _bodies, _connections = sys.argv[1:]
    try:
        _load = uvloop.run(_run(_url, os.environ["BENCH_TOKEN"], Path(_bodies), int(_connections)))
    except (AfterActionError, OSError) as _error:
        sys.exit(str(_error))
    print(json.dumps(msgspec.to_builtins(_load)))
