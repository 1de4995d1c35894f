"""Players' questions: taken first, deleted when read, answered in the game's words, and never logged."""

from __future__ import annotations

import concurrent.futures
import json
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

LOGIN = {
    "ask": "login",
    "client_id": "0a1b2c3d4e5f6071",
    "name": 'An"n',
    "address": "192.0.2.7:12203",
    "code": "K7QX-2M9D",
}


def put(spool: Any, question: object = LOGIN, number: int = 1) -> Path:
    path: Path = spool.folder / f"ask-1795313275-0b07ecc4-{number}.json"
    path.write_bytes(question if isinstance(question, bytes) else json.dumps(question).encode() + b"\n")
    return path


def answer_to(path: Path) -> Path:
    return path.with_name(path.name.replace("ask-", "answer-").replace(".json", ".txt"))


@pytest.fixture
def look(relay: ModuleType, options: Callable[..., Any]) -> Callable[..., None]:
    """Answer what is there."""

    def run(**changes: Any) -> None:
        desk = relay.Desk(options(**changes), threading.Event())
        concurrent.futures.wait(desk.look())
        desk.pool.shutdown()

    return run


def test_a_code_is_asked_about_and_deleted(look: Callable[..., None], platform: Any, spool: Any) -> None:
    path = put(spool)
    look()
    (asked,) = platform.asked
    assert asked[0] == "/api/v1/auth/verify"
    assert asked[2] == {name: LOGIN[name] for name in ("client_id", "name", "address", "code")}
    assert answer_to(path).read_text() == "Logged in as Mara."
    assert not path.exists()


@pytest.mark.parametrize(
    ("asked", "where"),
    [("resume", "/api/v1/auth/sessions/resume"), ("logout", "/api/v1/auth/sessions/logout")],
)
def test_other_questions(
    look: Callable[..., None], platform: Any, spool: Any, asked: str, where: str
) -> None:
    put(spool, {**LOGIN, "ask": asked})
    look()
    assert platform.asked[0][0] == where
    assert "code" not in platform.asked[0][2]


def test_a_question_about_stats(look: Callable[..., None], platform: Any, spool: Any) -> None:
    asked = {"ask": "command", "client_id": "c", "name": "Ann", "command": "rank", "arguments": "kd week"}
    platform.reply = (
        200,
        {"outcome": "answered", "lines": ['One "two"', "", "50%s", *["more"] * 9], "known_by": "name"},
    )
    path = put(spool, {**asked, "address": "192.0.2.7", "code": "K7QX-2M9D"})
    look()
    (sent,) = platform.asked
    assert sent[0] == "/api/v1/game/commands"
    assert sent[2] == {name: asked[name] for name in ("client_id", "name", "command", "arguments")}
    assert answer_to(path).read_text() == "One 'two'\n50_s\nmore\nmore\nmore"


@pytest.mark.parametrize("reply", [{"outcome": "answered", "message": "no lines"}, {"lines": ["no outcome"]}])
def test_an_answer_in_other_words_is_none(
    look: Callable[..., None], platform: Any, spool: Any, reply: object
) -> None:
    platform.reply = (200, reply)
    path = put(spool, {"ask": "command", "command": "top"})
    look()
    assert "does not answer" in answer_to(path).read_text()


def test_who_never_logged_in_is_told_nothing_on_connecting(
    look: Callable[..., None], platform: Any, spool: Any
) -> None:
    platform.reply = (200, {"outcome": "none", "message": "You are not logged in."})
    told = put(spool, {**LOGIN, "ask": "logout"}, 1), put(spool, {**LOGIN, "ask": "resume"}, 2)
    look()
    assert [answer_to(path).read_text() for path in told] == ["You are not logged in.", "-"]


@pytest.mark.parametrize(
    "reply",
    [(401, {"detail": "K7QX-2M9D"}), (422, {"detail": "K7QX-2M9D"}), (503, ""), (200, "<html>"), (200, [])],
)
def test_without_an_answer_the_player_is_told_so(
    look: Callable[..., None],
    platform: Any,
    spool: Any,
    caplog: pytest.LogCaptureFixture,
    reply: tuple[int, object],
) -> None:
    caplog.set_level(logging.DEBUG)
    platform.reply = reply
    path = put(spool)
    look()
    assert answer_to(path).read_text() == "The stats platform does not answer. Try again later."
    assert "login: " in caplog.text
    assert "K7QX" not in caplog.text


def test_with_the_platform_away(look: Callable[..., None], spool: Any) -> None:
    path = put(spool)
    look(url="http://127.0.0.1:9")
    assert "does not answer" in answer_to(path).read_text()


def test_half_a_question_waits_and_an_old_one_is_forgotten(
    look: Callable[..., None], platform: Any, spool: Any
) -> None:
    half = put(spool, b'{"ask":"login"', 1)
    old = put(spool, LOGIN, 2)
    os.utime(old, (time.time() - 60, time.time() - 60))
    look()
    assert half.exists()
    assert not old.exists()
    assert platform.asked == []


@pytest.mark.parametrize("text", [b"nonsense\n", b"[]\n", b'{"ask":"shell"}\n', b"\xff\xfe\n", b"\n"])
def test_what_is_no_question_is_deleted(
    look: Callable[..., None], platform: Any, spool: Any, text: bytes
) -> None:
    path = put(spool, text)
    look()
    assert platform.asked == []
    assert not path.exists()


def test_names_in_the_game_s_bytes(look: Callable[..., None], platform: Any, spool: Any) -> None:
    put(spool, '{"ask":"resume","client_id":"c","address":"192.0.2.1","name":"Jörg"}\n'.encode("latin-1"))
    platform.reply = (200, {"outcome": "logged_in", "message": 'Logged in as "Jörg"\n日.'})
    look()
    assert platform.asked[0][2]["name"] == "Jörg"
    answer = spool.folder / "answer-1795313275-0b07ecc4-1.txt"
    assert answer.read_bytes() == "Logged in as 'Jörg' ?.".encode("latin-1")


def test_answers_are_cleared_away_in_the_end(look: Callable[..., None], spool: Any) -> None:
    path = answer_to(put(spool))
    look()
    look()
    assert path.exists()
    os.utime(path, (time.time() - 120, time.time() - 120))
    look()
    assert not path.exists()


def test_first_in_line_while_lines_cannot_be_sent(
    command: list[str], platform: Any, spool: Any, conducts: Any
) -> None:
    import subprocess

    platform.usual = conducts.refuse(503, Retry_After="600")
    spool.write(3)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 10
    while not platform.requests:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    path = put(spool)
    while not answer_to(path).exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.terminate()
    log = process.communicate(timeout=10)[1]
    assert "login: logged_in" in log
    assert "K7QX" not in log


def test_a_folder_it_may_not_delete_from_is_told_of_once(
    relay: ModuleType,
    options: Callable[..., Any],
    platform: Any,
    spool: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stuck, other = put(spool, number=1), put(spool, number=2)
    real = Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path == stuck:
            raise PermissionError(13, "Permission denied", str(path))
        real(path, missing_ok)

    class Stop(threading.Event):
        waited: ClassVar[list[float]] = []

        def wait(self, timeout: float | None = None) -> bool:
            self.waited.append(timeout or 0)
            if len(self.waited) == 12:
                monkeypatch.setattr(Path, "unlink", real)
            if len(self.waited) == 14:
                self.set()
            return True

    monkeypatch.setattr(Path, "unlink", unlink)
    stop = Stop()
    desk = relay.Desk(options(), stop)
    desk.run()
    desk.pool.shutdown()
    assert caplog.text.count("Permission denied") == 1
    assert stop.waited[:3] == [0.2, 0.4, 0.8]
    assert stop.waited[11:] == [2, 0.1, 0.1]
    assert answer_to(other).exists()
    assert answer_to(stuck).exists()
    assert len(platform.asked) == 2


def test_nothing_closes_the_desk(
    relay: ModuleType,
    options: Callable[..., Any],
    spool: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = relay.Desk(options(), threading.Event())
    put(spool, number=1)
    path = put(spool, number=2)
    real, calls = desk.take, []

    def take(at: Path) -> object:
        calls.append(at)
        if at != path:
            raise RuntimeError("out of order")
        return real(at)

    monkeypatch.setattr(desk, "take", take)
    concurrent.futures.wait(desk.look() + desk.look())
    desk.pool.shutdown()
    assert len(calls) == 3
    assert caplog.text.count("out of order") == 1
    assert answer_to(path).exists()
