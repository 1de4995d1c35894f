"""The relay as a process: killed, doubled, asked how it is."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("signals as these are not for Windows", allow_module_level=True)

SECRET = "s3cret-Token-that-must-not-show"


def start(command: list[str], *more: str, **keywords: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*command, *more], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **keywords
    )


def until(condition: Any, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def acknowledged_lines(spool: Any) -> list[bytes]:
    """The lines that the relay's state on disk claims to be done with."""
    try:
        state = json.loads((spool.folder / "relay.state.json").read_text())
    except FileNotFoundError:
        return []
    lines: list[bytes] = []
    for name, place in state["files"].items():
        path = spool.folder / name
        if path.exists():
            lines += path.read_bytes()[: place["offset"]].split(b"\n")[:-1]
    return lines


@pytest.mark.parametrize("seed", [1, 2])
def test_kill_9_at_any_moment(
    command: list[str], platform: Any, spool: Any, conducts: Any, seed: int
) -> None:
    chance = random.Random(seed)
    ways = [conducts.accept] * 12 + [*conducts.passing]
    platform.usual = lambda request, lines: chance.choice(ways)(request, lines)
    written: list[bytes] = []
    stop = threading.Event()

    def tracker() -> None:
        while not stop.wait(0.003):
            line = spool.line()
            cut = chance.randrange(len(line))
            spool.append(line[:cut])
            spool.append(line[cut:] + b"\n")
            written.append(line)
            if len(written) % 60 == 0:
                spool.rotate()

    writer = threading.Thread(target=tracker)
    writer.start()
    log = ""
    for _ in range(12):
        process = start(command)
        time.sleep(0.15 + chance.random() * 0.35)
        process.send_signal(signal.SIGKILL)
        log += process.communicate()[0]
        assert set(acknowledged_lines(spool)) <= set(platform.lines)
    stop.set()
    writer.join()
    platform.usual = conducts.accept
    assert subprocess.run([*command, "--once"], capture_output=True).returncode == 0
    assert set(platform.lines) == set(written)
    assert len(written) > 300
    assert len(list(spool.folder.glob("spool*.ndjson"))) == 1
    assert SECRET not in log
    assert "Traceback" not in log


def test_it_follows_and_ends_politely(command: list[str], platform: Any, spool: Any) -> None:
    lines = spool.write(1)
    process = start(command)
    until(lambda: platform.lines == lines)
    lines += spool.write(2)
    until(lambda: platform.lines == lines)
    process.terminate()
    assert "acknowledged" in process.communicate(timeout=10)[0]
    assert process.returncode == 0


def test_only_one_relay_works_on_a_spool(command: list[str], platform: Any, spool: Any) -> None:
    lines = spool.write(1)
    first = start(command)
    until(lambda: platform.lines == lines)
    second = subprocess.run([*command, "--once"], capture_output=True, text=True)
    assert second.returncode == 3
    assert "another relay" in second.stderr
    first.kill()
    first.communicate()
    assert subprocess.run([*command, "--once"], capture_output=True).returncode == 0


def test_status_tells_how_far_it_is(command: list[str], platform: Any, spool: Any, conducts: Any) -> None:
    spool.write(4)
    status = [*command, "--status", "--json"]
    fresh = json.loads(subprocess.run(status, capture_output=True).stdout)
    assert (fresh["running"], fresh["last_ack"], fresh["files"][0]["lines_waiting"]) == (False, None, 4)

    platform.conducts = [conducts.quarantine(0)]
    subprocess.run([*command, "--once"], capture_output=True)
    spool.write(2)
    spool.append(b'{"half')
    platform.usual = conducts.refuse(503)
    process = start(command)
    until(
        lambda: "503" in (json.loads(subprocess.run(status, capture_output=True).stdout)["last_error"] or "")
    )
    told = json.loads(subprocess.run(status, capture_output=True).stdout)
    words = subprocess.run([*command, "--status"], capture_output=True, text=True).stdout
    process.kill()
    process.communicate()

    (row,) = told["files"]
    assert told["running"] is True
    assert told["rejected"] == row["rejected"] == 1
    assert row["lines_sent"] == 4
    assert row["lines_waiting"] == 2
    assert row["bytes_sent"] + row["bytes_waiting"] == row["bytes"] == spool.path.stat().st_size
    assert time.time() - row["last_ack"] < 60
    assert "relay is running" in words
    assert "2 lines waiting" in words
    assert "503" in words


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (["--url=ftp://x"], "no http(s) address"),
        (["--token-file=/nonexistent"], "cannot read the token file"),
        (["--spool=/nonexistent"], "no spool folder"),
        (["--batch-events=0"], "must be more than 0"),
        (["--linger=soon"], "is not a number"),
        (["--config=/nonexistent"], "no such configuration file"),
    ],
)
def test_wrong_settings_are_named(command: list[str], spool: Any, change: list[str], complaint: str) -> None:
    told = subprocess.run([*command, "--once", *change], capture_output=True, text=True)
    assert told.returncode == 2
    assert complaint in told.stderr
    assert "Traceback" not in told.stderr


def test_settings_from_environment_and_file(
    command: list[str], platform: Any, spool: Any, tmp_path: Path
) -> None:
    lines = spool.write(1)
    config = tmp_path / "relay.conf"
    config.write_text(f"[relay]\nspool = {spool.folder}\nurl = http://127.0.0.1:9\ntries = 1\n")
    environment = {**os.environ, "AFTERACTION_RELAY_URL": platform.url, "AFTERACTION_RELAY_TOKEN": SECRET}
    bare = [*command[:2], "--once", f"--config={config}"]
    told = subprocess.run(bare, env=environment, capture_output=True, text=True)
    assert told.returncode == 0
    assert platform.lines == lines
    config.write_text("[relay]\nspol = x\n")
    told = subprocess.run(bare, env=environment, capture_output=True, text=True)
    assert told.returncode == 2
    assert "unknown setting spol" in told.stderr
