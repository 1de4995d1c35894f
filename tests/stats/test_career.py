"""All of one player over HTTP: held against a plain recount of made-up matches, before and after a rebuild,
merged and split, page by page."""

import random
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from math import dist
from typing import Any

import httpx
import pytest

from api.audit.service import Actor
from api.platform import Platform
from api.players import merges
from api.rebuild.service import rebuild
from api.servers import service as servers
from tests.events_made import body
from tests.sql.feed import settle
from tests.stack import Stack, drain, http_client, no_report

Json = Any
Event = dict[str, Any]
NAMES = ["Ann", "Bob", "Cid", "Dora"]
SIDES = {"Ann": "allies", "Bob": "axis", "Cid": "allies", "Dora": "axis"}
MONDAY = 1_790_553_600  # 2026-09-28, midnight
ME = Actor("admin", "anna", 1)


def _match(number: int, dice: random.Random) -> list[Event]:
    """Make a match of ten minutes: kills between sides, some falls, a winner."""
    began = MONDAY + number * 5400 + 86_400 * (number // 6)
    about = {
        "match_id": f"m{number}", "session_id": f"s{number}",
        "map": dice.choice(["dm/mohdm1", "dm/mohdm6"]), "gametype": "tdm",
    }  # fmt: skip
    events: list[Event] = [{"type": "match_start", "timestamp": began}]
    for name in NAMES:
        events.append(
            {"type": "team_join", "timestamp": began, "player_name": name, "player_guid": name.lower(),
             "player_team": SIDES[name], "old_team": "spectator", "new_team": SIDES[name]}
        )  # fmt: skip
    for second in sorted(dice.sample(range(1, 600), dice.randrange(10, 30))):
        killer, victim = dice.choice(NAMES), dice.choice(NAMES)
        if SIDES[killer] == SIDES[victim]:
            killer = ""
        event: Event = {
            "type": "player_kill" if killer else "player_death", "timestamp": began + second,
            "weapon": dice.choice(["M1 Garand", "KAR98"]), "mod": "bullet" if killer else "fall",
            "hitloc": dice.choice(["head", "pelvis"]),
        }  # fmt: skip
        for who, name in (("attacker", killer), ("victim", victim)):
            if name:
                event |= {f"{who}_name": name, f"{who}_guid": name.lower(), f"{who}_team": SIDES[name]}
                event |= {f"{who}_stance": dice.choice(["stand", "crouch"])}
                event |= {f"{who}_{axis}": float(dice.randrange(-900, 900)) for axis in "xyz"}
        events.append(event)
    events.append(
        {"type": "match_end", "timestamp": began + 600, "winning_team": dice.choice(["allies", "axis", ""])}
    )
    return [event | about | {"seq": seq} for seq, event in enumerate(events)]


def made(matches: int, seed: int) -> list[list[Event]]:
    dice = random.Random(seed)
    return [_match(number, dice) for number in range(matches)]


class Game:
    """A community's answers."""

    def __init__(self, platform: Platform, client: httpx.AsyncClient) -> None:
        self.platform = platform
        self.client = client

    async def api(self, path: str) -> Json:
        answer = await self.client.get(f"/api/v1/stats{path}")
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    async def ids(self) -> dict[str, str]:
        lines = (await self.api("/players?limit=100&bots=include"))["players"]
        return {line["player"]["name"]: line["player"]["id"] for line in lines}

    async def everything(self, player: str) -> dict[str, Json]:
        return {part: await self.api(f"/players/{player}{part}") for part in PARTS}


PARTS = [
    "", "/periods?by=day", "/periods?by=week", "/periods?by=month", "/weapons", "/maps", "/rivals",
    "/activity", "/distances", "/stances", "/causes", "/streaks", "/form", "/matches?limit=100", "/bests",
    "/names", "/sessions",
]  # fmt: skip


def play(stack: Stack, matches: list[list[Event]], use: Callable[[Game], Awaitable[None]]) -> None:
    async def run(platform: Platform) -> None:
        token = await servers.add(platform.postgres, "Omaha")
        async with http_client(platform) as client:
            for events in matches:
                answer = await client.post(
                    "/api/v1/ingest/events",
                    content=body(events),
                    headers={"Authorization": f"Bearer {token}"},
                )
                assert answer.status_code == 202, answer.text
            await drain(platform)
            await settle(platform.clickhouse)
            await use(Game(platform, client))

    stack.run(run)


class Recount:
    """What is to be said of one player, in plain Python."""

    def __init__(self, matches: list[list[Event]], name: str) -> None:
        self.name = name
        self.matches = matches
        self.kills = [
            (n, e) for n, match in enumerate(matches) for e in match if e.get("attacker_name") == name
        ]
        self.deaths = [
            (n, e) for n, match in enumerate(matches) for e in match if e.get("victim_name") == name
        ]

    def by(self, key: Callable[[Event], Any], *, enemies: bool = False) -> dict[Any, tuple[int, int]]:
        deaths = [e for _, e in self.deaths if not enemies or e.get("attacker_name")]
        kills, died = Counter(key(e) for _, e in self.kills), Counter(key(e) for e in deaths)
        return {part: (kills[part], died[part]) for part in kills.keys() | died.keys()}

    def results(self) -> list[tuple[int, int, str]]:
        """Return kills, deaths and outcome by match."""
        kills, deaths = Counter(n for n, _ in self.kills), Counter(n for n, _ in self.deaths)
        winners = [match[-1]["winning_team"] for match in self.matches]
        return [
            (kills[n], deaths[n], "" if not winner else "won" if winner == SIDES[self.name] else "lost")
            for n, winner in enumerate(winners)
        ]


def _reach(event: Event) -> int:
    places = [[event[f"{who}_{axis}"] for axis in "xyz"] for who in ("attacker", "victim")]
    return int(dist(*places))


def _counts(rows: list[Json], *names: str) -> dict[Any, tuple[int, int]]:
    keys = {tuple(row[name] for name in names) if len(names) > 1 else row[names[0]]: row for row in rows}
    return {key: (row["kills"], row["deaths"]) for key, row in keys.items() if row["kills"] or row["deaths"]}


@pytest.mark.parametrize("seed", [1, 2])
def test_a_career_is_what_a_plain_recount_says(stack: Stack, seed: int) -> None:
    matches = made(14, seed)

    async def scenario(game: Game) -> None:
        for name, player in (await game.ids()).items():
            plain, told = Recount(matches, name), await game.everything(player)
            _parts_agree(plain, told)
            _matches_agree(plain, told)

    play(stack, matches, scenario)


def _parts_agree(plain: Recount, told: dict[str, Json]) -> None:
    def hour(event: Event) -> tuple[int, int]:
        at = datetime.fromtimestamp(event["timestamp"], UTC)
        return at.isoweekday(), at.hour

    assert _counts(told["/activity"]["hours"], "weekday", "hour") == plain.by(hour)
    assert sum(hour["playtime"] for hour in told["/activity"]["hours"]) == told[""]["playtime"]
    bands = told["/distances"]["bands"]
    assert _counts(bands, "since") == plain.by(lambda e: _reach(e) // 256 * 256, enemies=True)
    assert [band["since"] for band in bands] == [256 * n for n in range(len(bands))]
    reached = [_reach(event) for _, event in plain.kills]
    assert told["/distances"]["farthest"]["distance"] == max(reached)
    kills, deaths = (
        Counter(e[f"{who}_stance"] for _, e in events)
        for who, events in (("attacker", plain.kills), ("victim", plain.deaths))
    )
    assert _counts(told["/stances"]["own"], "stance") == {
        s: (kills[s], deaths[s]) for s in kills.keys() | deaths.keys()
    }
    assert _counts(told["/causes"]["causes"], "cause") == plain.by(lambda e: e["mod"])
    met = {row["player"]["name"]: (row["kills"], row["deaths"]) for row in told["/rivals"]["rivals"]}
    others = {e["victim_name"] for _, e in plain.kills} | {
        e.get("attacker_name") for _, e in plain.deaths
    } - {None}
    assert met == {
        other: (
            sum(e["victim_name"] == other for _, e in plain.kills),
            sum(e.get("attacker_name") == other for _, e in plain.deaths),
        )
        for other in others
    }
    assert {w["weapon"]: w["kills"] for w in told["/weapons"]["weapons"] if w["kills"]} == {
        weapon: counts[0] for weapon, counts in plain.by(lambda e: e["weapon"]).items() if counts[0]
    }


def _matches_agree(plain: Recount, told: dict[str, Json]) -> None:
    results = plain.results()
    shown = told["/matches?limit=100"]["matches"]
    assert [(m["kills"], m["deaths"], m["outcome"]) for m in shown] == results[::-1]
    assert all(m["playtime"] == 600 for m in shown)
    assert {m["map"]: m["matches"] for m in told["/maps"]["maps"]} == Counter(
        m[0]["map"] for m in plain.matches
    )
    [gametype] = told["/maps"]["gametypes"]
    outcomes = Counter(result[2] for result in results)
    assert (gametype["won"], gametype["lost"]) == (outcomes["won"], outcomes["lost"])
    bests = {best["best"]["name"]: best for best in told["/bests"]["bests"]}
    assert bests["kills"]["value"] == max(kills for kills, _, _ in results)
    first = next(n for n, (kills, _, _) in enumerate(results) if kills == bests["kills"]["value"])
    assert bests["kills"]["started_at"] == _time(plain.matches[first][0]["timestamp"])
    assert bests["best_streak"]["value"] == told["/streaks"]["best_streak"] == told[""]["best_streak"]
    form = told["/form"]
    assert [m["rate"] for m in form["matches"]] == [kills - deaths for kills, deaths, _ in results]
    assert form["verdict"] in ("rising", "falling", "no clear trend")
    days: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for place, events in enumerate((plain.kills, plain.deaths)):
        for _, event in events:
            days[_time(event["timestamp"])[:10]][place] += 1
    assert _counts(told["/periods?by=day"]["periods"], "since") == {day: tuple(n) for day, n in days.items()}
    for by in ("day", "week", "month"):
        assert sum(row["matches"] for row in told[f"/periods?by={by}"]["periods"]) == len(results)
    # A match every 90 minutes, played for ten: each is a session of its own.
    assert [s["matches"] for s in told["/sessions"]["sessions"]] == [1] * len(results)


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def test_it_is_the_same_after_a_rebuild(stack: Stack) -> None:
    async def scenario(game: Game) -> None:
        ids = await game.ids()
        before = {name: await game.everything(player) for name, player in ids.items()}
        records = await game.api("/records")
        stores = game.platform.postgres, game.platform.clickhouse, game.platform.settings
        await rebuild(*stores, None, no_report)
        assert {name: await game.everything(player) for name, player in ids.items()} == before
        assert await game.api("/records") == records
        assert records["records"]

    play(stack, made(9, 3), scenario)


def test_merged_they_are_one_and_split_as_before(stack: Stack) -> None:
    matches = made(9, 4)

    async def scenario(game: Game) -> None:
        ids = await game.ids()
        stores = game.platform.postgres, game.platform.clickhouse
        before = {name: await game.everything(ids[name]) for name in NAMES}
        await merges.merge(*stores, ids["Cid"], ids["Ann"], ME)
        await settle(game.platform.clickhouse)
        one = await game.everything(ids["Cid"])
        assert one == await game.everything(ids["Ann"])
        for part, rows in (("/distances", "bands"), ("/causes", "causes"), ("/activity", "hours")):
            both = sum(row["kills"] for name in ("Ann", "Cid") for row in before[name][part][rows])
            assert sum(row["kills"] for row in one[part][rows]) == both > 0, part
        [pair] = [
            row
            for row in (await game.api(f"/players/{ids['Bob']}/rivals"))["rivals"]
            if row["player"]["name"] in ("Ann", "Cid")
        ]
        plain = Recount(matches, "Bob")
        assert pair["kills"] == sum(e["victim_name"] in ("Ann", "Cid") for _, e in plain.kills)
        assert len(one["/matches?limit=100"]["matches"]) == len(matches)
        await merges.split(*stores, ids["Cid"], ME)
        await settle(game.platform.clickhouse)
        assert {name: await game.everything(ids[name]) for name in NAMES} == before

    play(stack, matches, scenario)


def test_lists_go_on_where_they_ended(stack: Stack) -> None:
    async def scenario(game: Game) -> None:
        player = (await game.ids())["Ann"]
        for part, rows in (
            ("/matches", "matches"), ("/sessions", "sessions"), ("/rivals", "rivals"),
            ("/periods?by=day", "periods"),
        ):  # fmt: skip
            joint = "&" if "?" in part else "?"
            whole = (await game.api(f"/players/{player}{part}{joint}limit=100"))[rows]
            seen: list[Json] = []
            cursor: str | None = ""
            while cursor is not None:
                page = await game.api(f"/players/{player}{part}{joint}limit=1{cursor}")
                seen += page[rows]
                cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
            assert seen == whole
            assert len(whole) > 1, part

    play(stack, made(8, 5), scenario)


def test_matches_are_filtered(stack: Stack) -> None:
    matches = made(10, 6)

    async def scenario(game: Game) -> None:
        player = (await game.ids())["Ann"]
        results = Recount(matches, "Ann").results()
        on = [n for n, match in enumerate(matches) if match[0]["map"] == "dm/mohdm1"]
        found = (await game.api(f"/players/{player}/matches?map=dm/mohdm1"))["matches"]
        assert len(found) == len(on) > 0
        won = (await game.api(f"/players/{player}/matches?outcome=won"))["matches"]
        assert len(won) == sum(result[2] == "won" for result in results)
        second_day = (await game.api(f"/players/{player}/matches?since=2026-09-29&until=2026-09-30"))[
            "matches"
        ]
        assert {m["started_at"][:10] for m in second_day} == {"2026-09-29"}
        assert (await game.api(f"/players/{player}/matches?server=9"))["matches"] == []
        assert {match["rating"] is not None for match in found if match["outcome"]} == {True}

    play(stack, matches, scenario)


def test_two_players_and_four_side_by_side(stack: Stack) -> None:
    matches = made(6, 7)

    async def scenario(game: Game) -> None:
        ids = await game.ids()
        pair = await game.api(f"/players/{ids['Ann']}/rivals/{ids['Bob']}")
        plain = Recount(matches, "Ann")
        assert pair["kills"] == sum(e["victim_name"] == "Bob" for _, e in plain.kills)
        assert pair["deaths"] == sum(e.get("attacker_name") == "Bob" for _, e in plain.deaths)
        outcomes = Counter(result[2] for result in plain.results())
        assert (pair["matches"], pair["same_side"]) == (6, 0)
        assert (pair["won"], pair["lost"]) == (outcomes["won"], outcomes["lost"])
        mates = await game.api(f"/players/{ids['Ann']}/rivals/{ids['Cid']}")
        assert (mates["same_side"], mates["won"], mates["lost"], mates["last_time"]) == (6, 0, 0, None)
        asked = ",".join(ids[name] for name in NAMES)
        found = await game.api(f"/compare?players={asked}")
        assert [each["identity"]["name"] for each in found["players"]] == NAMES
        duels = {(duel["killer"], duel["victim"]): duel["kills"] for duel in found["duels"]}
        assert len(duels) == 12
        assert duels[ids["Ann"], ids["Bob"]] == pair["kills"]
        assert duels[ids["Bob"], ids["Ann"]] == pair["deaths"]
        for wrong, status in (
            (ids["Ann"], 422), (f"{ids['Ann']},{ids['Ann']}", 422), (f"{asked},{asked}", 422),
            (f"{ids['Ann']},00000000000000aa", 404), ("x,y", 404),
        ):  # fmt: skip
            answer = await game.client.get("/api/v1/stats/compare", params={"players": wrong})
            assert answer.status_code == status, wrong
        same = await game.client.get(f"/api/v1/stats/players/{ids['Ann']}/rivals/{ids['Ann']}")
        assert same.status_code == 422

    play(stack, matches, scenario)


def test_records_are_broken_by_who_passes_them(stack: Stack) -> None:
    matches = made(12, 8)

    async def scenario(game: Game) -> None:
        ids = await game.ids()
        records = {record["record"]["name"]: record for record in (await game.api("/records"))["records"]}
        best, broken = 0, []
        for n in range(len(matches)):
            most = max((Recount(matches, name).results()[n][0], int(ids[name], 16), name) for name in NAMES)
            if most[0] > best:
                best = most[0]
                broken.append((float(best), most[2], _time(matches[n][0]["timestamp"])))
        history = [(b["value"], b["player"]["name"], b["at"]) for b in records["kills"]["history"]]
        assert history == broken[::-1]
        assert records["kills"]["current"] == records["kills"]["history"][0]
        assert records["match_players"]["current"]["value"] == 4
        assert records["match_players"]["current"]["at"] == _time(matches[0][0]["timestamp"])
        assert records["rating_tdm"]["current"]["player"] is not None
        elsewhere = (await game.api("/records?server=9"))["records"]
        assert elsewhere == []
        [year] = (await game.api("/records/on-this-day?day=2027-09-28"))["years"]
        assert (year["day"], year["matches"], year["players"]) == ("2026-09-28", 6, 4)
        first_day = [max(Recount(matches, name).results()[n][0] for name in NAMES) for n in range(6)]
        assert year["best_kills"] == max(first_day)
        told = (await game.api("/records/on-this-day?day=2027-09-28"))["records"]
        assert {each["broken"]["at"][:10] for each in told} == {"2026-09-28"}
        assert (await game.api("/records/on-this-day?day=2026-09-28"))["years"] == []

    play(stack, matches, scenario)


def test_nobody_is_told_of(stack: Stack) -> None:
    async def scenario(game: Game) -> None:
        for part in PARTS:
            for player in ("00000000000000aa", "x"):
                answer = await game.client.get(f"/api/v1/stats/players/{player}{part}")
                assert answer.status_code == 404, (part, answer.text)
        assert (await game.api("/records"))["records"] == []
        assert (await game.api("/records/on-this-day"))["years"] == []

    play(stack, [], scenario)
