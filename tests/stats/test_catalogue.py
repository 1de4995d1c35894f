"""Every metric, by hand from its definition: the events of two servers in, each player's number out."""

import asyncio
import json
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api.errors import Unprocessable
from api.paging import START
from api.players import people
from api.players.identities import identities
from api.ratings import queries as ratings
from api.stats import leaderboards, metrics, page
from api.stats.drilldown import Filter, drill_down
from api.stats.leaderboards import Scope, board
from api.stats.metrics import METRICS
from api.stats.periods import Calendar, Period
from api.stores.clickhouse import ClickHouse
from tests.sql.feed import HOUR, NOON, Batch, feed, settle

TODAY = date(2026, 11, 21)
NOW = Calendar(TODAY, 3)
Event = dict[str, Any]


def _of(who: str, type_: str, **more: Any) -> Event:
    return {"type": type_, "player_name": who, "player_team": "allies" if who == "Ann" else "axis", **more}


def _kill(by: str, of: str, **more: Any) -> Event:
    sides = {"Ann": "allies", "Amy": "allies", "Bob": "axis", "": ""}
    event = {
        "type": "player_kill",
        "victim_name": of,
        "victim_team": sides[of],
        "mod": "bullet",
        "hitloc": "pelvis",
    }
    if by:
        event |= {"attacker_name": by, "attacker_team": sides[by]}
    return event | {"weapon": "M1 Garand"} | more


def _hurt(by: str, of: str, damage: float) -> Event:
    return _kill(by, of, type="player_damage", damage=damage)


# Seconds since noon on dm/mohdm6, a team match: 1,000 s long, won by the allies, of two rounds.
TEAM: list[tuple[float, Event]] = [
    (0, {"type": "match_start"}),
    (0, _of("Ann", "team_join", old_team="spectator", new_team="allies")),
    (0, _of("Amy", "team_join", old_team="spectator", new_team="allies", player_team="allies")),
    (100, _of("Bob", "team_join", old_team="spectator", new_team="axis")),
    (200, _kill("Bob", "Amy")),
    # Within 4 s: a trade. Bob's death by Ann, who dies by Bob, who dies by Ann: revenge for both.
    (203, _kill("Ann", "Bob", hitloc="head")),
    (300, _kill("Bob", "Ann", mod="grenade")),
    (310, _kill("Ann", "Bob", mod="bash", hitloc="helmet")),
    (312, _kill("Ann", "Bob", mod="vehicle")),
    (320, _kill("Ann", "Bob", mod="telefrag")),
    (330, _kill("Ann", "Bob", mod="on_fire")),
    (340, _kill("", "Bob", mod="falling")),
    (350, _kill("Bob", "Bob", mod="crush")),
    (360, _kill("Ann", "Amy", mod="bullet")),
    (361, _hurt("Ann", "Bob", 40.5)),
    (362, _hurt("Ann", "Amy", 7.25)),
    *[(400 + n, _of("Ann", "weapon_fire")) for n in range(8)],
    *[(410 + n, _of("Ann", "weapon_hit", target_name="Bob", target_team="axis")) for n in range(2)],
    *[(420 + n, _of("Ann", "weapon_reload")) for n in range(3)],
    *[(430 + n, _of("Ann", "grenade_throw")) for n in range(4)],
    *[(440 + n, _of("Ann", "weapon_change", old_weapon="a", new_weapon="b")) for n in range(5)],
    *[(450 + n, _of("Ann", "weapon_no_ammo")) for n in range(6)],
    (460, _of("Ann", "player_distance", walked=1000, sprinted=2000, swam=300, driven=700, distance=4000)),
    *[(470 + n, _of("Ann", "player_jump", jump_height=40)) for n in range(12)],
    (500, _of("Ann", "player_crouch")),
    (530, _of("Ann", "player_stand")),
    (540, _of("Ann", "player_crouch")),
    (550, _of("Ann", "player_prone")),
    *[(560 + n, _of("Ann", "ladder_mount")) for n in range(3)],
    (570, _of("Ann", "player_land", fall_height=150)),
    (571, _of("Ann", "player_land", fall_height=90)),
    (580, _of("Ann", "vehicle_enter")),
    *[(581 + n, _of("Ann", "turret_enter")) for n in range(2)],
    (600, _of("Ann", "health_pickup", item="medkit", count=25)),
    (601, _of("Ann", "health_pickup", item="medkit", count=50)),
    *[(602 + n, _of("Ann", "ammo_pickup", item="rifle ammo", count=20)) for n in range(3)],
    *[(606 + n, _of("Ann", "armor_pickup", item="vest", count=1)) for n in range(4)],
    *[(611 + n, _of("Ann", "item_pickup", item="papers")) for n in range(5)],
    *[(620 + n, _of("Ann", "item_drop", item="papers")) for n in range(2)],
    *[(623 + n, _of("Ann", "weapon_drop", weapon="BAR")) for n in range(3)],
    *[(630 + n, _of("Ann", "player_use")) for n in range(7)],
    (638, _of("Ann", "player_use_object_start", item="bomb")),
    (640, _of("Ann", "player_use_object_finish", item="bomb")),
    *[(641 + n, _of("Ann", "door_open")) for n in range(4)],
    *[(646 + n, _of("Ann", "door_close")) for n in range(3)],
    *[(650 + n, _of("Ann", "player_say", message="hi")) for n in range(4)],
    *[(655 + n, _of("Ann", "player_say", message="go", is_team=True)) for n in range(2)],
    *[(660 + n, _of("Ann", "vote_start", vote_name="map")) for n in range(2)],
    *[(663 + n, _of("Ann", "client_connect")) for n in range(3)],
    (670, _of("Ann", "player_spectate")),
    (671, _of("Ann", "player_inactivity_drop")),
    (672, _of("Ann", "teamkill_kick", count=1)),
    (673, _of("Ann", "objective_capture")),
    (800, {"type": "round_end"}),
    (900, {"type": "round_end"}),
    (1000, {"type": "match_end", "winning_team": "allies"}),
]  # fmt: skip
# A free-for-all of 400 s, an hour later: five kills of Bob's without a death; Ann has none.
ALONE: list[tuple[float, Event]] = [
    (3600, {"type": "match_start"}),
    *[(3600, _of(who, "team_join", old_team="spectator", new_team="freeforall")) for who in ("Ann", "Bob")],
    *[(3700 + 10 * n, _kill("Bob", "Ann")) for n in range(5)],
    (4000, {"type": "match_end"}),
]
# A server that tells of kills only.
ELSEWHERE: list[tuple[float, Event]] = [(10 + 10 * n, _kill("Ann", "Bob")) for n in range(5)]

# Of Ann, Bob. Kills: Ann 5 and 5 elsewhere; Bob 2 and 5. Deaths: Ann 1 and 5; Bob 7 and 5; Amy 2.
WANTED: dict[str, dict[str, float]] = {
    "kills": {"Ann": 10, "Bob": 7},
    "deaths": {"Bob": 12, "Ann": 6, "Amy": 2},
    "kd": {"Ann": 10 / 6, "Bob": 7 / 12},
    "headshots": {"Ann": 2},
    "headshot_ratio": {"Ann": 0.2},
    "accuracy": {"Ann": 0.25},
    "shots": {"Ann": 8},
    "hits": {"Ann": 2},
    "damage": {"Ann": 40.5},
    "damage_taken": {"Bob": 40.5},
    "bash": {"Ann": 1},
    "grenade": {"Bob": 1},
    "roadkill": {"Ann": 1},
    "telefrag": {"Ann": 1},
    "crushed": {"Bob": 1},
    "team_kills": {"Ann": 1},
    "friendly_damage": {"Ann": 7.25},
    "suicides": {"Bob": 2},
    "reloads": {"Ann": 3},
    "grenades_thrown": {"Ann": 4},
    "weapon_swaps": {"Ann": 5},
    "no_ammo_clicks": {"Ann": 6},
    "distance": {"Ann": 4000},
    "walked": {"Ann": 1000},
    "sprinted": {"Ann": 2000},
    "swam": {"Ann": 300},
    "driven": {"Ann": 700},
    "jumps": {"Ann": 12},
    "crouches": {"Ann": 2},
    "crouch_time": {"Ann": 40},
    "prones": {"Ann": 1},
    "ladder_climbs": {"Ann": 3},
    "highest_fall": {"Ann": 150},
    "vehicles_entered": {"Ann": 1},
    "turrets_manned": {"Ann": 2},
    "items": {"Ann": 14},
    "health_items": {"Ann": 2},
    "ammo_items": {"Ann": 3},
    "armor_items": {"Ann": 4},
    "other_items": {"Ann": 5},
    "item_drops": {"Ann": 2},
    "weapon_drops": {"Ann": 3},
    "objects_used": {"Ann": 1},
    "doors_opened": {"Ann": 4},
    "health_gained": {"Ann": 75},
    "matches": {"Ann": 3, "Bob": 3, "Amy": 1},
    # Ann 1,000 and 400 s, and 40 s elsewhere; Bob 900, 400 and 40.
    "playtime": {"Ann": 1440, "Bob": 1340, "Amy": 1000},
    "wins": {"Ann": 1, "Amy": 1, "Bob": 1},
    "team_wins": {"Ann": 1, "Amy": 1},
    "ffa_wins": {"Bob": 1},
    "losses": {"Ann": 1, "Bob": 1},
    "win_ratio": {"Amy": 1, "Ann": 0.5, "Bob": 0.5},
    "objectives": {"Ann": 1},
    "rounds": {"Ann": 2, "Bob": 2, "Amy": 2},
    "best_streak": {"Ann": 5, "Bob": 5},
    # At 310 and 312.
    "multi_kills": {"Ann": 1},
    # Elsewhere nothing but Ann's kills; no end is told of there.
    "first_kills": {"Bob": 2, "Ann": 1},
    "last_kills": {"Ann": 1, "Bob": 1},
    # Bob pays back 203 at 300, Ann 300 at 310.
    "revenges": {"Ann": 1, "Bob": 1},
    "trades": {"Ann": 1},
    "kills_a_minute": {"Ann": 10 / 24, "Bob": 7 / (1340 / 60)},
    "deaths_a_match": {"Ann": 2, "Amy": 2, "Bob": 4},
    "chat_lines": {"Ann": 6},
    "team_chat_lines": {"Ann": 2},
    "votes_called": {"Ann": 2},
    "connections": {"Ann": 3},
    "team_changes": {"Ann": 2, "Bob": 2, "Amy": 1},
    "kicks": {"Ann": 1},
    "gravedigger": {"Bob": 2 / 12},
    "pacifist": {"Ann": 1, "Amy": 1},
    "untouchable": {"Bob": 1, "Ann": 1},
    "bunny_hopper": {"Ann": 3},
    # 40 s of the 1,400 on the server that tells of standing up.
    "camper": {"Ann": 40 / 1400},
    "loot_goblin": {"Ann": 14 / 5},
    "door_opener": {"Ann": 7},
    "butterfingers": {"Ann": 5},
    "chatterbox": {"Ann": 6 / 5},
    "icarus": {"Bob": 1},
    "speed_bump": {"Bob": 1},
    "pyromaniac": {"Ann": 1},
    "sponge": {"Bob": 40.5 / 7},
    "spray_and_pray": {"Ann": 8 / 5},
    "tourist": {"Ann": 4000 / 5},
    "wallflower": {"Ann": 1},
    "sleepwalker": {"Ann": 1},
    "button_masher": {"Ann": 7},
}
# Of two matches of Ann and Bob alone, both won by Ann: by Thurstone-Mosteller with beta 25, tau 25/300 and
# epsilon 0.1, as the case digest_gains writes it out. Mu goes from 25 to 26.490096 and 27.877195, sigma from
# 8.333333 to 8.304007 and 8.275889; Bob's mu falls as far. A rating is mu - 3 sigma.
RATED = {
    "rating": {"Ann": 27.877195 - 3 * 8.275889, "Bob": 22.122805 - 3 * 8.275889},
    "rating_gained": {"Ann": 27.877195 - 25, "Bob": 22.122805 - 25},
}


async def _play(clickhouse: ClickHouse) -> None:
    for server, match, gametype, events in (
        (1, "m1", "2", TEAM),
        (1, "m2", "1", ALONE),
        (2, "m3", "2", ELSEWHERE),
    ):
        about = {"match_id": match, "gametype": gametype, "map": "dm/mohdm6"}
        lines = [
            json.dumps({**about, "timestamp": at, "seq": seq, **e}) for seq, (at, e) in enumerate(events)
        ]
        await feed(clickhouse, lines, Batch(server_id=server, session_id=match))
    await settle(clickhouse)


def _boards(clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, float]]:
    """Every board, without its minimum."""
    for name, metric in METRICS.items():
        monkeypatch.setitem(METRICS, name, msgspec.structs.replace(metric, minimum=0))

    async def ask() -> dict[str, dict[str, float]]:
        await _play(clickhouse)
        found = {name: await board(clickhouse, name, Scope(), NOW, START, 10) for name in METRICS}
        return {name: {p.player.name: p.value for p in each.players} for name, each in found.items()}

    return asyncio.run(ask())


def test_every_metric_is_what_its_definition_says(
    clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = _boards(clickhouse, monkeypatch)
    wrong = {
        name: (found[name], wanted) for name, wanted in WANTED.items() if found[name] != pytest.approx(wanted)
    }
    assert wrong == {}
    assert all(set(found[name]) == {"Ann", "Bob", "Amy"} for name in RATED), "everybody was rated"
    orders = {name: list(values.values()) for name, values in found.items() if METRICS[name].ranks == "value"}
    for name, values in orders.items():
        assert values == sorted(values, reverse=METRICS[name].direction == "highest"), name


def test_every_metric_has_its_case() -> None:
    """A metric is not added without the numbers that it comes to, by hand from its definition."""
    assert sorted([*WANTED, *RATED]) == sorted(METRICS)


def test_ratings_are_what_the_model_says_by_hand(clickhouse: ClickHouse) -> None:
    async def ask() -> dict[str, dict[str, float]]:
        for n in range(2):
            events: list[Event] = [
                {"type": "match_start"},
                *(_of(who, "team_join", old_team="", new_team="freeforall") for who in ("Ann", "Bob")),
                _kill("Ann", "Bob"),
                {"type": "match_end"},
            ]
            about = {"match_id": f"m{n}", "gametype": "1", "map": "dm/mohdm6"}
            lines = [
                json.dumps(about | {"seq": seq, "timestamp": 1000 * n + (100 if seq == 4 else 0)} | event)
                for seq, event in enumerate(events)
            ]
            await feed(clickhouse, lines, Batch(session_id=f"m{n}"))
        await settle(clickhouse)
        found = {name: await board(clickhouse, name, Scope(), NOW, START, 10) for name in RATED}
        return {name: {p.player.name: p.value for p in each.players} for name, each in found.items()}

    found = asyncio.run(ask())
    for name, wanted in RATED.items():
        assert found[name] == pytest.approx(wanted, abs=2e-6), name


def test_drill_down_counts_as_boards_do(clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    found = _boards(clickhouse, monkeypatch)
    names = [name for name, metric in METRICS.items() if metric.dimensions]

    async def ask() -> dict[str, dict[str, float]]:
        told = {n: await drill_down(clickhouse, n, "player", Filter(), TODAY, 10) for n in names}
        return {n: {part.name: part.value for part in each.parts} for n, each in told.items()}

    counted = asyncio.run(ask())
    assert {n: counted[n] for n in names if counted[n] != pytest.approx(found[n])} == {}
    assert set(METRICS) - set(names) == {"rating"}


def test_shares_are_ranked_by_what_can_be_said_for_sure(clickhouse: ClickHouse) -> None:
    """25 of 50 beat 11 of 20: the lower ends of Wilson's intervals are 0.3664 and 0.3421."""
    lines = [
        json.dumps(
            {"type": "player_kill", "timestamp": n, "attacker_name": who, "victim_name": "Eve"}
            | {"hitloc": "head" if n < heads else "pelvis", "gametype": "1"}
        )
        for who, kills, heads in (("Ann", 50, 25), ("Bob", 20, 11), ("Carl", 1, 1))
        for n in range(kills)
    ]

    async def ask() -> leaderboards.Board:
        await feed(clickhouse, lines)
        return await board(clickhouse, "headshot_ratio", Scope(), NOW, START, 10)

    places = asyncio.run(ask()).players
    assert [(p.player.name, p.value) for p in places] == [("Ann", 0.5), ("Bob", 0.55)]
    assert [p.score for p in places] == pytest.approx([0.3664, 0.3421], abs=0.0001)


def test_what_no_server_reports_is_unknown(clickhouse: ClickHouse) -> None:
    async def ask() -> list[str | None]:
        await _play(clickhouse)
        asked = [("jumps", 2), ("jumps", 1), ("kicks", None), ("bash", 2)]
        return [
            (await board(clickhouse, n, Scope(server=s, map="x"), NOW, START, 5)).unknown for n, s in asked
        ]

    told = asyncio.run(ask())
    assert told == ["This server never reported player_jump, so jumps cannot be known.", None, None, None]


@pytest.mark.parametrize(
    ("name", "scope", "told"),
    [
        ("jumps", Scope(weapon="BAR"), "not told by weapon"),
        ("kills", Scope("week", weapon="BAR"), "all times and places"),
        ("kills", Scope(map="m", weapon="BAR"), "all times and places"),
        ("rating", Scope(server=1), "one for all servers"),
        ("rating", Scope("day"), "rating_gained"),
    ],
)
def test_a_scope_that_a_metric_does_not_have_is_refused(
    clickhouse: ClickHouse, name: str, scope: Scope, told: str
) -> None:
    with pytest.raises(Unprocessable, match=told):
        asyncio.run(board(clickhouse, name, scope, NOW, START, 5))


# By each filter of a board, all that was played is one match: of another server and year, or on another map.
_LAST_YEAR = Calendar(date(2025, 12, 30), 3)
_PERIODS: tuple[Period, ...] = ("day", "week", "month", "season", "year")


_ONE_OF_ALL: dict[str, tuple[Batch, list[tuple[float, Event]]]] = {
    "team": (Batch(1, "team", map="dm/mohdm6", gametype="2"), TEAM),
    "alone": (Batch(1, "alone", map="dm/alone", gametype="1"), ALONE),
    "elsewhere": (
        Batch(2, "elsewhere", NOON - 325 * 24 * HOUR, NOON - 326 * 24 * HOUR, "dm/mohdm6", "2"),
        ELSEWHERE,
    ),
}


async def _feed_one(clickhouse: ClickHouse, match: str) -> None:
    batch, events = _ONE_OF_ALL[match]
    lines = [
        json.dumps({"match_id": match, "timestamp": at, "seq": seq, **event})
        for seq, (at, event) in enumerate(events)
    ]
    await feed(clickhouse, lines, batch)


async def _all_boards(
    clickhouse: ClickHouse, scopes: dict[str, tuple[Scope, Calendar]]
) -> dict[str, dict[str, float]]:
    found = {}
    for name, (scope, calendar) in scopes.items():
        places = (await board(clickhouse, name, scope, calendar, START, 10)).players
        found[name] = {place.player.name: place.value for place in places}
    return found


@pytest.mark.parametrize("alone", [True, False], ids=["map and game type", "server and period"])
def test_every_filter_of_every_board_is_as_if_nothing_else_was_played(
    clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch, alone: bool
) -> None:
    for name, metric in METRICS.items():
        monkeypatch.setitem(METRICS, name, msgspec.structs.replace(metric, minimum=0))
    everywhere = [name for name, metric in METRICS.items() if metric.source != "rated"]
    filters: list[dict[str, tuple[Scope, Calendar]]]
    if alone:
        filters = [
            dict.fromkeys(everywhere, (Scope(map="dm/alone"), NOW)),
            dict.fromkeys(METRICS, (Scope(gametype="ffa"), NOW)),
        ]
    else:
        filters = [
            dict.fromkeys(everywhere, (Scope(server=2), NOW)),
            {
                name: (Scope(_PERIODS[n % len(_PERIODS)]), _LAST_YEAR)
                for n, name in enumerate(METRICS)
                if name != "rating"
            },
        ]

    async def ask() -> None:
        this, *others = ("alone", "elsewhere", "team") if alone else ("elsewhere", "alone", "team")
        await _feed_one(clickhouse, this)
        await settle(clickhouse)
        by_itself = await _all_boards(clickhouse, dict.fromkeys(METRICS, (Scope(), NOW)))
        for other in others:
            await _feed_one(clickhouse, other)
        await settle(clickhouse)
        for scopes in filters:
            found = await _all_boards(clickhouse, scopes)
            wrong = {
                name: (scopes[name][0], values, by_itself[name])
                for name, values in found.items()
                if values != pytest.approx(by_itself[name])
            }
            assert wrong == {}
        assert sum(map(bool, by_itself.values())) > (15 if alone else 8), "something is to be told apart"

    asyncio.run(ask())


@pytest.mark.parametrize("name", METRICS)
def test_a_board_has_a_filter_or_says_why_not(clickhouse: ClickHouse, name: str) -> None:
    scopes: dict[str, Scope] = {
        "server": Scope(server=1),
        "map": Scope(map="m"),
        "gametype": Scope(gametype="ffa"),
        "weapon": Scope(weapon="BAR"),
    }
    for period in _PERIODS:
        scopes[period] = Scope(period)

    async def refused(scope: Scope) -> str | None:
        try:
            await board(clickhouse, name, scope, NOW, START, 5)
        except Unprocessable as error:
            return str(error)
        return None

    async def ask() -> set[str]:
        answers = {what: await refused(scope) for what, scope in scopes.items()}
        assert all(" " in why for why in answers.values() if why is not None)
        return {what for what, why in answers.items() if why is not None}

    wanted: set[str] = set() if METRICS[name].by_weapon else {"weapon"}
    wanted |= {"server", "map"} if METRICS[name].source == "rated" else set()
    wanted |= set(_PERIODS) if name == "rating" else set()
    assert asyncio.run(ask()) == wanted


def test_flagged_players_and_bots_have_no_place_among_ratings(clickhouse: ClickHouse) -> None:
    marked = (
        "INSERT INTO player_marks SELECT player_key({name:String}, '', false), {bot:Int8}, {flagged:Bool}, "
        "'', now64(3), now64(3)"
    )

    async def names() -> tuple[set[str], set[str]]:
        whole = await board(clickhouse, "rating", Scope(gametype="tdm"), NOW, START, 10)
        places = await ratings.board(clickhouse, "tdm", 1, START, 10)
        keys = await identities(clickhouse, [place.player for place in places])
        return {p.player.name for p in whole.players}, {identity.name for identity in keys.values()}

    async def ask() -> list[tuple[set[str], set[str]]]:
        await _play(clickhouse)
        found = [await names()]
        await clickhouse.command(marked, name="Ann", bot=0, flagged=True)
        await people.refresh(clickhouse)
        found.append(await names())
        await clickhouse.command(marked, name="Amy", bot=1, flagged=False)
        await people.refresh(clickhouse)
        return [*found, await names()]

    everybody, unflagged, human = {"Ann", "Amy", "Bob"}, {"Amy", "Bob"}, {"Bob"}
    assert asyncio.run(ask()) == [(each, each) for each in (everybody, unflagged, human)]


def test_a_weapon_has_its_boards(clickhouse: ClickHouse) -> None:
    async def ask() -> dict[str, dict[str, float]]:
        await _play(clickhouse)
        found = {}
        for name in (n for n, metric in METRICS.items() if metric.by_weapon and not metric.minimum):
            there = await board(clickhouse, name, Scope(weapon="M1 Garand"), NOW, START, 5)
            found[name] = {p.player.name: p.value for p in there.players}
        return found

    found = asyncio.run(ask())
    assert found == {
        "kills": {"Ann": 10, "Bob": 7},
        "deaths": {"Bob": 10, "Ann": 6, "Amy": 1},
        "headshots": {"Ann": 2},
        "damage": {"Ann": 40.5},
        "shots": {},
        "hits": {},
    }


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_says_what_it_is(name: str) -> None:
    chosen = METRICS[name]
    assert chosen.name == name
    assert chosen.definition.endswith(".")
    assert chosen.title
    assert chosen.unit
    assert chosen.group in metrics.GROUPS
    if chosen.unit in ("ratio", "share"):
        assert chosen.minimum > 0, "ratios need a sample"


def test_the_page_of_stats_is_up_to_date() -> None:
    written = Path(__file__).parents[2] / "docs" / "stats.md"
    assert written.read_text(encoding="utf-8") == page.render_markdown(), "run: make docs"
