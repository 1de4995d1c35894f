"""The catalogue says all of the events there are, and docs/events.md says what the catalogue says."""

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from api.events import catalogue
from api.events.catalogue import (
    ALIASES,
    EVENTS,
    FIELD_ALIASES,
    FIELDS,
    GAMETYPES,
    POSITIONS,
    TEAMS,
    canonical_gametype,
    canonical_team,
)
from api.events.page import render_markdown
from api.events.refusal import REJECT_CODES
from api.platform import Platform
from tests.stack import Stack

ENGINE_FAMILIES = {
    "combat": 10,
    "movement": 5,
    "interaction": 5,
    "session": 6,
    "ways to die": 6,
    "actions": 6,
    "game flow": 7,
    "weapon": 6,
    "vehicle, turret": 6,
    "world": 2,
    "items": 3,
    "bot": 5,
}


def test_all_67_events_are_there_and_28_later_ones_and_9_of_trackers() -> None:
    families = Counter(event.family for event in EVENTS.values())
    assert {family: families[family] for family in ENGINE_FAMILIES} == ENGINE_FAMILIES
    assert families["sent by trackers"] == 9
    assert len(EVENTS) == 67 + 28 + 9


def test_events_use_the_catalogues_fields_and_prefixes_only() -> None:
    for event in EVENTS.values():
        assert set(event.fields) <= set(FIELDS)
        assert set(event.prefixes) <= set(catalogue.PREFIXES)
    used = {field for event in EVENTS.values() for field in event.fields}
    assert set(FIELDS) == used | set(catalogue.COMMON)


def test_aliases_lead_to_events_and_hide_none() -> None:
    assert set(ALIASES.values()) <= set(EVENTS)
    assert not set(ALIASES) & set(EVENTS)
    assert all(alias == alias.lower() for alias in ALIASES)


def test_field_aliases_lead_to_fields_and_hide_none() -> None:
    known = catalogue.ALL_FIELDS
    assert set(FIELD_ALIASES.values()) <= set(known)
    assert {axis for axes in POSITIONS.values() for axis in axes} <= set(known)
    assert not (FIELD_ALIASES.keys() | POSITIONS.keys()) & known.keys()


def test_every_prefix_has_a_role() -> None:
    assert set(catalogue.ROLES) == set(catalogue.PREFIXES)


@pytest.mark.parametrize(
    ("sent", "word"),
    [
        (0, "sp"),
        ("1", "ffa"),
        (2.0, "2.0"),
        ("Free-For-All", "ffa"),
        ("dm", "ffa"),
        ("Team Deathmatch", "tdm"),
        (" OBJ ", "objective"),
        ("tug-of-war", "tow"),
        ("lib", "liberation"),
        ("Hide and Seek", "hide and seek"),
    ],
)
def test_game_types_have_one_word(sent: str | float, word: str) -> None:
    assert catalogue.canonical_gametype(sent) == word


def test_every_game_type_word_stays_itself() -> None:
    for word in set(catalogue.GAMETYPES.values()):
        assert catalogue.canonical_gametype(word) == word


def test_teams_are_allies_and_axis() -> None:
    assert [catalogue.canonical_team(word) for word in ("american", "Allied", "allies")] == ["allies"] * 3
    assert [catalogue.canonical_team(word) for word in ("german", "axis")] == ["axis"] * 2
    assert catalogue.canonical_team("spectator") == "spectator"


def test_the_engines_numbers() -> None:
    assert [catalogue.MEANS_OF_DEATH[number] for number in (0, 14, 18, 26, 29)] == [
        "none",
        "grenade",
        "bullet",
        "bash",
        "landmine",
    ]
    assert [catalogue.HIT_LOCATIONS[number] for number in (-2, -1, 0, 1, 18)] == [
        "miss",
        "general",
        "head",
        "helmet",
        "l_foot",
    ]


def test_words_are_longer_than_the_engines_numbers() -> None:
    words = [*catalogue.MEANS_OF_DEATH.values(), *catalogue.HIT_LOCATIONS.values()]
    assert min(map(len, words)) > max(len(str(number)) for number in catalogue.HIT_LOCATIONS)
    assert min(map(len, catalogue.GAMETYPES.values())) > 1


def test_the_page_is_up_to_date() -> None:
    page = Path(__file__).parents[2] / "docs" / "events.md"
    assert page.read_text(encoding="utf-8") == render_markdown(), "run: python -m api.events docs/events.md"


def test_the_page_names_everything() -> None:
    page = render_markdown()
    for name in [*EVENTS, *ALIASES, *FIELDS, *REJECT_CODES]:
        assert f"`{name}`" in page


def test_sql_folds_the_same_words(engine_stack: Stack) -> None:
    class Folded(msgspec.Struct):
        word: str

    async def fold_in_sql(platform: Platform, function: str, word: str) -> str:
        found = await platform.clickhouse.one(
            f"SELECT {function}({{word:String}}) AS word", Folded, word=word
        )
        assert found is not None
        return found.word

    async def both(platform: Platform) -> None:
        for word in [*GAMETYPES, "Team ", "something else"]:
            assert await fold_in_sql(platform, "canonical_gametype", word) == canonical_gametype(word)
        for word in [*TEAMS, "German", "freeforall"]:
            assert await fold_in_sql(platform, "canonical_team", word) == canonical_team(word)

    engine_stack.run(both)
