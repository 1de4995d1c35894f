"""What only the course of a match tells, on dense fights, against a plain recount."""

import asyncio
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.matches.job import settle_all
from api.stores.clickhouse import ClickHouse
from tests.sql import recount as plain
from tests.sql.feed import feed, settle
from tests.sql.recount import Event, recount
from tests.stack import wipe_clickhouse

SIDES = {"Ann": "allies", "Bob": "american", "Carl": "axis", "Daichi": "german", "Eve": "allies"}
GAMETYPES = {"m1": "2", "m2": "1"}
COLUMNS = (
    "first_kills", "last_kills", "revenges", "trades", "rounds", "took_part", "outcome", "crouched",
    "best_streak", "kills", "deaths",
)  # fmt: skip
ROWS = f"SELECT player_key, match_key, {', '.join(COLUMNS)} FROM {{table}} FINAL WHERE player_key != 0"
NAMES = "SELECT player_key, any(name) AS name FROM player_identities GROUP BY player_key"
MATCHES = "SELECT match_key, any(match_id) AS match_id FROM matches GROUP BY match_key"


@st.composite
def _moment(draw: st.DrawFn) -> Event:
    event: Event = {
        "match_id": draw(st.sampled_from(list(GAMETYPES))),
        "timestamp": draw(st.integers(0, 40)) / 2,
    }
    kind = draw(st.sampled_from(["kill"] * 12 + ["world", "crouch", "stand", "watch", "round", "end"]))
    who, other = draw(st.sampled_from(list(SIDES))), draw(st.sampled_from(list(SIDES)))
    if kind in ("kill", "world"):
        event |= {
            "type": "player_kill",
            "victim_name": other,
            "victim_team": SIDES[other],
            "hitloc": "pelvis",
        }
        event |= {"mod": "bullet", "victim_x": 0.0, "victim_y": 0.0, "attacker_x": 0.0, "attacker_y": 0.0}
        if kind == "kill":
            event |= {"attacker_name": who, "attacker_team": draw(st.sampled_from([SIDES[who]] * 9 + [""]))}
    elif kind in ("crouch", "stand"):
        event |= {"type": f"player_{kind}", "player_name": who, "player_team": SIDES[who]}
    elif kind == "watch":
        event |= {"type": "team_join", "player_name": who, "old_team": SIDES[who], "new_team": "spectator"}
    elif kind == "round":
        event |= {"type": "round_end"}
    else:
        winner = draw(st.sampled_from(["allies", "german", "draw", ""]))
        event |= {"type": "match_end", "winning_team": winner}
    return event


def _recounted(told: plain.Recount, name: str, match: str) -> tuple[Any, ...]:
    seen, duels = told.seen[name, match], told.duels[match]
    first, last = plain.first_and_last(duels)
    return (
        int(first == name),
        int(last == name and match in told.winners),
        plain.revenges(duels, name),
        plain.trades(duels, name),
        told.rounds[match],
        plain.took_part(seen, told.matches[match]),
        plain.outcome(told, name, match, free_for_all=GAMETYPES[match] == "1"),
        plain.crouched(seen) * 1000,
        plain.best_streak(seen),
        len(seen.kills),
        len(seen.deaths),
    )


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(_moment(), min_size=1, max_size=60))
def test_the_course_of_a_match_is_that_of_a_plain_recount(clickhouse: ClickHouse, drawn: list[Event]) -> None:
    events = [
        event | {"seq": seq, "gametype": GAMETYPES[event["match_id"]]} for seq, event in enumerate(drawn)
    ]
    told = recount(events)
    wanted = {key: _recounted(told, *key) for key in told.seen if key[0]}

    async def both() -> tuple[dict[Any, Any], dict[Any, Any]]:
        await wipe_clickhouse(clickhouse)
        await feed(clickhouse, [json.dumps(event) for event in reversed(events)])
        await settle(clickhouse)
        await clickhouse.command("DROP TABLE IF EXISTS results_anew SYNC")
        await clickhouse.command("CREATE TABLE results_anew AS match_results")
        await settle_all(clickhouse, "results_anew")
        found = await _found(clickhouse, "match_results"), await _found(clickhouse, "results_anew")
        await clickhouse.command("DROP TABLE results_anew SYNC")
        return found

    settled, anew = asyncio.run(both())
    assert settled == wanted
    assert anew == wanted


async def _found(clickhouse: ClickHouse, table: str) -> dict[Any, Any]:
    row = dict[str, Any]
    names = {r["player_key"]: r["name"] for r in await clickhouse.rows(NAMES, row)}
    matches = {r["match_key"]: r["match_id"] for r in await clickhouse.rows(MATCHES, row)}
    return {
        (names[r["player_key"]], matches[r["match_key"]]): tuple(r[column] for column in COLUMNS)
        for r in await clickhouse.rows(ROWS.format(table=table), row)
    }
