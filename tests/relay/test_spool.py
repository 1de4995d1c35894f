"""The spool as a tracker, an admin and a full disk treat it."""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Once = Callable[..., bool]


def test_a_half_written_line_waits_for_its_end(once: Once, platform: Any, spool: Any) -> None:
    lines = spool.write(2)
    half = spool.line()
    spool.append(half[:9])
    assert once()
    assert platform.lines == lines
    spool.append(half[9:] + b"\n")
    assert once()
    assert platform.lines == [*lines, half]


def test_rotated_files_are_deleted_when_acknowledged(once: Once, platform: Any, spool: Any) -> None:
    first = spool.path
    lines = spool.write(5)
    assert once()
    assert first.exists()
    spool.rotate()
    lines += spool.write(5)
    assert once()
    assert not first.exists()
    assert spool.path.exists()
    assert platform.lines == lines


def test_a_rotated_file_with_a_half_line_stays(once: Once, spool: Any) -> None:
    first = spool.path
    spool.write(5)
    spool.append(b'{"half')
    spool.rotate()
    spool.write(1)
    assert once()
    assert first.exists()


def test_keep_keeps(once: Once, spool: Any) -> None:
    first = spool.path
    spool.write(5)
    spool.rotate()
    spool.write(1)
    assert once(keep=True)
    assert first.exists()


def test_a_dead_sessions_last_file_goes_after_a_while(once: Once, spool: Any) -> None:
    spool.write(5)
    old = time.time() - 25 * 3600
    os.utime(spool.path, (old, old))
    assert once()
    assert not spool.path.exists()


def test_other_files_are_never_sent_or_deleted(once: Once, platform: Any, spool: Any) -> None:
    other = spool.folder / "truth.ndjson"
    named = spool.folder / "spool.ndjson"
    other.write_text("{}\n")
    named.write_text('{"a":1}\n')
    old = time.time() - 1e6
    os.utime(named, (old, old))
    assert once()
    assert other.exists()
    assert named.exists()
    assert platform.lines == [b'{"a":1}']


def test_a_cut_file_is_sent_from_its_beginning(once: Once, platform: Any, spool: Any) -> None:
    spool.write(5)
    assert once()
    os.truncate(spool.path, 0)
    again = spool.write(2)
    assert once()
    assert platform.lines[5:] == again


def test_a_file_cut_and_grown_beyond_its_place(once: Once, platform: Any, spool: Any) -> None:
    spool.write(5)
    assert once()
    os.truncate(spool.path, 0)
    again = spool.write(50)
    assert once()
    assert platform.lines[5:] == again


def test_a_file_cut_and_grown_while_the_answer_was_on_its_way(
    once: Once, platform: Any, spool: Any, conducts: Any
) -> None:
    again: list[bytes] = []

    def cut_meanwhile(request: Any, lines: list[bytes]) -> None:
        os.truncate(spool.path, 0)
        again.extend(spool.write(50))
        conducts.accept(request, lines)

    spool.write(5)
    platform.conducts = [cut_meanwhile]
    assert once()
    assert platform.lines[5:] == again


def test_a_file_replaced_under_the_same_name(once: Once, platform: Any, spool: Any) -> None:
    lines = spool.write(5)
    assert once()
    other = spool.folder / "other"
    other.write_bytes(lines[0] + b"\n" + b'{"new":1}\n' * 40)
    os.replace(other, spool.path)
    assert once()
    assert platform.lines.count(b'{"new":1}') == 40


def test_a_file_replaced_by_one_that_differs_in_the_middle(once: Once, platform: Any, spool: Any) -> None:
    spool.write(5, extra="y" * 300)
    spool.write(1, extra="middle")
    spool.write(5, extra="y" * 300)
    assert once()
    other = spool.folder / "other"
    other.write_bytes(spool.path.read_bytes().replace(b"middle", b"MIDDLE"))
    os.replace(other, spool.path)
    assert once()
    assert sum(b"MIDDLE" in line for line in platform.lines) == 1


def test_a_damaged_state_repeats_and_loses_nothing(once: Once, platform: Any, spool: Any) -> None:
    lines = spool.write(5)
    assert once()
    (spool.folder / "relay.state.json").write_text('{"files": {"a": 1}}')
    assert once()
    assert platform.lines == lines * 2


def test_a_full_disk_repeats_and_loses_nothing(
    relay: Any, once: Once, platform: Any, spool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = spool.write(5)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(relay, "write_durably", full)
        assert not once(tries=2)
    assert once()
    assert set(platform.lines) == set(lines)


def test_part_filled_batches_linger(relay: Any, options: Any, platform: Any, spool: Any) -> None:
    runner = relay.Relay(options(linger=0.1, batch_events=10), threading.Event())
    lines = spool.write(3)
    assert runner.step() == "idle"
    assert platform.requests == []
    time.sleep(0.11)
    assert runner.step() == "sent"
    assert platform.lines == lines
    lines += spool.write(10)
    assert runner.step() == "sent"  # ten are a full batch and need not wait
    assert platform.lines == lines


def test_read_batch_reads_whole_lines_only(relay: Any, tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"one\n\ntwo\nthree")
    with path.open("rb") as stream:
        assert relay.read_batch(stream, 0, 9, 99, 99) == relay.Batch([b"one", b"two"], 9, full=False)
        assert relay.read_batch(stream, 0, 1, 99, 99) == relay.Batch([b"one"], 4, full=True)
        assert relay.read_batch(stream, 5, 9, 99, 99) == relay.Batch([b"two"], 4, full=False)
        assert relay.read_batch(stream, 9, 9, 99, 99).length == 0
        assert relay.read_batch(stream, 0, 9, 6, 99) == relay.Batch([b"one"], 5, full=True)


@given(
    lines=st.lists(st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b"")), max_size=12),
    tail=st.binary(max_size=10).map(lambda raw: raw.replace(b"\n", b"")),
    most=st.integers(1, 5),
    size=st.integers(1, 60),
)
def test_batches_make_up_the_file(relay: Any, lines: list[bytes], tail: bytes, most: int, size: int) -> None:
    with tempfile.TemporaryFile() as stream:
        stream.write(b"".join(line + b"\n" for line in lines) + tail)
        offset, got = 0, []
        while True:
            batch = relay.read_batch(stream, offset, most, size, 64)
            if not batch.length:
                break
            assert len(batch.lines) <= most
            assert not batch.overlong
            got += batch.lines
            offset += batch.length
        assert got == [line for line in lines if line.strip()]
        assert offset == sum(len(line) + 1 for line in lines)


DEEDS = st.one_of(
    st.tuples(st.just("write"), st.integers(1, 12)),
    st.tuples(st.just("half"), st.integers(1, 20)),
    st.tuples(st.just("rotate"), st.just(0)),
    st.tuples(st.just("cut"), st.integers(0, 120)),
    st.tuples(st.just("replace"), st.integers(1, 12)),
    st.tuples(st.just("send"), st.lists(st.integers(0, 8), max_size=5)),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=st.lists(DEEDS, max_size=12))
def test_whatever_happens_all_that_is_there_arrives(
    relay: Any, once: Once, platform: Any, make_spool: Any, conducts: Any, deeds: list[tuple[str, Any]]
) -> None:
    """After each sending, every finished line that is in the folder has reached the platform."""
    with tempfile.TemporaryDirectory() as folder:
        spool = make_spool(Path(folder) / "spool")
        platform.lines = []
        for deed, value in [*deeds, ("send", [])]:
            if deed == "write":
                spool.append(b"\n")  # ends a half line, if there is one
                spool.write(value)
            elif deed == "half":
                spool.append(spool.line()[:value])
            elif deed == "rotate":
                spool.rotate()
            elif deed == "cut" and spool.path.exists():
                os.truncate(spool.path, min(value, spool.path.stat().st_size))
            elif deed == "replace":
                other = spool.folder / "other"
                other.write_bytes(b"".join(spool.line() + b"\n" for _ in range(value)))
                os.replace(other, spool.path)
            elif deed == "send":
                ways = (*conducts.passing, conducts.accept)
                platform.conducts = [ways[number] for number in value]
                there = {line for line in spool.whole_lines() if line.strip()}
                assert once(spool.folder, batch_events=5)
                assert there <= set(platform.lines)
                state = (
                    json.loads((spool.folder / "relay.state.json").read_text()) if there else {"files": {}}
                )
                for name, place in state["files"].items():
                    assert place["offset"] <= (spool.folder / name).stat().st_size
