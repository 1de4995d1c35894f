"""`afteraction forum`, as true processes: what an admin types, and what is said when something is away."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import httpx
import pytest

from api.auth import keys
from api.embedded.folder import DataFolder
from api.platform import Platform
from smf_bridge import schema
from tests.forum.client import Forum
from tests.forum.desk import ME, with_forum
from tests.mariadb_server import ForumDatabase, MariaDB
from tests.native_bridge import Bridge
from tests.running import Instance
from tests.stack import Stack

# Each command about a forum, with a flag that changes nothing where it has one.
COMMANDS: Final = {
    "migrate": ["migrate", "--dry-run"],
    "reconcile": ["reconcile", "--dry-run"],
    "achievements": ["achievements", "--dry-run"],
    "grants": ["grants"],
    "serve": [],
}
Done = subprocess.CompletedProcess[str]


def environment(folder: Path, url: str | None, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AFTERACTION_")}
    kept |= {"AFTERACTION_DATA": str(folder), "AFTERACTION_PORT": "0", **more}
    return kept | ({"AFTERACTION_FORUM_URL": url} if url else {})


def command(folder: Path, url: str | None, *arguments: str) -> Done:
    return subprocess.run(
        [sys.executable, "-m", "api.cli", "forum", *arguments],
        env=environment(folder, url),
        capture_output=True,
        text=True,
        timeout=120,
    )


def all_of_them(folder: Path, url: str | None, *names: str) -> dict[str, Done]:
    """Run some commands, or each, two at a time."""
    with ThreadPoolExecutor(2) as two:
        started = {
            name: two.submit(command, folder, url, *COMMANDS[name]) for name in names or tuple(COMMANDS)
        }
        return {name: one.result() for name, one in started.items()}


def said(done: Done) -> str:
    """Return what a command that fails says: one sentence, and nothing that only its makers read."""
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr + done.stdout
    assert "hidden" not in done.stderr + done.stdout
    assert done.stdout == ""
    return " ".join(done.stderr.split())


def test_what_it_prints_to_grant_lets_it_migrate(tmp_path: Path, empty_forum: ForumDatabase) -> None:
    assert "afteraction forum grants" in said(command(tmp_path, empty_forum.url, "migrate"))
    grants = command(tmp_path, empty_forum.url, "grants", f"'{empty_forum.user}'@'127.0.0.1'").stdout
    for statement in grants.splitlines():
        empty_forum.run(statement)
    would = json.loads(command(tmp_path, empty_forum.url, "migrate", "--dry-run", "--json").stdout)
    assert [step["number"] for step in would] == [file.number for file in schema.files()]
    assert empty_forum.run("SHOW TABLES LIKE 'smf_mohaa%'") == []
    assert "ran 0001_links" in command(tmp_path, empty_forum.url, "migrate").stdout
    assert "up to date" in command(tmp_path, empty_forum.url, "migrate").stdout


def test_without_a_forum_each_says_so(tmp_path: Path) -> None:
    for name, done in all_of_them(tmp_path, None).items():
        assert "no forum is set: AFTERACTION_FORUM_URL=" in said(done), name
    assert "begins with mysql://" in said(command(tmp_path, "nonsense", "migrate"))


def test_with_a_wrong_address_each_says_what_is_wrong(tmp_path: Path, forum: ForumDatabase) -> None:
    away = "mysql://a:hidden@127.0.0.1:1/db"
    done = all_of_them(tmp_path, away, "migrate", "grants", "serve")
    assert "Can't connect" in said(done["migrate"])
    # This one needs no database, and that one servers which no setting names.
    assert done["grants"].stdout.startswith("GRANT SELECT (id_member")
    assert "AFTERACTION_CLICKHOUSE_URL" in said(done["serve"])
    wrong = f"mysql://{forum.user}:hidden@127.0.0.1:{forum.server.port}/{forum.name}"
    assert "does not let" in said(command(tmp_path, wrong, "migrate"))


@pytest.fixture
def running(tmp_path: Path, forum: ForumDatabase) -> Iterator[Instance]:
    instance = Instance(tmp_path)
    instance.environment["AFTERACTION_FORUM_URL"] = forum.url
    with instance:
        yield instance


def test_beside_a_running_instance(running: Instance, mariadb: MariaDB, forum: ForumDatabase) -> None:
    data = Path(running.environment["AFTERACTION_DATA"])
    forum.run("INSERT INTO smf_mohaa_player_links VALUES ('c1', 7, NOW()), ('c2', 99, NOW())")
    looked = command(data, forum.url, "reconcile", "--dry-run")
    assert (looked.returncode, looked.stderr) == (0, "")
    assert "c1: forum 7, here -  only_in_forum\n" in looked.stdout
    shown = " ".join(looked.stdout.split())
    assert re.search(r"has deleted member 99, who is still known here: [a-z0-9, ]*links 1;", shown)
    assert "`afteraction player erase member:99` takes them out" in shown
    assert "2 links in the forum, 2 differences" in looked.stdout
    mended = json.loads(command(data, forum.url, "reconcile", "--json").stdout)["differences"]
    assert {each["client_id"]: each["mended"] for each in mended} == {"c1": True, "c2": False}
    running.command("player", "erase", "member:99", "--yes")
    judged = command(data, forum.url, "achievements")
    assert (judged.returncode, judged.stderr) == (0, "")
    assert re.search(r"\d members; 0 achievements granted, 0 taken", judged.stdout)

    mariadb.kill()
    try:
        for name, done in all_of_them(data, forum.url, "migrate", "reconcile", "achievements").items():
            assert re.search("Can't connect|Lost connection|gone away", said(done)), name
        assert httpx.get(f"{running.url}/api/v1/stats/global", timeout=30).status_code == 200
    finally:
        mariadb.start()
    assert running.is_running()


def test_the_forum_alone(
    tmp_path: Path, stack: Stack, bridge: Bridge, mariadb: MariaDB, forum: ForumDatabase
) -> None:
    async def issued(platform: Platform) -> str:
        return (await keys.add(platform.postgres, "forum", "our board", ME)).token

    key = with_forum(stack, forum).run(issued)
    settings = stack.settings
    log = tmp_path / "forum.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "forum"],
            env=environment(
                DataFolder(settings.data_folder).path,
                forum.url,
                AFTERACTION_CLICKHOUSE_URL=f"clickhouse://127.0.0.1:{bridge.port}",
                AFTERACTION_POSTGRES_URL=stack.engines.postgres_url,
                AFTERACTION_REDIS_URL=stack.engines.redis_url,
            ),
            stdout=out,
            stderr=out,
        )
    try:
        url = _address(process, log)

        async def asked() -> list[httpx.Response]:
            async with httpx.AsyncClient(base_url=url, timeout=30) as client:
                asker = Forum(client, key)
                return [await asker.get("/forum/teams"), await asker.post("/forum/identity", {"do": "code"})]

        assert [answer.status_code for answer in asyncio.run(asked())] == [200, 200]
        assert httpx.get(f"{url}/api/v1/stats/global").status_code == 404
        mariadb.kill()
        try:
            for answer in asyncio.run(asked()):
                assert answer.status_code == 503
                assert answer.headers["retry-after"]
                assert answer.json()["detail"]
        finally:
            mariadb.start()
        assert [answer.status_code for answer in asyncio.run(asked())] == [200, 200]
        process.send_signal(signal.SIGINT)
        process.wait(30)
    finally:
        process.kill()
    # As for whatever Ctrl-C ends.
    assert process.returncode == 130
    assert "Traceback" not in log.read_text()


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if found := re.search(r"serving the forum on (http://\S+)", log.read_text()):
            return found[1]
        assert process.poll() is None, log.read_text()
        time.sleep(0.05)
    raise AssertionError(log.read_text())
