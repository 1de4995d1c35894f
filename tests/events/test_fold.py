"""Each way to say a thing folds into one, and what cannot be understood is refused with a reason."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.events import catalogue
from api.events.fold import anchor, fold, relative, same
from api.events.refusal import Refused


def folded(**fields: Any) -> dict[str, Any]:
    event = fold({"type": "player_kill", **fields})
    assert event.pop("type") == "player_kill"
    return event


def refused(**fields: Any) -> Refused:
    with pytest.raises(Refused) as raised:
        fold({"type": "player_kill", **fields})
    return raised.value


def test_a_canonical_event_is_passed_on_untouched() -> None:
    event: dict[str, object] = {
        "type": "player_kill",
        "session_id": "s",
        "seq": 0,
        "timestamp": 9.8,
        "victim_bot": True,
        "attacker_smf_id": None,
        "attacker_name": "Ünü",
        "mod": "bullet",
        "gametype": "ffa",
        "more": {"a": [1, "x", None, 1.5]},
    }
    assert same(fold(event), event)


@pytest.mark.parametrize(("sent", "own"), catalogue.ALIASES.items())
def test_other_names_of_types(sent: str, own: str) -> None:
    assert fold({"type": sent}) == {"type": own}
    assert fold({"event": f" {sent.upper()} "}) == {"type": own}


def test_the_type_stands_in_one_of_three_fields() -> None:
    assert fold({"event_type": "kill"}) == {"type": "player_kill"}
    assert fold({"event": "x", "event_type": "y"}) == {"type": "y"}
    assert fold({"event": "x", "type": "z"}) == {"type": "z"}
    assert fold({"event": "x", "type": None}) == {"type": "x"}


def test_the_map_stands_in_one_of_three_fields() -> None:
    assert folded(map_name="dm/mohdm1") == {"map": "dm/mohdm1"}
    assert folded(mapname="dm/mohdm1") == {"map": "dm/mohdm1"}
    assert folded(mapname="a", map_name="b", map="c") == {"map": "c"}


@pytest.mark.parametrize("word", catalogue.POSITION_WORDS)
@pytest.mark.parametrize("value", [[1, -2.5, "3"], "1 -2.5 3", "( 1 -2.5 3 )", "(1, -2.5, 3)", "1,-2.5,3"])
def test_positions_in_one_value(word: str, value: object) -> None:
    expected = {"victim_x": 1, "victim_y": -2.5, "victim_z": 3}
    assert folded(**{f"victim_{word}": value}) == expected


def test_positions_with_a_word_between() -> None:
    sent = {"player_origin_x": "1.5", "player_origin_y": 2, "player_origin_z": 3}
    assert folded(**sent) == {"player_x": 1.5, "player_y": 2, "player_z": 3}


def test_the_canonical_position_wins() -> None:
    assert folded(player_x=9, player_pos=[1, 2, 3]) == {"player_x": 9, "player_y": 2, "player_z": 3}
    assert folded(player_pos="") == {}


@pytest.mark.parametrize("value", ["1 2", [1, 2], [1, 2, 3, 4], [1, 2, []], {"x": 1}, "a b c", 5])
def test_positions_that_are_none(value: object) -> None:
    assert refused(player_pos=value).code == "bad_field"


def test_numbers_in_strings() -> None:
    sent = {"damage": "112.487", "count": "3", "hits": " 4.000 ", "victim_yaw": "-1e2", "victim_x": ".5"}
    assert folded(**sent) == {"damage": 112.487, "count": 3, "hits": 4, "victim_yaw": -100, "victim_x": 0.5}


def test_an_empty_string_is_no_number() -> None:
    assert folded(damage="", count=" ", seq="", victim_smf_id="", is_team="") == {
        "damage": None,
        "count": None,
        "seq": None,
        "victim_smf_id": None,
        "is_team": None,
    }


@pytest.mark.parametrize(
    ("sent", "value"),
    [(True, True), (1, True), (0.0, False), ("1", True), ("0.000", False), ("True", True), ("off", False)],
)
def test_booleans(sent: object, value: bool) -> None:
    assert folded(is_team=sent)["is_team"] is value


def test_strings_of_other_kinds() -> None:
    sent = {"match_id": 12, "weapon": 1.5, "item": True, "message": ["a", {"b": None}]}
    assert folded(**sent) == {
        "match_id": "12",
        "weapon": "1.5",
        "item": "true",
        "message": '["a",{"b":null}]',
    }


def test_the_engines_numbers_become_words() -> None:
    assert folded(mod=18, hitloc=0) == {"mod": "bullet", "hitloc": "head"}
    assert folded(mod="26", hitloc="-1") == {"mod": "bash", "hitloc": "general"}
    assert folded(mod=99, hitloc="77") == {"mod": "99", "hitloc": "77"}
    assert folded(gametype=2) == {"gametype": "tdm"}
    assert folded(gametype="6") == {"gametype": "liberation"}
    assert folded(mod=True) == {"mod": "true"}


def test_milliseconds_become_seconds() -> None:
    assert folded(timestamp=1_700_000_000_500) == {"timestamp": 1_700_000_000.5}
    assert folded(timestamp="1700000000") == {"timestamp": 1_700_000_000}


def test_what_utf8_and_json_readers_cannot_say_is_left_out() -> None:
    sent = {"message": "a\0b\ud800", "more\0": [math.inf, 2**70, "\0", {"k\0": 1}]}
    assert folded(**sent) == {"message": "ab\ufffd", "more": [None, str(2**70), "", {"k": 1}]}


def test_a_key_does_not_become_a_known_field_past_its_rule() -> None:
    assert folded(**{"dam\0age": "5"}) == {"damage": 5}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"type": None}, "no_type"),
        ({"type": ""}, "no_type"),
        ({"type": 5}, "bad_type"),
        ({"type": "a" * 65}, "bad_type"),
        ({"type": "a b"}, "bad_type"),
        ({"type": "x';--"}, "bad_type"),
        ({"seq": 1}, "bad_session"),
        ({"seq": 1, "session_id": ""}, "bad_session"),
        ({"session_id": "s" * 129}, "bad_session"),
        ({"session_id": ["s"]}, "bad_session"),
        ({"session_id": True}, "bad_session"),
        ({"seq": -1, "session_id": "s"}, "bad_seq"),
        ({"seq": 1.5, "session_id": "s"}, "bad_seq"),
        ({"seq": 2**62 + 1, "session_id": "s"}, "bad_seq"),
        ({"seq": "one", "session_id": "s"}, "bad_seq"),
        ({"seq": True, "session_id": "s"}, "bad_seq"),
        ({"timestamp": -1}, "bad_timestamp"),
        ({"timestamp": "now"}, "bad_timestamp"),
        ({"timestamp": math.nan}, "bad_timestamp"),
        ({"timestamp": 5e9}, "bad_timestamp"),
        ({"timestamp": 1.7e15}, "bad_timestamp"),
        ({"timestamp": [1]}, "bad_timestamp"),
        ({"sent_at": -1}, "bad_field"),
        ({"damage": "a lot"}, "bad_field"),
        ({"damage": math.inf}, "bad_field"),
        ({"damage": "nan"}, "bad_field"),
        ({"damage": "1e999"}, "bad_field"),
        ({"damage": 1e300}, "bad_field"),
        ({"damage": True}, "bad_field"),
        ({"damage": {}}, "bad_field"),
        ({"count": 1.5}, "bad_field"),
        ({"count": 2**31}, "bad_field"),
        ({"victim_smf_id": -1}, "bad_field"),
        ({"is_team": "perhaps"}, "bad_field"),
        ({"is_team": 2}, "bad_field"),
        ({"is_team": []}, "bad_field"),
    ],
)
def test_what_cannot_be_understood_is_refused(fields: dict[str, object], code: str) -> None:
    assert refused(**fields).code == code


def test_the_reason_names_field_and_value() -> None:
    assert refused(damage="a lot").reason == "damage is 'a lot': send a finite number"
    assert "victim_smf_id is -1" in refused(victim_smf_id=-1).reason
    assert len(refused(damage="9" * 10_000 + "x").reason) < 200


def test_deep_values_are_refused() -> None:
    deep: object = 1
    for _ in range(32):
        deep = [deep]
    assert refused(more=deep).code == "too_deep"
    assert refused(message=deep).code == "too_deep"
    assert folded(more=deep[0]) == {"more": deep[0]}  # type: ignore[index]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from([*catalogue.ALL_FIELDS, *catalogue.FIELD_ALIASES, *catalogue.POSITIONS]) | st.text()


@given(st.dictionaries(NAMES, JSON, max_size=8))
def test_folding_twice_is_folding_once(event: dict[str, object]) -> None:
    try:
        once = fold(event)
    except Refused:
        return
    assert same(fold(once), once)


def test_times_before_2020_are_relative() -> None:
    assert relative(0)
    assert relative(1_577_836_799.9)
    assert not relative(1_577_836_800)
    assert not relative(math.nan)


def test_the_anchor_makes_the_last_relative_time_now() -> None:
    assert anchor(1_700_000_100.0, [9.8, math.nan, 30.0, 1_690_000_000.0]) == 1_700_000_070.0
    assert anchor(1_700_000_100.0, [math.nan, 1_690_000_000.0]) == 1_700_000_100.0
    assert anchor(1_700_000_100.0, []) == 1_700_000_100.0


def test_who_tells_of_the_own_death_is_the_victim() -> None:
    told = {"type": "player_death", "player_name": "Ann", "player_x": 1.0, "attacker_name": "Bob"}
    folded = fold({**told})
    assert folded == {
        "type": "player_death",
        "victim_name": "Ann",
        "victim_x": 1.0,
        "attacker_name": "Bob",
    }
    assert fold({**told, "victim_name": "Cid"})["player_name"] == "Ann"
