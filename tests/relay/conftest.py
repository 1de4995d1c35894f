"""A platform that misbehaves on demand, and a spool to feed a relay from."""

from __future__ import annotations

import contextlib
import gzip
import importlib.util
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

RELAY = Path(__file__).resolve().parents[2] / "game_scripts" / "relay.py"
TOKEN = "s3cret-Token-that-must-not-show"

Conduct = Callable[["Request", list[bytes]], None]


class Request(BaseHTTPRequestHandler):
    server: Platform

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        platform = self.server
        with platform.lock:
            platform.requests.append(self.path)
            if self.path.startswith(("/api/v1/auth/", "/api/v1/game/")):
                platform.asked.append((self.path, self.headers["Authorization"], json.loads(body)))
                return self.answer(*platform.reply)
            conduct = platform.conducts.pop(0) if platform.conducts else platform.usual
        assert self.path == "/api/v1/ingest/events"
        assert self.headers["Content-Encoding"] == "gzip"
        if self.headers["Authorization"] != "Bearer " + TOKEN:
            return self.answer(401, {"title": "unknown token"})
        # the relay may have been killed while it waited
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            conduct(self, gzip.decompress(body).splitlines())

    def do_GET(self) -> None:
        with self.server.lock:
            self.server.requests.append("GET " + self.path)
        self.answer(200, {"status": "accepted", "processed": 0})

    def answer(self, status: int, body: object, **headers: str) -> None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def drop(self) -> None:
        self.close_connection = True
        self.connection.close()

    def log_message(self, *_: Any) -> None:
        pass


class Platform(ThreadingHTTPServer):
    """Commits lines as the real one would; `conducts` says what to do with the next requests."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.lock = threading.Lock()
        self.lines: list[bytes] = []
        self.requests: list[str] = []
        self.conducts: list[Conduct] = []
        self.usual: Conduct = accept
        # Players' questions, and the status and body with which each is answered.
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.reply: tuple[int, object] = (200, {"outcome": "logged_in", "message": "Logged in as Mara."})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def commit(self, lines: list[bytes]) -> None:
        with self.lock:
            self.lines += lines

    def handle_error(self, *_: Any) -> None:
        if not isinstance(sys.exc_info()[1], (OSError, ValueError)):
            super().handle_error(*_)


def accept(request: Request, lines: list[bytes]) -> None:
    request.server.commit(lines)
    request.answer(202, {"status": "accepted", "processed": len(lines), "duplicates": 0, "rejected": []})


def drop_before(request: Request, lines: list[bytes]) -> None:
    request.drop()


def drop_after(request: Request, lines: list[bytes]) -> None:
    request.server.commit(lines)
    request.drop()


def half_answer(request: Request, lines: list[bytes]) -> None:
    request.server.commit(lines)
    request.send_response(202)
    request.send_header("Content-Length", "500")
    request.end_headers()
    request.wfile.write(b'{"status":"acc')
    request.drop()


def slow(request: Request, lines: list[bytes]) -> None:
    time.sleep(0.2)
    accept(request, lines)


def portal(request: Request, lines: list[bytes]) -> None:
    request.answer(200, "<html>Please log in</html>")


def redirect(request: Request, lines: list[bytes]) -> None:
    request.answer(302, "", Location=request.server.url + "/elsewhere")


def refuse(status: int, **headers: str) -> Conduct:
    def conduct(request: Request, lines: list[bytes]) -> None:
        request.answer(status, {"title": "no", "detail": f"refused with {status}"}, **headers)

    return conduct


def at_most(count: int, status: int = 413) -> Conduct:
    def conduct(request: Request, lines: list[bytes]) -> None:
        accept(request, lines) if len(lines) <= count else request.answer(status, {"title": "too many"})

    return conduct


def choke_on(word: bytes, status: int = 422) -> Conduct:
    def conduct(request: Request, lines: list[bytes]) -> None:
        poisoned = any(word in line for line in lines)
        request.answer(status, {"title": "cannot read"}) if poisoned else accept(request, lines)

    return conduct


def quarantine(index: int) -> Conduct:
    def conduct(request: Request, lines: list[bytes]) -> None:
        request.server.commit(lines)
        item = {"index": index, "code": "bad_number", "reason": "damage: not a\x1b[31m number"}
        reply = {
            "status": "accepted",
            "processed": len(lines),
            "accepted": len(lines) - 1,
            "rejected": [item],
        }
        request.answer(202, reply)

    return conduct


PASSING = (
    drop_before,
    drop_after,
    half_answer,
    portal,
    refuse(429),
    refuse(503),
    refuse(500),
    refuse(401),
)


class Conducts:
    """The ways to misbehave, for tests that cannot import this file by name."""

    accept = staticmethod(accept)
    drop_before = staticmethod(drop_before)
    drop_after = staticmethod(drop_after)
    half_answer = staticmethod(half_answer)
    slow = staticmethod(slow)
    portal = staticmethod(portal)
    redirect = staticmethod(redirect)
    refuse = staticmethod(refuse)
    at_most = staticmethod(at_most)
    choke_on = staticmethod(choke_on)
    quarantine = staticmethod(quarantine)
    passing = PASSING


class Spool:
    """What a tracker does to its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(exist_ok=True)
        self.number = 1
        self.seq = 0

    @property
    def path(self) -> Path:
        return self.folder / f"spool-1700000000-abcd1234-{self.number:05d}.ndjson"

    def line(self, extra: str = "") -> bytes:
        self.seq += 1
        return b'{"type":"player_kill","seq":%d,"x":"%s"}' % (self.seq - 1, extra.encode())

    def write(self, count: int = 1, extra: str = "") -> list[bytes]:
        lines = [self.line(extra) for _ in range(count)]
        self.append(b"".join(line + b"\n" for line in lines))
        return lines

    def append(self, data: bytes) -> None:
        with self.path.open("ab") as stream:
            stream.write(data)

    def rotate(self) -> None:
        self.number += 1

    def whole_lines(self) -> list[bytes]:
        """All that is finished in the folder now."""
        lines: list[bytes] = []
        for path in sorted(self.folder.glob("spool*.ndjson")):
            lines += path.read_bytes().split(b"\n")[:-1]
        return lines


@pytest.fixture(scope="session")
def relay() -> ModuleType:
    spec = importlib.util.spec_from_file_location("afteraction_relay", RELAY)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    module.REFUSED_WAIT = 0.01  # type: ignore[attr-defined]
    return module


@pytest.fixture
def platform() -> Iterator[Platform]:
    server = Platform()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


@pytest.fixture(scope="session")
def conducts() -> Conducts:
    return Conducts()


@pytest.fixture(scope="session")
def make_spool() -> type[Spool]:
    return Spool


@pytest.fixture
def options(relay: ModuleType, platform: Platform, spool: Spool) -> Callable[..., Any]:
    """Settings for this platform and spool, in a hurry."""

    def make(folder: Path = spool.folder, **changes: Any) -> Any:
        usual = {"url": platform.url, "token": TOKEN, "backoff": 0.001, "timeout": 5.0, "tries": 20}
        return relay.Settings(**{"spool": folder, "state": folder / "relay.state.json", **usual, **changes})

    return make


@pytest.fixture
def once(relay: ModuleType, options: Callable[..., Any]) -> Callable[..., bool]:
    """Send what is there, as --once does, in this process."""

    def run(*folder: Path, **changes: Any) -> bool:
        return bool(relay.Relay(options(*folder, **changes), threading.Event(), once=True).run())

    return run


@pytest.fixture
def command(platform: Platform, spool: Spool, tmp_path: Path) -> list[str]:
    """The relay as an admin runs it."""
    token = tmp_path / "token"
    token.write_text(TOKEN + "\n")
    flags = {"spool": spool.folder, "url": platform.url, "token-file": token, "backoff": 0.02}
    flags |= {"poll": 0.02, "linger": 0.02, "batch-events": 9, "timeout": 5}
    return [sys.executable, str(RELAY), *(f"--{name}={value}" for name, value in flags.items())]
