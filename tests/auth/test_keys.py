"""Keys: who may do what, how they are made, rotated and revoked, and what of that is written down."""

import dataclasses
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
import pytest

from api.app import create_app
from api.audit import service as audit
from api.audit.service import Actor
from api.auth import keys, service
from api.auth.roles import ALLOWED, Rule
from api.auth.service import Gate, Stored
from api.auth.tokens import Kind, hashed, new
from api.errors import TokenMissing, TokenRefused
from api.ingest import refusals
from api.platform import Platform
from api.servers import service as servers
from api.settings import Settings
from api.stores import sql
from api.stores.postgres import Postgres, connected, fetch
from api.stores.sql import queries
from tests.events_made import body as events_body
from tests.events_made import kill
from tests.stack import Stack, http_client

ME = Actor("command", "tester")
NO_LIMITS = {
    # A stream that is let in never ends; this one is refused as soon as it was let in.
    "live_followers": 0,
    "ingest_requests_per_minute": 0,
    "reads_per_minute": 0,
    "key_requests_per_minute": 0,
    "failed_keys_per_minute": 0,
}
ROLES = ("nobody", "server", "forum", "admin", "read", "revoked")


def routes() -> list[tuple[str, str, Rule]]:
    """Every route of the application with its rule, but for the pages that describe it."""
    stores: Any = _Nothing()
    found = []
    for route in create_app(stores).routes:
        for handler in getattr(route, "route_handlers", []):
            for method in sorted(handler.http_methods - {"OPTIONS", "HEAD"}):
                if not route.path.startswith("/api/docs"):
                    found.append((method, route.path, handler.opt.get("access", "(none)")))
    return sorted(found)


class _Nothing:
    settings = Settings()

    def __getattr__(self, name: str) -> None:
        return None


ROUTES = routes()


def test_every_route_names_its_rule() -> None:
    assert [(method, path) for method, path, rule in ROUTES if rule not in ALLOWED] == []


def test_what_is_below_admin_is_for_admins() -> None:
    below = [route for route in ROUTES if route[1].startswith("/api/v1/admin")]
    assert len(below) >= 10
    assert [route for route in below if route[2] != "admin"] == []


@dataclass
class Scene:
    """The application and a key of each role."""

    client: httpx.AsyncClient
    platform: Platform
    keys: dict[str, str]

    async def ask(self, method: str, path: str, role: str, **more: Any) -> httpx.Response:
        token = self.keys.get(role)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self.client.request(method, path, headers=headers, **more)


def played(stack: Stack, scenario: Callable[[Scene], Awaitable[Any]], **settings: Any) -> Any:
    """Run a scenario over HTTP, with settings that differ."""

    async def run(platform: Platform) -> Any:
        made = {"server": await servers.add(platform.postgres, "one")}
        for kind in ("forum", "admin", "read"):
            made[kind] = (await keys.add(platform.postgres, kind, f"a {kind}", ME)).token
        gone = await keys.add(platform.postgres, "admin", "gone", ME)
        await keys.revoke(platform.postgres, gone.id, ME)
        made["revoked"] = gone.token
        async with http_client(platform) as client:
            return await scenario(Scene(client, platform, made))

    changed = msgspec.structs.replace(stack.settings, **{**NO_LIMITS, **settings})
    return dataclasses.replace(stack, settings=changed).run(run)


def expected(rule: Rule, role: str, read_access: str) -> int | None:
    """401, 403, or None: let in."""
    if rule == "open" or (rule == "read" and read_access == "open"):
        return None
    if role == "nobody":
        return 401
    return None if role in ALLOWED[rule] else 403


@pytest.mark.parametrize("read_access", ["open", "key"])
def test_each_role_at_each_route(stack: Stack, read_access: str) -> None:
    async def scenario(scene: Scene) -> list[Any]:
        wrong = []
        for method, path, rule in ROUTES:
            # Ids that nothing has: what is let in changes nothing.
            if path.startswith(("/admin", "/forum", "/visit")):
                # Pages: tests/web is about them, tests/forum about what needs a statement or a ticket, too.
                continue
            url = re.sub(r"\{\w+:int\}", "2000", path)
            for role in ROLES:
                answer = await scene.ask(method, url, role)
                said = answer.status_code if answer.status_code in (401, 403) else None
                if said != expected(rule, role, read_access):
                    wrong.append((method, path, role, answer.status_code))
                if said == 401:
                    assert answer.headers["www-authenticate"] == "Bearer"
        return wrong

    assert played(stack, scenario, read_access=read_access) == []


def test_a_subject_that_postgres_cannot_hold_is_a_bad_request(stack: Stack) -> None:
    async def ask(platform: Platform) -> int:
        token = (await keys.add(platform.postgres, "admin", "an admin", ME)).token
        async with http_client(platform) as client:
            headers = {"Authorization": f"Bearer {token}"}
            return (await client.get("/api/v1/admin/audit?subject=a%00b", headers=headers)).status_code

    assert stack.run(ask) == 422


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("kind", ["server", "admin"])
def test_a_revoked_key_is_forgotten_within_a_second_in_every_process(stack: Stack, kind: Kind) -> None:
    async def scenario(scene: Scene) -> list[Any]:
        token, clock = scene.keys[kind], Clock()
        async with connected(stack.engines.postgres_url) as other:
            gates = [Gate(postgres, None, clock) for postgres in (scene.platform.postgres, other)]
            for gate in gates:
                assert (await gate.caller(token, ALLOWED[kind])).kind == kind
            [key] = [k for k in await keys.all_keys(other) if k.kind == kind and k.holds]
            await keys.revoke(other, key.id, ME)
            clock.now += 0.999
            still = [gate.remembered(token, ALLOWED[kind]) is not None for gate in gates]
            clock.now += 0.001
            for gate in gates:
                with pytest.raises(TokenRefused, match="revoked"):
                    await gate.caller(token, ALLOWED[kind])
            return still

    # Until then it is known without a question: that makes ingest cheap.
    assert played(stack, scenario) == [True, True]


@pytest.mark.parametrize(("microseconds", "holds"), [(-1, False), (0, False), (1, True)])
def test_the_overlap_ends_at_its_moment(stack: Stack, microseconds: int, holds: bool) -> None:
    """In a transaction the clock of Postgres stands still."""

    async def scenario(scene: Scene) -> list[bool]:
        async with scene.platform.postgres.transaction() as connection:
            await connection.execute(
                "UPDATE access_keys SET expires_at = now() + make_interval(secs => %s / 1e6)", (microseconds,)
            )
            named = queries("postgres", "auth")
            [judged] = await fetch(connection, named["key_of_hash"], Stored, (hashed(scene.keys["read"]),))
            [shown] = [k for k in await fetch(connection, named["list"], keys.Key) if k.kind == "read"]
            return [judged.holds, shown.holds]

    assert played(stack, scenario) == [holds, holds]


def test_an_overlap_never_lengthens_a_key_s_life(stack: Stack) -> None:
    async def scenario(scene: Scene) -> list[bool]:
        postgres = scene.platform.postgres
        [old] = [k for k in await keys.all_keys(postgres) if k.kind == "read"]
        await keys.rotate(postgres, old.id, 60, ME)
        await keys.rotate(postgres, old.id, 6000, ME)
        [now] = [k for k in await keys.all_keys(postgres) if k.id == old.id]
        assert now.expires_at is not None
        return [(now.expires_at - now.created_at).total_seconds() < 600]

    assert played(stack, scenario) == [True]


def test_the_life_of_a_key_over_http(stack: Stack) -> None:
    async def scenario(scene: Scene) -> dict[str, Any]:
        async def as_admin(path: str, body: Any) -> httpx.Response:
            return await scene.ask("POST", f"/api/v1/admin{path}", "admin", json=body)

        async def reads(token: str) -> int:
            headers = {"Authorization": f"Bearer {token}"}
            return (await scene.client.get("/api/v1/servers", headers=headers)).status_code

        made = await as_admin("/keys", {"kind": "read", "label": "a page"})
        first = made.json()
        second = (await as_admin(f"/keys/{first['id']}/rotate", {"overlap_seconds": 60})).json()
        both = [await reads(first["token"]), await reads(second["token"])]
        third = (await as_admin(f"/keys/{second['id']}/rotate", {"overlap_seconds": 0})).json()
        ended = await as_admin(f"/keys/{third['id']}/revoke", None)
        again = await as_admin(f"/keys/{third['id']}/revoke", None)
        scene.platform.gate.forget()
        after = [await reads(made["token"]) for made in (first, second, third)]
        over = await as_admin(f"/keys/{third['id']}/rotate", {})
        return {
            "made": [made.status_code, first["kind"], first["label"]],
            "both": both,
            "after": after,
            "ended": [ended.status_code, again.status_code],
            "over": over.status_code,
            "kinds": [t["token"][:4] for t in (first, second, third)],
            "bad": [
                (await as_admin("/keys", {"kind": kind, "label": label})).status_code
                for kind, label in [
                    ("server", "x"),
                    ("root", "x"),
                    ("read", ""),
                    ("read", "\n"),
                    ("read", "x" * 65),
                ]
            ],
            "odd": (await as_admin("/keys/1/rotate", {"overlap_seconds": -1})).status_code,
        }

    assert played(stack, scenario, read_access="key") == {
        "made": [201, "read", "a page"],
        "both": [200, 200],
        "after": [200, 403, 403],
        "ended": [204, 204],
        "over": 409,
        "kinds": ["aar_"] * 3,
        "bad": [422] * 5,
        "odd": 422,
    }


def test_the_life_of_a_server_over_http(stack: Stack) -> None:
    async def scenario(scene: Scene) -> list[Any]:
        async def as_admin(path: str, body: Any) -> httpx.Response:
            return await scene.ask("POST", f"/api/v1/admin/servers{path}", "admin", json=body)

        async def sends(token: str) -> int:
            content = events_body([kill(0, "Ann", "Bob")])
            headers = {"X-Server-Token": token}
            url = "/api/v1/ingest/events"
            return (await scene.client.post(url, content=content, headers=headers)).status_code

        first = (await as_admin("", {"name": "Omaha"})).json()["token"]
        again = (await as_admin("", {"name": "Omaha"})).status_code
        second = (await as_admin("/2/rotate", {"overlap_seconds": 60})).json()["token"]
        sent = [await sends(first), await sends(second)]
        revoked = (await as_admin("/2/revoke", None)).status_code
        scene.platform.gate.forget()
        listed = (await scene.ask("GET", "/api/v1/admin/servers", "admin")).json()["servers"]
        shown = [(s["name"], s["active"]) for s in listed]
        return [again, sent, revoked, [await sends(first), await sends(second)], shown]

    expected = [409, [202, 202], 204, [403, 403], [("one", True), ("Omaha", False)]]
    assert played(stack, scenario) == expected


def test_every_change_is_written_down(stack: Stack) -> None:
    async def scenario(scene: Scene) -> list[Any]:
        for path, body in [
            ("/servers", {"name": "Omaha"}),
            ("/servers/2/rotate", {"overlap_seconds": 0}),
            ("/servers/2/revoke", None),
            ("/keys", {"kind": "forum", "label": "board"}),
            ("/keys/8/rotate", {"overlap_seconds": 0}),
            ("/keys/9/revoke", None),
            ("/keys/9/revoke", None),
            ("/quarantine/drive", None),
        ]:
            answer = await scene.ask("POST", f"/api/v1/admin{path}", "admin", json=body)
            assert answer.status_code < 300, (path, answer.text)
        pages, before = [], ""
        while True:
            url = f"/api/v1/admin/audit?limit=3{before}"
            page = (await scene.ask("GET", url, "admin")).json()
            pages += page["entries"]
            if page["next_before"] is None:
                break
            before = f"&before={page['next_before']}"
        one = (await scene.ask("GET", "/api/v1/admin/audit?subject=server%20Omaha", "admin")).json()
        actions = [entry["action"].removeprefix("server.") for entry in one["entries"]]
        assert actions == ["revoke", "rotate", "add"]
        assert (await scene.ask("GET", "/api/v1/admin/audit?subject=%00", "admin")).status_code == 422
        mine = [e for e in reversed(pages) if e["actor"] == "admin"]
        assert {(e["name"], e["key_id"], e["address"]) for e in mine} == {("a admin", 3, "127.0.0.1")}
        assert [e["id"] for e in pages] == sorted((e["id"] for e in pages), reverse=True)
        return [(e["action"], e["subject"], e["before"], e["after"]) for e in mine]

    def key(label: str, **more: Any) -> dict[str, Any]:
        return {"kind": "forum", "label": label, **more}

    assert played(stack, scenario) == [
        ("server.add", "server Omaha", None, {"keys": [6]}),
        ("server.rotate", "server Omaha", {"keys": [6]}, {"keys": [7], "overlap_seconds": 0}),
        ("server.revoke", "server Omaha", {"keys": [7]}, {"keys": []}),
        ("key.add", "key 8", None, key("board")),
        ("key.rotate", "key 8", key("board", id=8), key("board", id=9, overlap_seconds=0)),
        ("key.revoke", "key 9", key("board", holds=True), key("board", holds=False)),
        ("quarantine.drive", "quarantine", None, {"server_id": None, "code": None}),
        ("quarantine.driven", "quarantine", None, {"accepted": 0, "duplicates": 0, "still_rejected": 0}),
    ]


@pytest.mark.parametrize(
    "change", ["server.add", "server.rotate", "server.revoke", "add", "rotate", "revoke"]
)
def test_what_cannot_be_written_down_is_not_done(stack: Stack, change: str) -> None:
    async def scenario(scene: Scene) -> tuple[Any, Any]:
        postgres = scene.platform.postgres
        changes: dict[str, Callable[[], Awaitable[Any]]] = {
            "server.add": lambda: servers.add(postgres, "Omaha", ME),
            "server.rotate": lambda: servers.rotate(postgres, "one", 0, ME),
            "server.revoke": lambda: servers.revoke(postgres, "one", ME),
            "add": lambda: keys.add(postgres, "read", "x", ME),
            "rotate": lambda: keys.rotate(postgres, 2, 0, ME),
            "revoke": lambda: keys.revoke(postgres, 2, ME),
        }
        before = await keys.all_keys(postgres)
        await postgres.execute("ALTER TABLE audit_log RENAME TO audit_log_away")
        try:
            with pytest.raises(Exception, match="audit_log"):
                await changes[change]()
        finally:
            await postgres.execute("ALTER TABLE audit_log_away RENAME TO audit_log")
        return before, await keys.all_keys(postgres)

    before, after = played(stack, scenario)
    assert before == after


def test_no_key_is_ever_shown_again(stack: Stack, capfd: pytest.CaptureFixture[str]) -> None:
    async def scenario(scene: Scene) -> str:
        strange = new("admin")
        for method, path, _ in ROUTES:
            url = re.sub(r"\{\w+:int\}", "2000", path)
            for token in (*scene.keys.values(), strange):
                ways: list[dict[str, Any]] = [
                    {"headers": {"Authorization": f"Bearer {token}"}},
                    {"headers": {"X-Server-Token": token}},
                    {"params": {"server_token": token}},
                ]
                for way in ways:
                    await scene.client.request(method, url, **way)
        kept = await audit.page(scene.platform.postgres, limit=10_000)
        noted = await refusals.recent(scene.platform.redis, scene.platform.logins.hashes)
        assert noted
        assert kept
        shown = (await scene.ask("GET", "/api/v1/admin/keys", "admin")).text
        metrics = (await scene.client.get("/metrics")).text
        said = "".join(capfd.readouterr())
        assert "request failed" in said
        everything = [said, metrics, shown, repr(kept), repr(noted)]
        return "\n".join(t for t in (*scene.keys.values(), strange) for text in everything if t[4:] in text)

    assert played(stack, scenario) == ""


def test_use_is_noted_to_the_hour(stack: Stack) -> None:
    async def scenario(scene: Scene) -> list[bool]:
        async def used() -> Any:
            return {k.kind: k.last_used_at for k in await keys.all_keys(scene.platform.postgres)}["read"]

        gate, token = scene.platform.gate, scene.keys["read"]
        seen = [await used()]
        for _ in range(2):
            gate.forget()
            await gate.caller(token, ALLOWED["read"])
            seen.append(await used())
        await scene.platform.postgres.execute(
            "UPDATE access_keys SET last_used_at = last_used_at - interval '61 minutes'"
        )
        gate.forget()
        await gate.caller(token, ALLOWED["read"])
        seen.append(await used())
        return [seen[0] is None, seen[1] == seen[2], seen[3] >= seen[2]]

    assert played(stack, scenario) == [True, True, True]


def test_tokens_of_older_versions_go_on_holding(stack: Stack) -> None:
    """The migrations up to 0004, tokens of their time, then 0005: in a schema that is thrown away."""

    async def scenario(scene: Scene) -> list[tuple[Any, ...]]:
        steps = {m.number: m.text for m in sql.migrations("postgres")}
        async with scene.platform.postgres.transaction() as connection:
            await connection.execute("CREATE SCHEMA old")
            await connection.execute("SET LOCAL search_path TO old")
            for number in (1, 2, 3, 4):
                await connection.execute(steps[number])
            await connection.execute("INSERT INTO servers (name) VALUES ('Omaha')")
            await connection.execute("INSERT INTO admin_tokens (hash) VALUES ('a')")
            await connection.execute(
                "INSERT INTO server_tokens (hash, server_id, created_at, expires_at, revoked_at) VALUES "
                "('b', 1, '2026-01-01', NULL, NULL), ('c', 1, '2026-01-02', '2026-02-02', '2026-01-03')"
            )
            await connection.execute(steps[5])
            rows = await connection.execute(
                "SELECT hash, kind, server_id, label, expires_at IS NULL, revoked_at IS NULL "
                "FROM access_keys ORDER BY id"
            )
            found = await rows.fetchall()
            await connection.execute("DROP SCHEMA old CASCADE")
            return found

    assert played(stack, scenario) == [
        (b"b", "server", 1, "Omaha", True, True),
        (b"c", "server", 1, "Omaha", False, False),
        (b"a", "admin", None, "first", True, True),
    ]


def test_a_key_that_is_none_is_asked_for_once_a_second(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(platform: Platform) -> tuple[list[int], str]:
        at, asked = [0.0], []
        gate = Gate(platform.postgres, None, lambda: at[0])
        real = Postgres.one

        async def counted(self: Postgres, *question: Any, **more: Any) -> Any:
            asked.append(question)
            return await real(self, *question, **more)

        monkeypatch.setattr(Postgres, "one", counted)
        told = []
        for seconds in (0.0, 0.5, 0.99, 1.0):
            at[0] = seconds
            with pytest.raises(TokenMissing):
                await gate.caller("aas_unknown", ALLOWED["server"])
            told.append(len(asked))
        for number in range(service._MEMORY_KEYS + 10):
            gate._unknown[number.to_bytes(4, "big")] = at[0] + 1
        with pytest.raises(TokenMissing):
            await gate.caller("aas_another", ALLOWED["server"])
        assert len(gate._unknown) < service._MEMORY_KEYS
        # One that is made meanwhile holds a second later, as one that is revoked ends.
        made = (await keys.add(platform.postgres, "read", "new", ME)).token
        return told, (await gate.caller(made, ALLOWED["read"])).label

    assert stack.run(scenario) == ([1, 1, 1, 2], "new")
