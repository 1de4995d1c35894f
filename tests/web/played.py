"""Two recorded matches and a few players with names that want to be more than names, in the stores."""

import json
from collections.abc import Awaitable, Callable

import httpx

from api import demo
from api.live import job as live
from api.platform import Platform
from api.servers import service as servers
from tests.events_made import body, kill
from tests.sql.feed import settle
from tests.stack import Stack, drain, http_client
from tests.web.browser import HOSTILE, TESTS

SERVER = "<script>alert('Omaha')</script>"
HTML = {"Accept": "text/html"}


async def play(platform: Platform, client: httpx.AsyncClient) -> None:
    """Send what was recorded, as a server does, and bring it to ClickHouse and Redis."""
    token = await servers.add(platform.postgres, SERVER, TESTS)
    hostile = body([kill(n, name, "Bob") for n, name in enumerate([*HOSTILE, "Ann"])])
    for sent in (*(_lines(name) for name in demo.names()), hostile):
        answer = await client.post(
            "/api/v1/ingest/events", content=sent, headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == 202, answer.text
    await drain(platform)
    await settle(platform.clickhouse)


def _lines(recording: str) -> bytes:
    return "\n".join(json.dumps(event) for event in demo.recorded(recording)).encode()


def read(
    stack: Stack, use: Callable[[httpx.AsyncClient, Platform], Awaitable[None]], *, played: bool = True
) -> None:
    """Open the application as somebody who reads."""

    async def run(platform: Platform) -> None:
        async with http_client(platform) as client:
            if played:
                await play(platform, client)
            await live.step(platform.clickhouse, platform.postgres, platform.redis, platform.settings)
            await use(client, platform)

    stack.run(run)
