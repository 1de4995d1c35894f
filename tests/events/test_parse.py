"""Bytes of one event in any state, as what they say."""

import pytest

from api.events.parse import parse, readable
from api.events.refusal import Refused


def test_bytes_that_are_no_utf8_are_read_as_cp1252() -> None:
    assert readable(b"caf\xe9 \xc3\xa9 \x80 \x81") == "café é € \x81"


def test_names_of_other_bytes_stay_distinct() -> None:
    names = {readable(bytes([byte])) for byte in range(128, 256)}
    assert len(names) == 128


def test_sound_json_is_told_from_mended_json() -> None:
    assert parse(b'{"type":"a"}') == ({"type": "a"}, True)
    assert parse(b'{"type":"a\0"}') == ({"type": "a"}, False)
    assert parse(b'\xef\xbb\xbf{"type":"a"}') == ({"type": "a"}, False)
    assert parse(b'{"type":"a","message":"\x01\t"}') == ({"type": "a", "message": "\x01\t"}, False)


def test_urlencoded_lines() -> None:
    line = b"type=player_say&message=gg+%26+wp%21%0a&attacker_name=D%E9j%C3%A0&empty=&flag"
    expected = {
        "type": "player_say",
        "message": "gg & wp!\n",
        "attacker_name": "Déjà",
        "empty": "",
        "flag": "",
    }
    assert parse(line) == (expected, False)


@pytest.mark.parametrize(
    ("piece", "code"),
    [
        (b"garbage", "not_json"),
        (b'{"type":"a"', "not_json"),
        (b'{"type":"a"} {"type":"b"}', "not_json"),
        (b'{"type":"a","x":' + b"1" * 5000 + b"}", "not_json"),
        (b"\xff\xfe\x00", "not_json"),
        (b"", "not_json"),
        (b"[]", "not_an_object"),
        (b'"type=a"', "not_an_object"),
        (b"12", "not_an_object"),
        (b"null", "not_an_object"),
        (b"[" * 100_000, "too_deep"),
        (b'{"a":' * 100_000, "too_deep"),
    ],
)
def test_what_cannot_be_read_is_refused(piece: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(piece)
    assert refused.value.code == code


def test_the_reason_says_where_and_what_to_do() -> None:
    with pytest.raises(Refused, match=r"near '}'.*; send JSON objects") as refused:
        parse(b'{"type":}')
    assert "character 8" in refused.value.reason
