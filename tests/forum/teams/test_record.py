"""Matches that a roster played together, from made events: enough on one side, while they belonged."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any

import pytest

from api.players import people
from api.stats import together
from api.stats.together import Record, Spell
from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries
from tests.sql.feed import HOUR, NOON, Batch, feed, settle

BEGAN = datetime.fromtimestamp(NOON / 1000, UTC)
ROSTER = [Spell(member, BEGAN - timedelta(days=1)) for member in (1, 2, 3, 4)]
OTHERS = ["x", "y", "z"]


def match(
    name: str, allies: list[str], axis: list[str], winner: str = "allies", kind: str = "2"
) -> list[str]:
    """Return a match's events: each of the longer side kills one of the other."""
    first, second, teams = allies, axis, ("allies", "axis")
    if len(axis) > len(allies):
        first, second, teams = axis, allies, ("axis", "allies")
    events: list[dict[str, Any]] = [{"type": "match_start", "timestamp": 0}]
    for number, (killer, victim) in enumerate(zip(first, cycle(second)), 1):
        event = {"type": "player_kill", "timestamp": 10 + number, "attacker_name": killer}
        event |= {"attacker_guid": f"g{killer}", "attacker_team": teams[0], "victim_name": victim}
        event |= {
            "victim_guid": f"g{victim}",
            "victim_team": teams[1],
            "weapon": "M1 Garand",
            "mod": "bullet",
        }
        events.append(event)
    if winner:
        events.append({"type": "match_end", "timestamp": 600, "winning_team": winner})
    more = {"map": "dm/mohdm6", "gametype": kind, "match_id": name}
    return [json.dumps({**event, **more, "seq": seq}) for seq, event in enumerate(events)]


def recorded(clickhouse: ClickHouse, *matches: list[str], spells: list[Spell] = ROSTER, **how: Any) -> Record:
    """Return the record of members 1 to 4, whose clients are theirs, after matches, an hour each."""

    async def use() -> Record:
        link = queries("clickhouse", "player_links")["link"]
        clients = [f"g{member}" for member in (1, 2, 3, 4)] + ["g1b"]
        await clickhouse.command(link, clients=clients, members=[1, 2, 3, 4, 1])
        for hour, lines in enumerate(matches):
            batch = Batch(session_id=f"s{hour}", anchor_ms=NOON + hour * HOUR, received_ms=NOON + 99 * HOUR)
            await feed(clickhouse, lines, batch)
        await settle(clickhouse)
        return await together.record(clickhouse, spells, **how)

    return asyncio.run(use())


def test_three_on_one_side_make_it_theirs(clickhouse: ClickHouse) -> None:
    found = recorded(
        clickhouse,
        match("won", ["1", "2", "3", "4"], OTHERS),
        match("lost", OTHERS, ["1", "2", "3"]),
        match("drawn", ["1", "2", "3"], OTHERS, "draw"),
        match("not ended", ["1", "2", "3"], OTHERS, ""),
        match("only two", ["1", "2", "x"], ["y", "z"]),
        match("on both sides", ["1", "2"], ["3", "4"]),
        match("for themselves", ["1", "2", "3"], OTHERS, kind="1"),
        match("others", OTHERS, ["5", "6", "7"]),
    )
    assert (found.matches, found.won, found.lost, found.undecided) == (4, 1, 1, 2)
    assert [(each.side, each.outcome, each.together) for each in found.latest] == [
        ("allies", 0, 3),
        ("allies", 0, 3),
        ("axis", -1, 3),
        ("allies", 1, 4),
    ]
    # Whoever is named first kills: in the lost match, the others did.
    assert (found.kills, found.deaths) == (4 + 3 + 3, 3)
    assert found.latest[-1].map == "dm/mohdm6"


def test_among_themselves_counts_for_nothing(clickhouse: ClickHouse) -> None:
    found = recorded(clickhouse, match("both", ["1", "2"], ["3", "4"]), least=2)
    assert found == Record()


def test_only_who_belonged_when_it_began(clickhouse: ClickHouse) -> None:
    lines = match("early", ["1", "2", "3"], OTHERS), match("late", ["1", "2", "3"], OTHERS)
    half = BEGAN + timedelta(minutes=30)
    two = [Spell(member, BEGAN - timedelta(days=1)) for member in (1, 2)]
    assert recorded(clickhouse, *lines, spells=[*two, Spell(3, half)]).matches == 1
    assert recorded(clickhouse, spells=[*two, Spell(3, BEGAN, half)]).matches == 1
    # Gone for the second, and back for neither.
    assert recorded(clickhouse, spells=[*two, Spell(3, BEGAN, half), Spell(3, half)]).matches == 2
    gone = [Spell(3, BEGAN, half), Spell(3, BEGAN + timedelta(hours=5))]
    assert [each.id for each in recorded(clickhouse, spells=[*two, *gone]).latest] == [
        each.id for each in recorded(clickhouse, spells=[*two, Spell(3, BEGAN, half)]).latest
    ]
    assert recorded(clickhouse, spells=[]) == Record()


def test_two_clients_of_one_member_are_one(clickhouse: ClickHouse) -> None:
    assert recorded(clickhouse, match("twice", ["1", "1b", "2"], OTHERS)).matches == 0


def test_whoever_is_flagged_is_none_of_them(clickhouse: ClickHouse) -> None:
    lines = match("won", ["1", "2", "3"], OTHERS)
    assert recorded(clickhouse, lines).matches == 1

    async def flag() -> None:
        mark = "INSERT INTO player_marks SELECT sipHash64('client', 'g3'), 1, true, 'why', now64(3), now64(3)"
        await clickhouse.command(mark)
        await people.refresh(clickhouse)

    asyncio.run(flag())
    assert recorded(clickhouse).matches == 0


@pytest.mark.parametrize("least", [1, 2, 3, 4])
def test_it_is_as_a_plain_count_says(clickhouse: ClickHouse, least: int) -> None:
    sides = [
        (["1", "2"], ["3", "x"]),
        (["1", "2", "3"], ["4", "x"]),
        (["1"], ["x"]),
        (["x"], ["1", "2", "3", "4"]),
    ]
    matches = [match(f"m{number}", *each) for number, each in enumerate(sides)]
    wanted = 0
    for allies, axis in sides:
        there = [len({"1", "2", "3", "4"} & set(side)) >= least for side in (allies, axis)]
        wanted += sum(there) == 1
    assert recorded(clickhouse, *matches, least=least).matches == wanted
