"""A match is taken out of every number and put back; nothing is lost or doubled, whenever it is killed."""

import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from api import jobs, tasks
from api.audit import service as audit
from api.audit.service import Actor
from api.auth import keys
from api.errors import Conflict, Gone, NotFound
from api.left_out import service as left_out
from api.matches import service as matches
from api.paging import START
from api.platform import Platform
from api.privacy import service as privacy
from api.rebuild import service as rebuild
from api.stats import players, totals
from tests.events_made import body, kill
from tests.sql.feed import settle
from tests.stack import Stack, add_server, drain, http_client, no_report

ME = Actor("admin", "anna", 1)
HOSTILE = "'); DROP TABLE raw_events; -- <b>\\'\u202e%{}"
# Who killed how often in which match; one name of a match, and one of a player, want to be more.
PLAYED = {"m1": {"Ann": 3, "Zaphodian": 4}, HOSTILE: {"Ann": 2, HOSTILE: 5}, "m3": {"Bob": 1}}

Numbers = dict[str, list[str]]


async def play(platform: Platform, first: int = 0, only: str | None = None) -> int:
    """Play the matches, and return how many events that were."""
    if first == 0:
        await add_server(platform)
    names = [
        (match, name)
        for match, kills in PLAYED.items()
        for name, times in kills.items()
        for _ in range(times)
        if only in (None, match)
    ]
    sent = [kill(first + n, name, "Zed", match_id=match) for n, (match, name) in enumerate(names)]
    # Some without numbers: told apart by nothing but their bytes.
    plain = [kill(None, "Ann", "Zed", match_id=only or "m1", timestamp=1_790_000_500 + first)] * 2
    for events, session in ((sent, "s1"), (plain, "s2")):
        answer = await platform.inlet.take(1, body([e | {"session_id": session} for e in events]), "")
        assert not answer.rejected
    await drain(platform)
    await settle(platform.clickhouse)
    return len(sent) + len(plain)


async def id_of(platform: Platform, match: str) -> str:
    sql = "SELECT DISTINCT public_id(match_key) AS id FROM {t:Identifier} WHERE match_id = {m:String}"
    for table in ("matches", "raw_events_left_out"):
        for row in await platform.clickhouse.rows(sql, dict[str, str], m=match, t=table):
            return row["id"]
    raise AssertionError(match)


async def rows_of(platform: Platform, table: str) -> Counter[str]:
    found = await platform.clickhouse.rows(f"SELECT * FROM {table}", dict[str, Any])
    return Counter(json.dumps(row, sort_keys=True) for row in found)


async def numbers(platform: Platform) -> Numbers:
    """Every row of every table that is made from the log."""
    found = {}
    for noun in await rebuild.nouns(platform.clickhouse):
        computed = noun in ("match_results", "match_reports")
        final = f"{noun} FINAL" if computed else noun
        hidden = {"match_results": " EXCEPT (version)", "match_reports": " EXCEPT (version, settled)"}.get(
            noun, ""
        )
        await platform.clickhouse.command(f"OPTIMIZE TABLE {noun} FINAL")
        rows = await platform.clickhouse.rows(f"SELECT *{hidden} FROM {final}", dict[str, Any])
        for row in rows:
            row |= {name: sorted(row[name]) for name in ("lifeline", "stances") if name in row}
        found[noun] = sorted(json.dumps(row, sort_keys=True) for row in rows)
    return found


async def flag(platform: Platform, match: str, reason: str = "aim bots") -> str:
    named = await id_of(platform, match)
    await left_out.leave_out(platform.postgres, platform.clickhouse, named, reason, ME)
    return named


async def carry_out(platform: Platform) -> int:
    return await left_out.carry_out(platform.postgres, platform.clickhouse, platform.settings, no_report)


def recounted(*left: str) -> dict[str, int]:
    """Kills by name, counted from what was played."""
    found: Counter[str] = Counter({"Ann": 0 if "m1" in left else 2})
    for match, kills in PLAYED.items():
        found.update({} if match in left else kills)
    return {name: times for name, times in found.items() if times}


async def kills(platform: Platform) -> dict[str, int]:
    found = await players.find(platform.clickhouse, "", "kills", "include", START, 50)
    return {row.player.name: row.kills for row in found.players if row.kills}


@pytest.mark.parametrize("match", list(PLAYED))
def test_a_match_is_in_no_number_and_back_in_all(stack: Stack, match: str) -> None:
    async def scenario(platform: Platform) -> None:
        events = await play(platform)
        before, log = await numbers(platform), await rows_of(platform, "raw_events")
        assert sum(log.values()) == events
        assert await kills(platform) == recounted()
        named = await flag(platform, match, HOSTILE)
        with pytest.raises(Gone, match="is left out: "):
            await matches.match(platform.clickhouse, platform.postgres, named)
        with pytest.raises(Conflict, match="left out already"):
            await flag(platform, match)
        await tasks.leave_out_step(platform)

        assert await kills(platform) == recounted(match)
        assert (await totals.totals(platform.clickhouse)).matches == 2
        out = await rows_of(platform, "raw_events_left_out")
        assert out + await rows_of(platform, "raw_events") == log
        assert {json.loads(row)["match_id"] for row in out} == {match}
        [job] = await jobs.recent(platform.redis)
        assert (job[0].task, job[1] and job[1].finished) == ("leave_out", True)
        assert [(m.match, m.reason, m.done) for m in await left_out.current(platform.postgres)] == [
            (named, HOSTILE, True)
        ]
        # Counting anew does not bring it back, and nothing waits any more.
        await rebuild.rebuild(platform.postgres, platform.clickhouse, platform.settings, None, no_report)
        assert await kills(platform) == recounted(match)
        assert await left_out.waiting(platform.postgres, platform.clickhouse, 0) == []

        await left_out.put_back(platform.postgres, named, ME)
        with pytest.raises(NotFound):
            await left_out.put_back(platform.postgres, named, ME)
        await tasks.leave_out_step(platform)
        assert await rows_of(platform, "raw_events") == log
        assert not await rows_of(platform, "raw_events_left_out")
        assert await numbers(platform) == before
        assert (await matches.match(platform.clickhouse, platform.postgres, named)).id == named
        written = await audit.page(platform.postgres, action="match.")
        assert [(e.action, e.subject, e.before, e.after) for e in written] == [
            ("match.flag_undone", f"match {named}", {"reason": HOSTILE, "by": "anna"}, None),
            ("match.flag", f"match {named}", None, {"reason": HOSTILE}),
        ]

    stack.run(scenario)


def test_late_events_follow_the_match(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        first = await play(platform)
        await flag(platform, "m1")
        await carry_out(platform)
        late = await play(platform, 100, "m1")
        stores = platform.postgres, platform.clickhouse
        assert await left_out.waiting(*stores) == [], "more of it may be on its way"
        assert await left_out.waiting(*stores, 0) != []
        assert await carry_out(platform) == 1
        assert await left_out.waiting(*stores, 0) == []
        assert await kills(platform) == recounted("m1")
        out, counted = [await rows_of(platform, t) for t in ("raw_events_left_out", "raw_events")]
        assert sum(out.values()) + sum(counted.values()) == first + late

    stack.run(scenario)


class Killed(BaseException):
    """Stands for kill -9: nothing that follows is done."""


def test_killed_at_any_statement_and_done_again_it_is_the_same(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(platform: Platform) -> None:
        await play(platform)
        log = await rows_of(platform, "raw_events")
        await flag(platform, "m1")
        command = platform.clickhouse.command
        moves: list[Callable[[Platform], Awaitable[object]]] = []

        async def undo(platform: Platform) -> None:
            await left_out.put_back(platform.postgres, await id_of(platform, "m1"), ME)

        async def again(platform: Platform) -> None:
            await flag(platform, "m1")

        moves = [undo, again]
        late = 1000
        for turn in range(2):
            for fatal in range(9):
                left = fatal

                async def fails(sql: str, **parameters: object) -> None:
                    nonlocal left
                    if left == 0:
                        raise Killed
                    left -= 1
                    await command(sql, **parameters)

                with monkeypatch.context() as patched:
                    patched.setattr(platform.clickhouse, "command", fails)
                    with pytest.raises(Killed):
                        await carry_out(platform)
                # Meanwhile the writer goes on, with more of the same match.
                await platform.inlet.take(1, body([kill(late, "Ann", "Zed", match_id="m1")]), "")
                await drain(platform)
                late += 1
            await carry_out(platform)
            out, counted = [await rows_of(platform, t) for t in ("raw_events_left_out", "raw_events")]
            assert sum((out + counted).values()) == sum(log.values()) + late - 1000
            assert not out & counted
            assert not log - (out + counted)
            in_m1 = {json.loads(row)["match_id"] == "m1" for row in (out if turn == 0 else counted)}
            assert True in in_m1
            assert turn == 0 or not out
            await moves[turn](platform)
        left_over = await platform.clickhouse.rows(
            "SELECT name FROM system.tables WHERE endsWith(name, '__moved')", dict[str, str]
        )
        assert left_over == []

    stack.run(scenario)


def test_whoever_played_only_there_is_erased_there(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        await play(platform)
        await flag(platform, "m1", "Zaphodian cheats")
        await carry_out(platform)
        rows = await platform.clickhouse.rows(
            "SELECT public_id(player_key('Zaphodian', '', false)) AS id", dict[str, str]
        )
        stores = platform.postgres, platform.clickhouse
        exported = await privacy.export(*stores, platform.settings, rows[0]["id"], ME)
        assert (exported.names, exported.events) == (["Zaphodian"], 4)
        done = await privacy.erase(
            *stores, platform.redis, platform.settings, rows[0]["id"], ME, dry_run=False
        )
        assert done.rows["raw_events_left_out"] == 4
        out = await rows_of(platform, "raw_events_left_out")
        assert sum(out.values()) == 9
        assert not [row for row in out if "Zaphodian" in row]
        assert [m.reason for m in await left_out.current(platform.postgres)] == [""]
        await left_out.put_back(platform.postgres, await id_of(platform, "m1"), ME)
        await carry_out(platform)
        assert sorted((await kills(platform)).values()) == sorted(recounted().values())

    stack.run(scenario)


def test_over_http(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        await play(platform)
        named = await id_of(platform, "m1")
        found = await platform.clickhouse.rows(
            "SELECT public_id(player_key('Bob', '', false)) AS id", dict[str, str]
        )
        bob = found[0]["id"]
        made = await keys.add(platform.postgres, "admin", "anna", ME)
        async with http_client(platform) as client:
            client.headers["Authorization"] = f"Bearer {made.token}"
            base = "/api/v1/admin"
            for reason in ("", "  ", "a\0b", "x" * 501):
                for subject in (f"matches/{named}", f"players/{bob}"):
                    refused = await client.post(f"{base}/{subject}/flag", json={"reason": reason})
                    assert refused.status_code == 422, (subject, reason)
            assert (
                await client.post(f"{base}/matches/{'0' * 16}/flag", json={"reason": "a"})
            ).status_code == 404
            assert (
                await client.post(f"{base}/matches/{named}/flag", json={"reason": HOSTILE})
            ).status_code == 202
            assert (
                await client.post(f"{base}/players/{bob}/flag", json={"reason": HOSTILE})
            ).status_code == 200
            assert (await client.post(f"{base}/players/{bob}/mark", json={"word": "bot"})).status_code == 200
            page = await client.get(f"/api/v1/stats/matches/{named}")
            assert (page.status_code, page.json()["detail"]) == (410, f"match {named} is left out: {HOSTILE}")
            flags = (await client.get(f"{base}/flags")).json()
            assert [(m["kind"], m["player"]["id"]) for m in flags["players"]] == [("bot", bob), ("flag", bob)]
            assert [m["match"] for m in flags["matches"]] == [named]
            for undo in (f"matches/{named}", f"players/{bob}"):
                assert (await client.post(f"{base}/{undo}/unflag")).status_code in (200, 202)
                assert (await client.post(f"{base}/{undo}/unflag")).status_code == 404

    stack.run(scenario)


def test_both_logs_have_the_same_columns(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        sql = (
            "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {t:String} "
            "ORDER BY position"
        )
        one, other = [
            await platform.clickhouse.rows(sql, dict[str, str], t=table)
            for table in ("raw_events", "raw_events_left_out")
        ]
        assert one == other

    stack.run(scenario)
