"""`bench peers`, small: each row's kills are counted once, whatever happens meanwhile."""

import subprocess
import sys

import msgspec

from api.bench.peers import PeerFigures

ROWS = ["single-2000", "freeze-database", "twice-at-once", "kill", "matches-four-times"]


def test_nothing_is_lost_or_doubled() -> None:
    command = [sys.executable, "-m", "api.cli", "bench", "peers", "--json", "--kills", "400", "--freeze", "1"]
    for name in ROWS:
        command += ["--row", name]
    done = subprocess.run(command, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr.decode()
    rows = {row.row: row for row in msgspec.json.decode(done.stdout, type=PeerFigures).rows}
    assert list(rows) == ROWS
    for row in rows.values():
        assert (row.sent, row.counted, row.counted_in_totals) == (400, 400, 400), row
        assert (row.lost, row.doubled) == (0, 0), row
    assert rows["single-2000"].acknowledged == rows["kill"].acknowledged == 400
    assert rows["twice-at-once"].acknowledged == 2 * 400
    assert rows["kill"].tries_again > 0
    assert rows["freeze-database"].ack_ms_max > 500
    assert (rows["matches-four-times"].requests, rows["matches-four-times"].matches) == (8, 2)
