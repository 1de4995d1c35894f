"""A revoked key, in two processes of the operating system."""

import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest

from api.audit.service import Actor
from api.auth import keys
from api.platform import Platform
from api.servers import service as servers
from tests.running import _free_port
from tests.stack import Stack

ME = Actor("command", "tester")
RESUME = "/api/v1/auth/sessions/resume"
PLAYER = {"client_id": "c1", "address": "192.0.2.7"}


@pytest.fixture
def processes(stack: Stack) -> Iterator[list[str]]:
    urls, started = [], []
    stores = (stack.engines.postgres_url, stack.engines.redis_url)
    for _ in range(2):
        port = _free_port()
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "tests.auth.one_of_two", str(port), *stores],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        urls.append(f"http://127.0.0.1:{port}")
    try:
        for url, process in zip(urls, started, strict=True):
            wait_for(url, process)
        yield urls
    finally:
        for process in started:
            process.kill()
            process.wait()


def wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None
        try:
            if httpx.get(f"{url}/healthz", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError("not started")


def test_a_revocation_is_seen_within_a_second(stack: Stack, processes: list[str]) -> None:
    async def scene(platform: Platform) -> str:
        return await servers.add(platform.postgres, "one", ME)

    async def revoke(platform: Platform) -> None:
        (key,) = [key for key in await keys.all_keys(platform.postgres) if key.kind == "server"]
        await keys.revoke(platform.postgres, key.id, ME)

    headers = {"Authorization": f"Bearer {stack.run(scene)}"}
    with httpx.Client(headers=headers, timeout=30) as client:

        def ask() -> list[int]:
            return [client.post(url + RESUME, json=PLAYER).status_code for url in processes]

        assert ask() == [200, 200]
        stack.run(revoke)
        revoked_at = time.monotonic()
        # Asked all the time, so that what is known is never old: it must not be believed for longer by that.
        while time.monotonic() < revoked_at + 1:
            assert set(ask()) <= {200, 403}
        assert ask() == [403, 403]
