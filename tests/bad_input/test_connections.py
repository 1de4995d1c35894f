"""What reaches the server before any of its routes: bytes on a socket, few, slow, many or senseless."""

import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.bad_input.conftest import EVENTS, Served, resident_bytes
from tests.events_made import body, kill

MEGABYTE = b"x" * (1 << 20)
GOOD = body([kill(0, "Ann", "Bob", session_id="socket")])


class Wire:
    """A connection on which anything may be sent."""

    def __init__(self, served: Served) -> None:
        self.socket = socket.create_connection(("127.0.0.1", served.port), timeout=20)

    def send(self, data: bytes) -> bool:
        """Send, and say whether the other side still listens."""
        try:
            self.socket.sendall(data)
        except OSError:
            return False
        return True

    def answer(self) -> bytes:
        """All that comes until the other side closes."""
        parts = []
        try:
            while part := self.socket.recv(65536):
                parts.append(part)
        except ConnectionResetError:
            pass
        return b"".join(parts)

    def status(self) -> int:
        return int(self.answer().split(b" ", 2)[1])


@pytest.fixture
def wire(served: Served) -> Iterator[Wire]:
    found = Wire(served)
    yield found
    found.socket.close()


def head(served: Served, *lines: str, method: str = "POST", target: str = EVENTS) -> bytes:
    """A request's head that asks for the connection to be closed."""
    given = [f"{method} {target} HTTP/1.1", "Host: x", "Connection: close", f"X-Server-Token: {served.token}"]
    return "\r\n".join([*given, *lines, "", ""]).encode("latin-1")


ENDLESS = {
    "a header": (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ", MEGABYTE),
    "headers": (b"GET /healthz HTTP/1.1\r\nHost: x\r\n", b"X-Many: 1\r\n" * 100_000),
    "a header's name": (b"GET /healthz HTTP/1.1\r\nHost: x\r\n", MEGABYTE),
    "a target": (b"GET /", MEGABYTE),
    "a query": (b"GET /healthz?", MEGABYTE),
    "blank lines": (b"", b"\r\n" * 500_000),
    "trailers": (
        b"POST /api/v1/ingest/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        b"X-Many: 1\r\n" * 100_000,
    ),
    "a chunk's extension": (
        b"POST /api/v1/ingest/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;x=",
        MEGABYTE,
    ),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_a_head_without_end_is_cut_off(served: Served, wire: Wire, what: str) -> None:
    start, part = ENDLESS[what]
    before = resident_bytes()
    wire.send(start)
    sent = 0
    while sent < 64 and wire.send(part):
        sent += 1
    assert sent < 32
    assert resident_bytes() - before < 32 << 20


@pytest.mark.parametrize("what", ["a header", "headers", "a target", "a query"])
def test_a_long_head_is_told_so(served: Served, wire: Wire, what: str) -> None:
    start, part = ENDLESS[what]
    wire.send(start + part[: 66 << 10])
    answer, _, problem = wire.answer().partition(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert json.loads(problem)["status"] == 431


def test_a_head_of_some_length_is_taken(served: Served, wire: Wire) -> None:
    wire.send(head(served, "X-Long: " + "x" * 50_000, method="GET", target="/healthz?" + "x" * 10_000))
    assert wire.status() == 200


@pytest.mark.parametrize(
    "parts",
    [
        [b""],
        [b"POST /api/v1/ingest/events HTTP/1.1\r\n", *[b"X-Slow: 1\r\n"] * 40],
        [b"\r\n"] * 40,
        [b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", *[b"X"] * 40],
        [b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n", *[b"x"] * 40],
    ],
)
def test_a_request_that_trickles_in_is_given_up(wire: Wire, parts: list[bytes]) -> None:
    """Slowloris: whoever sends a byte now and then must not hold a connection for ever."""

    def trickle() -> None:
        for part in parts:
            if not wire.send(part):
                return
            time.sleep(0.2)

    sender = threading.Thread(target=trickle)
    sender.start()
    wire.answer()  # returns, as the server closes
    sender.join()


def test_a_body_that_trickles_in_is_told_so(served: Served, wire: Wire) -> None:
    wire.send(head(served, f"Content-Length: {len(GOOD)}"))
    for place in range(20):
        wire.send(GOOD[place : place + 1])
        time.sleep(0.1)
    answer, _, problem = wire.answer().partition(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert "did not arrive within 1 s" in json.loads(problem)["detail"]


def test_others_are_served_beside_slow_ones(served: Served) -> None:
    wires = [Wire(served) for _ in range(100)]
    for each in wires:
        each.send(head(served, "Content-Length: 1000000"))
    served.assert_counts_exactly("beside slow ones")
    for each in wires:
        each.socket.close()


def test_a_body_cut_off_counts_nothing(served: Served) -> None:
    wire = Wire(served)
    content = body([kill(seq, "Ann", "Bob", session_id="cut off") for seq in range(50)])
    wire.send(head(served, f"Content-Length: {len(content)}") + content[:-100])
    wire.socket.shutdown(socket.SHUT_WR)
    wire.socket.close()
    served.assert_counts_exactly("cut off")


SENSELESS = {
    "two lengths": ("Content-Length: 5", "Content-Length: 6"),
    "a length below 0": ("Content-Length: -1",),
    "a length past 2^64": ("Content-Length: 99999999999999999999",),
    "a length of letters": ("Content-Length: many",),
    "a length in hexadecimal": ("Content-Length: 0x10",),
    "a length and chunks": (f"Content-Length: {len(GOOD)}", "Transfer-Encoding: chunked"),
    "chunked twice": ("Transfer-Encoding: chunked, chunked",),
    "not chunked in the end": ("Transfer-Encoding: chunked, gzip",),
    "packed on the way": ("Transfer-Encoding: gzip, chunked",),
    "chunks of another kind": ("Transfer-Encoding: xchunked",),
    "chunks, folded": ("Transfer-Encoding:\r\n chunked",),
    "a NUL": ("X-Odd: a\0b",),
    "a line without colon": ("nonsense",),
    "a blank before the colon": ("Content-Length : 5",),
    "upgrade": ("Connection: Upgrade", "Upgrade: websocket"),
    "expect something else": ("Expect: 200-ok", f"Content-Length: {len(GOOD)}"),
}


@pytest.mark.parametrize("what", SENSELESS)
def test_a_senseless_head_is_answered_or_closed(served: Served, wire: Wire, what: str) -> None:
    wire.send(head(served, *SENSELESS[what]) + GOOD)
    status = wire.answer().split(b" ", 2)[1:2]
    assert not status or status[0] in (b"202", b"400", b"411", b"413", b"417")


@pytest.mark.parametrize(
    "sent",
    [
        b"\0" * 100,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\n\r\n",
        b"GET /healthz\r\n\r\n",
        b"GET http://elsewhere/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"CONNECT elsewhere:443 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /healthz?\xff=\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET //healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"QUERY /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"TRACE /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /healthz HTTP/1.0\r\n\r\n",
    ],
)
def test_an_odd_request_is_answered_or_closed(served: Served, wire: Wire, sent: bytes) -> None:
    wire.send(sent)
    status = wire.answer().split(b" ", 2)[1:2]
    assert not status or int(status[0]) < 500
    assert b"root:" not in status


@pytest.mark.parametrize("chunk", [1, 7, 1 << 16])
def test_chunks_of_any_size_are_put_together(served: Served, wire: Wire, chunk: int) -> None:
    content = body([kill(seq, "Ann", "Bob", session_id=f"chunks of {chunk}") for seq in range(3)])
    parts = [content[at : at + chunk] for at in range(0, len(content), chunk)]
    packed = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    wire.send(head(served, "Transfer-Encoding: chunked") + packed + b"0\r\n\r\n")
    assert json.loads(wire.answer().partition(b"\r\n\r\n")[2])["accepted"] == 3


def test_a_body_of_chunks_over_the_limit_is_told_so(served: Served, wire: Wire) -> None:
    """A length is not announced, so it must be counted."""
    wire.send(head(served, "Transfer-Encoding: chunked"))
    sent = 0
    while sent < 64 and wire.send(b"%x\r\n%s\r\n" % (len(MEGABYTE), MEGABYTE)):
        sent += 1
    assert wire.answer().startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "sent", ["a\r\nX-Injected: 1", "a b", "ü", "x" * 65, "", "<script>", "\x7f", "a\tb", "a;b", "%0d%0a"]
)
def test_a_request_id_is_given_back_only_when_it_is_one(served: Served, wire: Wire, sent: str) -> None:
    wire.send(head(served, f"X-Request-ID: {sent}", method="GET", target="/healthz"))
    answer = wire.answer().partition(b"\r\n\r\n")[0]
    assert b"x-injected" not in answer.lower()
    found = [line for line in answer.lower().split(b"\r\n") if line.startswith(b"x-request-id: ")]
    assert len(found) <= 1
    if found and not sent.startswith("a\r\n"):
        assert found[0] != b"x-request-id: " + sent.encode("latin-1").lower()


def test_after_all_of_that_a_batch_is_counted(served: Served) -> None:
    served.assert_counts_exactly("after the connections")
