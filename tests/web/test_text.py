"""How hostile text is shown."""

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.web import text

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("^1Red^7Baron", "RedBaron"),
        ("  two   words ", "two words"),
        ("\u202eevil\u202c", "evil"),
        ("\x1b[31mred", "[31mred"),
        ("a" + "\u0301" * 50, "a" + "\u0301" * 3),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
        ("\u200d\u200d", ""),
        ("^1^2", ""),
        ("\ud800x", "x"),
        ("عمر", "عمر"),
    ],
)
def test_names(sent: str, shown: str) -> None:
    assert text.name(sent) == shown


@given(st.text(st.characters(exclude_categories=[]), max_size=64))
def test_nothing_in_a_name_is_hidden(sent: str) -> None:
    shown = text.name(sent)
    assert not [c for c in shown if unicodedata.category(c) in HIDDEN and c != "\u200d"]
    shown.encode()


@given(st.text(st.characters(exclude_categories=[]), max_size=200))
def test_all_of_a_text_is_visible(sent: str) -> None:
    shown = text.visible(sent)
    assert not [c for c in shown if unicodedata.category(c) in HIDDEN and c not in "\n\u200d"]
    shown.encode()
    assert len(shown) >= len(sent)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "just now"),
        (0.9, "just now"),
        (1, "1 second ago"),
        (59, "59 seconds ago"),
        (60, "1 minute ago"),
        (7200, "2 hours ago"),
        (86_400 * 3, "3 days ago"),
        (-90, "in 1 minute"),
    ],
)
def test_ago(seconds: float, said: str) -> None:
    assert text.ago(NOW - timedelta(seconds=seconds), NOW) == said
