"""A TCP proxy that loses what it carries: half of a request, or the answer to one that was served."""

import asyncio
import random
import threading
from contextlib import suppress
from typing import Literal, Self

Mode = Literal["carry", "cut", "swallow"]


class Proxy:
    """Carries connections to a port. `broken` counts those that it broke."""

    def __init__(self, target: int, dice: random.Random) -> None:
        self.mode: Mode = "carry"
        self.broken = 0
        self.port = 0
        self._target, self._dice = target, dice
        self._loop = asyncio.new_event_loop()
        self._up = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._up.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        server = self._loop.run_until_complete(asyncio.start_server(self._carry, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._up.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(self._end())
        self._loop.close()

    async def _end(self) -> None:
        carrying = asyncio.all_tasks() - {asyncio.current_task()}
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)

    async def _carry(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        try:
            server, forth = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            back.transport.abort()
            return
        with suppress(asyncio.CancelledError):
            await self._both(client, back, server, forth)
        forth.close()
        back.close()

    async def _both(
        self,
        client: asyncio.StreamReader,
        back: asyncio.StreamWriter,
        server: asyncio.StreamReader,
        forth: asyncio.StreamWriter,
    ) -> None:
        ways = [self._pump(client, forth, "cut"), self._pump(server, back, "swallow")]
        tasks = [asyncio.ensure_future(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, breaks_in: Mode) -> None:
        with suppress(OSError):
            while data := await source.read(1 << 16):
                if self.mode == breaks_in and self._dice.random() < 0.5:
                    self.broken += 1
                    if breaks_in == "cut":
                        sink.write(data[: self._dice.randrange(len(data))])
                        await sink.drain()
                    return
                sink.write(data)
                await sink.drain()
