"""`afteraction forum`: what an admin types."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from smf_bridge import schema
from tests.mariadb_server import ForumDatabase


def command(folder: Path, url: str | None, *arguments: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AFTERACTION_")}
    kept |= {"AFTERACTION_DATA": str(folder), "AFTERACTION_PORT": "0"}
    if url:
        kept["AFTERACTION_FORUM_URL"] = url
    return subprocess.run(
        [sys.executable, "-m", "api.cli", "forum", *arguments],
        env=kept,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_what_it_prints_to_grant_lets_it_migrate(tmp_path: Path, empty_forum: ForumDatabase) -> None:
    refused = command(tmp_path, empty_forum.url, "migrate")
    assert refused.returncode == 1
    assert "afteraction forum grants" in " ".join(refused.stderr.split())
    assert "Traceback" not in refused.stderr
    grants = command(tmp_path, empty_forum.url, "grants", f"'{empty_forum.user}'@'127.0.0.1'").stdout
    for statement in grants.splitlines():
        empty_forum.run(statement)
    would = json.loads(command(tmp_path, empty_forum.url, "migrate", "--dry-run", "--json").stdout)
    assert [step["number"] for step in would] == [file.number for file in schema.files()]
    assert empty_forum.run("SHOW TABLES LIKE 'smf_mohaa%'") == []
    assert "ran 0001_links" in command(tmp_path, empty_forum.url, "migrate").stdout
    assert "up to date" in command(tmp_path, empty_forum.url, "migrate").stdout


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (None, "no forum is set"),
        ("mysql://a:hidden@127.0.0.1:1/db", "Can't connect"),
        ("nonsense", "begins with mysql://"),
    ],
)
def test_without_a_database_it_is_a_sentence(tmp_path: Path, url: str | None, said: str) -> None:
    done = command(tmp_path, url, "migrate")
    assert done.returncode == 1
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert "hidden" not in done.stderr
