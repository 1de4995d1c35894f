"""The short form of `make fuzz`: some thousand mutated bodies, in a process whose memory is bounded."""

import json
import os
import subprocess
import sys
from pathlib import Path


def test_mutated_bodies_crash_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bad_input.fuzz", "short"],
        env=os.environ | {"FUZZ_SECONDS": "5", "FUZZ_FOLDER": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    counts = json.loads(done.stdout)
    assert counts["crashes"] == 0
    assert counts["inputs"] > 100
    assert min(counts["accepted"], counts["rejected"]) > 100
