"""Servers that do not do as After Action does."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar


class Requests(BaseHTTPRequestHandler):
    """Answers each request with what its server holds, and writes it down."""

    protocol_version = "HTTP/1.0"
    status: ClassVar[int]
    headers_sent: ClassVar[dict[str, str]]
    body: ClassVar[bytes]
    seen: ClassVar[list[tuple[str, str, dict[str, str], bytes]]]

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append((self.command, self.path, dict(self.headers), body))
        self.send_response(self.status)
        for name, value in self.headers_sent.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.body)

    do_POST = do_GET  # noqa: N815 - http.server calls it so

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Answers:
    """A server, and what it was asked: method, path, headers, body."""

    def __init__(self, url: str, handler: type[Requests]) -> None:
        self.url = url
        self.handler = handler

    @property
    def seen(self) -> list[tuple[str, str, dict[str, str], bytes]]:
        return self.handler.seen

    def say(self, body: bytes | dict[str, Any], status: int = 200, **headers: str) -> None:
        """Answer so from now on."""
        self.handler.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.handler.status, self.handler.headers_sent = status, headers


@contextmanager
def answering(body: bytes | dict[str, Any], status: int = 200, **headers: str) -> Iterator[Answers]:
    """Serve one answer to whatever is asked."""
    handler = type("Handler", (Requests,), {"seen": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        made = Answers(f"http://127.0.0.1:{server.server_port}", handler)
        made.say(body, status, **headers)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()


class Talk:
    """A raw server, and how often somebody came."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.came = 0


@contextmanager
def talking(say: Callable[[socket.socket, threading.Event], None]) -> Iterator[Talk]:
    """Serve whoever comes with a function over the bare connection."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = Talk(f"http://127.0.0.1:{listener.getsockname()[1]}")
        listener.settimeout(0.05)

        def meet(connection: socket.socket) -> None:
            with connection:
                say(connection, over)

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                made.came += 1
                threading.Thread(target=meet, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            over.set()
            thread.join()


def silent(_: socket.socket, over: threading.Event) -> None:
    """Say nothing for long."""
    over.wait(8)


def drop_by_drop(connection: socket.socket, over: threading.Event) -> None:
    """Say something all the time, and never come to an end."""
    try:
        connection.sendall(b'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{"title":"')
        for _ in range(80):
            if over.is_set():
                return
            connection.sendall(b"a")
            time.sleep(0.1)
    except OSError:
        return


def without_end(connection: socket.socket, over: threading.Event) -> None:
    """Say more than anybody wants to hear."""
    try:
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n{")
        while not over.is_set():
            connection.sendall(b" " * 65536)
    except OSError:
        return


def cut_off(connection: socket.socket, _: threading.Event) -> None:
    """Promise more than is said."""
    connection.recv(4096)
    connection.sendall(b'HTTP/1.0 200 OK\r\nContent-Length: 500\r\n\r\n{"title":')
