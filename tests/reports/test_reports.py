"""Reports follow from the log: made when a match is over, and again whenever its numbers change."""

import json
import random
from typing import Any

import httpx
import msgspec
import pytest

from api.platform import Platform
from api.players import merges, people
from api.privacy import service as privacy
from api.rebuild import service as rebuild
from api.reports import job
from api.reports import service as reports
from api.reports.job import Reporter
from api.reports.service import Report
from tests.events_made import body
from tests.privacy.test_erase import BY, where
from tests.sql.feed import _quiet, settle
from tests.stack import Stack, add_server, drain, http_client, no_report

Event = dict[str, Any]
Rows = list[dict[str, Any]]
ALL = "SELECT * EXCEPT (version, settled) FROM match_reports FINAL ORDER BY match_key"
# Weapons are words of the server's choosing, too.
ODD = "a'b\"c\\d\te\u2028"


def game(
    match: str = "m1", first: int = 0, seed: int = 3, *, ended: bool = True, mates: bool = True
) -> list[Event]:
    """A team match of six, by their client ids, with places; its kills are a second to twenty apart."""
    dice = random.Random(seed)
    common = {"match_id": match, "session_id": f"s{first}", "map": "dm/mohdm6", "gametype": "tdm"}
    at = 1_790_000_000.0 + first * 100

    def part(prefix: str, number: int) -> Event:
        return {
            f"{prefix}_name": f"Player {number}",
            f"{prefix}_guid": f"client-of-{number}",
            f"{prefix}_team": ("allies", "axis")[number % 2],
            f"{prefix}_x": dice.randint(-900, 900),
            f"{prefix}_y": dice.randint(-900, 900),
            f"{prefix}_z": 12.5,
        }

    events: list[Event] = [{"type": "match_start"} | common | {"timestamp": at}]
    for _ in range(40):
        at += dice.choice([0, 1, 3, 9, 20])
        actor, target = dice.randrange(6), dice.randrange(6)
        target = target if mates or (actor + target) % 2 else (actor + 1) % 6
        about = {
            "weapon": dice.choice(["M1 Garand", ODD]),
            "hitloc": dice.choice(["head", "pelvis"]),
            "mod": "bullet",
        }
        kill = {"type": "player_kill", "timestamp": at} | about
        events.append(common | kill | part("attacker", actor) | part("victim", target))
    events.append(common | {"type": "objective_capture", "timestamp": at} | part("player", 0))
    if ended:
        events.append(common | {"type": "match_end", "winning_team": "axis", "timestamp": at + 1})
    return [event | {"seq": seq} for seq, event in enumerate(events)]


async def take(platform: Platform, events: list[Event]) -> None:
    await platform.inlet.take(1, body(events), "")
    await drain(platform)


async def kept(platform: Platform) -> Rows:
    await settle(platform.clickhouse)
    return await platform.clickhouse.rows(ALL, dict[str, Any])


async def told(platform: Platform, match: str = "m1") -> Report:
    rows = await platform.clickhouse.rows(
        "SELECT public_id(max(match_key)) AS id FROM matches WHERE match_id = {m:String}",
        dict[str, str],
        m=match,
    )
    return await reports.report(platform.clickhouse, platform.postgres, platform.settings, rows[0]["id"])


def same(report: Report) -> dict[str, Any]:
    """What a report says, but for when things arrived and whether it was kept."""
    found: dict[str, Any] = msgspec.to_builtins(report)
    found["match"].pop("received_at"), found.pop("made"), found.pop("running")
    return found


def test_it_is_the_same_in_whatever_order_and_pieces_events_arrive_and_after_a_rebuild(stack: Stack) -> None:
    events, dice = game(), random.Random(5)

    async def at_once(platform: Platform) -> tuple[Rows, Report]:
        await add_server(platform)
        await take(platform, events)
        rows = await kept(platform)
        return rows, await told(platform)

    async def in_pieces(platform: Platform) -> tuple[Rows, Rows, Report, Report]:
        await add_server(platform)
        shuffled = dice.sample(events, len(events))
        for first in range(0, len(shuffled), 7):
            await take(platform, shuffled[first : first + 9])
            if dice.random() < 0.5:
                await settle(platform.clickhouse)
        arrived, before = await kept(platform), await told(platform)
        await rebuild.rebuild(platform.postgres, platform.clickhouse, platform.settings, None, no_report)
        rebuilt = await platform.clickhouse.rows(ALL, dict[str, Any])
        return arrived, rebuilt, before, await told(platform)

    wanted, report = stack.run(at_once)
    stack.wipe()
    arrived, rebuilt, before, after = stack.run(in_pieces)
    assert len(wanted) == 1
    assert arrived == wanted
    assert rebuilt == wanted
    assert same(before) == same(after) == same(report)
    assert report.made.kept
    assert report.engagements
    assert {weapon.weapon for weapon in report.weapons} == {"M1 Garand", ODD}
    assert report.outcome.side == "axis"


def test_a_match_is_told_when_it_is_over_and_again_when_more_of_it_arrives(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    *events, end = game()
    made: list[int] = []
    tell = reports.tell

    async def counted(clickhouse: Any, table: str, settings: Any, matches: list[Any]) -> None:
        made.append(len(matches))
        await tell(clickhouse, table, settings, matches)

    async def scenario(platform: Platform) -> None:
        await add_server(platform)
        await take(platform, events[:-5])
        assert await kept(platform) == []
        running = await told(platform)
        assert not running.made.kept
        assert running.running
        await take(platform, [end])
        (first,) = await kept(platform)
        ended = await told(platform)
        assert ended.made.kept
        assert not ended.running
        assert same(ended)["kills"] == same(running)["kills"]
        await take(platform, events[-5:])
        # Until it is made anew, it is made for the occasion.
        late = await told(platform)
        assert not late.made.kept
        (second,) = await kept(platform)
        assert second["events"] == first["events"] + 5
        again = await told(platform)
        assert again.made.kept
        assert same(again)["kills"] == same(late)["kills"] != same(ended)["kills"]
        monkeypatch.setattr(job, "tell", counted)
        reporter = Reporter(platform.clickhouse, platform.settings, _quiet)
        await reporter.step()
        await reporter.step()
        assert made == []
        await take(platform, game("m2", 1))
        await kept(platform)
        assert made == [1]
        # Other rules make all of them anew.
        other = msgspec.structs.replace(platform.settings, engagement_gap_seconds=5)
        await Reporter(platform.clickhouse, other, _quiet).step()
        assert made == [1, 2]

    stack.run(scenario)


def test_silence_ends_a_match_too(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        await add_server(platform)
        await take(platform, game(ended=False))
        assert await kept(platform) == []
        silent = msgspec.structs.replace(platform.settings, live_timeout_seconds=0)
        await Reporter(platform.clickhouse, silent, _quiet).step()
        assert len(await platform.clickhouse.rows(ALL, dict[str, Any])) == 1

    stack.run(scenario)


def test_a_merge_makes_one_fighter_of_two_and_its_undoing_two_of_one(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        await add_server(platform)
        await take(platform, game())
        before, report = await kept(platform), await told(platform)
        ids = {score.name: score.player.id for score in report.match.players}
        one, two = ids["Player 0"], ids["Player 2"]
        await merges.merge(platform.postgres, platform.clickhouse, two, one, BY)
        (merged,), as_one = await kept(platform), await told(platform)
        assert len(merged["fighters"]) == len(before[0]["fighters"]) - 1
        assert two not in json.dumps(msgspec.to_builtins([as_one.versus, as_one.mvp, as_one.streaks]))

        def of(found: Report, *players: str) -> int:
            return sum(pair.kills for pair in found.versus if pair.killer.id in players)

        assert of(as_one, one) == of(report, one, two)
        await merges.split(platform.postgres, platform.clickhouse, two, BY)
        assert await kept(platform) == before
        assert same(await told(platform)) == same(report)

    stack.run(scenario)


def test_an_erasure_leaves_the_numbers_and_nobodys_name(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        await add_server(platform)
        await take(platform, game())
        (before,), report = await kept(platform), await told(platform)
        killer = report.versus[0].killer
        stores = platform.postgres, platform.clickhouse, platform.redis, platform.settings
        done = await privacy.erase(*stores, killer.id, BY, dry_run=False)
        # At once, without being made anew.
        after = (await platform.clickhouse.rows(ALL, dict[str, Any]))[0]
        assert after["document"] == before["document"]
        assert int(killer.id, 16) not in after["fighters"]
        report = await told(platform)
        assert report.made.kept
        assert report.versus[0].killer.id == done.player
        assert report.versus[0].killer.name == ""
        assert await where(platform, killer.name, str(int(killer.id, 16)), killer.id) == []
        assert await kept(platform) == [after]
        await rebuild.rebuild(
            platform.postgres, platform.clickhouse, platform.settings, "match_reports", no_report
        )
        assert await platform.clickhouse.rows(ALL, dict[str, Any]) == [after]

    stack.run(scenario)


def test_flagged_players_and_bots_are_not_the_most_valuable(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        await add_server(platform)
        await take(platform, game(mates=False))
        await settle(platform.clickhouse)
        first = await told(platform)
        assert first.mvp is not None
        for mark in ("true AS flagged, 0 AS bot", "false AS flagged, 1 AS bot"):
            await platform.clickhouse.command(
                "INSERT INTO player_marks (player_key, updated_at, flagged, bot) "
                f"SELECT {int(first.mvp.player.id, 16)}, now64(3), {mark}"
            )
            await people.refresh(platform.clickhouse)
            other = await told(platform)
            assert other.mvp is not None
            assert other.mvp.player.id != first.mvp.player.id
            assert other.made.kept

    stack.run(scenario)


def test_over_http(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        async with http_client(platform) as client:
            await add_server(platform)
            await take(platform, game(ended=False))
            await settle(platform.clickhouse)
            (match,) = (await client.get("/api/v1/stats/matches")).json()["matches"]
            path = f"/matches/{match['id']}/report"
            shown = await client.get(f"/api/v1{path}")
            assert shown.status_code == 200
            assert shown.json()["running"] is True
            assert shown.json()["made"]["kept"] is False
            refused = await client.post(f"/api/v1/admin{path}")
            assert refused.status_code == 401
            made = await as_admin(platform, client, f"/api/v1/admin{path}")
            assert made.status_code == 200, made.text
            assert made.json()["made"]["kept"] is True
            for unknown in ("x", "00000000000000aa"):
                assert (await client.get(f"/api/v1/matches/{unknown}/report")).status_code == 404
                answer = await as_admin(platform, client, f"/api/v1/admin/matches/{unknown}/report")
                assert answer.status_code == 404

    stack.run(scenario)


async def as_admin(platform: Platform, client: httpx.AsyncClient, path: str) -> httpx.Response:
    from api.auth import keys

    token = (await keys.add(platform.postgres, "admin", "a", BY)).token
    return await client.post(path, headers={"Authorization": f"Bearer {token}"})
