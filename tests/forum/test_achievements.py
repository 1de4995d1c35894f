"""Achievements in the forum: written down once, with the match, whatever happens in between."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest

from api import unlocks
from api.achievements.catalogue import ACHIEVEMENTS
from api.errors import StoreUnavailable
from api.logins import links
from api.platform import Platform
from api.players import people
from api.players.identities import parse
from api.rebuild import service as rebuild
from api.unlocks import Recounted, recount
from smf_bridge import achievements
from tests.achievements.made import BEGIN, insert, row
from tests.events_made import body, kill
from tests.forum.client import Forum
from tests.forum.desk import at_the_forum, with_forum
from tests.mariadb_server import ForumDatabase, MariaDB
from tests.sql.feed import settle
from tests.stack import Stack, add_server, drain, no_report

R = TypeVar("R")
GOLD = [row({"kills": 30, "deaths": 3, "damage": 0})]
TWELVE = {"match_kills_bronze", "match_kills_silver", "match_kills_gold"}


def run(stack: Stack, forum: ForumDatabase, use: Callable[[Platform], Awaitable[R]]) -> R:
    return with_forum(stack, forum).run(use)


async def judged(platform: Platform, **how: bool) -> Recounted:
    assert platform.forum is not None
    return await recount(platform.clickhouse, platform.postgres, platform.forum, **how)


async def linked(platform: Platform, forum: ForumDatabase, member: int, key: int) -> None:
    """Let a key's history be a member's, here and in the forum."""
    player = parse(await links.player_of(platform.clickhouse, member))
    await point(platform, key, player)
    forum.run(
        "INSERT INTO smf_mohaa_player_links (client_id, member_id, linked_at) VALUES (%s, %s, NOW())",
        f"client{key}",
        member,
    )


async def point(platform: Platform, key: int, player: int) -> None:
    sql = f"INSERT INTO player_links VALUES ({key}, {player}, {str(key != player).lower()}, now64(3))"
    await platform.clickhouse.command(sql)
    await people.refresh(platform.clickhouse)


async def flag(platform: Platform, key: int, flagged: bool) -> None:
    said = f"INSERT INTO player_marks SELECT {key}, -1, {str(flagged).lower()}, '', now64(3), now64(3)"
    await platform.clickhouse.command(said)
    await people.refresh(platform.clickhouse)


def unlocked(forum: ForumDatabase, member: int = 7) -> dict[str, str | None]:
    rows = forum.rows("achievement_progress")
    return {
        each["achievement_id"]: each["match_id"]
        for each in rows
        if each["unlocked_at"] and each["member_id"] == member
    }


def kills(forum: ForumDatabase) -> set[str]:
    return {id_ for id_ in unlocked(forum) if id_.startswith("match_kills")}


async def check_rarity(platform: Platform, forum: ForumDatabase) -> None:
    """Check that the shares are those of a plain count over who is linked."""
    assert platform.forum is not None
    linked_now = {each["member_id"] for each in forum.rows("player_links")}
    earned = [
        each["achievement_id"]
        for each in forum.rows("achievement_progress")
        if each["unlocked_at"] and each["member_id"] in linked_now
    ]
    rarity = await achievements.rarity(platform.forum)
    for id_ in ACHIEVEMENTS:
        expected = earned.count(id_) / len(linked_now) if linked_now else None
        assert rarity.share(id_) == expected
        if id_.startswith("match_kills"):
            assert (await achievements.rarity(platform.forum, only=id_)).share(id_) == expected


def test_members_are_asked_about_when_something_has_happened(
    stack: Stack, forum: ForumDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    async def counted(*stores: Any) -> Recounted:
        done = await recount(*stores)
        asked.append(done.judged)
        return done

    monkeypatch.setattr(unlocks, "recount", counted)

    async def use(platform: Platform) -> None:
        await insert(platform.clickhouse, 5, GOLD, first=3)
        await linked(platform, forum, 7, 5)
        judge = unlocks.Judge(platform.clickhouse, platform.postgres, platform.forum)
        for _ in range(6):
            await judge.step()
        assert asked == [1, 0, 0]
        await flag(platform, 5, True)
        await judge.step()
        assert asked == [1, 0, 0, 1]

    run(stack, forum, use)


def test_it_is_written_down_once_with_the_match(stack: Stack, forum: ForumDatabase) -> None:
    async def use(platform: Platform) -> None:
        await insert(platform.clickhouse, 5, GOLD, first=3)
        assert (await judged(platform)).members == 0
        await linked(platform, forum, 7, 5)
        first = await judged(platform)
        assert (first.judged, set(first.changes[0].granted) >= TWELVE) == (1, True)
        rows = forum.rows("achievement_progress")
        assert unlocked(forum)["match_kills_gold"] == f"{3:016x}"
        [gold] = [each for each in rows if each["achievement_id"] == "match_kills_gold"]
        assert gold["unlocked_at"] == BEGIN.replace(tzinfo=None)
        [next_one] = [each for each in rows if each["achievement_id"] == "match_kills_platinum"]
        assert (next_one["progress"], next_one["unlocked_at"]) == (30, None)
        told = forum.rows("alerts")
        assert [each["member_id"] for each in told] == [7], "a past is one alert"
        assert (await judged(platform)).judged == 0
        again = await judged(platform, everybody=True)
        assert (again.judged, again.changes) == (1, [])
        await asyncio.gather(*(judged(platform, everybody=True) for _ in range(4)))
        assert forum.rows("achievement_progress") == rows
        assert forum.rows("alerts") == told

        await insert(platform.clickhouse, 5, [row({"kills": 51, "deaths": 3})], first=4)
        more = await judged(platform)
        assert "match_kills_platinum" in more.changes[0].granted
        assert unlocked(forum)["match_kills_platinum"] == f"{4:016x}"
        assert unlocked(forum)["match_kills_gold"] == f"{3:016x}"
        assert {each["path"] for each in forum.rows("alerts")} == {"members/7/achievements"}

    run(stack, forum, use)
    catalogue = forum.rows("achievements")
    assert {each["id"] for each in catalogue if not each["retired"]} == set(ACHIEVEMENTS)


def test_killed_between_the_stores_it_is_done_the_next_time(
    stack: Stack, forum: ForumDatabase, mariadb: MariaDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def use(platform: Platform) -> None:
        await insert(platform.clickhouse, 5, GOLD)
        await linked(platform, forum, 7, 5)

        whole = achievements.write
        with monkeypatch.context() as patched:

            async def killed(*arguments: Any) -> Any:
                mariadb.kill()
                return await whole(*arguments)

            patched.setattr(achievements, "write", killed)
            try:
                with pytest.raises(StoreUnavailable):
                    await judged(platform)
            finally:
                mariadb.start()
        assert unlocked(forum) == {}
        assert forum.rows("alerts") == []

        tell = achievements._tell
        with monkeypatch.context() as patched:

            def fails(*arguments: Any) -> None:
                tell(*arguments)
                raise KeyError("killed before the commit")

            patched.setattr(achievements, "_tell", fails)
            with pytest.raises(KeyError):
                await judged(platform)
        assert (unlocked(forum), forum.rows("alerts")) == ({}, [])
        await judged(platform)
        await judged(platform)
        assert kills(forum) == TWELVE
        assert len(forum.rows("alerts")) == 1

    run(stack, forum, use)


def test_merges_flags_and_matches_left_out_give_and_take(stack: Stack, forum: ForumDatabase) -> None:
    async def use(platform: Platform) -> None:
        await insert(platform.clickhouse, 5, GOLD)
        await insert(platform.clickhouse, 6, [row({"kills": 51})], first=9)
        await linked(platform, forum, 7, 5)
        await judged(platform)
        before = unlocked(forum)
        me = parse(await links.player_of(platform.clickhouse, 7))

        await linked(platform, forum, 8, 60)
        await check_rarity(platform, forum)
        await point(platform, 6, me)
        looked = await judged(platform, dry_run=True)
        assert "match_kills_platinum" in looked.changes[0].granted
        assert unlocked(forum) == before, "a dry run changes nothing"
        await judged(platform)
        assert unlocked(forum)["match_kills_platinum"] == f"{9:016x}"
        await check_rarity(platform, forum)
        await point(platform, 6, 6)
        [back] = (await judged(platform)).changes
        assert "match_kills_platinum" in back.taken
        assert unlocked(forum) == before

        await flag(platform, 5, flagged=True)
        assert set((await judged(platform)).changes[0].taken) == set(before)
        assert unlocked(forum) == {}
        await check_rarity(platform, forum)
        await flag(platform, 5, flagged=False)
        await judged(platform)
        assert unlocked(forum) == before
        await check_rarity(platform, forum)
        told = len(forum.rows("alerts"))

        await platform.clickhouse.command("TRUNCATE TABLE match_results")
        await judged(platform)
        assert unlocked(forum) == {}
        assert len(forum.rows("alerts")) == told, "what is taken is no news"
        await check_rarity(platform, forum)

    run(stack, forum, use)


def test_who_is_not_linked_any_more_has_nothing_and_counts_for_nothing(
    stack: Stack, forum: ForumDatabase
) -> None:
    async def use(platform: Platform) -> None:
        await insert(platform.clickhouse, 5, GOLD)
        for member, key in ((7, 5), (8, 6)):
            await linked(platform, forum, member, key)
        await judged(platform)
        assert unlocked(forum).keys() >= TWELVE
        forum.run("DELETE FROM smf_mohaa_player_links WHERE member_id = 7")
        await point(platform, 5, 5)
        await judged(platform)
        assert unlocked(forum) == {}
        await check_rarity(platform, forum)

    run(stack, forum, use)


def test_many_who_would_lose_something_wait_for_a_word(stack: Stack, forum: ForumDatabase) -> None:
    async def use(platform: Platform) -> None:
        for member in range(20, 32):
            await insert(platform.clickhouse, 100 + member, GOLD, first=member)
            await linked(platform, forum, member, 100 + member)
        assert len((await judged(platform)).changes) == 12
        rows = forum.rows("achievement_progress")
        await platform.clickhouse.command("TRUNCATE TABLE match_results")
        done = await judged(platform)
        assert done.withheld is not None
        assert "12 members" in done.withheld
        assert forum.rows("achievement_progress") == rows
        assert len((await judged(platform, force=True)).changes) == 12
        assert unlocked(forum, 20) == {}

    run(stack, forum, use)


def test_a_rebuild_leaves_them_the_same(stack: Stack, forum: ForumDatabase) -> None:
    async def use(platform: Platform) -> None:
        await add_server(platform)
        events = [kill(seq, "Ann", "Bob", attacker_guid="G1") for seq in range(12)]
        end = {**kill(12, "Ann", "Bob"), "type": "match_end"}
        await platform.inlet.take(1, body([*events, end]), "")
        await drain(platform)
        await settle(platform.clickhouse)
        found = await platform.clickhouse.rows(
            "SELECT DISTINCT player_key FROM match_results WHERE kills > 0", dict[str, Any]
        )
        await linked(platform, forum, 7, int(found[0]["player_key"]))
        await settle(platform.clickhouse)
        await judged(platform)
        rows = forum.rows("achievement_progress")
        assert unlocked(forum), "something was earned"
        stores = platform.postgres, platform.clickhouse, platform.settings
        await rebuild.rebuild(*stores, None, no_report)
        await settle(platform.clickhouse)
        again = await judged(platform, everybody=True)
        assert again.changes == []
        assert forum.rows("achievement_progress") == rows

    run(stack, forum, use)


def test_what_left_the_catalogue_is_kept(
    stack: Stack, forum: ForumDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def use(platform: Platform) -> None:
        await judged(platform)
        forum.run(
            "INSERT INTO smf_mohaa_achievements (id, name, about, category, tier, kind, position) "
            "VALUES ('old_bronze', 'Old', 'Was here.', 'combat', 'bronze', 'match', 999)"
        )
        forum.run(
            "INSERT INTO smf_mohaa_achievement_progress (member_id, achievement_id, progress, unlocked_at) "
            "VALUES (7, 'old_bronze', 1, NOW())"
        )
        monkeypatch.setattr(unlocks, "DIGEST", 5)
        await insert(platform.clickhouse, 5, GOLD)
        await linked(platform, forum, 7, 5)
        await judged(platform)
        assert "old_bronze" in unlocked(forum)

    run(stack, forum, use)
    [old] = [each for each in forum.rows("achievements") if each["id"] == "old_bronze"]
    assert old["retired"]


def test_the_forum_shows_them_and_hides_hidden_ones(stack: Stack, forum: ForumDatabase) -> None:
    async def use(platform: Platform, client: Forum) -> None:
        quiet = row({"won": 1, "minutes": 6, "kills": 0, "deaths": 2})
        await insert(platform.clickhouse, 5, [*GOLD, quiet])
        await linked(platform, forum, 7, 5)
        await linked(platform, forum, 8, 6)
        await judged(platform)
        answer = (await client.get("/forum/members/7/achievements")).json()
        assert answer["title"] == 'Achievements of Ann "Ä" 🎖'
        assert "Somebody Stop Him" in answer["html"]
        assert "Moral Support" in answer["html"], "a hidden one that she has"
        assert "Didn&#39;t Get the Telegram" not in answer["html"]
        assert "???" in answer["html"]
        other = (await client.get("/forum/members/8/achievements")).json()["html"]
        assert "Moral Support" not in other
        everything = (await client.get("/forum/achievements")).json()["html"]
        assert "50" in everything
        assert "Moral Support" in everything
        assert "Moral Support" not in (await client.get("/forum/achievements", member=8)).json()["html"]
        holders = (await client.get("/forum/achievements/match_kills_gold")).json()["html"]
        assert "Ann &#34;Ä&#34;" in holders
        assert "Bob" not in holders
        assert (await client.get("/forum/achievements/pacifist_win_bronze")).status_code == 200
        hidden = await client.get("/forum/achievements/pacifist_win_bronze", member=8)
        unknown = await client.get("/forum/achievements/%3Cb%3E", member=8)
        assert (hidden.status_code, unknown.status_code) == (404, 404)

    at_the_forum(stack, forum, use)


def test_names_are_hostile(stack: Stack, forum: ForumDatabase) -> None:
    forum.run(
        "UPDATE smf_members SET real_name = '&lt;script&gt;alert(1)&lt;/script&gt;' WHERE id_member = 7"
    )

    async def use(platform: Platform, client: Forum) -> None:
        await insert(platform.clickhouse, 5, GOLD)
        await linked(platform, forum, 7, 5)
        await judged(platform)
        for path in ("/forum/members/7/achievements", "/forum/achievements/match_kills_gold"):
            shown = (await client.get(path)).json()["html"]
            assert "<script" not in shown
        assert "&lt;script&gt;" in shown

    at_the_forum(stack, forum, use)
