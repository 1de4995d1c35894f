"""`bench forum`, small: every area answers, and a database that holds something is not touched."""

import json
import subprocess
import sys
from uuid import uuid4

from api.achievements.catalogue import ACHIEVEMENTS
from tests.mariadb_server import MariaDB

SMALL = ("--members", "1000", "--teams", "10", "--entrants", "4", "--achievements", "3", "--requests", "1")


def bench(url: str) -> "subprocess.CompletedProcess[str]":
    arguments = [sys.executable, "-m", "api.cli", "bench", "forum", "--url", url, *SMALL, "--json"]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=240)


def test_every_area_of_a_filled_forum_is_asked_for(mariadb: MariaDB) -> None:
    name = f"bench_{uuid4().hex[:8]}"
    mariadb.run(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    mariadb.run(f"CREATE USER '{name}'@'127.0.0.1' IDENTIFIED BY 'b'")
    mariadb.run(f"GRANT ALL ON {name}.* TO '{name}'@'127.0.0.1'")
    url = f"mysql://{name}:b@127.0.0.1:{mariadb.port}/{name}?prefix=smf_"
    done = bench(url)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert all(area["bytes"] for area in figures["areas"])
    counted = {
        table: mariadb.run(f"SELECT COUNT(*) AS found FROM smf_mohaa_{table}", name)[0]["found"]
        for table in ("achievements", "achievement_progress", "player_links", "teams", "tournament_matches")
    }
    assert counted == {
        "achievements": len(ACHIEVEMENTS),
        "achievement_progress": 3000,
        "player_links": 1000,
        "teams": 10,
        # Of four, one wins twice in the upper bracket: no reset is played.
        "tournament_matches": 6,
    }
    again = bench(url)
    assert again.returncode == 1
    assert "this one holds tables" in " ".join(again.stderr.split())
    assert "Traceback" not in again.stderr
