"""Whatever the order, the size and the repetition of blocks, the aggregates say what a plain recount says."""

import asyncio
import json
import random
from collections import Counter
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.stores.clickhouse import ClickHouse
from api.stores.sql import queries
from tests.sql import recount as plain
from tests.sql.feed import NOON, Batch, feed, settle
from tests.sql.recount import Event, recount
from tests.stack import wipe_clickhouse

NAMES = ["Ann", "Bob", "Carl", "Daichi"]
TEAMS = ["allies", "axis", "american", "german", "freeforall", "spectator", ""]
MATCHES = {"m1": ("2", "dm/mohdm6"), "m2": ("1", "obj/obj_team2")}
Rows = list[dict[str, Any]]


class _View(msgspec.Struct):
    noun: str
    definition: str


VIEWS = (
    "SELECT replaceRegexpOne(name, '_view$', '') AS noun, as_select AS definition FROM system.tables "
    "WHERE database = currentDatabase() AND name LIKE '%\\_view' AND name != 'raw_events_view' ORDER BY noun"
)

_names = st.sampled_from(NAMES)
_teams = st.sampled_from(TEAMS)
_amounts = st.integers(0, 800).map(lambda n: n / 8)
_places = st.integers(-2000, 2000).map(float)


@st.composite
def _event(draw: st.DrawFn) -> Event:
    type = draw(
        st.sampled_from(
            ["player_kill"] * 4
            + ["player_damage", "weapon_fire", "player_say", "team_join", "client_disconnect", "player_death"]
            + ["player_crouch", "player_stand", "round_end", "match_end"]
        )
    )
    event: Event = {"type": type, "match_id": draw(st.sampled_from(list(MATCHES)))}
    event["timestamp"] = draw(st.integers(0, 120)) / 2
    if type in ("player_kill", "player_damage", "player_death"):
        _person(draw, event, "attacker", draw(st.sampled_from([*NAMES, ""])))
        _person(draw, event, "victim", draw(_names))
        event |= {"damage": draw(_amounts), "weapon": draw(st.sampled_from(["KAR98", "Colt 45"]))}
        event |= {"hitloc": draw(st.sampled_from(["head", "helmet", "pelvis"])), "mod": "bullet"}
        stances = st.sampled_from(["stand", "crouch", "prone", ""])
        event |= {"attacker_stance": draw(stances), "victim_stance": draw(stances)}
    elif type == "match_end":
        event["winning_team"] = draw(_teams)
    elif type != "round_end":
        _person(draw, event, "player", draw(_names))
    if type == "team_join":
        event |= {"old_team": draw(_teams), "new_team": draw(_teams)}
    return event


def _person(draw: st.DrawFn, event: Event, prefix: str, name: str) -> None:
    if not name:
        return
    event |= {f"{prefix}_name": name, f"{prefix}_team": draw(_teams)}
    event |= {f"{prefix}_x": draw(_places), f"{prefix}_y": draw(_places), f"{prefix}_z": 0.0}
    if name == "Daichi":
        event[f"{prefix}_bot"] = True


def _numbered(events: list[Event]) -> list[Event]:
    return [
        event | {"seq": seq, "gametype": MATCHES[event["match_id"]][0], "map": MATCHES[event["match_id"]][1]}
        for seq, event in enumerate(events)
    ]


async def _insert(clickhouse: ClickHouse, events: list[Event], token: str) -> None:
    await feed(clickhouse, [json.dumps(event) for event in events], Batch(), token)


async def _insert_in_pieces(clickhouse: ClickHouse, events: list[Event], chance: random.Random) -> None:
    shuffled = chance.sample(events, len(events))
    cuts = sorted(chance.choices(range(len(events) + 1), k=3))
    pieces = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(events)], strict=True) if a < b]
    tokens = [uuid4().hex for _ in pieces]
    for number in [*range(len(pieces)), *chance.choices(range(len(pieces)), k=2)]:
        await _insert(clickhouse, pieces[number], tokens[number])
        await settle(clickhouse)


def _comparable(value: Any) -> Any:
    return sorted(value) if isinstance(value, list) and value and isinstance(value[0], list | int) else value


async def _tables(clickhouse: ClickHouse) -> dict[str, Rows]:
    found = {}
    for view in await clickhouse.rows(VIEWS, _View):
        rows = await clickhouse.rows(f"SELECT * FROM {view.noun} FINAL ORDER BY ALL", dict[str, Any])
        comparable = [{name: _comparable(value) for name, value in row.items()} for row in rows]
        found[view.noun] = sorted(comparable, key=str)
    return found


async def _results(clickhouse: ClickHouse) -> Rows:
    sql = "SELECT * EXCEPT version FROM match_results FINAL ORDER BY match_key, player_key"
    return await clickhouse.rows(sql, dict[str, Any])


async def _rebuilt(clickhouse: ClickHouse) -> dict[str, Rows]:
    views = await clickhouse.rows(VIEWS, _View)
    for view in views:
        await clickhouse.command(f"TRUNCATE TABLE {view.noun}")
    # What adds up another table is filled with it.
    for view in views:
        if ".raw_events" in view.definition:
            await clickhouse.command(f"INSERT INTO {view.noun} {view.definition}")
    return await _tables(clickhouse)


@pytest.mark.parametrize("chance", [random.Random(1)], ids=["seeded"])
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(_event(), min_size=1, max_size=60))
def test_order_size_and_repetition_of_blocks_do_not_matter(
    clickhouse: ClickHouse, chance: random.Random, drawn: list[Event]
) -> None:
    events = _numbered(drawn)

    async def both_ways() -> None:
        await wipe_clickhouse(clickhouse)
        await _insert(clickhouse, events, uuid4().hex)
        at_once = await _tables(clickhouse)
        await settle(clickhouse)
        settled_at_once = await _results(clickhouse)
        await wipe_clickhouse(clickhouse)
        await _insert_in_pieces(clickhouse, events, chance)
        in_pieces = await _tables(clickhouse)
        assert at_once == in_pieces
        assert await _results(clickhouse) == settled_at_once
        assert await _rebuilt(clickhouse) == at_once

    asyncio.run(both_ways())


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(_event(), min_size=1, max_size=60))
def test_aggregates_equal_a_plain_recount(clickhouse: ClickHouse, drawn: list[Event]) -> None:
    events = _numbered(drawn)

    async def insert_and_compare() -> None:
        await wipe_clickhouse(clickhouse)
        await _insert(clickhouse, events, uuid4().hex)
        await settle(clickhouse)
        await _compare(clickhouse, recount(events))
        await _compare_parts(clickhouse, plain.parts(events, NOON / 1000))
        await _compare_reach_and_traffic(clickhouse, events)

    asyncio.run(insert_and_compare())


async def _compare(clickhouse: ClickHouse, wanted: plain.Recount) -> None:
    keys = await _keys(clickhouse)
    await _compare_counts(clickhouse, wanted, keys)
    await _compare_places(clickhouse, wanted, keys)
    for name, key in keys.items():
        await _compare_matches(clickhouse, wanted, name, key)


async def _keys(clickhouse: ClickHouse) -> dict[str, int]:
    sql = "SELECT name, any(player_key) AS key FROM player_identities GROUP BY name"
    return {row["name"]: row["key"] for row in await clickhouse.rows(sql, dict[str, Any])}


async def _compare_counts(clickhouse: ClickHouse, wanted: plain.Recount, keys: dict[str, int]) -> None:
    for name, key in keys.items():
        sql = queries("clickhouse", "players")["totals"]
        row = await clickhouse.one(sql, dict[str, Any], keys=[key], players=[key])
        assert row is not None
        counts = wanted.counts[name]
        for column in ("kills", "deaths", "suicides", "team_kills", "kill_headshots"):
            assert row[column] == counts[column], (name, column)
        for column in ("damage_dealt", "damage_taken", "friendly_damage"):
            assert row[column] == counts[column] / 1000, (name, column)
        assert (row["shots"], row["chat_lines"]) == (counts["weapon_fire"], counts["player_say"])


async def _compare_places(clickhouse: ClickHouse, wanted: plain.Recount, keys: dict[str, int]) -> None:
    names = {key: name for name, key in keys.items()}
    rivals = await clickhouse.rows(
        "SELECT player_key AS a, opponent_key AS b, sum(kills) AS n FROM rivals GROUP BY a, b HAVING n > 0",
        dict[str, Any],
    )
    assert {(names[r["a"]], names[r["b"]]): r["n"] for r in rivals} == dict(wanted.rivals)
    tiles = await clickhouse.rows(
        "SELECT kind, player_key AS a, tile_x AS x, tile_y AS y, sum(events) AS n FROM tiles GROUP BY ALL",
        dict[str, Any],
    )
    found: Counter[Any] = Counter()
    for tile in tiles:
        found[tile["kind"], names[tile["a"]], tile["x"], tile["y"]] += tile["n"]
    world = {place: n for place, n in wanted.tiles.items() if place[1]}
    assert dict(found) == world
    hits = await clickhouse.rows(
        "SELECT player_key AS a, side, hitloc, mod, sum(hits) AS n FROM hit_locations "
        "GROUP BY ALL HAVING n > 0",
        dict[str, Any],
    )
    assert {(names[h["a"]], h["side"], h["hitloc"], h["mod"]): h["n"] for h in hits} == dict(wanted.places)


async def _compare_parts(clickhouse: ClickHouse, wanted: dict[Any, tuple[int, int, int]]) -> None:
    names = {key: name for name, key in (await _keys(clickhouse)).items()}
    rows = await clickhouse.rows(
        "SELECT player_key AS a, kind, part, sum(kills) AS k, sum(kill_headshots) AS h, sum(deaths) AS d "
        "FROM player_parts GROUP BY ALL",
        dict[str, Any],
    )
    assert {(names[r["a"]], r["kind"], r["part"]): (r["k"], r["h"], r["d"]) for r in rows} == wanted


async def _compare_reach_and_traffic(clickhouse: ClickHouse, events: list[Event]) -> None:
    rows = await clickhouse.rows(
        "SELECT weapon, band, sum(kills) AS k, sum(kill_headshots) AS h FROM weapon_reach GROUP BY ALL",
        dict[str, Any],
    )
    assert {(r["weapon"], r["band"]): (r["k"], r["h"]) for r in rows} == plain.reach(events)
    tiles = await clickhouse.rows(
        "SELECT map, tile_x AS x, tile_y AS y, sum(events) AS n FROM map_tiles WHERE kind = 'traffic' "
        "GROUP BY ALL",
        dict[str, Any],
    )
    assert {(r["map"], r["x"], r["y"]): r["n"] for r in tiles} == dict(plain.traffic(events))


async def _compare_matches(clickhouse: ClickHouse, wanted: plain.Recount, name: str, key: int) -> None:
    parts = {match: seen for (who, match), seen in wanted.seen.items() if who == name}
    sql = queries("clickhouse", "players")
    row = await clickhouse.one(sql["presence"], dict[str, Any], keys=[key], players=[key])
    assert row is not None
    assert row["matches"] == len(parts)
    assert row["best_streak"] == max(map(plain.best_streak, parts.values()))
    assert row["playtime"] == sum(plain.playtime(s, wanted.matches[m]) for m, s in parts.items())
    runs = [size for seen in parts.values() for size in plain.multi_kills(seen)]
    assert sorted(row["multi_kills"]) == sorted(runs)
