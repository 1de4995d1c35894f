"""Login codes in what other trackers report: masked, and the rest of the event left as it was."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.events import redact
from api.ingest.decode import decode
from api.logins import codes

SAID = [
    "!login {}",
    "!LOGIN   {}",
    "hey !LoGiN {} now",
    "/login {}",
    '!login \\" {}',
    "!login{}",
    "!login & {}",
]


def event(**fields: object) -> bytes:
    return json.dumps({"type": "player_say", "player_name": "Ann", **fields}).encode()


@given(st.text(codes.ALPHABET, min_size=8, max_size=8), st.sampled_from(SAID), st.booleans())
def test_what_was_said(code: str, said: str, grouped: bool) -> None:
    typed = codes.shown(code) if grouped else code.lower()
    masked = redact.codes(event(message=said.format(typed)))
    assert typed.encode() not in masked
    assert json.loads(masked)["player_name"] == "Ann"


@pytest.mark.parametrize(
    "piece",
    [
        event(message="!login K7QX-2M9D"),
        b"type=player_say&message=%21login+K7QX-2M9D&player_name=Ann",
        b"type=player_say&message=!login%20k7qx2m9d&player_name=Ann",
        b'{"type":"player_say","message":"!login K7QX-2M9D',
        event(type="server_console_command", message="login K7QX2M9D"),
        event(type="console", command="setu aa_login K7QX-2M9D"),
        event(type="client_userinfo_changed", userinfo="\\name\\Ann\\aa_login\\K7QX-2M9D\\rate\\1"),
        event(type="tracker_event", aa_login="K7QX-2M9D"),
        event(message="!login K7QX 2M9D"),
        event(message="!login K7QX-2M9D", player_name="A\u00e9\\"),
    ],
)
def test_forms_of_other_trackers(piece: bytes) -> None:
    decoded = decode(piece, max_events=10, max_event_bytes=1000)
    kept = [line for session in decoded.sessions for line in session.lines]
    kept += [part for r in decoded.rejected for part in (r.original, r.reason.encode())]
    assert decoded.total == 1
    assert kept
    assert b"2M9D" not in b"".join(kept).upper()


@pytest.mark.parametrize(
    "piece",
    [
        event(message="what login do you use?"),
        event(message="no code", map="dm/login_town"),
        b'{"type":"login","position":"here","map":"dm/login"}',
        b'{"type":"login","seq":12345678}',
        event(message="!stats"),
    ],
)
def test_what_has_no_code_is_left_alone(piece: bytes) -> None:
    assert redact.codes(piece) is piece


def test_too_large_and_cut_off_ones_are_masked_as_well() -> None:
    piece = event(message="!login K7QX-2M9D", more="x" * 500)
    (rejected,) = decode(piece, max_events=10, max_event_bytes=300).rejected
    assert rejected.code == "too_large"
    assert b"K7QX" not in rejected.original


@given(st.binary() | st.text().map(str.encode))
def test_masking_again_changes_nothing(piece: bytes) -> None:
    once = redact.codes(b"!login " + piece)
    assert redact.codes(once) == once


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b'{"type":"client_connect","player_ip":"198.51.100.7:12203"}', b'"player_ip":"***"'),
        (b'{"type":"x", "address" : "2001:db8::7"}', b'"address" : "***"'),
        (b"type=client_connect&ip=198.51.100.7&player_name=Ann", b"&ip=***&player_name=Ann"),
        (rb'{"userinfo":"\\name\\Ann\\ip\\198.51.100.7:12203\\rate\\5000"}', rb"\\ip\\***\\rate\\5000"),
        (b'{"type":"x","from":"198.51.100.7"}', b'"from":"***"'),
    ],
)
def test_an_address_is_masked_and_the_rest_is_left(sent: bytes, kept: bytes) -> None:
    masked = redact.addresses(sent)
    assert kept in masked
    assert b"198.51" not in masked
    assert b"2001:db8" not in masked
    assert redact.addresses(masked) == masked


@pytest.mark.parametrize(
    "piece",
    [
        b'{"player_name":"198.51.100.7"}',
        b'{"type":"player_kill","weapon":"ship"}',
        b'{"tip":"a","equip":"b"}',
    ],
)
def test_what_is_no_address_stays_the_same_object(piece: bytes) -> None:
    assert redact.addresses(piece) is piece
