"""Drill-down, against a plain count of the events that were sent."""

import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any, get_args

import pytest

from api.errors import NotFound, Unprocessable
from api.platform import Platform
from api.stats import drilldown
from api.stats.drilldown import Drilldown, Filter, drill_down
from api.stats.metrics import METRICS, By
from tests.events_made import body, kill
from tests.sql.feed import Batch, feed, settle
from tests.stack import Stack, add_server, drain

Event = dict[str, Any]
TODAY = date(2026, 10, 15)
NAMES = ["Ann", "Bob", "Cid", "<script>", "^1Eve"]
WEAPONS = ["M1 Garand", "Thompson", "50% off"]
MAPS = ["dm/mohdm6", "obj/obj_team2"]


def _events() -> list[Event]:
    dice = random.Random(7)
    found = []
    for seq in range(200):
        killer, victim = dice.choice(NAMES), dice.choice(NAMES)
        found.append(
            kill(
                seq,
                killer,
                victim,
                timestamp=1_790_000_000 + dice.randrange(20 * 86_400) // 60 * 60,
                weapon=dice.choice(WEAPONS),
                map=dice.choice(MAPS),
                hitloc=dice.choice(["head", "torso_upper"]),
                attacker_x=0.0,
                attacker_y=0.0,
                attacker_z=0.0,
                victim_x=float(dice.randrange(2000)),
                victim_y=0.0,
                victim_z=0.0,
                attacker_bot=killer == "Cid",
                victim_bot=victim == "Cid",
                attacker_stance=dice.choice(["stand", "crouch", "prone"]),
                victim_stance=dice.choice(["stand", "crouch", "prone"]),
                mod=dice.choice(["bullet", "bash"]),
            )
        )
    return found


EVENTS = _events()
KILLS = [event for event in EVENTS if event["attacker_name"] != event["victim_name"]]


def _at(event: Event) -> datetime:
    return datetime.fromtimestamp(event["timestamp"], UTC)


def _plain(name: str) -> str:
    return name.removeprefix("^1")


def _ask(stack: Stack, ask: Callable[[Platform], Awaitable[Any]]) -> Any:
    async def scenario(platform: Platform) -> Any:
        await add_server(platform)
        await platform.inlet.take(1, body(EVENTS), "")
        await drain(platform)
        return await ask(platform)

    return stack.run(scenario)


def _values(found: Drilldown) -> dict[str, float]:
    return {part.name: part.value for part in found.parts}


BY: dict[By, Callable[[Event], str]] = {
    "weapon": lambda event: str(event["weapon"]),
    "map": lambda event: str(event["map"]),
    "gametype": lambda event: "ffa",
    "server": lambda event: "1",
    "hitloc": lambda event: str(event["hitloc"]),
    "cause": lambda event: str(event["mod"]),
    "stance": lambda event: str(event["attacker_stance"]),
    "hour": lambda event: f"{_at(event).hour:02d}",
    "weekday": lambda event: str(_at(event).isoweekday()),
    "reach": lambda event: str(int(event["victim_x"]) // 256 * 256),
    "player": lambda event: _plain(event["attacker_name"]),
    "killer": lambda event: _plain(event["attacker_name"]),
    "victim": lambda event: _plain(event["victim_name"]),
}


def test_kills_by_each_dimension_are_those_of_a_plain_count(stack: Stack) -> None:
    async def ask(platform: Platform) -> dict[str, Drilldown]:
        chosen = Filter(bots="include")
        return {
            by: await drill_down(platform.clickhouse, "kills", by, chosen, TODAY, 100)
            for by in get_args(By)
            if by in BY
        }

    found = _ask(stack, ask)
    assert found.keys() == BY.keys() == set(get_args(By)) - {"item"}
    for by, of in BY.items():
        assert _values(found[by]) == dict(Counter(of(event) for event in KILLS)), by
    assert [part.part for part in found["hour"].parts] == sorted(part.part for part in found["hour"].parts)
    values = [part.value for part in found["weapon"].parts]
    assert values == sorted(values, reverse=True)


def test_every_metric_can_be_counted_and_filters_hold_together(stack: Stack) -> None:
    async def ask(platform: Platform) -> tuple[dict[str, Drilldown], Drilldown, Drilldown, Drilldown]:
        clickhouse = platform.clickhouse
        all_of = {
            metric: await drill_down(clickhouse, metric, "map", Filter(bots="include"), TODAY, 100)
            for metric in METRICS
            if METRICS[metric].dimensions
        }
        chosen = Filter(weapon="50% off", map="dm/mohdm6", server=1, gametype="ffa", since=date(2026, 9, 25))
        narrow = await drill_down(clickhouse, "kills", "player", chosen, TODAY, 100)
        people = {part.name: part.part for part in narrow.parts}
        of_ann = await drill_down(
            clickhouse, "kills", "victim", Filter(player=people["Ann"], bots="include"), TODAY, 100
        )
        by_ann = await drill_down(
            clickhouse, "deaths", "player", Filter(killer=people["Ann"], bots="include"), TODAY, 100
        )
        return all_of, narrow, of_ann, by_ann

    all_of, narrow, of_ann, by_ann = _ask(stack, ask)
    assert _values(all_of["deaths"]) == dict(Counter(event["map"] for event in EVENTS))
    assert _values(all_of["suicides"]) == dict(
        Counter(event["map"] for event in EVENTS if event not in KILLS)
    )
    assert _values(all_of["headshots"]) == dict(
        Counter(event["map"] for event in KILLS if event["hitloc"] == "head")
    )
    assert _values(narrow) == dict(
        Counter(
            _plain(event["attacker_name"])
            for event in KILLS
            if event["weapon"] == "50% off"
            and event["map"] == "dm/mohdm6"
            and _at(event).date() >= date(2026, 9, 25)
            and event["attacker_name"] != "Cid"
        )
    )
    victims = dict(
        Counter(_plain(event["victim_name"]) for event in KILLS if event["attacker_name"] == "Ann")
    )
    assert _values(of_ann) == victims
    assert _values(by_ann) == victims


# What each filter is told, for the part of a dimension; players' ids are asked for.
NARROWED: dict[By, Callable[[str], Any]] = {
    **dict.fromkeys(get_args(By), str),
    "server": int,
    "hour": int,
    "weekday": int,
    "reach": lambda part: int(part) + 255,
}


def test_each_part_of_each_dimension_can_be_asked_for_alone(stack: Stack) -> None:
    """Kills by player, narrowed to every part of every other dimension, against a plain count."""

    async def ask(platform: Platform) -> dict[tuple[By, str], tuple[Drilldown, Drilldown]]:
        asked = platform.clickhouse, "kills"
        found = {}
        for by in BY:
            parts = await drill_down(*asked, by, Filter(bots="include"), TODAY, 100)
            for part in parts.parts:
                only = Filter(bots="include", **{by: NARROWED[by](part.part)})
                found[by, part.name] = (
                    await drill_down(*asked, "player", only, TODAY, 100),
                    await drill_down(*asked, "hour", only, TODAY, 100),
                )
        return found

    found = _ask(stack, ask)
    assert len(found) > 50
    for (by, part), (players, hours) in found.items():
        those = [event for event in KILLS if BY[by](event) == part]
        assert _values(players) == dict(Counter(map(BY["player"], those))), (by, part)
        assert _values(hours) == dict(Counter(map(BY["hour"], those))), (by, part)


def test_what_was_suffered_has_its_own_stance_killers_and_victims(stack: Stack) -> None:
    async def ask(platform: Platform) -> list[Drilldown]:
        asked = platform.clickhouse, "deaths"
        return [
            await drill_down(*asked, "stance", Filter(bots="include"), TODAY, 100),
            await drill_down(*asked, "victim", Filter(bots="include", stance="prone"), TODAY, 100),
            await drill_down(*asked, "killer", Filter(bots="include", reach=300, hour=7), TODAY, 100),
        ]

    stances, victims, killers = _ask(stack, ask)
    assert _values(stances) == dict(Counter(event["victim_stance"] for event in EVENTS))
    prone = [event for event in EVENTS if event["victim_stance"] == "prone"]
    assert _values(victims) == dict(Counter(map(BY["victim"], prone)))
    near = [event for event in KILLS if BY["reach"](event) == "256" and BY["hour"](event) == "07"]
    assert _values(killers) == dict(Counter(map(BY["player"], near)))


def test_items_are_told_and_narrowed_to(stack: Stack) -> None:
    async def ask(platform: Platform) -> list[dict[str, float]]:
        await add_server(platform)
        picked = [
            {"type": "item_pickup", "player_name": who, "item": item, "seq": n}
            | {"match_id": "m1", "session_id": "s1", "timestamp": 1_790_000_000 + n}
            for n, (who, item) in enumerate([("Ann", "papers"), ("Ann", "keys"), ("Bob", "papers")])
        ]
        await platform.inlet.take(1, body(picked), "")
        await drain(platform)
        asked = platform.clickhouse, "items"
        return [
            _values(await drill_down(*asked, "item", Filter(), TODAY, 10)),
            _values(await drill_down(*asked, "player", Filter(item="papers"), TODAY, 10)),
        ]

    assert stack.run(ask) == [{"papers": 2, "keys": 1}, {"Ann": 1, "Bob": 1}]


def test_what_matches_came_to_is_told_by_what_is_known_of_them(stack: Stack) -> None:
    """Two free-for-alls, at 12 and 13 h of a Saturday: five kills of Ann's on one map, two on the other."""
    lines = {
        match: [
            {"type": "match_start", "match_id": match, "seq": 0, "timestamp": at},
            *(
                kill(n, "Ann", "Bob", match_id=match, timestamp=at + 10 * n, map=map, attacker_guid="a1")
                for n in range(1, kills + 1)
            ),
            {"type": "match_end", "match_id": match, "seq": 9, "timestamp": at + 100},
        ]
        for match, at, map, kills in (("m1", 0, "dm/one", 5), ("m2", 3600, "dm/two", 2))
    }

    async def ask(platform: Platform) -> dict[str, dict[str, float]]:
        clickhouse = platform.clickhouse
        for match, events in lines.items():
            await feed(
                clickhouse,
                [json.dumps({"gametype": "1", "map": events[1]["map"], **event}) for event in events],
                Batch(session_id=match),
            )
        await settle(clickhouse)
        day = date(2026, 11, 21)

        async def told(name: str, by: By, **narrowed: Any) -> dict[str, float]:
            return _values(await drill_down(clickhouse, name, by, Filter(**narrowed), day, 10))

        people = {
            part.name: part.part
            for part in (await drill_down(clickhouse, "wins", "player", Filter(), day, 10)).parts
        }
        return {
            "wins": await told("wins", "map"),
            "winners": await told("wins", "player"),
            "losers": await told("losses", "player", weekday=6),
            "sunday": await told("losses", "player", weekday=7),
            "hours": await told("best_streak", "hour"),
            "at noon": await told("best_streak", "map", hour=12),
            "fewest": await told("deaths_a_match", "map", player=people["Ann"]),
            "untold": await told("crouch_time", "map"),
            "gained": await told("rating_gained", "map", player=people["Ann"], server=1),
            "lost": await told("rating_gained", "player", map="dm/one"),
        }

    found = stack.run(ask)
    gained, lost = found.pop("gained"), found.pop("lost")
    assert found == {
        "wins": {"dm/one": 1, "dm/two": 1},
        "winners": {"Ann": 2},
        "losers": {"Bob": 2},
        "sunday": {},
        "hours": {"12": 5, "13": 2},
        "at noon": {"dm/one": 5},
        "fewest": {"dm/one": 0, "dm/two": 0},
        "untold": {},
    }
    assert list(gained) == ["dm/one", "dm/two"]
    assert min(gained.values()) > 0
    assert list(lost) == ["Ann", "Bob"]
    assert lost["Bob"] < 0 < lost["Ann"] == gained["dm/one"]


def test_what_no_server_reports_is_not_known(stack: Stack) -> None:
    async def ask(platform: Platform) -> list[str | None]:
        asked = platform.clickhouse, "jumps"
        return [(await drill_down(*asked, "map", Filter(server=n), TODAY, 10)).unknown for n in (None, 1)]

    assert _ask(stack, ask) == [
        "No server ever reported player_jump, so jumps cannot be known.",
        "This server never reported player_jump, so jumps cannot be known.",
    ]


@pytest.mark.parametrize(
    ("metric", "by", "chosen", "told"),
    [
        ("kd", "killer", Filter(), "ask for kills, or for deaths"),
        ("kd", "map", Filter(victim="00000000000000aa"), "ask for kills, or for deaths"),
        ("best_streak", "weapon", Filter(), "follows from whole matches, which have a player, map, gametype"),
        ("wins", "map", Filter(stance="crouch"), "cannot be told by stance"),
        ("rating", "map", Filter(), "ask for 'rating_gained'"),
        ("luck", "map", Filter(), "no metric is called"),
        ("kills", "map", Filter(since=date(2026, 9, 2), until=date(2026, 9, 2)), "must be before"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    stack: Stack, metric: str, by: By, chosen: Filter, told: str
) -> None:
    async def ask(platform: Platform) -> None:
        with pytest.raises(Unprocessable, match=told):
            await drill_down(platform.clickhouse, metric, by, chosen, TODAY, 10)

    stack.run(ask)


def test_an_id_that_is_none_is_not_found(stack: Stack) -> None:
    async def ask(platform: Platform) -> None:
        with pytest.raises(NotFound):
            await drill_down(platform.clickhouse, "kills", "map", Filter(player="%' OR 1"), TODAY, 10)

    stack.run(ask)


def test_what_would_read_too_much_is_refused_with_a_way_out(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = drilldown._SQL["grouped"].replace("max_rows_to_read = 20000000", "max_rows_to_read = 10")
    monkeypatch.setitem(drilldown._SQL, "grouped", narrow)

    async def ask(platform: Platform) -> None:
        with pytest.raises(Unprocessable, match="narrow it by"):
            await drill_down(platform.clickhouse, "kills", "map", Filter(), TODAY, 10)

    _ask(stack, ask)
