"""No address of a player is kept in the clear: not in Postgres, not in Redis, not in the logs."""

import asyncio
import dataclasses
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from itertools import takewhile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import msgspec
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import keyed, privacy_key
from api.app import create_app
from api.audit import service as audit
from api.audit.service import Actor
from api.auth import keys
from api.errors import ConfigurationError
from api.ingest import refusals
from api.keyed import Keyed
from api.logins import decisions, networks
from api.logins.admin import Try
from api.platform import Platform
from api.privacy import caches
from api.servers import service as servers
from api.settings import Settings
from api.stores import sql
from api.stores.migrations import migrate_postgres
from api.stores.postgres import connected
from tests.stack import Stack, add_server, player

HASHES = Keyed(b"k" * 32)
HOME, CAFE, MOBILE = "198.51.100.7", "203.0.113.9", "2001:db8:9:7:1:2:3:4"
OURS = "127.0.0.1"
ADMIN = Actor("admin", "anna")

LAST = {4: 32, 6: 64}
FIRST = {4: 16, 6: 32}


# --- ranges are found by hashes alone ---


@given(st.ip_addresses(), st.data())
def test_an_address_is_found_in_just_the_ranges_that_hold_it(
    address: IPv4Address | IPv6Address, data: st.DataObject
) -> None:
    version = address.version
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        version = 4
    length = data.draw(st.integers(FIRST[version], LAST[version]))
    near = networks.of_address(str(address))
    around = near.supernet(new_prefix=length)
    # The range itself, its neighbours on both sides, and one that shares no more than its beginning.
    step = 2 ** (around.max_prefixlen - length)
    starts = [int(around.network_address) + n * step for n in (-1, 0, 1)]
    kind = type(around.network_address)
    ranges: list[Any] = [ip_network((kind(s), length)) for s in starts if 0 <= s < 2**around.max_prefixlen]
    ranges.append(data.draw(st.sampled_from(list(near.supernet(new_prefix=FIRST[version]).subnets(1)))))
    found = set(networks.hashed(HASHES, near).within)
    for one in ranges:
        holds = near.network_address in one and one.prefixlen <= near.prefixlen
        assert (networks.hashed(HASHES, one).hash in found) is holds


@pytest.mark.parametrize(
    ("given_range", "inside", "outside"),
    [
        ("10.51.0.0/16", ["10.51.0.0", "10.51.255.255"], ["10.50.255.255", "10.52.0.0"]),
        ("198.51.100.64/26", ["198.51.100.64", "198.51.100.127"], ["198.51.100.63", "198.51.100.128"]),
        ("198.51.100.7", ["198.51.100.7"], ["198.51.100.6", "198.51.100.8"]),
        ("2001:db8::/32", ["2001:db8::", "2001:db8:ffff:ffff:ffff::1"], ["2001:db7:ffff::", "2001:db9::"]),
        (
            "2001:db8:9:7::/64",
            ["2001:db8:9:7::", "2001:db8:9:7:ffff::"],
            ["2001:db8:9:6::", "2001:db8:9:8::"],
        ),
        ("2001:db8:9:7::1/128", ["2001:db8:9:7::9"], ["2001:db8:9:8::1"]),
    ],
)
def test_the_ends_of_ranges(stack: Stack, given_range: str, inside: list[str], outside: list[str]) -> None:
    async def scenario(platform: Platform) -> list[bool]:
        await decisions.trust_range(platform.logins, 1, given_range, "", 9, ADMIN)
        standing = sql.queries("postgres", "logins")["trusted"]
        found = []
        for text in (*inside, *outside):
            network = networks.hashed(platform.logins.hashes, networks.of_address(text))
            asked = {"member": 1, "networks": network.within, "now": datetime.now(UTC)}
            found += await platform.postgres.rows(standing, dict[str, Any], **asked)
        return [row["id"] is not None for row in found]

    assert stack.run(scenario) == [True] * len(inside) + [False] * len(outside)


def test_the_narrowest_of_several_ranges_is_the_one_that_is_used(stack: Stack) -> None:
    async def scenario(platform: Platform) -> list[str]:
        for wanted in ("198.51.100.0/24", "198.51.100.0/26", "198.51.100.0/28"):
            await decisions.trust_range(platform.logins, 1, wanted, "", 9, ADMIN)
        server = await add_server(platform)
        told = await platform.logins.verify(player(platform, server, "c", "Ann", HOME), await forum(platform))
        assert told.outcome == "logged_in"
        return [a.network for a in await decisions.addresses(platform.logins, None, 1, 9) if a.last_used_at]

    assert stack.run(scenario) == ["198.51.100.0/28"]


# --- what is sealed ---


@given(st.ip_addresses().map(str) | st.text(st.characters(exclude_characters="\0"), max_size=60))
def test_what_is_sealed_is_read_again_and_never_looks_the_same(text: str) -> None:
    one, other = HASHES.seal(text), HASHES.seal(text)
    assert HASHES.unseal(one) == HASHES.unseal(other) == text
    assert one != other
    assert len(HASHES.seal(OURS)) == len(HASHES.seal(f"{MOBILE}/64"))


@pytest.mark.parametrize(
    "sealed", [b"", b"x" * 12, b"x" * 76, Keyed(b"l" * 32).seal(HOME), HASHES.seal(HOME)[:-1]]
)
def test_what_was_sealed_by_another_key_is_told(sealed: bytes) -> None:
    with pytest.raises(ConfigurationError, match="another privacy key"):
        HASHES.unseal(sealed)


def test_postgres_makes_the_same_tags(stack: Stack) -> None:
    async def scenario(platform: Platform) -> str:
        query = "SELECT address_tag(%s) AS tag"
        return (await platform.postgres.rows(query, dict[str, str], HASHES.hash("network", "a")))[0]["tag"]

    assert stack.run(scenario) == HASHES.tag("a") == keyed.tag_of(HASHES.hash("network", "a"))


# --- nowhere in the clear ---


def traces(address: str) -> list[str]:
    """In what forms an address, or its network, would stand somewhere."""
    network = networks.of_address(address)
    texts = [address, str(ip_address(address)), str(network), str(network.network_address)]
    packed = [ip_address(address).packed, network.network_address.packed[: network.prefixlen // 8]]
    return [*texts, *(text.encode().hex() for text in texts), *(raw.hex() for raw in packed)]


async def everything(platform: Platform) -> str:
    """Return each column of each row of each table of Postgres, and all of Redis."""
    tables = await platform.postgres.rows(
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'", dict[str, str]
    )
    assert len(tables) > 15
    kept = []
    for table in tables:
        rows = f"SELECT t::text AS row FROM {table['name']} AS t"
        kept += [row["row"] for row in await platform.postgres.rows(rows, dict[str, str])]
    client: Any = platform.redis
    async for key in client.scan_iter():
        value = await caches._value(platform.redis, key)
        kept += [key.decode(), value.hex(), value.decode("utf-8", "replace")]
    return "\n".join(kept)


async def forum(platform: Platform, member_id: int = 1) -> str:
    return (await platform.logins.issue(member_id, f"Member {member_id}")).code


class Played:
    """A server that tells of its players, an admin at OURS, and a browser at the players' home."""

    def __init__(self, platform: Platform, tokens: dict[str, str]) -> None:
        self.platform = platform
        self.tokens = tokens

    def at(self, address: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(create_app(self.platform), client=(address, 4242))  # type: ignore[arg-type]
        return httpx.AsyncClient(transport=transport, base_url="http://test.local")

    async def ask(self, kind: str, method: str, path: str, at: str = OURS, **body: object) -> Any:
        bearer = {"Authorization": f"Bearer {self.tokens.get(kind, kind)}"} if kind else {}
        async with self.at(at) as client:
            answer = await client.request(method, f"/api/v1{path}", headers=bearer, json=body or None)
        return answer.json() if answer.content else None

    async def player(self, what: str, address: str, client_id: str = "c1", **more: str) -> str:
        body = {"client_id": client_id, "name": "Ann", "address": address, **more}
        return str((await self.ask("server", "POST", f"/auth/{what}", OURS, **body))["outcome"])


async def all_outcomes(played: Played) -> set[str]:
    """Log in, and fail to, in every way; decide; come as a browser. Return the outcomes."""
    platform, seen = played.platform, set()
    used = await forum(platform)
    for address, code in ((HOME, used), (HOME, used), (CAFE, used), (MOBILE, await forum(platform))):
        seen.add(await played.player("verify", address, code=code))
    await played.ask("forum", "PUT", "/auth/members/1/policy", policy="approval")
    seen.add(await played.player("verify", "203.0.113.77", code=await forum(platform)))
    for address in (HOME, CAFE, "203.0.113.78", "2001:db8:77::1"):
        seen.add(await played.player("sessions/resume", address))
    open_ones = (await played.ask("admin", "GET", "/admin/logins/approvals"))["approvals"]
    assert {one["network"] for one in open_ones} >= {f"{CAFE}/32", "203.0.113.77/32", "2001:db8:77::/64"}
    for number, one in enumerate(open_ones):
        decision = "approve" if number % 2 else "deny"
        body = {"label": "seen"} if number % 2 else {}
        await played.ask("forum", "POST", f"/auth/members/1/approvals/{one['id']}/{decision}", **body)
    await played.ask("admin", "POST", "/auth/members/1/addresses", network="198.51.100.0/24", label="nat")
    addresses = (await played.ask("forum", "GET", "/auth/members/1"))["addresses"]
    assert {one["network"] for one in addresses} >= {f"{HOME}/32", "198.51.100.0/24", "2001:db8:9:7::/64"}
    for one in addresses[::2]:
        await played.ask("forum", "DELETE", f"/auth/members/1/addresses/{one['id']}")
    seen.add(await played.player("sessions/logout", HOME))
    for _ in range(6):
        seen.add(await played.player("verify", HOME, code="2222-2222"))
    assert (await played.ask("server", "POST", "/auth/verify", client_id="c", address="x", code="y"))[
        "status"
    ]
    for kind, path in (("", "/stats/global"), ("aas_" + "x" * 43, "/admin/audit"), ("guess", "/admin/audit")):
        await played.ask(kind, "GET", path, at=HOME)
        await played.ask(kind, "GET", path, at=MOBILE)
    for address in (HOME, MOBILE):
        await played.ask("aas_" + "x" * 43, "POST", "/ingest/events", at=address, type="x")
    return seen


async def on_the_pages(played: Played) -> str:
    """Trust a range on the admin pages, and return what they show."""
    async with played.at(OURS) as client:
        await client.post("/admin/login", data={"key": played.tokens["admin"]})
        page = (await client.get("/admin/addresses")).text
        (csrf,) = set(re.findall(r'name="csrf" value="([^"]+)"', page))
        form = {"csrf": csrf, "member_id": 2, "network": CAFE, "label": "", "days": 9}
        await client.post("/admin/addresses", data=form)
        # Before a page has shown the notice: it waits in Redis.
        assert CAFE not in await everything(played.platform)
        paths = ("/admin/addresses", "/admin/approvals", "/admin/audit?action=login.")
        return "\n".join([(await client.get(path)).text for path in paths])


def test_no_address_is_kept_in_the_clear(stack: Stack, capfd: pytest.CaptureFixture[str]) -> None:
    async def scenario(platform: Platform) -> tuple[set[str], str, str, list[str]]:
        tokens = {"server": await servers.add(platform.postgres, "one", ADMIN)}
        for kind in ("forum", "admin"):
            tokens[kind] = (await keys.add(platform.postgres, kind, kind, ADMIN)).token
        played = Played(platform, tokens)
        outcomes = await all_outcomes(played)
        shown = await on_the_pages(played)
        noted = await refusals.recent(platform.redis, platform.logins.hashes)
        return outcomes, shown, await everything(platform), [one.address for one in noted]

    before = engine_logs(stack)
    outcomes, shown, kept, refused = stack.run(scenario)
    said = "".join(
        [*capfd.readouterr(), *(log[len(was) :] for log, was in zip(engine_logs(stack), before, strict=True))]
    )
    assert outcomes == {"logged_in", "pending", "not_valid", "locked", "none"}
    places = (HOME, CAFE, MOBILE, "203.0.113.77", "203.0.113.78", "2001:db8:77::1")
    for trace in {trace for address in places for trace in traces(address)} | {"198.51.100.0/24"}:
        assert trace not in kept
        assert trace not in said
    # What an approval must show is shown, and the doctor is told; the log of changes shows the same tag.
    assert f"{CAFE}/32" in shown
    assert set(refused) == {HOME, MOBILE}
    tag = stack.run(_tag_of_cafe)
    assert shown.count(tag) >= 2
    assert tag in kept


def engine_logs(stack: Stack) -> list[str]:
    """Return what each of the engines beside us has logged."""
    logs = sorted(path for path in (stack.settings.data_folder / "logs").rglob("*") if path.is_file())
    assert logs
    return [path.read_text(errors="replace") for path in logs]


async def _tag_of_cafe(platform: Platform) -> str:
    return platform.logins.hashes.tag(f"{CAFE}/32")


def test_the_same_address_has_the_same_tag_everywhere(stack: Stack) -> None:
    async def scenario(platform: Platform) -> set[str]:
        server = await servers.add(platform.postgres, "one", ADMIN)
        played = Played(platform, {"server": server})
        assert await played.player("verify", HOME, code=await forum(platform)) == "logged_in"
        await played.ask("", "GET", "/stats/global", at=HOME)
        (trusted,) = await decisions.addresses(platform.logins, None, 1, 9)
        (tried,) = await decisions.history(platform.logins, Try, None, 1, 9)
        await decisions.revoke_address(platform.logins, 1, trusted.id, ADMIN)
        told = (await audit.page(platform.postgres, action="login."))[0].after or {}
        redis: Any = platform.redis
        counted = [bytes(key).split(b":")[2].decode() for key in await redis.keys("limit:reads:*")]
        return {trusted.address_tag, str(tried.address_tag), told["address_tag"], *counted}

    assert stack.run(scenario) == {stack_tag(stack, f"{HOME}/32")}


def stack_tag(stack: Stack, network: str) -> str:
    return keyed.load(stack.settings).tag(network)


# --- what was kept before ---


OLD = """
    INSERT INTO servers (name) VALUES ('one');
    INSERT INTO login_tokens
        (lookup, hash, member_id, member_name, created_at, expires_at, used_at, used_network)
    VALUES ('abc', 'h', 1, 'One', now(), now() + '9 min', now(), '198.51.100.7/32'),
        ('abd', 'h', 1, 'One', now(), now() + '9 min', NULL, NULL);
    INSERT INTO login_token_history (at, kind, outcome, reason, guess, server_id, client_id, name, network)
    SELECT now(), 'code', 'not_valid', 'unknown', false, 1, 'c' || n, 'Ann', ('203.0.113.' || n % 250)::cidr
    FROM generate_series(1, 2000) AS n;
    INSERT INTO login_token_history (at, kind, outcome, reason, guess, server_id, client_id, name)
    VALUES (now(), 'code', 'not_valid', 'unknown', false, 1, 'c', 'forgotten');
    INSERT INTO trusted_ips (member_id, network, label, trusted_by, created_at, expires_at, revoked_at)
    VALUES (1, '198.51.100.7', 'home', 'first use', now(), now() + '9 days', NULL),
        (1, '2001:db8:9:7::/64', '', 'first use', now(), now() + '9 days', now()),
        (2, '10.51.0.0/16', 'nat', 'anna', now(), now() + '9 days', NULL);
    INSERT INTO pending_ip_approvals
        (member_id, network, client_id, name, server_id, reason, created_at, expires_at, decided_at, decision)
    VALUES (1, '203.0.113.9', 'c1', 'Ann', 1, 'resume', now(), now() + '9 h', NULL, NULL),
        (1, '2001:db8:0:1::/64', 'c1', 'Ann', 1, 'resume', now(), now() + '9 h', now(), 'denied');
    INSERT INTO audit_log (actor, name, address, action, subject, after)
    VALUES ('admin', 'anna', '', 'login.approve', 'member 1', '{"network": "203.0.113.9/32", "days": 9}'),
        ('admin', 'anna', '', 'login.trust', 'member 1', '{"network": "2001:db8:9:7::/64"}'),
        ('admin', 'anna', '', 'player.merge', 'player 1', '{"network": "no address"}'),
        ('admin', 'anna', '', 'login.policy', 'member 1', '{"policy": "approval"}');
"""
ROWS = {"tries": 2000, "codes": 1, "trusted": 3, "approvals": 2, "decisions": 2}
# Run by itself, so that it can be killed: after the migration of this name, before it is committed.
KILLED = """
import asyncio, os, signal, sys
from api import privacy_key
from api.settings import Settings
from api.stores.migrations import migrate_postgres
from api.stores.postgres import Postgres

async def main(url, data, name):
    fills = privacy_key.fills(Settings(data=data))
    before = fills.get(name)

    async def fill(connection):
        if before:
            await before(connection)
        os.kill(os.getpid(), signal.SIGKILL)

    postgres = Postgres(url)
    await postgres.open()
    await migrate_postgres(postgres, {**fills, name: fill})

asyncio.run(main(*sys.argv[1:]))
"""


@contextmanager
def old_database(stack: Stack) -> Iterator[str]:
    """A database of before addresses were hashed, with rows in it."""
    name = f"old_{uuid4().hex}"
    parts = urlsplit(stack.engines.postgres_url)
    url = parts._replace(path=f"/{name}").geturl()
    with psycopg.connect(stack.engines.postgres_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            with psycopg.connect(url) as old:
                old.execute(
                    "CREATE TABLE schema_migrations (number int PRIMARY KEY, name text NOT NULL, "
                    "checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
                )
                for migration in sql.migrations("postgres"):
                    if migration.name == "hashed_addresses":
                        break
                    old.execute(migration.text)
                    row = (migration.number, migration.name, migration.checksum)
                    old.execute("INSERT INTO schema_migrations VALUES (%s, %s, %s)", row)
                old.execute(OLD)
            yield url
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def upgrade(url: str, settings: Settings) -> list[str]:
    async with connected(url) as postgres:
        return [step.name for step in await migrate_postgres(postgres, privacy_key.fills(settings))]


def rows_of(url: str, query: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def check_upgraded(url: str, stack: Stack) -> None:
    """Raise unless each old row is there, found by its hash and, where it must be, shown again."""
    hashes = keyed.load(stack.settings)

    def of(network: str) -> bytes:
        return hashes.hash("network", network)

    tables = rows_of(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    kept = "\n".join(str(rows_of(url, f"SELECT t::text FROM {table} AS t")) for (table,) in tables)
    for clear in ("198.51.", "10.51.", "203.0.113.", "2001:db8"):
        assert clear not in kept
    tries = rows_of(url, "SELECT client_id, network_hash FROM login_token_history ORDER BY id")
    assert tries == [*((f"c{n}", of(f"203.0.113.{n % 250}/32")) for n in range(1, 2001)), ("c", None)]
    codes = rows_of(url, "SELECT used_hash FROM login_tokens ORDER BY id")
    assert codes == [(of("198.51.100.7/32"),), (None,)]
    for table, networks_ in (
        ("trusted_ips", ["198.51.100.7/32", "2001:db8:9:7::/64", "10.51.0.0/16"]),
        ("pending_ip_approvals", ["203.0.113.9/32", "2001:db8:0:1::/64"]),
    ):
        found = rows_of(url, f"SELECT network_hash, network_sealed FROM {table} ORDER BY id")
        assert [(one, hashes.unseal(sealed)) for one, sealed in found] == [(of(n), n) for n in networks_]
    assert [after for (after,) in rows_of(url, "SELECT after FROM audit_log ORDER BY id")] == [
        {"address_tag": hashes.tag("203.0.113.9/32"), "days": 9},
        {"address_tag": hashes.tag("2001:db8:9:7::/64")},
        {"network": "no address"},
        {"policy": "approval"},
    ]


def test_an_upgrade_hashes_what_stood_in_the_clear(stack: Stack, capfd: pytest.CaptureFixture[str]) -> None:
    with old_database(stack) as url:
        assert asyncio.run(upgrade(url, stack.settings))[:2] == ["hashed_addresses", "no_clear_addresses"]
        said = "".join(capfd.readouterr())
        check_upgraded(url, stack)
        assert asyncio.run(upgrade(url, stack.settings)) == []
    assert all(f"{what}={rows}" in re.sub(r"\x1b\[\d*m", "", said) for what, rows in ROWS.items())


@pytest.mark.parametrize("name", ["hashed_addresses", "no_clear_addresses"])
def test_an_upgrade_that_was_killed_is_completed(stack: Stack, name: str) -> None:
    data = str(stack.settings.data_folder)
    with old_database(stack) as url:
        killed = subprocess.run([sys.executable, "-c", KILLED, url, data, name], timeout=120)
        assert killed.returncode == -signal.SIGKILL
        (still,) = rows_of(url, "SELECT count(*) FROM login_token_history WHERE network IS NOT NULL")
        assert still == ((2000,) if name == "hashed_addresses" else (0,))
        assert asyncio.run(upgrade(url, stack.settings))[0] == name
        check_upgraded(url, stack)


def test_an_upgrade_under_another_key_changes_nothing(stack: Stack) -> None:
    other = msgspec.structs.replace(stack.settings, privacy_key="o" * 32)
    with old_database(stack) as url:

        async def begin() -> None:
            async with connected(url) as postgres:
                await privacy_key.check(postgres, stack.settings)

        asyncio.run(begin())
        with pytest.raises(ConfigurationError, match="not the one with which this database began"):
            asyncio.run(upgrade(url, other))
        assert rows_of(url, "SELECT count(*) FROM login_token_history WHERE network IS NOT NULL") == [(2000,)]
        asyncio.run(upgrade(url, stack.settings))
        check_upgraded(url, stack)


def test_a_process_of_an_older_version_writes_no_address_any_more(stack: Stack) -> None:
    with old_database(stack) as url, psycopg.connect(url) as connection:
        text = next(m.text for m in sql.migrations("postgres") if m.name == "hashed_addresses")
        connection.execute(text)
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("UPDATE trusted_ips SET label = 'x'")


# --- a key that was lost ---


def test_the_way_out_when_the_key_is_lost(stack: Stack) -> None:
    text = (Path(__file__).parents[2] / "docs/privacy.md").read_text()
    block = text.partition("**If it is lost**")[2].partition("in Postgres:\n\n")[2]
    way_out = "\n".join(takewhile(lambda line: line.startswith("    "), block.splitlines()))
    assert way_out.count(";") > 3
    other = msgspec.structs.replace(stack.settings, privacy_key="o" * 32)

    async def before(platform: Platform) -> None:
        await privacy_key.check(platform.postgres, stack.settings)
        await log_in(platform, await add_server(platform))
        with pytest.raises(ConfigurationError, match="not the one with which this database began"):
            await privacy_key.check(platform.postgres, other)
        async with platform.postgres.transaction() as connection:
            await connection.execute(way_out.encode())

    async def after(platform: Platform) -> list[str]:
        await privacy_key.check(platform.postgres, other)
        await log_in(platform, 1)
        return [address.network for address in await decisions.addresses(platform.logins, None, 1, 9)]

    stack.run(before)
    assert dataclasses.replace(stack, settings=other).run(after) == [f"{HOME}/32"]


async def log_in(platform: Platform, server: int) -> None:
    client = player(platform, server, "c1", "Ann", HOME)
    assert (await platform.logins.verify(client, await forum(platform))).outcome == "logged_in"
