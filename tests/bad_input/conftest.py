"""The true server on a socket, over the real engines, in a thread of the tests' process."""

import asyncio
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
import pytest

from api.auth.service import first_admin_token
from api.connections import BoundedProtocol
from api.platform import Platform, opened
from api.servers import service as servers
from api.serving import server
from tests.events_made import body, kill
from tests.stack import Stack, drain

R = TypeVar("R")

EVENTS = "/api/v1/ingest/events"
BODY_SECONDS = 1.0
REQUEST_SECONDS = 3.0


@dataclass
class Served:
    """A server that listens on 127.0.0.1, a game server's token, and the admin's."""

    port: int
    token: str
    admin: str
    platform: Platform
    loop: asyncio.AbstractEventLoop

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self, use: Callable[[Platform], Awaitable[R]]) -> R:
        """Run a coroutine over the server's own stores, in its loop."""

        async def awaited() -> R:
            return await use(self.platform)

        return asyncio.run_coroutine_threadsafe(awaited(), self.loop).result(120)

    def post(self, content: bytes, **headers: str) -> httpx.Response:
        sent = {"X-Server-Token": self.token} | {k.replace("_", "-"): v for k, v in headers.items()}
        return httpx.post(f"{self.url}{EVENTS}", content=content, headers=sent, timeout=60)

    def rows(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        """Bring what was accepted to ClickHouse, then ask it."""

        async def ask(platform: Platform) -> list[dict[str, Any]]:
            await drain(platform)
            return await platform.clickhouse.rows(sql, dict[str, Any], **parameters)

        return self.run(ask)

    def assert_counts_exactly(self, session_id: str) -> None:
        """A good batch is taken and counted, a second time it is known."""
        content = body([kill(seq, "Ann", "Bob", session_id=session_id) for seq in range(50)])
        answers = [self.post(content).json() for _ in range(2)]
        assert [(answer["accepted"], answer["duplicates"]) for answer in answers] == [(50, 0), (0, 50)]
        found = self.rows(
            "SELECT count() AS events, uniqExact(seq) AS numbers FROM raw_events "
            "WHERE session_id = {s:String}",
            s=session_id,
        )
        assert found == [{"events": 50, "numbers": 50}]


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(scope="module")
def served(engine_stack: Stack) -> Iterator[Served]:
    engine_stack.wipe()
    settings = msgspec.structs.replace(
        engine_stack.settings, body_seconds=BODY_SECONDS, reads_per_minute=0, failed_keys_per_minute=0
    )
    ready = threading.Event()
    found: list[Served] = []
    stopping: list[Any] = []

    async def serve(taken: socket.socket) -> None:
        async with opened(settings, engine_stack.engines, engine_stack.clickhouse) as platform:
            token = await servers.add(platform.postgres, "fuzzed")
            admin = await first_admin_token(platform.postgres)
            assert admin is not None
            uvicorn = server(platform)
            stopping.append(uvicorn)
            port = taken.getsockname()[1]
            found.append(Served(port, token, admin, platform, asyncio.get_running_loop()))
            ready.set()
            await uvicorn.serve(sockets=[taken])

    with socket.socket() as taken, pytest.MonkeyPatch.context() as patch:
        patch.setattr(BoundedProtocol, "request_seconds", REQUEST_SECONDS)
        taken.bind(("127.0.0.1", 0))
        taken.listen(256)
        thread = threading.Thread(target=lambda: asyncio.run(serve(taken)))
        thread.start()
        assert ready.wait(60)
        yield found[0]
        stopping[0].should_exit = True
        thread.join(60)
