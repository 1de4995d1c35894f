"""Every route with whatever its OpenAPI allows and forbids and every kind of token, over the real engines."""

import os
from types import SimpleNamespace
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from api.app import create_app
from api.audit.service import Actor
from api.auth import keys
from api.auth.tokens import Kind
from api.platform import Platform
from api.settings import Settings
from tests.bad_input.conftest import Served

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "8"))
ANSWERS = (200, 201, 202, 204, 400, 401, 403, 404, 405, 409, 413, 422)
# Each case is asked by all of these, the strongest last: what it changes, the others have not seen.
ROLES = ("", "aas_unknown", "\xff", "read", "server", "forum", "admin")


def operations() -> dict[str, Any]:
    """Every operation of the application's own description, by method and path."""
    stores: Any = SimpleNamespace(
        settings=Settings(),
        postgres=None,
        clickhouse=None,
        redis=None,
        gate=None,
        limits=None,
        inlet=None,
        logins=None,
        sessions=None,
        forum=None,
    )
    described = create_app(stores).openapi_schema.to_schema()
    results: Any = schemathesis.openapi.from_dict(described).get_all_operations()
    found = [each.ok() for each in results]
    return {each.label: each for each in found}


OPERATIONS = operations()


def test_no_route_is_left_out() -> None:
    routes = {label.split()[1] for label in OPERATIONS}
    assert {"/api/v1/ingest/events", "/api/v1/admin/quarantine/drive", "/metrics", "/readyz"} <= routes
    assert len(routes) >= 22


@pytest.fixture(scope="module")
def roles(served: Served) -> dict[str, str]:
    """A key of each kind."""

    async def make(platform: Platform) -> dict[str, str]:
        made: dict[str, str] = {}
        kinds: tuple[Kind, ...] = ("read", "forum")
        for kind in kinds:
            made[kind] = (await keys.add(platform.postgres, kind, kind, Actor("command", "tests"))).token
        return made

    return {**served.run(make), "server": served.token, "admin": served.admin}


@pytest.mark.parametrize("label", OPERATIONS)
def test_whatever_is_asked_is_answered(served: Served, roles: dict[str, str], label: str) -> None:
    operation = OPERATIONS[label]
    cases = operation.as_strategy(GenerationMode.POSITIVE)
    if operation.query:
        cases |= operation.as_strategy(GenerationMode.NEGATIVE)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize="FUZZ_EXAMPLES" not in os.environ,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, content=st.none() | st.binary(max_size=50))
    def ask(case: Any, content: bytes | None) -> None:
        if "/admin/" in label:
            # The scene's own keys and server stay as they are.
            for name in {"key_id", "server_id"} & set(case.path_parameters or ()):
                case.path_parameters[name] += 1000
        for role in ROLES:
            secret = roles.get(role, role)
            headers = {"Authorization": f"Bearer {secret}".encode("latin-1")} if secret else {}
            answer = case.call(base_url=served.url, headers=headers, data=content, timeout=60)
            # A member gets ten codes in ten minutes, and no more.
            assert answer.status_code in ANSWERS + ((429,) if label.endswith("/auth/tokens") else ())
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == ["application/problem+json"]
                assert answer.json()["status"] == answer.status_code

    ask()


def test_after_all_of_that_a_batch_is_counted(served: Served) -> None:
    served.assert_counts_exactly("after the routes")
