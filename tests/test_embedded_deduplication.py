"""A block that ClickHouse remembers and does not have is written again, and only such a block."""

import json
import subprocess
import sys
from pathlib import Path

from api.embedded.deduplication import forget_lost_blocks

# In a process of its own: a process can open one folder.
SCRIPT = """
import asyncio, json, sys
from pathlib import Path
import msgspec
from api.stores import clickhouse

class Count(msgspec.Struct):
    n: int

async def main(folder, tokens):
    store = clickhouse.embedded(Path(folder), 1)
    await store.command(
        "CREATE TABLE IF NOT EXISTS t (a Int64) ENGINE = MergeTree ORDER BY a "
        "SETTINGS non_replicated_deduplication_window = 100"
    )
    for token in tokens:
        await store.insert("t", {"a": [int(token)]}, token)
    found = await store.one("SELECT count() AS n FROM t", Count)
    store.close()
    print(json.dumps(found.n))

asyncio.run(main(sys.argv[1], sys.argv[2:]))
"""


def insert(folder: Path, *tokens: str) -> int:
    command = [sys.executable, "-c", SCRIPT, str(folder), *tokens]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return int(json.loads(done.stdout))


def test_a_lost_block_is_forgotten_and_the_others_are_remembered(tmp_path: Path) -> None:
    assert insert(tmp_path, "1", "2", "3") == 3
    (lost,) = tmp_path.glob("store/*/*/all_2_2_0")
    for file in lost.iterdir():
        file.unlink()
    lost.rmdir()
    assert insert(tmp_path, "2") == 2, "the engine remembers what it does not have: the case to be mended"
    assert forget_lost_blocks(tmp_path) == 1
    assert insert(tmp_path, "1", "2", "3") == 3
    assert forget_lost_blocks(tmp_path) == 0


def test_blocks_inside_merged_parts_are_not_lost(tmp_path: Path) -> None:
    log = tmp_path / "store" / "a" / "b" / "deduplication_logs" / "deduplication_log_1.txt"
    log.parent.mkdir(parents=True)
    log.write_text("1\tall_1_1_0\tx\n1\tall_4_4_0\ty\n1\tp_4_4_0\tz\n2\tall_9_9_0\tw\n1\tall_5")
    for part in ("all_1_3_1", "p_2_6_2_7", "tmp_insert_all_4_4_0", "detached"):
        (log.parent.parent / part).mkdir()
    assert forget_lost_blocks(tmp_path) == 1
    assert log.read_text() == "1\tall_1_1_0\tx\n1\tp_4_4_0\tz\n2\tall_9_9_0\tw\n1\tall_5"
