"""Limits: exact whoever asks at once, local while Redis is away, and never in the way of an honest relay."""

import asyncio
import dataclasses
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import msgspec
import pytest
from redis.asyncio import Redis

from api.app import create_app
from api.audit.service import Actor
from api.auth import keys
from api.auth.tokens import new
from api.errors import TooManyRequests
from api.limits import Limits
from api.platform import Platform
from api.servers import service as servers
from api.settings import Settings
from api.stores import redis as redis_store
from tests.events_made import body, kill
from tests.stack import Stack

EVENTS, READS, KEYS = "/api/v1/ingest/events", "/api/v1/servers", "/api/v1/admin/keys"
SETTINGS = Settings(reads_per_minute=30, failed_keys_per_minute=30, ingest_requests_per_minute=30)


class Clock:
    """Unix seconds that pass when they are told to."""

    def __init__(self, now: float = 1_000_020.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


async def allowed(limits: Limits, sender: str = "192.0.2.1") -> bool:
    try:
        await limits.spend("reads", sender)
    except TooManyRequests:
        return False
    return True


def test_exact_in_all_processes_together(stack: Stack) -> None:
    async def scenario() -> list[int]:
        clock, counts = Clock(), []
        clients = [redis_store.connect(stack.engines.redis_url, timeout=60) for _ in range(3)]
        several = [Limits(client, SETTINGS, clock, patience=60) for client in clients]
        for _ in range(2):
            asked = await asyncio.gather(*(allowed(limits) for limits in several * 40))
            counts.append(sum(asked))
            clock.now += 60
        for client in clients:
            await client.aclose()
        return counts

    assert asyncio.run(scenario()) == [30, 30]


def test_senders_are_apart_and_a_minute_ends_at_its_moment(stack: Stack) -> None:
    async def scenario() -> list[Any]:
        clock = Clock(1_000_020.0 + 59.999)
        client = redis_store.connect(stack.engines.redis_url)
        limits = Limits(client, SETTINGS, clock)
        seen: list[Any] = [
            sum([await allowed(limits) for _ in range(31)]),
            await allowed(limits, "192.0.2.2"),
        ]
        with pytest.raises(TooManyRequests) as refused:
            await limits.spend("reads", "192.0.2.1")
        seen.append(dict(refused.value.headers))
        clock.now = 1_000_020.0 + 60
        seen.append(await allowed(limits))
        await client.aclose()
        return seen

    policy = {"RateLimit-Policy": '"reads";q=30;w=60', "RateLimit": '"reads";r=0;t=1', "Retry-After": "1"}
    assert asyncio.run(scenario()) == [30, True, policy, True]


def away_at(port: int) -> Redis:
    return redis_store.connect(f"redis://127.0.0.1:{port}/0")


def test_without_redis_each_process_limits_by_itself() -> None:
    async def scenario(client: Redis) -> int:
        limits = Limits(client, SETTINGS, Clock())
        asked = await asyncio.gather(*(allowed(limits) for _ in range(100)))
        asked += [await allowed(limits) for _ in range(10)]
        await client.aclose()
        return sum(asked)

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        # Nobody listens: refused at once.
        assert asyncio.run(scenario(away_at(port))) == 30
        # Somebody listens, and never says a word.
        taken.listen(200)
        assert asyncio.run(scenario(away_at(port))) == 30


def test_what_is_counted_in_redis_goes_away(stack: Stack) -> None:
    async def scenario() -> list[Any]:
        client = redis_store.connect(stack.engines.redis_url)
        await Limits(client, SETTINGS).spend("reads", "192.0.2.1")
        found = [await client.ttl(key) for key in await client.keys("limit:*")]
        await client.aclose()
        return [len(found), 0 < found[0] <= 120]

    assert asyncio.run(scenario()) == [1, True]


def test_the_memory_of_senders_is_bounded() -> None:
    limits = Limits(away_at(1), msgspec.structs.replace(SETTINGS, ingest_requests_per_minute=1), Clock())
    for server_id in range(150_000):
        limits.ingest(server_id)
    assert len(limits._here) <= 100_001


Ask = Callable[..., Awaitable[httpx.Response]]


def over_http(
    stack: Stack, scenario: Callable[[Platform, Ask], Awaitable[Any]], *, redis: bool = True, **settings: Any
) -> Any:
    """Run a scenario with settings that differ; `ask` comes from an address of its own."""
    changed = dataclasses.replace(stack, settings=msgspec.structs.replace(stack.settings, **settings))

    async def run(platform: Platform) -> Any:
        client = platform.redis if redis else away_at(1)
        limits = Limits(client, platform.settings, Clock(), patience=60)
        seen = dataclasses.replace(platform, redis=client, limits=limits)
        app: Any = create_app(seen)

        async def ask(method: str, path: str, peer: str = "192.0.2.1", **more: Any) -> httpx.Response:
            transport = httpx.ASGITransport(app=app, client=(peer, 1000))
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
                return await http.request(method, path, **more)

        return await scenario(seen, ask)

    return changed.run(run)


@pytest.mark.parametrize("redis", [True, False])
def test_reads_of_an_address(stack: Stack, redis: bool) -> None:
    async def scenario(platform: Platform, ask: Ask) -> list[Any]:
        answers = [await ask("GET", READS) for _ in range(5)]
        assert answers[0].headers["ratelimit"] == '"reads";r=2;t=60'
        assert answers[0].headers["ratelimit-policy"] == '"reads";q=3;w=60'
        assert answers[3].headers["retry-after"] == "60"
        assert answers[3].headers["content-type"] == "application/problem+json"
        assert answers[3].json()["status"] == 429
        assert answers[3].headers.get_list("ratelimit") == ['"reads";r=0;t=60']
        key = (await keys.add(platform.postgres, "read", "page", Actor("command", "me"))).token
        others = [
            await ask("GET", READS, "192.0.2.2"),
            await ask("GET", READS, headers={"X-Forwarded-For": "192.0.2.3"}),
            await ask("GET", READS, headers={"Authorization": f"Bearer {key}"}),
            await ask("GET", READS, headers={"Authorization": f"Bearer {new('read')}"}),
            await ask("GET", "/healthz"),
        ]
        return [[a.status_code for a in answers], [a.status_code for a in others]]

    found = over_http(stack, scenario, redis=redis, reads_per_minute=3)
    assert found == [[200, 200, 200, 429, 429], [200, 429, 200, 429, 200]]


def test_behind_a_proxy_of_ours_each_client_has_its_own(stack: Stack) -> None:
    async def scenario(_: Platform, ask: Ask) -> list[int]:
        async def read(said: str, peer: str = "10.0.0.1") -> int:
            return (await ask("GET", READS, peer, headers={"X-Forwarded-For": said})).status_code

        return [
            *[await read("198.51.100.1") for _ in range(3)],
            await read("198.51.100.2"),
            # A forged beginning changes nothing, and a stranger cannot speak for others.
            await read("198.51.100.3, 198.51.100.1"),
            await read("198.51.100.2", "203.0.113.1"),
            await read("198.51.100.2"),
            await read("198.51.100.2"),
            # One household, two addresses.
            await read("2001:db8::1"),
            await read("2001:db8::2"),
            await read("2001:db8::3"),
        ]

    found = over_http(stack, scenario, reads_per_minute=2, trusted_proxies="10.0.0.0/8")
    assert found == [200, 200, 429, 200, 429, 200, 200, 429, 200, 200, 429]


@pytest.mark.parametrize("redis", [True, False])
def test_failures_of_an_address_do_not_keep_good_keys_out(stack: Stack, redis: bool) -> None:
    chosen = "a secret that somebody chose"

    async def scenario(platform: Platform, ask: Ask) -> list[Any]:
        server = await servers.add(platform.postgres, "one")
        admin = (await keys.add(platform.postgres, "admin", "me", Actor("command", "me"))).token

        async def show(token: str, peer: str = "192.0.2.1") -> int:
            return (await ask("GET", KEYS, peer, headers={"Authorization": f"Bearer {token}"})).status_code

        async def send(token: str) -> int:
            content = body([kill(0, "Ann", "Bob")])
            return (await ask("POST", EVENTS, content=content, headers={"X-Server-Token": token})).status_code

        before = [await show(chosen) for _ in range(5)]
        failing = [
            await show(new("admin")),
            await send(new("server")),
            await show("a guess"),
            await show("no"),
        ]
        platform.gate.forget()
        after = [await show(admin), await send(server), await show(chosen), await show(chosen, "192.0.2.2")]
        return [before, failing, after]

    found = over_http(stack, scenario, redis=redis, failed_keys_per_minute=3, admin_token=chosen)
    assert found == [[200] * 5, [401, 401, 401, 429], [200, 202, 429, 200]]


def test_guesses_at_once_are_counted_before_they_are_looked_at(stack: Stack) -> None:
    async def scenario(_: Platform, ask: Ask) -> list[int]:
        tries = [ask("GET", KEYS, headers={"Authorization": f"Bearer guess {n}"}) for n in range(40)]
        return sorted(answer.status_code for answer in await asyncio.gather(*tries))

    found = over_http(stack, scenario, failed_keys_per_minute=7, admin_token="a secret that somebody chose")
    assert found == [401] * 7 + [429] * 33


@pytest.mark.parametrize("redis", [True, False])
def test_events_of_a_server(stack: Stack, redis: bool) -> None:
    async def scenario(platform: Platform, ask: Ask) -> list[Any]:
        one, two = [await servers.add(platform.postgres, name) for name in ("one", "two")]

        async def send(token: str, seq: int) -> httpx.Response:
            content = body([kill(seq, "Ann", "Bob")])
            return await ask("POST", EVENTS, content=content, headers={"X-Server-Token": token})

        answers = await asyncio.gather(*(send(one, seq) for seq in range(20)))
        refused = [answer for answer in answers if answer.status_code == 429]
        assert {answer.headers["retry-after"] for answer in refused} == {"60"}
        assert {answer.headers["content-type"] for answer in refused} == {"application/problem+json"}
        return [len(answers) - len(refused), (await send(two, 0)).status_code]

    assert over_http(stack, scenario, redis=redis, ingest_requests_per_minute=5) == [5, 202]


def test_nought_is_no_limit() -> None:
    settings = Settings(reads_per_minute=0, failed_keys_per_minute=0, ingest_requests_per_minute=0)
    limits = Limits(away_at(1), settings, Clock())

    async def many() -> None:
        for _ in range(100_000):
            limits.ingest(1)
            assert await limits.spend("reads", "192.0.2.1") is None
            assert await limits.spend("failures", "192.0.2.1") is None

    asyncio.run(many())
