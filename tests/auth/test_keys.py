"""Keys: who may do what, how they are made, rotated and revoked, and what of that is written down."""

import dataclasses
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
import pytest

from api.app import create_app
from api.audit.service import Actor
from api.auth import keys
from api.auth.roles import ALLOWED, Rule
from api.platform import Platform
from api.servers import service as servers
from api.settings import Settings
from tests.stack import Stack, http_client

ME = Actor("command", "tester")
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


def test_the_routes_of_admins_are_those_below_admin() -> None:
    below = [route for route in ROUTES if route[1].startswith("/api/v1/admin")]
    assert len(below) >= 10
    assert [route for route in ROUTES if (route[2] == "admin") != (route in below)] == []


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

    return dataclasses.replace(stack, settings=msgspec.structs.replace(stack.settings, **settings)).run(run)


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
            url = path.replace("{server_id:int}", "2000").replace("{key_id:int}", "2000")
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
