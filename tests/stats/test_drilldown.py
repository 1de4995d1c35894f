"""Drill-down, against a plain count of the events that were sent."""

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any, get_args

import pytest

from api.errors import NotFound, Unprocessable
from api.platform import Platform
from api.stats import drilldown
from api.stats.drilldown import By, Drilldown, Filter, drill_down
from api.stats.metrics import METRICS
from tests.events_made import body, kill
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


BY: dict[str, Callable[[Event], str]] = {
    "weapon": lambda event: str(event["weapon"]),
    "map": lambda event: str(event["map"]),
    "gametype": lambda event: "ffa",
    "server": lambda event: "1",
    "hitloc": lambda event: str(event["hitloc"]),
    "cause": lambda event: "bullet",
    "hour": lambda event: f"{_at(event).hour:02d}",
    "weekday": lambda event: str(_at(event).isoweekday()),
    "reach": lambda event: str(int(event["victim_x"]) // 256 * 256),
    "player": lambda event: _plain(event["attacker_name"]),
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
    assert found.keys() == BY.keys() == set(get_args(By)) - {"killer", "stance", "item"}
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
            if METRICS[metric].drilldown
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


@pytest.mark.parametrize(
    ("metric", "by", "chosen", "told"),
    [
        ("kills", "killer", Filter(), "cannot be told by killer"),
        ("best_streak", "map", Filter(), "follows from whole matches"),
        ("luck", "map", Filter(), "no metric is called"),
        ("deaths", "victim", Filter(), "cannot be told by victim"),
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
