"""Logging in over HTTP: who may ask what, and what shows up where."""

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import msgspec
import pytest

from api.audit.service import Actor
from api.auth import keys
from api.platform import Platform
from api.servers import service as servers
from tests.stack import Stack, http_client

R = TypeVar("R")

TESTS = Actor("command", "tests")
PLAYER = {"client_id": "0a1b2c3d4e5f6071", "name": "Ann", "address": "192.0.2.7:12203"}


class Http:
    """A client with a key of each kind."""

    def __init__(self, platform: Platform, client: httpx.AsyncClient, tokens: dict[str, str]) -> None:
        self.platform = platform
        self.client = client
        self.tokens = tokens

    async def ask(self, kind: str, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[kind]}"} if kind else {}
        return await self.client.request(method, f"/api/v1{path}", json=body, headers=headers)

    async def code(self, member_id: int = 17, name: str = "Mara") -> str:
        asked = {"member_id": member_id, "member_name": name}
        answer = await self.ask("forum", "POST", "/auth/tokens", asked)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["code"])

    async def verify(self, code: str, **player: str) -> Any:
        answer = await self.ask("server", "POST", "/auth/verify", {**PLAYER, **player, "code": code})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def resume(self, **player: str) -> Any:
        return (await self.ask("server", "POST", "/auth/sessions/resume", {**PLAYER, **player})).json()

    async def member(self, member_id: int = 17) -> Any:
        return (await self.ask("forum", "GET", f"/auth/members/{member_id}")).json()


def over_http(stack: Stack, use: Callable[[Http], Awaitable[R]]) -> R:
    async def run(platform: Platform) -> R:
        tokens = {"server": await servers.add(platform.postgres, "one", TESTS)}
        for kind in ("forum", "admin", "read"):
            tokens[kind] = (await keys.add(platform.postgres, kind, kind, TESTS)).token
        async with http_client(platform) as client:
            return await use(Http(platform, client, tokens))

    # Whoever tries every route with every key fails often.
    settings = msgspec.structs.replace(stack.settings, failed_keys_per_minute=0)
    return dataclasses.replace(stack, settings=settings).run(run)


def test_a_player_logs_in(stack: Stack) -> None:
    async def scenario(http: Http) -> None:
        code = await http.code()
        assert await http.verify(code) == {
            "outcome": "logged_in",
            "message": "Logged in as Mara.",
            "member_id": 17,
            "member_name": "Mara",
        }
        assert (await http.resume())["message"] == "Logged in as Mara."
        shown = await http.member()
        assert [(a["network"], a["trusted_by"]) for a in shown["addresses"]] == [
            ("192.0.2.7/32", "first use")
        ]
        assert [(c["client_id"], c["state"]) for c in shown["clients"]] == [(PLAYER["client_id"], "linked")]
        tries = (await http.ask("admin", "GET", "/admin/logins/history")).json()["tries"]
        assert [(t["kind"], t["outcome"], t["member_id"]) for t in tries] == [
            ("resume", "logged_in", 17),
            ("code", "logged_in", 17),
        ]

    over_http(stack, scenario)


def test_each_route_is_for_its_keys(stack: Stack) -> None:
    code = {"member_id": 1, "member_name": "Ann"}
    routes: list[tuple[str, str, Any, set[str]]] = [
        ("POST", "/auth/tokens", code, {"forum", "admin"}),
        ("POST", "/auth/verify", {**PLAYER, "code": "x"}, {"server"}),
        ("POST", "/auth/sessions/resume", PLAYER, {"server"}),
        ("POST", "/auth/sessions/logout", PLAYER, {"server"}),
        ("GET", "/auth/members/1", None, {"forum", "admin"}),
        ("PUT", "/auth/members/1/policy", {"policy": "approval"}, {"forum", "admin"}),
        ("POST", "/auth/members/1/approvals/1/approve", {}, {"forum", "admin"}),
        ("POST", "/auth/members/1/approvals/1/deny", None, {"forum", "admin"}),
        ("DELETE", "/auth/members/1/addresses/1", None, {"forum", "admin"}),
        ("DELETE", "/auth/members/1/tokens", None, {"forum", "admin"}),
        ("DELETE", "/auth/members/1/sessions", None, {"forum", "admin"}),
        ("DELETE", "/auth/members/1/clients?client_id=c1", None, {"forum", "admin"}),
        ("PUT", "/auth/members/1/clients", {"client_id": "c1"}, {"admin"}),
        ("POST", "/auth/members/1/addresses", {"network": "192.0.2.0/24"}, {"admin"}),
        ("GET", "/admin/logins/approvals", None, {"admin"}),
        ("GET", "/admin/logins/conflicts", None, {"admin"}),
        ("GET", "/admin/logins/history", None, {"admin"}),
    ]

    async def scenario(http: Http) -> None:
        for method, path, body, allowed in routes:
            for kind in ("", *http.tokens):
                status = (await http.ask(kind, method, path, body)).status_code
                let_in = status not in (401, 403)
                assert let_in == (kind in allowed), (method, path, kind, status)
                assert status < 500, (method, path, kind)

    over_http(stack, scenario)


def test_an_approval_by_the_member(stack: Stack) -> None:
    async def scenario(http: Http) -> None:
        await http.ask("forum", "PUT", "/auth/members/17/policy", {"policy": "approval"})
        assert (await http.verify(await http.code()))["outcome"] == "pending"
        (waiting,) = (await http.member())["approvals"]
        assert (waiting["network"], waiting["name"], waiting["reason"]) == ("192.0.2.7/32", "Ann", "policy")
        assert (await http.ask("admin", "GET", "/admin/logins/approvals")).json()["approvals"] == [waiting]

        path = f"/auth/members/17/approvals/{waiting['id']}/approve"
        other = f"/auth/members/18/approvals/{waiting['id']}/approve"
        assert (await http.ask("forum", "POST", other, {})).status_code == 404
        assert (await http.ask("forum", "POST", path, {"label": "home", "days": 7})).status_code == 204
        assert (await http.ask("forum", "POST", path, {})).status_code == 404

        assert (await http.verify(await http.code()))["outcome"] == "logged_in"
        (address,) = (await http.member())["addresses"]
        assert (address["label"], address["trusted_by"]) == ("home", "forum")
        audit = (await http.ask("admin", "GET", "/admin/audit")).json()
        assert [e["action"] for e in audit["entries"]][:2] == ["login.approve", "login.policy"]

    over_http(stack, scenario)


@pytest.mark.parametrize("client_id", ["a/b", "..", "a?b&c=d", "100%/x#y"])
def test_any_client_id_is_unlinked_and_linked(stack: Stack, client_id: str) -> None:
    async def scenario(http: Http) -> list[str]:
        await http.verify(await http.code(), client_id=client_id)
        path = "/auth/members/17/clients"
        gone = await http.ask("forum", "DELETE", f"{path}?client_id={quote(client_id, safe='')}")
        states = [(await http.member())["clients"][0]["state"]]
        back = await http.ask("admin", "PUT", path, {"client_id": client_id})
        assert [gone.status_code, back.status_code] == [204, 204]
        return [*states, (await http.member())["clients"][0]["state"]]

    assert over_http(stack, scenario) == ["unlinked", "linked"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"address": "nowhere"}, "nowhere"),
        ({"client_id": ""}, "client_id"),
        ({"client_id": "white space"}, "client_id"),
        ({"name": "x" * 200}, "name"),
        ({"code": "x" * 200}, "code"),
    ],
)
def test_bad_input_is_named(stack: Stack, change: dict[str, str], named: str) -> None:
    async def scenario(http: Http) -> httpx.Response:
        return await http.ask("server", "POST", "/auth/verify", {**PLAYER, "code": "x", **change})

    answer = over_http(stack, scenario)
    assert answer.status_code in (400, 422)
    assert named in answer.text


def test_what_postgres_cannot_hold_is_no_fault(stack: Stack) -> None:
    async def scenario(http: Http) -> list[int]:
        named = await http.verify(await http.code(), name="A\x00n\x1b[31mn")
        assert named["outcome"] == "logged_in"
        tries = (await http.ask("admin", "GET", "/admin/logins/history")).json()["tries"]
        assert tries[0]["name"] == "An[31mn"
        asked = [
            ("POST", "/auth/tokens", {"member_id": 1, "member_name": "A\x00"}),
            ("POST", "/auth/members/1/approvals/1/approve", {"label": "\x00"}),
            ("DELETE", "/auth/members/1/clients?client_id=a%00b", None),
            ("DELETE", "/auth/members/1/sessions?client_id=a%00b", None),
            ("POST", "/auth/members/1/addresses", {"network": "0.0.0.0/0"}),
            ("POST", "/auth/members/1/addresses", {"network": "\x00"}),
        ]
        return [(await http.ask("admin", *each)).status_code for each in asked]

    assert set(over_http(stack, scenario)) <= {400, 422}


def test_codes_are_in_no_log_and_no_metric(stack: Stack, capfd: pytest.CaptureFixture[str]) -> None:
    async def scenario(http: Http) -> tuple[str, str]:
        code = await http.code()
        await http.verify(code)
        await http.ask("server", "POST", "/auth/verify", {**PLAYER, "code": code, "address": "nowhere"})
        await http.ask("read", "POST", "/auth/verify", {**PLAYER, "code": code})
        return code, (await http.client.get("/metrics")).text

    code, measured = over_http(stack, scenario)
    printed = "".join(capfd.readouterr())
    assert "request failed" in printed
    assert "verify" in measured
    for text in (code, code.replace("-", "")):
        assert text not in printed
        assert text not in measured
