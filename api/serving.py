"""Running the API and the worker until told to stop."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import structlog
import uvicorn
from litestar import Litestar

from api import privacy_key, worker
from api.app import create_app, create_forum_app
from api.auth.service import first_admin_token
from api.connections import BoundedProtocol
from api.embedded.engines import Engines
from api.embedded.process import Child
from api.errors import ConfigurationError
from api.live.followers import Followers
from api.platform import Platform, opened
from api.rebuild.service import migrate
from api.settings import Settings

log = structlog.get_logger()

Say = Callable[[str], None]


@contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    """Take the address before anything is started.

    Raises ConfigurationError when it cannot be had.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((settings.host, settings.port))
            taken.listen(2048)
        except OSError as error:
            raise ConfigurationError(
                f"cannot listen on {settings.host}:{settings.port} (AFTERACTION_HOST, AFTERACTION_PORT): "
                f"{error.strerror}"
            ) from error
        yield taken


def url_of(taken: socket.socket) -> str:
    """Return the address as people type it."""
    host, port = taken.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def everything(settings: Settings, engines: Engines, taken: socket.socket, say: Say) -> None:
    """Migrate, then serve and work."""
    async with opened(settings, engines) as platform:
        say("migrating")

        async def report(noun: str, done: int, total: int) -> None:
            say(f"filling {noun}: {done} of {total} steps")

        await migrate(platform.postgres, platform.clickhouse, settings, report)
        await privacy_key.check(platform.postgres, settings)
        token = None if settings.admin_token else await first_admin_token(platform.postgres)
        async with _beside(worker.work(platform)), _beside(_mind(engines.children)):
            if engines.data is not None:
                engines.data.announce(url_of(taken))
            _greet(url_of(taken), token, say)
            await server(platform).serve(sockets=[taken])


async def api_only(settings: Settings, engines: Engines, taken: socket.socket, say: Say) -> None:
    """Serve without working."""
    async with opened(settings, engines) as platform:
        await privacy_key.check(platform.postgres, settings)
        say(f"serving on {url_of(taken)}")
        await server(platform).serve(sockets=[taken])


async def forum_only(settings: Settings, engines: Engines, taken: socket.socket, say: Say) -> None:
    """Serve what the forum asks for, and nothing else."""
    async with opened(settings, engines) as platform:
        await privacy_key.check(platform.postgres, settings)
        say(f"serving the forum on {url_of(taken)}")
        await _server(platform, create_forum_app(platform)).serve(sockets=[taken])


async def worker_only(settings: Settings, engines: Engines) -> None:
    """Work without serving."""
    async with opened(settings, engines) as platform:
        await privacy_key.check(platform.postgres, settings)
        await worker.work(platform)


async def _mind(children: Sequence[Child]) -> None:
    """Start an embedded engine again when it has ended."""
    while True:
        for child in children:
            if child.revive():
                log.error("an engine had ended and was started again", engine=child.name)
        await asyncio.sleep(0.5)


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


class _Server(uvicorn.Server):
    """uvicorn's, which waits for answers to end before it does: those that never would are ended first."""

    followers: Followers

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.followers.close()
        await super().shutdown(sockets)


def server(platform: Platform) -> uvicorn.Server:
    """Return the HTTP server over opened stores."""
    return _server(platform, create_app(platform))


def _server(platform: Platform, app: Litestar) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        http=BoundedProtocol,
        timeout_graceful_shutdown=10,
    )
    _calm_collector()
    serving = _Server(config)
    serving.followers = platform.followers
    return serving


def _calm_collector() -> None:
    """Look for reference cycles less often than Python does by itself: a seventh of a small request's time.

    What is there by now stays, and a request leaves next to no cycles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _greet(url: str, token: str | None, say: Say) -> None:
    say("")
    print(f"After Action runs: {url}")
    print(f"  pages    {url}/")
    print(f"  admin    {url}/admin")
    print(f"  API      {url}/api/docs")
    print(f"  health   {url}/readyz")
    if token:
        print(f"\n  admin token, shown only now: {token}")
    print("\nNext: `afteraction demo` replays a recorded match; `afteraction server add NAME` adds a server")
    print("of yours. Ctrl-C stops everything.", flush=True)
