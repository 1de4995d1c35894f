"""Bodies, headers and parameters that no honest sender makes, at the door of the running server."""

import gzip
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import zstandard

from tests.bad_input.bodies_made import HUGE, grown
from tests.bad_input.conftest import EVENTS, Served, resident_bytes
from tests.events_made import body, kill

# What a body may be unpacked is thrice this; `make fuzz` goes to that.
PACKED = 20 << 20
ZSTD = zstandard.ZstdCompressor(level=1)


@dataclass
class Cost:
    """What the process took while something ran: seconds of CPU, and bytes of memory at the most."""

    seconds: float = 0
    bytes: int = 0


@contextmanager
def measured() -> Iterator[Cost]:
    cost, done = Cost(), threading.Event()
    before, started = resident_bytes(), time.process_time()

    def watch() -> None:
        while not done.wait(0.005):
            cost.bytes = max(cost.bytes, resident_bytes() - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    yield cost
    done.set()
    watcher.join()
    cost.seconds = time.process_time() - started


def problem_of(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found["status"] == answer.status_code
    assert found.get("request_id") == answer.headers.get("x-request-id")
    return found


BOMBS: dict[str, Callable[[], bytes]] = {
    "gzip": lambda: gzip.compress(bytes(500 << 20), 1)[: 8 << 20],
    "zstd": lambda: ZSTD.compress(bytes(500 << 20)),
    "zstd that announces its size": lambda: zstandard.ZstdCompressor(write_content_size=True).compress(
        bytes(200 << 20)
    ),
    "gzip in gzip": lambda: gzip.compress(gzip.compress(bytes(500 << 20), 9)),
    "zstd in gzip": lambda: gzip.compress(ZSTD.compress(bytes(500 << 20))),
    "many members": lambda: gzip.compress(bytes(1 << 20), 9) * 500,
}


@pytest.mark.parametrize("what", BOMBS)
def test_a_bomb_is_too_large(served: Served, what: str) -> None:
    bomb = BOMBS[what]()
    with measured() as cost:
        answer = served.post(bomb)
    assert problem_of(answer)["status"] == 413
    assert cost.bytes < 256 << 20


@pytest.mark.parametrize("size", [0, 1, 2**32 - 1, 2**62, 2**64 - 1])
def test_a_size_that_zstd_only_announces_costs_no_memory(served: Served, size: int) -> None:
    frame = b"\x28\xb5\x2f\xfd\xe0" + size.to_bytes(8, "little") + b"\x01\0\0"
    with measured() as cost:
        assert served.post(frame).status_code in (202, 400, 413)
    assert cost.bytes < 64 << 20


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("what", HUGE)
def test_a_huge_body_is_answered(served: Served, what: str, packed: bool) -> None:
    """The limits are generous: they tell quadratic work, and copies without end, from what a body costs."""
    content = ZSTD.compress(grown(HUGE[what], PACKED)) if packed else HUGE[what]
    with measured() as cost:
        answer = served.post(content)
    if answer.status_code == 202:
        assert answer.json()["accepted"] + len(answer.json()["rejected"]) > 0
    else:
        assert problem_of(answer)["status"] in (400, 413)
    assert cost.seconds < 30
    assert cost.bytes < 640 << 20


def test_after_all_of_that_a_batch_is_counted(served: Served) -> None:
    served.assert_counts_exactly("after the huge")


# One event each, and what becomes of it: the number that the ledger and raw_events hold, or a code.
ODD: dict[str, tuple[bytes, int | str]] = {
    "seq twice": (b'"seq":1,"seq":2', 2),
    "seq twice, by alias of spelling": (b'"seq":1,"s\\u0065q":2', 2),
    "seq below 0": (b'"seq":-1', "bad_seq"),
    "seq -0": (b'"seq":-0', 0),
    "seq 2^62": (b'"seq":4611686018427387904', 2**62),
    "seq 2^62+1": (b'"seq":4611686018427387905', "bad_seq"),
    "seq 2^63": (b'"seq":9223372036854775808', "bad_seq"),
    "seq 2^64": (b'"seq":18446744073709551616', "bad_seq"),
    "seq as a string": (b'"seq":"7"', 7),
    "seq as a long string": (b'"seq":"0000000000000000007"', 7),
    "seq as a float": (b'"seq":7.0', 7),
    "seq with an exponent": (b'"seq":7e0', 7),
    "seq of 2^53+1 as a float": (b'"seq":9007199254740993.0', 2**53),
    "seq 2^62 as a float": (b'"seq":4.611686018427387904e18', 2**62),
    "seq with a fraction": (b'"seq":7.5', "bad_seq"),
    "seq NaN": (b'"seq":NaN', "bad_seq"),
    "seq Infinity": (b'"seq":Infinity', "bad_seq"),
    "seq 1e999": (b'"seq":1e999', "bad_seq"),
    "seq true": (b'"seq":true', "bad_seq"),
    "seq null": (b'"seq":null', -1),
    "seq empty": (b'"seq":""', -1),
    "seq in a list": (b'"seq":[7]', "bad_seq"),
    "seq in digits of another script": ('"seq":"٧"'.encode(), "bad_seq"),
    "damage NaN": (b'"seq":1,"damage":NaN', "bad_field"),
    "damage -Infinity": (b'"seq":1,"damage":-Infinity', "bad_field"),
    "damage 1e999": (b'"seq":1,"damage":1e999', "bad_field"),
    "damage 1e300": (b'"seq":1,"damage":1e300', "bad_field"),
    "an unknown NaN": (b'"seq":1,"odd":NaN', 1),
    "an unknown 1e999": (b'"seq":1,"odd":1e999', 1),
    "half a pair": (b'"seq":1,"attacker_name":"\\ud800"', 1),
    "half a pair in a key": (b'"seq":1,"\\udfff":1', 1),
    "NUL in a name": (b'"seq":1,"attacker_name":"a\\u0000b"', 1),
    "NUL in a key makes it seq": (b'"seq":1,"s\\u0000eq":2', 2),
    "a raw NUL": (b'"seq":1,"attacker_name":"a\0b"', 1),
    "tabs and breaks": (b'"seq":1,\t"attacker_name":"a\\tb\\nc\\r"', 1),
    "a raw tab in a name": (b'"seq":1,"attacker_name":"a\tb"', 1),
    "year 9999": (b'"seq":1,"timestamp":253402300799', 1),
    "milliseconds of 2099": (b'"seq":1,"timestamp":4085000000000', 1),
    "a timestamp past all": (b'"seq":1,"timestamp":1e18', "bad_timestamp"),
    "a timestamp below 0": (b'"seq":1,"timestamp":-1', "bad_timestamp"),
    "timestamp NaN": (b'"seq":1,"timestamp":NaN', "bad_timestamp"),
    "timestamp -0.0": (b'"seq":1,"timestamp":-0.0', 1),
    "a tiny timestamp": (b'"seq":1,"timestamp":5e-324', 1),
    "type twice": (b'"seq":1,"type":"player_kill","type":"heartbeat"', 1),
    "type in capitals": (b'"seq":1,"type":" HeartBeat "', 1),
    "a name of 10 kB": (b'"seq":1,"map":"' + b"m" * 10_000 + b'"', 1),
    "a match of 10 kB": (b'"seq":1,"match_id":"' + b"m" * 10_000 + b'"', 1),
    "a name of commands": (b'"seq":1,"attacker_name":"\'; DROP TABLE raw_events; --"', 1),
    "a name of braces": (b'"seq":1,"attacker_name":"{x:String}\\\\t%s%(a)s"', 1),
}


def event_of(session_id: str, fields: bytes) -> bytes:
    type_ = b"" if b'"type"' in fields else b'"type":"heartbeat",'
    return b"{" + type_ + b'"session_id":"' + session_id.encode() + b'",' + fields + b"}"


def test_odd_events_are_in_the_log_as_the_ledger_says(served: Served) -> None:
    """All in one body, good ones between them: each is taken or rejected alone, and both stores agree."""
    good = [kill(seq, "Ann", "Bob", session_id="among the odd") for seq in range(len(ODD))]
    lines = [
        line
        for place, (name, (fields, _)) in enumerate(ODD.items())
        for line in (body([good[place]]).strip(), event_of(f"odd: {name}", fields))
    ]
    answer = served.post(b"\n".join(lines)).json()
    rejected = {list(ODD)[each["index"] // 2]: each["code"] for each in answer["rejected"]}
    assert rejected == {name: code for name, (_, code) in ODD.items() if isinstance(code, str)}
    assert answer["accepted"] == len(lines) - len(rejected)

    expected = {f"odd: {name}": seq for name, (_, seq) in ODD.items() if isinstance(seq, int)}
    found = served.rows("SELECT session_id, seq, type FROM raw_events WHERE startsWith(session_id, 'odd: ')")
    assert {row["session_id"]: row["seq"] for row in found} == expected
    assert {row["type"] for row in found} == {"heartbeat"}
    (alive,) = served.rows("SELECT uniqExact(seq) AS n FROM raw_events WHERE session_id = 'among the odd'")
    assert alive == {"n": len(ODD)}

    sessions = httpx.get(f"{served.url}/api/v1/servers/1/sessions?limit=1000").json()["sessions"]
    ledger = {each["session_id"]: each for each in sessions}
    for name, seq in expected.items():
        assert ledger[name]["received"] == 1, name
        assert ledger[name]["missing"] == max(0, seq), name


def test_a_session_whose_numbers_jump_by_2_62_is_counted(served: Served) -> None:
    numbers = [0, 2**62, 1, 2**62 - 1, 2, 2**61]
    content = body([kill(seq, "Ann", "Bob", session_id="jumps", timestamp=1) for seq in numbers])
    assert served.post(content).json()["accepted"] == len(numbers)
    assert served.post(content).json()["duplicates"] == len(numbers)
    found = served.rows("SELECT seq FROM raw_events WHERE session_id = 'jumps' ORDER BY seq")
    assert [row["seq"] for row in found] == sorted(numbers)
    answer = httpx.get(f"{served.url}/api/v1/servers/1/sessions?limit=1000")
    (session,) = [each for each in answer.json()["sessions"] if each["session_id"] == "jumps"]
    assert session["missing"] == 2**62 + 1 - len(numbers)


@pytest.mark.parametrize("session_id", ["x" * 129, "ü" * 129, "x" * 60_000])
def test_a_huge_session_id_is_rejected(served: Served, session_id: str) -> None:
    answer = served.post(body([kill(0, "Ann", "Bob", session_id=session_id)])).json()
    assert [each["code"] for each in answer["rejected"]] == ["bad_session"]


@pytest.mark.parametrize(
    "session_id", ["", " ", "'", "\\", "{", "[0,5)", "\t", "ü" * 128, "😀" * 128, "a,b", "NULL"]
)
def test_a_session_of_any_name_is_told_from_others(served: Served, session_id: str) -> None:
    seq = 3 if session_id else None
    content = body([kill(seq, "Odd", "Name", session_id=session_id)])
    assert served.post(content).json()["accepted"] == 1
    assert served.post(content).json()["duplicates"] == 1
    found = served.rows(
        "SELECT count() AS n FROM raw_events WHERE session_id = {s:String} AND actor_name = 'Odd'",
        s=session_id,
    )
    assert found == [{"n": 1}]


@pytest.mark.parametrize(
    "label", ["br", "deflate", "compress", "x" * 10_000, "gzip, br", "", ",", "\xff", "identity;q=0"]
)
def test_any_content_encoding_is_answered(served: Served, label: str) -> None:
    answer = httpx.post(
        f"{served.url}{EVENTS}",
        content=b'{"type":"heartbeat"}',
        headers=[(b"x-server-token", served.token.encode()), (b"content-encoding", label.encode("latin-1"))],
    )
    assert answer.status_code in (202, 400)
    if answer.status_code == 400:
        problem_of(answer)


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "application/json",
        "\xff",
        "x" * 10_000,
        "text/plain; charset=utf-99",
        ";",
        "application/x-msgpack",
    ],
)
def test_any_content_type_is_taken(served: Served, kind: str) -> None:
    answer = httpx.post(
        f"{served.url}{EVENTS}",
        content=b'{"type":"heartbeat","note":"' + os.urandom(8).hex().encode() + b'"}',
        headers=[(b"x-server-token", served.token.encode()), (b"content-type", kind.encode("latin-1"))],
    )
    assert answer.status_code == 202


TOKENS = [b"\xff\xfe", b"\xed\xa0\x80", "ключ".encode(), b"a" * 50_000, b"aas_\xc3\xa9", b"'--", b"%00"]


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("path", [EVENTS, "/api/v1/admin/quarantine/drive"])
def test_a_token_of_any_bytes_is_refused(served: Served, path: str, token: bytes) -> None:
    for headers in (
        [(b"x-server-token", token)],
        [(b"authorization", b"Bearer " + token)],
        [(b"authorization", token)],
    ):
        answer = httpx.post(f"{served.url}{path}", content=b"{}", headers=headers)
        assert problem_of(answer)["status"] == 401


@pytest.mark.parametrize(
    "query",
    ["%ff%fe", "%ed%a0%80", "%00", "%", "%zz", "a" * 50_000, "%f0%9f%98%80", "&server_token=b", "[]", "+"],
)
def test_a_token_in_a_query_of_any_bytes_is_refused(served: Served, query: str) -> None:
    answer = httpx.post(f"{served.url}{EVENTS}?server_token={query}", content=b"{}")
    assert problem_of(answer)["status"] == 401


JUNK = [b"", b"\0", b"{", b"[" * 100_000, b"\xff" * 1000, gzip.compress(b"x" * 100), b"null"]


@pytest.mark.parametrize("junk", range(len(JUNK)))
def test_a_body_where_none_is_read_changes_nothing(served: Served, junk: int) -> None:
    admin = {"Authorization": f"Bearer {served.admin}", "Content-Encoding": "gzip"}
    for method, path in (
        ("POST", "/api/v1/admin/quarantine/drive?code=too_deep"),
        ("GET", "/api/v1/admin/quarantine/?limit=1"),
    ):
        answer = httpx.request(method, f"{served.url}{path}", content=JUNK[junk], headers=admin, timeout=60)
        assert answer.status_code == 200


CURSORS = [
    "",
    "x",
    "%00",
    "%ff",
    "AAAA",
    "W10",
    "WzEsMl0",
    "WzEsMiwzLDRd",
    "WyIxIiwyXQ",
    "WzFlOTk5LDJd",
    "Wy0xZTMwOCwwXQ",
    "WzAsMTg0NDY3NDQwNzM3MDk1NTE2MTVd",
    "WzAsLTFd",
    "WzAsMCwtMV0",
    "=",
    "a" * 40_000,
    "bnVsbA",
    "W251bGwsMV0",
    "%F0%9F%98%80",
    "'",
    "WzEuNywyLDNd",
]


@pytest.mark.parametrize(
    "path", ["/api/v1/stats/players", "/api/v1/stats/leaderboards/kills", "/api/v1/stats/matches/"]
)
def test_a_cursor_of_any_text_is_a_page_or_told_so(served: Served, path: str) -> None:
    for cursor in CURSORS:
        answer = httpx.get(f"{served.url}{path}?cursor={cursor}", timeout=60)
        assert answer.status_code in (200, 422), (cursor, answer.text)
        if answer.status_code != 200:
            problem_of(answer)


NAMES = [
    "a/b/c",
    "%00",
    "%2F%2F",
    "..",
    "%2e%2e%2f",
    "%ff",
    "%ed%a0%80",
    "%F0%9F%98%80",
    "a" * 10_000,
    "%25s",
    "%27",
    "%5C",
    "{x:String}",
    "%7Bx%7D",
    "a%0Ab",
    "a%09b",
    "-1",
    "0",
    "99999999999999999999",
    "ffffffffffffffff",
    "0" * 16,
    "heatmap",
    "/heatmap",
    "%2Fheatmap",
    "NaN",
    "*",
    ";",
    "%3F",
    "%23",
    "a//b",
]
PATHS = [
    "/api/v1/stats/weapons/{}",
    "/api/v1/stats/maps/{}",
    "/api/v1/stats/maps/{}/heatmap",
    "/api/v1/stats/players/{}",
    "/api/v1/stats/matches/{}",
    "/api/v1/stats/leaderboards/{}",
    "/api/v1/live/matches/{}",
    "/api/v1/servers/{}/sessions",
    "/api/v1/servers/{}/types",
    "/{}",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_name_of_any_text_is_found_or_not(served: Served, path: str) -> None:
    for name in NAMES:
        answer = httpx.get(f"{served.url}{path.format(name)}", timeout=60)
        assert answer.status_code in (200, 404, 422), (name, answer.status_code, answer.text)
        if answer.status_code != 200:
            problem_of(answer)


QUERIES = [
    "q=%ff",
    "q=%00",
    "q=%ed%a0%80",
    "q=" + "x" * 10_000,
    "q=%25",
    "q=_",
    "q=\\",
    "limit=0",
    "limit=1e2",
    "limit=-1",
    "limit=99999999999999999999",
    "limit=NaN",
    "limit=",
    "limit=1&limit=2",
    "sort=;",
    "bots=%00",
    "server=0",
    "server=4294967296",
    "map=%00",
    "map=" + "m" * 201,
    "period=never",
    "gametype=%ff",
    "=",
    "&&&",
    "%",
    "a[]=1",
    "days=0",
    "days=1e9",
    "kind=x",
    "player=%00",
    "player=x",
    "before=0",
    "code=x",
    "limit=%D9%A7",
    "limit=1_0",
    "limit=+1",
    "limit=0x1",
]


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/stats/players",
        "/api/v1/stats/leaderboards/kills",
        "/api/v1/stats/matches/",
        "/api/v1/stats/maps/dm/x/heatmap",
        "/api/v1/servers/1/types",
        "/api/v1/admin/quarantine/",
    ],
)
def test_a_query_of_any_text_is_answered(served: Served, path: str) -> None:
    for query in QUERIES:
        answer = httpx.get(
            f"{served.url}{path}?{query}", headers={"Authorization": f"Bearer {served.admin}"}, timeout=60
        )
        assert answer.status_code in (200, 404, 422), (query, answer.status_code, answer.text)
        if answer.status_code != 200:
            problem_of(answer)


def test_names_of_any_kind_are_found_again(served: Served) -> None:
    """What a sender may call a map or a weapon, its page can be asked for."""
    names = ["dm/a b", "a/../b", "%00", "ünï", "😀", "a?b#c", "a%2Fb", "'", "\\", "{x}", "x" * 10_000]
    events = [
        kill(seq, "Ann", "Bob", session_id="names", weapon=name, map=name, match_id=name)
        for seq, name in enumerate(names)
    ]
    assert served.post(body(events)).json()["accepted"] == len(names)
    served.rows("SELECT 1 AS one")
    for name in names:
        quoted = "".join(f"%{byte:02X}" for byte in name.encode())
        for path in ("weapons", "maps"):
            answer = httpx.get(f"{served.url}/api/v1/stats/{path}/{quoted}", timeout=60)
            assert answer.status_code == 200, (path, name, answer.text)
    answer = httpx.get(f"{served.url}/api/v1/stats/matches/?limit=100", timeout=60)
    assert {each["map"] for each in answer.json()["matches"]} >= set(names)


def test_in_the_end_a_batch_is_counted_and_nothing_waits(served: Served) -> None:
    served.assert_counts_exactly("in the end")
    inbox = httpx.get(f"{served.url}/readyz").json()["inbox"]
    assert (inbox["rows"], inbox["failing_blocks"]) == (0, 0)
