"""The SQL linter finds what it is there to find."""

import shutil
import subprocess
import sys
from pathlib import Path

from api.stores import sql

_BROKEN = {
    "postgres/queries/broken.sql": "-- name: one\nSELECT id FROM servers WHERE;\n",
    "postgres/queries/percent.sql": "-- name: one\nSELECT id FROM servers WHERE name LIKE 'a%';\n",
    "postgres/queries/keywords.sql": "-- name: one\nselect id FROM servers;\n",
    "clickhouse/migrations/9999_broken.sql": "CREATE TABLE IF NOT EXISTS broken (a Strin) ENGINE = Null;\n",
    "clickhouse/queries/broken.sql": "-- name: one\nSELECT a, FROM raw_events WHERE;\n",
    "clickhouse/queries/column.sql": "-- name: one\nSELECT no_such_column FROM raw_events;\n",
    "clickhouse/queries/layout.sql": "-- name: one\nSELECT seq \nFROM raw_events;",
}


def test_each_broken_file_is_found(tmp_path: Path) -> None:
    for engine in ("clickhouse", "postgres"):
        shutil.copytree(sql.sql_root(engine), tmp_path / engine)
    for name, text in _BROKEN.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "tests.lint_sql", str(tmp_path)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1, done.stdout + done.stderr
    lines = done.stdout.splitlines()[:-1]
    assert {name for name in _BROKEN if any(line.startswith(name) for line in lines)} == set(_BROKEN)
    assert [line for line in lines if not line.startswith(tuple(_BROKEN))] == []
