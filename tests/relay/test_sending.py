"""What the relay does with each kind of answer: everything arrives, nothing is skipped."""

from __future__ import annotations

import base64
import json
import logging
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Once = Callable[..., bool]


def state_of(spool: Any) -> dict[str, Any]:
    state: dict[str, Any] = json.loads((spool.folder / "relay.state.json").read_text())
    return state


def rejected_file(spool: Any) -> Path:
    return Path(spool.folder / (spool.path.name + ".rejected"))


def test_everything_arrives_in_order_and_once(once: Once, platform: Any, spool: Any) -> None:
    lines = spool.write(25)
    assert once(batch_events=10)
    assert platform.lines == lines
    assert len(platform.requests) == 3
    lines += spool.write(3)
    assert once()
    assert platform.lines == lines


@pytest.mark.parametrize("number", range(8))
def test_passing_trouble_loses_nothing(
    once: Once, platform: Any, spool: Any, conducts: Any, number: int
) -> None:
    lines = spool.write(12)
    platform.conducts = [conducts.accept, conducts.passing[number], conducts.passing[number]]
    assert once(batch_events=5)
    assert sorted(set(platform.lines)) == sorted(lines)
    assert state_of(spool)["lines_total"] == 12
    assert state_of(spool)["last_error"] is None


def test_trouble_that_stays_is_reported(once: Once, platform: Any, spool: Any, conducts: Any) -> None:
    spool.write(3)
    platform.usual = conducts.refuse(503)
    assert not once(tries=3)
    assert len(platform.requests) == 3
    assert state_of(spool)["last_error"] == "503 refused with 503"
    assert state_of(spool)["lines_total"] == 0


def test_no_platform_at_all(once: Once, spool: Any) -> None:
    spool.write(1)
    assert not once(url="http://127.0.0.1:9", tries=2)
    assert state_of(spool)["files"][spool.path.name]["offset"] == 0


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(once: Once, platform: Any, spool: Any, conducts: Any, status: int) -> None:
    spool.write(1)
    platform.conducts = [conducts.refuse(status, Retry_After="0.4")]
    before = time.monotonic()
    assert once()
    assert time.monotonic() - before >= 0.4


def test_retry_after_may_be_a_date(relay: Any) -> None:
    then = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 100))
    assert 95 < relay.seconds_of(then) <= 100
    assert relay.seconds_of("soon") == relay.seconds_of(None) == relay.seconds_of("-5") == 0
    assert relay.seconds_of("1e9") == relay.LONGEST_WAIT


def test_waits_grow_and_differ(relay: Any, once: Once, spool: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(relay.threading.Event, "wait", lambda self, timeout=None: waits.append(timeout))
    spool.write(1)
    assert not once(url="http://127.0.0.1:9", tries=16, backoff=1.0)
    for doublings, wait in enumerate(waits):
        assert min(2**doublings, 900) <= wait <= 1.5 * min(2**doublings, 900)
    assert len({wait / 2**doublings for doublings, wait in enumerate(waits)}) > 5


def test_too_big_a_batch_is_halved(once: Once, platform: Any, spool: Any, conducts: Any) -> None:
    lines = spool.write(40)
    platform.usual = conducts.at_most(7)
    assert once(batch_events=40)
    assert platform.lines == lines


@pytest.mark.parametrize("status", [400, 422])
def test_poison_is_put_aside_and_neighbours_arrive(
    once: Once, platform: Any, spool: Any, conducts: Any, status: int
) -> None:
    good = spool.write(11)
    poison = spool.write(1, extra="POISON")
    good += spool.write(7)
    poison += spool.write(1, extra="POISON")
    good += spool.write(2)
    platform.usual = conducts.choke_on(b"POISON", status)
    assert not once(batch_events=16)
    assert platform.lines == good
    notes = [json.loads(line) for line in rejected_file(spool).read_text().splitlines()]
    assert [base64.b64decode(note["base64"]) for note in notes] == poison
    assert all(str(status) in note["reason"] for note in notes)
    assert state_of(spool)["set_aside_total"] == 2


def test_a_single_line_that_is_too_big_is_put_aside(
    once: Once, platform: Any, spool: Any, conducts: Any
) -> None:
    spool.write(3)
    platform.usual = conducts.at_most(0)
    assert not once()
    assert state_of(spool)["set_aside_total"] == 3


def test_a_line_beyond_all_measure_is_put_aside_unread(once: Once, platform: Any, spool: Any) -> None:
    good = spool.write(1)
    giant = b'{"x":"' + b"y" * 300_001 + b'"}'
    spool.append(giant + b"\n")
    good += spool.write(1)
    assert not once(max_line=100_000, batch_bytes=50_000)
    assert platform.lines == good
    note = json.loads(rejected_file(spool).read_text())
    assert base64.b64decode(note["base64"]) == giant


def test_a_platform_that_takes_nothing_does_not_empty_the_spool(
    relay: Any, once: Once, platform: Any, spool: Any, conducts: Any
) -> None:
    lines = spool.write(60)
    platform.usual = conducts.refuse(400)
    assert not once(tries=2)
    state = state_of(spool)
    assert state["set_aside_total"] == relay.MOST_SET_ASIDE_IN_A_ROW
    platform.usual = conducts.accept
    assert once()
    assert platform.lines == lines[relay.MOST_SET_ASIDE_IN_A_ROW :]


def test_quarantined_lines_are_named(
    once: Once, platform: Any, spool: Any, conducts: Any, caplog: pytest.LogCaptureFixture
) -> None:
    spool.write(9)
    platform.conducts = [conducts.accept, conducts.quarantine(2)]
    assert once(batch_events=5)
    (record,) = [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR]
    assert record == (
        f"{spool.path.name} line 8: quarantined by the platform: bad_number: "
        "damage: not a [31m number (index 2 of the batch)"
    )
    assert state_of(spool)["rejected_total"] == 1
    assert len(platform.lines) == 9


@pytest.mark.parametrize("status", [401, 403, 404])
def test_refusals_say_what_to_do(
    once: Once, platform: Any, spool: Any, conducts: Any, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    lines = spool.write(2)
    platform.conducts = [conducts.refuse(status)]
    assert once()
    advice = {401: "check the token file", 403: "ask the platform's admin for a new one", 404: "check --url"}
    assert advice[status] in caplog.text
    assert platform.lines == lines


def test_a_redirect_is_not_followed(once: Once, platform: Any, spool: Any, conducts: Any) -> None:
    spool.write(2)
    platform.usual = conducts.redirect
    assert not once(tries=2)
    assert not [request for request in platform.requests if request.startswith("GET")]


def test_a_slow_answer_is_waited_for(once: Once, platform: Any, spool: Any, conducts: Any) -> None:
    lines = spool.write(2)
    platform.conducts = [conducts.slow]
    assert once()
    assert platform.lines == lines


def test_no_answer_in_time_is_tried_again(once: Once, platform: Any, spool: Any, conducts: Any) -> None:
    lines = spool.write(2)
    platform.conducts = [conducts.slow]
    assert once(timeout=0.05)
    assert Counter(platform.lines)[lines[0]] in (1, 2)


def test_blank_lines_are_nothing(once: Once, platform: Any, spool: Any) -> None:
    spool.append(b"\n\n  \n")
    lines = spool.write(1)
    spool.append(b"\n")
    assert once(batch_events=1)
    assert platform.lines == lines


def test_bytes_pass_unchanged(once: Once, platform: Any, spool: Any) -> None:
    line = b'{"player_name":"\xff\xc3\xa9\x80 \\" \x1b"}'
    spool.append(line + b"\n")
    assert once()
    assert platform.lines == [line]


def test_a_new_token_in_the_file_works_at_once(
    relay: Any, platform: Any, spool: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = relay.Settings(spool.folder, tmp_path / "s", token_file=tmp_path / "token")
    (tmp_path / "token").write_text("old")
    assert good.read_token() == "old"
    (tmp_path / "token").write_text("new\n")
    assert good.read_token() == "new"
    (tmp_path / "token").write_text("two words")
    with pytest.raises(relay.SettingsError) as caught:
        good.read_token()
    assert "words" not in str(caught.value)
