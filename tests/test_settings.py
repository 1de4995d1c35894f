"""Settings: what they accept, what they say, and that the table in docs/ is theirs."""

from pathlib import Path

import pytest

from api import settings
from api.errors import ConfigurationError

DOCS = Path(__file__).parents[1] / "docs" / "settings.md"


def test_the_table_in_docs_is_made_from_the_code() -> None:
    assert DOCS.read_text() == settings.render_markdown(), "run `make docs`"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text('port = 1\nhost = "0.0.0.0"\n')
    found = settings.load({"AFTERACTION_CONFIG": str(file), "AFTERACTION_PORT": "2"})
    assert (found.port, found.host) == (2, "0.0.0.0")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AFTERACTION_PORT", "eighty"),
        ("AFTERACTION_PORT", "65536"),
        ("AFTERACTION_SEASON_MONTHS", "5"),
        ("AFTERACTION_SEASON_MONTHS", "24"),
        ("AFTERACTION_LOG_LEVEL", "loud"),
        ("AFTERACTION_NO_SUCH", "1"),
        ("AFTERACTION_CONFIG", "/nowhere/at/all.toml"),
    ],
)
def test_an_error_names_the_setting(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        settings.load({name: value})


def test_an_unknown_key_in_the_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text("prot = 1\n")
    with pytest.raises(ConfigurationError, match="prot"):
        settings.load({"AFTERACTION_CONFIG": str(file)})


def test_an_error_does_not_show_a_secret() -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings.load({"AFTERACTION_ADMIN_TOKEN": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_the_relay_may_have_settings_beside_ours() -> None:
    assert settings.load({"AFTERACTION_RELAY_TOKEN": "x"}).port == 8080
