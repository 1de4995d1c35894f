"""Codes: what is drawn, and what is understood of what people type."""

from hypothesis import given
from hypothesis import strategies as st

from api.logins import codes


def test_the_alphabet_has_32_letters_that_look_like_no_other() -> None:
    assert len(set(codes.ALPHABET)) == 32
    assert set(codes.ALPHABET).isdisjoint("ILOU")


@given(st.text(codes.ALPHABET, min_size=8, max_size=8))
def test_a_code_is_understood_as_people_type_it(code: str) -> None:
    shown = codes.shown(code)
    typed = shown.lower().replace("0", "o").replace("1", "l")
    assert [codes.parse(text) for text in (code, shown, f" {typed} ", shown.replace("-", " "))] == [code] * 4


@given(st.text())
def test_anything_else_is_none(text: str) -> None:
    parsed = codes.parse(text)
    assert parsed is None or (len(parsed) == 8 and set(parsed) <= set(codes.ALPHABET))


def test_new_ones_differ() -> None:
    assert len({codes.new() for _ in range(200)}) == 200
