"""Bodies as events: every encoding says the same, a bad event costs itself, bytes never raise."""

import json
import math
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.events import catalogue
from api.events.fold import MEMBERS
from api.events.refusal import REJECT_CODES
from api.ingest.decode import NO_SEQ, Decoded, SessionEvents, TooManyEvents, decode

Event = dict[str, Any]

# As captured from an installed tracker: a bot's own grenade.
CAPTURED = (
    b'[{"session_id": "sess_f88106789e6e168b", "type": "player_kill", "damage": 112.487,'
    b' "victim_yaw": 253.74, "attacker_yaw": 253.74, "attacker_team": "american", "victim_pitch": 0,'
    b' "timestamp": 9.8,'
    b' "attacker_z": 384.125, "attacker_y": 1504.86, "attacker_x": -67.0411, "attacker_name": "Daichi",'
    b' "attacker_pitch": 0, "victim_z": 384.125, "victim_y": 1504.86, "weapon": "Explosion",'
    b' "attacker_guid": "unauth_39", "victim_x": -67.0411, "attacker_stance": "stand", "mod": "grenade",'
    b' "victim_team": "american", "match_id": "no_match", "victim_stance": "stand", "victim_name": "Daichi",'
    b' "hitloc": "general", "victim_guid": "unauth_39"}]'
)
KILL: Event = json.loads(CAPTURED)[0]
GOOD = b'{"type":"heartbeat","session_id":"s"}'


MAX_EVENT_BYTES = 20_000


def decoded(body: bytes) -> Decoded:
    return decode(body, max_events=1000, max_event_bytes=MAX_EVENT_BYTES)


def in_order(result: Decoded) -> list[tuple[str, int, bytes]]:
    rows = [
        (index, session.session_id, seq, line)
        for session in result.sessions
        for index, seq, line in zip(session.indexes, session.seqs, session.lines, strict=True)
    ]
    return [row[1:] for row in sorted(rows)]


def objects(body: bytes) -> list[Event]:
    return [json.loads(line.partition(b"\t")[0]) for _, _, line in in_order(decoded(body))]


def one(body: bytes) -> tuple[SessionEvents, bytes]:
    result = decoded(body)
    assert not result.rejected
    (session,) = result.sessions
    (line,) = session.lines
    return session, line


def dumps(event: Event) -> bytes:
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()


def code_of(body: bytes) -> str:
    (rejection,) = decoded(body).rejected
    return rejection.code


def test_a_canonical_event_is_its_own_line() -> None:
    session, line = one(CAPTURED)
    assert line == CAPTURED[1:-1]
    assert session.session_id == "sess_f88106789e6e168b"
    assert (session.indexes, session.seqs, session.timestamps) == ([0], [NO_SEQ], [9.8])
    assert (session.maps, session.gametypes) == ([""], [""])


def test_events_of_each_session_stand_in_columns() -> None:
    events = [
        {"type": "match_start", "session_id": "a", "seq": 0, "map": "dm/mohdm1", "gametype": "DM"},
        {"type": "heartbeat"},
        {"type": "player_say", "session_id": "a", "seq": 1, "timestamp": 5, "gametype": 2},
    ]
    first, second = decoded(json.dumps(events).encode()).sessions
    assert (first.session_id, first.indexes, first.seqs) == ("a", [0, 2], [0, 1])
    assert math.isnan(first.timestamps[0])
    assert first.timestamps[1] == 5.0
    assert (first.maps, first.gametypes) == (["dm/mohdm1", ""], ["ffa", "tdm"])
    assert (second.session_id, second.indexes, second.seqs) == ("", [1], [NO_SEQ])


def test_a_rewritten_event_keeps_what_was_sent() -> None:
    sent = b'{"type":"kill","damage":"112.487",\n\t"attacker_name":"D\xe9\xc3\xa9\0"}'
    line = one(sent)[1]
    canonical, _, original = line.partition(b"\t")
    assert json.loads(canonical) == {"type": "player_kill", "damage": 112.487, "attacker_name": "Déé"}
    assert original == sent.replace(b"\n", b" ")


def test_an_unknown_field_costs_no_rewriting() -> None:
    for more in (b"1", b'"x"', b"[1,{}]", b'"say \\"x\\": y"', b'"\\u00e9"'):
        sent = b'{"type":"heartbeat","more":' + more + b"}"
        assert one(sent)[1] == sent


def test_an_unknown_type_is_kept_and_counted() -> None:
    result = decoded(b'{"type":"player_sneeze"}\n{"type":"Player_Sneeze"}\n' + GOOD)
    assert result.unknown == {"player_sneeze": 2}
    assert (result.total, len(result.rejected)) == (3, 0)


@pytest.mark.parametrize(
    "sent",
    [
        b'{"type":"heartbeat","more":123456789012345678901234567890}',
        b'{"type":"heartbeat","more":1e999}',
        b'{"type":"heartbeat","more":"\\ud800"}',
        b'{"type":"heartbeat","more":"\\u0000"}',
        b'{"type":"heartbeat","more":"\xff"}',
        b'{"type":"heartbeat","more":"\x01"}',
        b'{"type":"heartbeat","more":NaN}',
    ],
)
def test_what_a_strict_reader_would_not_take_is_rewritten(sent: bytes) -> None:
    canonical, tab, original = one(sent)[1].partition(b"\t")
    assert tab
    assert json.loads(canonical)["type"] == "heartbeat"
    assert original == sent


def test_lines_have_no_break_and_a_canonical_one_no_tab() -> None:
    pretty = json.dumps(KILL, indent="\t").replace("\n", "\r\n").encode()
    for body in (pretty, b"[" + pretty + b"]"):
        line = one(body)[1]
        assert not set(line) & set(b"\n\r\t")
        assert json.loads(line) == KILL


@pytest.mark.parametrize(
    ("piece", "code"),
    [
        (b'{"type":"a"', "not_json"),
        (b"garbage", "not_json"),
        (b"7", "not_an_object"),
        (b"{}", "no_type"),
        (b"x=1", "no_type"),
        (b'{"type":7}', "bad_type"),
        (b'{"type":"heartbeat","session_id":"s","seq":-1}', "bad_seq"),
        (b'{"type":"heartbeat","seq":1}', "bad_session"),
        (b'{"type":"heartbeat","session_id":{}}', "bad_session"),
        (b'{"type":"heartbeat","timestamp":-1}', "bad_timestamp"),
        (b'{"type":"heartbeat","player_count":"many"}', "bad_field"),
        (b'{"type":"heartbeat","more":"' + b"x" * 20_000 + b'"}', "too_large"),
        (b'{"type":"heartbeat","more":' + b"[" * 9000 + b"]" * 9000 + b"}", "too_deep"),
        (b'{"type":"heartbeat","more":' + b"[" * 40 + b"]" * 40 + b"}", "too_deep"),
    ],
)
def test_each_code_and_the_neighbours_live(piece: bytes, code: str) -> None:
    result = decoded(b"\n".join((GOOD, piece, GOOD)))
    kept = piece[:MAX_EVENT_BYTES]
    assert [(each.index, each.code, each.original) for each in result.rejected] == [(1, code, kept)]
    assert in_order(result) == [("s", NO_SEQ, GOOD)] * 2
    assert result.total == 3


@pytest.mark.parametrize("piece", [b"garbage", b"7", b"{}", b'{"type":7}', b'{"type":}', b'{"type":"\\q"}'])
def test_neighbours_in_an_array_live(piece: bytes) -> None:
    result = decoded(b"[" + b",".join((GOOD, piece, GOOD)) + b"]")
    assert [(each.index, each.original) for each in result.rejected] == [(1, piece)]
    assert in_order(result) == [("s", NO_SEQ, GOOD)] * 2


def test_every_code_is_in_that_test() -> None:
    marks = test_each_code_and_the_neighbours_live.pytestmark  # type: ignore[attr-defined]
    assert {code for _, code in marks[0].args[1]} == set(REJECT_CODES)


def test_too_many_events_cost_the_body() -> None:
    body = b"\n".join([GOOD] * 6)
    assert decode(body, max_events=6, max_event_bytes=100).total == 6
    with pytest.raises(TooManyEvents):
        decode(body, max_events=5, max_event_bytes=100)


def test_ingest_goes_by_the_last_of_a_repeated_key() -> None:
    session, _ = one(b'{"type":"heartbeat","session_id":"a","session_id":"b"}')
    assert session.session_id == "b"
    assert objects(b"type=kill&type=heartbeat&map_name=a")[0]["type"] == "heartbeat"


REPEATED = [
    b'{"type":"heartbeat","session_id":"s","seq":1,"seq":2}',
    b'{"type":"heartbeat","session_id":"s","seq" :1,"seq"\t: 2}',
    b'{"type":"heartbeat","session_id":"s","seq":1,"map":":seq:","seq":2}',
    b'{"type":"heartbeat","session_id":"s","seq":1,"s\\u0065q":2}',
    b'{"type":"heartbeat","session_id":"s","seq":1,"more":{"seq":3,"x":[":"]},"seq":2}',
    b'{"type":"heartbeat","session_id":"s","seq":"1","seq":2}',
    b'{"type":"heartbeat","session_id":"s","seq":null,"seq":2}',
    b'{"type":"player_kill","session_id":"s","seq":2,"type":"heartbeat"}',
    b'{"type":"heartbeat","session_id":"s","seq":2,"type":"heartbeat"}',
    b'{"type":"heartbeat","session_id":"s","seq":2,"map":"a","map":"b"}',
    b'{"type":"heartbeat","session_id":"s","seq":2,"more":1,"more":":"}',
]


@pytest.mark.parametrize("sent", REPEATED)
def test_a_repeated_key_stands_once_in_the_line(sent: bytes) -> None:
    """ClickHouse reads the first of them, and must not read another than ingest does."""
    session, line = one(sent)
    canonical, _, original = line.partition(b"\t")
    pairs = json.loads(canonical, object_pairs_hook=list)
    assert len(dict(pairs)) == len(pairs)
    assert (dict(pairs)["type"], dict(pairs)["seq"], session.seqs) == ("heartbeat", 2, [2])
    assert original == sent


@pytest.mark.parametrize(
    "more",
    [b'"map":":"', b'"map":":", "match_id" : ":: :"', b'"more":{"a":1,"b":{"c":":"}}', b'"map":"\\":"'],
)
def test_a_colon_is_no_key(more: bytes) -> None:
    sent = b'{"type":"heartbeat",' + more + b"}"
    assert one(sent)[1] == sent


# Events as senders make them, and the ways they are sent.

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
NUMBER = st.floats(-1e6, 1e6) | st.integers(-(10**6), 10**6)
BY_KIND: dict[str, st.SearchStrategy[object]] = {
    "string": TEXT,
    "number": NUMBER,
    "integer": st.integers(-1000, 2**31 - 1),
    "boolean": st.booleans(),
}
SPECIAL: dict[str, st.SearchStrategy[object]] = {
    "type": st.sampled_from([*catalogue.EVENTS, *catalogue.ALIASES, "player_sneeze"]),
    "session_id": st.sampled_from(["a", "b"]),
    "seq": st.integers(0, 2**62),
    "timestamp": st.floats(0, 2e9),
    "sent_at": st.floats(0, 2e9),
    "mod": st.sampled_from([*catalogue.MEANS_OF_DEATH.values(), *map(str, catalogue.MEANS_OF_DEATH)]),
    "hitloc": st.sampled_from([*catalogue.HIT_LOCATIONS.values(), *map(str, catalogue.HIT_LOCATIONS)]),
    "gametype": st.sampled_from([*catalogue.GAMETYPES, *catalogue.GAMETYPES.values()]),
    **{f"{prefix}_smf_id": st.integers(*MEMBERS) for prefix in catalogue.PREFIXES},
}
FIELDS = {name: SPECIAL.get(name, BY_KIND[field.kind]) for name, field in catalogue.ALL_FIELDS.items()} | {
    "map_name": TEXT,
    "player_origin_x": NUMBER,
    "unheard_of": TEXT,
}


@st.composite
def events(draw: st.DrawFn) -> Event:
    names = draw(st.lists(st.sampled_from(sorted(FIELDS)), unique=True, max_size=12))
    names = [name for name in names if name not in ("type", "session_id")]
    return {name: draw(FIELDS[name]) for name in ("type", "session_id", *names)}


def ndjson(batch: list[Event]) -> bytes:
    return b"\n".join(map(dumps, batch))


def array(batch: list[Event]) -> bytes:
    return json.dumps(batch).encode()


def pretty_array(batch: list[Event]) -> bytes:
    return json.dumps(batch, indent=1, ensure_ascii=False).encode()


def strings(batch: list[Event]) -> bytes:
    return ndjson([{name: str(value) for name, value in event.items()} for event in batch])


def urlencoded(batch: list[Event]) -> bytes:
    return "\n".join(map(urlencode, batch)).encode()


def with_nuls(batch: list[Event]) -> bytes:
    return b"\0\n".join(map(dumps, batch)) + b"\0"


@given(st.lists(events(), max_size=4))
def test_every_encoding_says_the_same(batch: list[Event]) -> None:
    expected = objects(ndjson(batch))
    assert len(expected) == len(batch)
    encodings: tuple[Callable[[list[Event]], bytes], ...]
    encodings = (array, pretty_array, strings, urlencoded, with_nuls)
    for encode in encodings:
        assert objects(encode(batch)) == expected, encode.__name__


@given(events())
def test_a_canonical_line_sent_again_is_itself(event: Event) -> None:
    line = one(dumps(event))[1].partition(b"\t")[0]
    assert one(line)[1] == line


JUNK = st.binary(max_size=40).filter(lambda junk: b"\n" not in junk)


@given(st.lists(events().map(dumps) | JUNK), st.lists(events().map(dumps) | JUNK))
def test_a_body_in_two_bodies_gives_the_same_lines(first: list[bytes], second: list[bytes]) -> None:
    start = b"type=heartbeat"  # so that no line is taken for the beginning of an array
    together = decoded(b"\n".join([start, *first, start, *second]))
    apart = [decoded(b"\n".join([start, *half])) for half in (first, second)]
    assert in_order(together) == in_order(apart[0]) + in_order(apart[1])
    assert together.total == apart[0].total + apart[1].total
    assert [each.reason for each in together.rejected] == [
        each.reason for half in apart for each in half.rejected
    ]


@given(st.lists(JUNK, max_size=4))
def test_junk_lines_never_cost_their_neighbours(junk: list[bytes]) -> None:
    result = decoded(b"\n".join([GOOD, *(each for line in junk for each in (line, GOOD))]))
    assert sum(line == GOOD for _, _, line in in_order(result)) >= len(junk) + 1


def check(result: Decoded) -> None:
    """What holds of every answer, whatever was asked."""
    accepted = 0
    for session in result.sessions:
        columns = (session.indexes, session.seqs, session.timestamps, session.maps, session.gametypes)
        assert {len(column) for column in columns} == {len(session.lines)}
        assert len(session.session_id) <= 128
        session.session_id.encode()
        accepted += len(session.lines)
        for line, seq in zip(session.lines, session.seqs, strict=True):
            canonical, tab, _ = line.partition(b"\t")
            assert not {10, 13} & set(line)
            event = json.loads(canonical.decode("utf-8"))
            assert tab or json.loads(line) == event
            assert event["type"] == event["type"].strip().lower()
            assert "\0" not in json.dumps(event, ensure_ascii=False)
            assert 0 <= seq <= 2**62 or seq == NO_SEQ
    assert accepted + len(result.rejected) == result.total
    indexes = [index for session in result.sessions for index in session.indexes]
    assert sorted(indexes + [each.index for each in result.rejected]) == list(range(result.total))
    for rejection in result.rejected:
        assert rejection.code in REJECT_CODES
        assert rejection.reason.encode()
        assert len(rejection.reason) < 400
        assert rejection.original


@given(st.binary(max_size=200))
def test_any_bytes_are_taken_or_rejected(body: bytes) -> None:
    check(decoded(body))


FRAGMENTS = [
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b":",
    b",",
    b"\\",
    b"\n",
    b"\0",
    b"\xff",
    b"=",
    b"&",
    b"%",
    b"\\ud8",
]
FRAGMENTS += [b'"type"', b'"seq":', b"1", b"-", b"1e999", b"null", b"\xef\xbb\xbf", b"payload=", b"\t"]


@settings(max_examples=300)
@given(
    st.lists(events(), min_size=1, max_size=3),
    st.sampled_from([ndjson, array, pretty_array, strings, urlencoded]),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 6), st.sampled_from(FRAGMENTS)), max_size=4),
)
def test_mutated_events_are_taken_or_rejected(
    batch: list[Event], encode: Callable[[list[Event]], bytes], cuts: list[tuple[int, int, bytes]]
) -> None:
    body = encode(batch)
    for place, length, fragment in cuts:
        at = place % (len(body) + 1)
        body = body[:at] + fragment + body[at + length :]
    check(decoded(body))


@given(st.integers(0, 700), st.binary(min_size=1, max_size=3))
def test_the_captured_event_mutated(place: int, data: bytes) -> None:
    at = place % len(CAPTURED)
    check(decoded(CAPTURED[:at] + data + CAPTURED[at + 1 :]))
