"""Bodies as they come: packed, cut off, in every shape; a broken piece costs itself alone."""

import contextlib
import gzip
import json
import time
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from api.errors import BodyTooLarge
from api.ingest import bodies
from api.ingest.bodies import BodyUnreadable, TooManyEvents, decompress, split

LIMIT = 1_000_000
TEXT = b'{"type":"heartbeat"}\n' * 100


def zstd(data: bytes) -> bytes:
    return zstandard.compress(data)


def zstd_streamed(data: bytes) -> bytes:
    packer = zstandard.ZstdCompressor().compressobj()
    return packer.compress(data) + packer.flush()


def pieces(body: bytes) -> list[bytes]:
    return split(body, 1000)


@pytest.mark.parametrize("label", ["", "gzip", "x-gzip", "zstd", "identity", "GZIP", "gzip, gzip"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd, zstd_streamed])
def test_the_bytes_say_how_they_are_packed(label: str, pack: Callable[[bytes], bytes]) -> None:
    assert decompress(pack(TEXT), label, LIMIT) == TEXT
    assert decompress(pack(b""), label, LIMIT) == b""


@pytest.mark.parametrize("pack", [gzip.compress, zstd, zstd_streamed])
def test_packed_twice_is_unpacked_and_thrice_is_not(pack: Callable[[bytes], bytes]) -> None:
    assert decompress(pack(pack(TEXT)), "gzip", LIMIT) == TEXT
    with pytest.raises(BodyUnreadable, match="more than 2 times"):
        decompress(pack(pack(pack(TEXT))), "gzip", LIMIT)


@pytest.mark.parametrize("pack", [gzip.compress, zstd, zstd_streamed])
def test_members_one_after_the_other(pack: Callable[[bytes], bytes]) -> None:
    assert decompress(pack(b"a" * 3000) + pack(b"") + pack(b"b"), "", LIMIT) == b"a" * 3000 + b"b"
    assert decompress(pack(TEXT) + b"\0" * 700, "", LIMIT) == TEXT


@pytest.mark.parametrize("pack", [gzip.compress, zstd, zstd_streamed])
def test_a_body_cut_off_is_unreadable_wherever_it_is_cut(pack: Callable[[bytes], bytes]) -> None:
    packed = pack(TEXT)
    for end in range(4, len(packed)):
        with pytest.raises(BodyUnreadable, match=r"cut off|cannot be unpacked"):
            decompress(packed[:end], "", LIMIT)


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_a_broken_body_is_unreadable(pack: Callable[[bytes], bytes]) -> None:
    packed = bytearray(pack(bytes(range(256)) * 9))
    packed[len(packed) // 2 :] = b"?" * (len(packed) - len(packed) // 2)
    with pytest.raises(BodyUnreadable):
        decompress(bytes(packed), "", LIMIT)
    with pytest.raises(BodyUnreadable):
        decompress(pack(TEXT) + b"junk", "", LIMIT)


@pytest.mark.parametrize("pack", [gzip.compress, zstd, zstd_streamed])
def test_a_bomb_is_too_large_and_quickly_so(pack: Callable[[bytes], bytes]) -> None:
    bomb = pack(b"\0" * 200_000_000)
    started = time.monotonic()
    with pytest.raises(BodyTooLarge, match="more than 1000000 bytes"):
        decompress(bomb, "gzip", LIMIT)
    assert time.monotonic() - started < 1


def test_a_bomb_of_many_members_is_too_large_and_quickly_so() -> None:
    started = time.monotonic()
    with pytest.raises(BodyTooLarge):
        decompress(gzip.compress(b"a" * 100) * 20_000, "gzip", LIMIT)
    assert time.monotonic() - started < 5


def test_the_limit_is_the_last_size_that_passes() -> None:
    for body in (b"a" * 1000, gzip.compress(b"a" * 1000), zstd(b"a" * 1000)):
        assert decompress(body, "", 1000) == b"a" * 1000
        with pytest.raises(BodyTooLarge):
            decompress(body, "", 999)


def test_an_encoding_that_is_not_spoken_is_named() -> None:
    with pytest.raises(BodyUnreadable, match="'br': send gzip, zstd or none"):
        decompress(b"abc", "br", LIMIT)
    assert decompress(gzip.compress(b"abc"), "br", LIMIT) == b"abc"


@given(st.binary(), st.sampled_from([b"", b"\x1f\x8b", b"\x1f\x8b\x08\0\0\0\0\0\0\0", b"\x28\xb5\x2f\xfd"]))
def test_any_bytes_are_unpacked_or_refused(data: bytes, magic: bytes) -> None:
    try:
        unpacked = decompress(magic + data, "gzip", 10_000)
    except (BodyUnreadable, BodyTooLarge):
        return
    assert len(unpacked) <= 10_000


@given(st.binary(max_size=300), st.integers(0, 2000), st.sampled_from([gzip.compress, zstd, zstd_streamed]))
def test_a_flipped_byte_is_unpacked_or_refused(
    data: bytes, place: int, pack: Callable[[bytes], bytes]
) -> None:
    packed = bytearray(pack(data))
    packed[place % len(packed)] ^= 0x55
    with contextlib.suppress(BodyUnreadable, BodyTooLarge):
        assert len(decompress(bytes(packed), "", 1000)) <= 1000


A, B, C = b'{"type":"a"}', b'{"type":"b","x":[1,{"y":"}{"}]}', b'{"type":"c","x":"\\"],["}'


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b",".join((A, B, C)) + b"]",
        b"\xef\xbb\xbf [ " + b" ,\r\n\t".join((A, B, C)) + b" ] \n",
        b"\n".join((A, B, C)),
        b"\n\n" + b"\r\n \r\n".join((A, B, C)) + b"\n\n",
        b"\0\n" + b"\0\n".join((A, B, C)) + b"\0",
        b"\0".join((A, B, C)),
        A + B + C,
        b" ".join((A, B, C)),
        b"[" + b"\0,".join((A, B, C)) + b"\0]",
        b"[" + A + b"]\n[" + B + b"," + C + b"]",
        b"[" + A + b"][" + B + b"]" + C,
        A + b"\n[" + B + b"," + C + b"]",
        b"[" + b",".join((A, B, C)) + b",]",
        b"[" + b",".join((A, B, C)) + b",",
        b"[" + b",".join((A, B, C)),
        b"payload=[" + b",".join((A, B, C)) + b"]",
        b"data=%5B" + b"%2C".join(each.replace(b'"', b"%22") for each in (A, B, C)) + b"%5d&more=1",
        b"[" + b" ".join((A, B, C)) + b"]",
    ],
)
def test_every_form_has_the_same_pieces(body: bytes) -> None:
    assert [json.loads(piece) for piece in pieces(body)] == [json.loads(piece) for piece in (A, B, C)]


@given(st.integers(0, 1100), st.lists(st.sampled_from(["%", "%4", "%41", "%zz", "a", "%%"]), max_size=5))
def test_a_wrapped_payload_is_undone_whole(start: int, parts: list[str]) -> None:
    value = "%7B" + "x" * start + "".join(parts)
    assert pieces(f"data={value}".encode()) == [unquote_to_bytes(value)]


def test_a_body_without_end_is_scanned_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "_TOKENS", 100)
    for seam in (b"", b"]\n["):
        found = pieces(b"[" + (b'{"a":],' * 5 + b'{"b":1}' + seam) * 40)
        assert len(found) < 60
        assert sum(piece.count(b'"b"') for piece in found) == 40


@pytest.mark.parametrize("junk", [b"junk", b"\x01", b"}", b"type=a", b"]", b'"'])
def test_one_good_line_before_a_bad_one(junk: bytes) -> None:
    assert pieces(B + b"\n" + junk) == [B, junk]
    assert pieces(B + b"\r\n\n" + junk + b"\n") == [B, junk]


def test_one_object_on_many_lines() -> None:
    pretty = json.dumps(json.loads(B), indent=2).encode()
    assert pieces(pretty) == [pretty]
    assert pieces(pretty.replace(b"\n", b"\r\n") + b"\n")[0].startswith(b"{\r\n")
    assert [json.loads(piece) for piece in pieces(pretty + b"\n" + pretty)] == [json.loads(B)] * 2


def test_one_object_on_many_lines_cut_off_is_one_piece() -> None:
    pretty = json.dumps(json.loads(B), indent=2).encode()
    assert pieces(pretty[:-4]) == [pretty[:-4].strip()]


def test_urlencoded_lines() -> None:
    assert pieces(b"type=a&x={\r\n\r\ntype=b\n") == [b"type=a&x={", b"type=b"]


@pytest.mark.parametrize("body", [b"", b" \n\0", b"[]", b"[ ]", b"\xef\xbb\xbf", b"[\n\n]\n"])
def test_nothing_has_no_pieces(body: bytes) -> None:
    assert pieces(body) == []


@pytest.mark.parametrize("broken", [b'{"type":}', b"nonsense", b'{"a":"\\q"}', b"1e999", b'{"a":]'])
def test_a_broken_element_costs_itself_alone(broken: bytes) -> None:
    found = pieces(b"[" + A + b"," + broken + b"," + C + b"]")
    assert found[0] == A
    assert found[-1] == C
    assert b"".join(found[1:-1]) == broken


def test_a_bracket_too_many_costs_nothing() -> None:
    assert pieces(b"[" + A + b"}," + B + b"]]," + C + b"]") == [A, B, C]


@pytest.mark.parametrize("broken", [b'{"type":"b}', b'{"type":"b"', b'{"type":["b"}', b'{"type":b"}', b"{"])
def test_an_element_without_end_costs_its_line_alone(broken: bytes) -> None:
    found = pieces(b"[" + A + b",\n" + broken + b",\n" + B + b",\n" + C + b"]")
    assert found[0] == A
    assert found[-2:] == [B, C]
    assert len(found) == 4


def test_many_elements_without_end_cost_their_lines_alone() -> None:
    for start in (b"[", b"[\n"):
        body = start + b",\n".join([b'{"type":"b"', A] * 200) + b"\n]"
        assert [piece for piece in pieces(body) if piece == A] == [A] * 200


def test_an_object_inside_a_broken_one_is_no_event() -> None:
    batch = {"type": "a", "more": [{"type": "b"}, {"type": "c"}]}
    body = json.dumps([batch, batch], indent=1).encode()
    broken = body.replace(b'"type": "a"', b'"type": "a', 1)
    first, second = pieces(broken)
    assert broken.index(first) == 3
    assert json.loads(second) == batch


@pytest.mark.parametrize("end", range(len(A) + 3, len(A) + len(B)))
def test_an_array_cut_off_is_whole_pieces_and_a_rest(end: int) -> None:
    body = b"[" + A + b"," + B + b"]"
    assert pieces(body[:end]) == [A, body[len(A) + 2 : end].strip()]


def test_more_than_the_limit_is_too_many_in_every_form() -> None:
    for body in (
        b"[" + b"1," * 5 + b"1]",
        b"1\n" * 6,
        b"{}" * 6,
        b"[{},{}]\n[{},{},{},{}]",
        b"[" + b"{}," * 6,
    ):
        assert len(split(body, 6)) == 6
        with pytest.raises(TooManyEvents, match="more than 5 events"):
            split(body, 5)


def test_blank_lines_are_no_events() -> None:
    assert split(b"\n \r\n" * 1000 + A + b"\n" * 10_000 + B, 2) == [A, B]


HUGE = 300_000


@pytest.mark.parametrize(
    "body",
    [
        b"[" * HUGE,
        b'{"a":' * HUGE,
        b"[" + b"1," * HUGE,
        b"[{" + b"}" * HUGE,
        b"[{\n" + b"{\n" * HUGE,
        b'["' + b'"\n{"' * HUGE,
        b'["' + b"\\" * HUGE,
        b'{"a' + b"\n" * HUGE,
        b'{"a\n' + b" " * HUGE + b"x",
        b'{"a"\n' + b"},{" * HUGE,
        b"\0" * HUGE,
    ],
)
def test_hostile_bodies_take_no_long(body: bytes) -> None:
    started = time.monotonic()
    with contextlib.suppress(TooManyEvents):
        split(body, 1000)
    assert time.monotonic() - started < 5


@given(st.lists(st.sampled_from([b"{", b"}", b"[", b"]", b",", b'"', b"\\", b"\n", b"a=", b"1", b"\0", A])))
def test_any_bytes_are_split_and_nothing_is_lost(parts: list[bytes]) -> None:
    body = b"".join(parts)
    kept = b"".join(pieces(body))
    for letter in b"a1":
        assert kept.count(letter) == body.count(letter)
