"""Lines for the game: short, plain, and never more than words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.game import words

BAD = '"`%;\\$^\n\r\t\x00\x1b\x7f'


@given(st.lists(st.text() | st.text(BAD + "ab 日😀é\u202e"), max_size=8))
def test_whatever_goes_in_lines_come_out(sentences: list[str]) -> None:
    lines = words.lines(*sentences)
    assert len(lines) <= words.LINES
    for line in lines:
        assert 0 < len(line.encode("latin-1")) <= words.LINE_BYTES
        assert not set(line) & set(BAD)
        assert line.isprintable()


@given(st.text(), st.integers(3, 60))
def test_names_are_cut(name: str, most: int) -> None:
    assert len(words.plain(name, most)) <= most


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Mara", "Mara"),
        ("^1M^2ara", "Mara"),
        ("^^11x", "_1x"),
        ('";quit;"', "',quit,'"),
        ("100%s%n", "100_s_n"),
        ("a\nb\x1b[31m", "ab[31m"),
        ("\u202eevil", "evil"),
        ("Jörg", "Jörg"),
        ("日本", "??"),
        ("x" * 30, "x" * 22 + ".."),
        ("   ", ""),
    ],
)
def test_what_becomes_of_a_name(name: str, shown: str) -> None:
    assert words.plain(name) == shown


def test_long_sentences_are_broken_between_words() -> None:
    lines = words.lines("word " * 60)
    assert [len(line) for line in lines] == [119, 119, 59]


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [(2.5, "ratio", "2.50"), (660, "kills", "660"), (59, "seconds", "1 min"), (7380, "seconds", "2 h 3 min")],
)
def test_amounts(value: float, unit: str, shown: str) -> None:
    assert words.amount(value, unit) == shown
