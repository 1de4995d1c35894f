"""What is answered of generated matches: a plain recount says it, however events come, and a rebuild, too."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from api.paging import START
from api.platform import Platform
from api.rebuild import service as rebuild
from api.stats.drilldown import Filter, drill_down
from api.stats.leaderboards import Scope, board
from api.stats.metrics import METRICS, By
from api.stats.periods import Calendar
from api.stores.clickhouse import ClickHouse
from tests.sql import recount as plain
from tests.sql.recount import Event, Recount, recount
from tests.sql.test_properties import MATCHES, _event, _insert_in_pieces, _numbered
from tests.stack import Stack, http_client, no_report, wipe_clickhouse
from tests.stats.test_catalogue import _play as play

TODAY = date(2026, 11, 21)
NOW = Calendar(TODAY, 3)
Values = dict[str, float]


def _counted(told: Recount, of: Callable[[str], float]) -> Values:
    """Return what is more than 0, by player's name."""
    names = {name for name, _ in told.seen if name}
    return {name: value for name in names if (value := of(name)) > 0}


def _by_match(told: Recount, of: Callable[[str, str], float]) -> Values:
    return _counted(told, lambda name: sum(of(name, match) for who, match in told.seen if who == name))


def boards(told: Recount) -> dict[str, Values]:
    """Some boards, of everybody."""

    def count(column: str) -> Values:
        return _counted(told, lambda name: told.counts[name][column])

    def streak(name: str) -> int:
        return max(plain.best_streak(seen) for (who, _), seen in told.seen.items() if who == name)

    thousandths = {
        name: {who: value / 1000 for who, value in count(name).items()}
        for name in ("damage_dealt", "damage_taken", "friendly_damage")
    }
    return {
        **{name: count(name) for name in ("kills", "deaths", "suicides", "team_kills")},
        "headshots": count("kill_headshots"),
        "shots": count("weapon_fire"),
        "chat_lines": count("player_say"),
        "damage": thousandths["damage_dealt"],
        "damage_taken": thousandths["damage_taken"],
        "friendly_damage": thousandths["friendly_damage"],
        "kd": _counted(told, lambda n: told.counts[n]["kills"] / max(1, told.counts[n]["deaths"])),
        "matches": _by_match(told, lambda name, match: 1),
        "best_streak": _counted(told, streak),
        "multi_kills": _by_match(told, lambda name, match: len(plain.multi_kills(told.seen[name, match]))),
        "playtime": _by_match(told, lambda n, m: plain.playtime(told.seen[n, m], told.matches[m])),
        "first_kills": _by_match(told, lambda n, m: plain.first_and_last(told.duels[m])[0] == n),
        "revenges": _by_match(told, lambda n, m: plain.revenges(told.duels[m], n)),
        "trades": _by_match(told, lambda n, m: plain.trades(told.duels[m], n)),
        "rounds": _by_match(
            told,
            lambda n, m: told.rounds[m] if plain.took_part(told.seen[n, m], told.matches[m]) else 0,
        ),
    }


def drilled(events: list[Event], told: Recount) -> list[tuple[str, By, dict[str, Any], Values]]:
    """Some drill-downs: metric, dimension, filter, parts."""
    by_seq = {event["seq"]: event for event in events}
    deaths = [(duel, by_seq[duel.seq]) for duels in told.duels.values() for duel in duels]
    # A death that the victim's own words tell of has no killer.
    killed = [(duel, event) for duel, event in deaths if duel.enemies]

    def parts(of: Callable[[Event], str], rows: list[Any], keep: Callable[[Event], bool]) -> Values:
        return dict(Counter(part for _, event in rows if keep(event) and (part := of(event))))

    def reach(event: Event) -> str:
        return next((part for kind, part in plain._pieces(event, True, 0)[0] if kind == "distance"), "")

    def anything(_: Event) -> bool:
        return True

    crouched: dict[str, Any] = {"stance": "crouch"}
    return [
        ("kills", "weapon", {}, parts(lambda e: e["weapon"], killed, anything)),
        ("kills", "victim", {}, parts(lambda e: e["victim_name"], killed, anything)),
        ("kills", "killer", {}, parts(lambda e: e["attacker_name"], killed, anything)),
        ("kills", "hitloc", {}, parts(lambda e: e["hitloc"], killed, anything)),
        ("kills", "reach", {}, parts(reach, killed, anything)),
        (
            "kills",
            "map",
            crouched,
            parts(lambda e: MATCHES[e["match_id"]][1], killed, lambda e: e["attacker_stance"] == "crouch"),
        ),
        ("deaths", "victim", {}, parts(lambda e: e["victim_name"], deaths, anything)),
        (
            "deaths",
            "weapon",
            crouched,
            parts(lambda e: e["weapon"], deaths, lambda e: e["victim_stance"] == "crouch"),
        ),
        (
            "headshots",
            "weapon",
            {"hitloc": "head"},
            parts(lambda e: e["weapon"], killed, lambda e: e["hitloc"] == "head"),
        ),
    ]


async def _board(clickhouse: ClickHouse, name: str) -> Values:
    found = await board(clickhouse, name, Scope(bots="include"), NOW, START, 50)
    return {place.player.name: place.value for place in found.players}


@pytest.mark.parametrize("chance", [random.Random(2)], ids=["seeded"])
# So many questions are asked for each example that looking for a smaller one would take minutes.
@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(drawn=st.lists(_event(), min_size=60, max_size=90))
def test_answers_are_those_of_a_plain_recount_in_whatever_pieces_events_come(
    clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch, chance: random.Random, drawn: list[Event]
) -> None:
    events = _numbered(drawn)
    told = recount(events)
    for name in boards(told):
        monkeypatch.setitem(METRICS, name, msgspec.structs.replace(METRICS[name], minimum=0))

    async def tell_and_ask() -> None:
        await wipe_clickhouse(clickhouse)
        await _insert_in_pieces(clickhouse, events, chance)
        for name, wanted in boards(told).items():
            assert await _board(clickhouse, name) == pytest.approx(wanted), name
        for name, by, narrowed, parts in drilled(events, told):
            chosen = Filter(bots="include", **narrowed)
            found = await drill_down(clickhouse, name, by, chosen, TODAY + timedelta(days=1), 100)
            assert {part.name: part.value for part in found.parts} == parts, (name, by, narrowed)

    asyncio.run(tell_and_ask())


async def _answers(client: httpx.AsyncClient) -> dict[str, Any]:
    people = (await client.get("/api/v1/stats/players?bots=include")).json()["players"]
    matches = (await client.get("/api/v1/stats/matches")).json()["matches"]
    asked = [
        *(f"stats/leaderboards/{name}?bots=include" for name in METRICS),
        *("stats/leaderboards/wins?period=month", "stats/leaderboards/kills?map=dm/mohdm6&server=1"),
        *(
            f"stats/query?metric={name}&by={by}&since=2026-11-01&until=2026-12-01"
            for name, by in (("kills", "weapon"), ("deaths", "killer"), ("wins", "map"), ("damage", "hour"))
        ),
        *(f"stats/players/{line['player']['id']}" for line in people),
        *(f"stats/players/{line['player']['id']}/periods" for line in people),
        *(f"matches/{match['id']}/report" for match in matches),
        *(f"stats/matches/{match['id']}" for match in matches),
        *("stats/weapons", "stats/maps", "stats/global", "stats/records", "stats/digest?week=2026-W47"),
    ]
    assert len(people) == len(matches) == 3
    found = {}
    for path in asked:
        answer = await client.get(f"/api/v1/{path}")
        assert answer.status_code == 200, (path, answer.text)
        found[path] = answer.json()
    return found


def test_every_answer_is_the_same_after_a_rebuild(stack: Stack) -> None:
    async def ask(platform: Platform) -> None:
        await play(platform.clickhouse)
        async with http_client(platform) as client:
            before = await _answers(client)
            stores = platform.postgres, platform.clickhouse, platform.settings
            assert await rebuild.rebuild(*stores, None, no_report) > 10
            after = await _answers(client)
        assert [path for path, answer in before.items() if after[path] != answer] == []

    stack.run(ask)
