"""compose.yaml and the Dockerfile, held to what a careful admin would look for."""

import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from api import settings

CHECKOUT = Path(__file__).resolve().parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((CHECKOUT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONE_SHOT = {"migrate"}
SECRET = re.compile(r"PASSWORD|TOKEN|SECRET|_URL", re.IGNORECASE)
HOLDS_NO_SECRET = {"AFTERACTION_REDIS_URL", "MARIADB_RANDOM_ROOT_PASSWORD"}
# A secret is asked for by name, ${NAME:?message}, and never stands in the file.
ASKED_FOR = re.compile(r"\$\{\w+:\?[^}]+\}")

ours = pytest.mark.parametrize("name", ["migrate", "api", "worker"])
each = pytest.mark.parametrize("name", sorted(SERVICES))


def test_everything_is_there() -> None:
    assert set(SERVICES) == {"clickhouse", "postgres", "redis", "mariadb", "migrate", "api", "worker"}


@each
def test_health_is_checked(name: str) -> None:
    assert name in ONE_SHOT or SERVICES[name]["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")


@each
def test_restarts(name: str) -> None:
    assert SERVICES[name]["restart"] == ("on-failure" if name in ONE_SHOT else "unless-stopped")


@each
def test_nobody_is_root(name: str) -> None:
    assert str(SERVICES[name]["user"]).split(":")[0] not in ("", "0", "root")


@each
def test_images_are_pinned(name: str) -> None:
    image = SERVICES[name]["image"]
    assert image == "afteraction" or re.fullmatch(r"[\w./-]+:\d+(\.\d+)*", image)


@each
def test_no_secret_is_written_down(name: str) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        if SECRET.search(variable) and variable not in HOLDS_NO_SECRET:
            assert ASKED_FOR.search(value), variable


@each
def test_volumes_are_declared(name: str) -> None:
    named = {volume.split(":")[0] for volume in SERVICES[name].get("volumes", [])}
    assert named <= set(COMPOSE["volumes"])


def test_every_declared_volume_is_used() -> None:
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert used == set(COMPOSE["volumes"])


@each
def test_only_the_api_is_published_and_on_this_machine(name: str) -> None:
    ports = SERVICES[name].get("ports", [])
    assert ports == (["${LISTEN:-127.0.0.1:8080}:8080"] if name == "api" else [])


@each
def test_nothing_starts_before_what_it_needs(name: str) -> None:
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        expected = "service_completed_successfully" if needed in ONE_SHOT else "service_healthy"
        assert how == {"condition": expected}


@ours
def test_its_command_exists(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "api.cli", *SERVICES[name]["command"], "--help"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


@ours
def test_its_settings_exist(name: str) -> None:
    given = {
        variable: ASKED_FOR.sub("0123456789abcdef" * 2, value)
        for variable, value in SERVICES[name]["environment"].items()
    }
    found = settings.load(given)
    assert found.clickhouse_url is not None
    assert found.postgres_url is not None
    assert found.redis_url is not None


@ours
def test_it_may_do_little(name: str) -> None:
    assert SERVICES[name]["read_only"] is True
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in SERVICES[name]["security_opt"]


def test_the_image_is_built_from_the_lock_for_a_user_without_rights() -> None:
    lines = (CHECKOUT / "Dockerfile").read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == [SERVICES["api"]["user"]]
    installs = [line for line in lines if "pip install" in line]
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)


def test_the_image_is_given_what_it_is_built_from_and_nothing_else() -> None:
    lines = (CHECKOUT / ".dockerignore").read_text().splitlines()
    kept = {line[1:] for line in lines if line.startswith("!")}
    assert "*" in lines
    assert all(any(CHECKOUT.glob(name)) for name in kept)
    hatch = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["hatch"]
    wheel = hatch["build"]["targets"]["wheel"]
    for name in [*wheel["packages"], *wheel["force-include"]]:
        assert any(fnmatch(name, pattern) for pattern in kept), name
