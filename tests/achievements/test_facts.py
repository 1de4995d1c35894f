"""What ClickHouse counts for each family: a history that just earns a tier, and one that just does not."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from api.achievements import queries
from api.achievements.catalogue import FAMILIES, Family
from api.achievements.facts import CAREER
from api.achievements.judging import Facts, judge
from api.paging import START
from api.players import people
from api.players.identities import parse
from api.stats.leaderboards import Scope, board
from api.stats.metrics import METRICS
from api.stores.clickhouse import ClickHouse
from tests.achievements.made import BEGIN, insert, row
from tests.stats.test_catalogue import NOW, WANTED
from tests.stats.test_catalogue import _play as play

WITHIN = [family for family in FAMILIES if family.counts != "career"]
# Facts that need not be whole numbers; the share is one of 100 kills.
_FINE = {"kills_per_death", "kills_a_minute", "damage", "minutes"}


def facts_of(clickhouse: ClickHouse, player: int) -> Facts:
    found = asyncio.run(queries.facts(clickhouse, [player]))
    return found.get(player) or Facts(player)


def earned(clickhouse: ClickHouse, player: int, family: Family) -> list[str]:
    judged = judge(facts_of(clickhouse, player))
    return [one.achievement.id for one in judged if one.earned and one.achievement.family == family.id]


def fine(family: Family) -> dict[str, float]:
    """Facts that `least` and `most` of a family just allow."""
    return {**family.most, **family.least}


def histories(family: Family, at: float) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return matches that just earn a tier, and matches that just do not."""
    if family.counts == "match":
        good = {**fine(family), family.of: at}
        less = at - (0.1 if family.of in _FINE else 1)
        return [row(good)], [row({**good, family.of: less})]
    good_rows = [row(fine(family), BEGIN + timedelta(days=n)) for n in range(int(at))]
    return good_rows, good_rows[:-1]


@pytest.mark.parametrize("family", WITHIN, ids=lambda family: family.id)
def test_matches_just_earn_a_tier_or_just_do_not(clickhouse: ClickHouse, family: Family) -> None:
    # Many matches are no other than some: the higher tiers of what counts matches would only take time.
    tiers = [each for each in family.achievements if family.counts == "match" or each.target <= 10]
    assert tiers

    async def made() -> None:
        for tier, each in enumerate(tiers):
            good, less = histories(family, each.target)
            await insert(clickhouse, 1000 + tier, good, first=1)
            await insert(clickhouse, 2000 + tier, less, first=1)

    asyncio.run(made())
    for tier, each in enumerate(tiers):
        got = earned(clickhouse, 1000 + tier, family)
        assert got == [one.id for one in family.achievements[: tier + 1]], each.id
        assert each.id not in earned(clickhouse, 2000 + tier, family)
        judged = {one.achievement.id: one for one in judge(facts_of(clickhouse, 1000 + tier))}
        end = judged[each.id].end
        assert end is not None
        assert int(end.match, 16) == (1 if family.counts == "match" else int(each.target))


@pytest.mark.parametrize(
    ("family", "bound", "fact", "value"),
    [
        (family, bound, fact, value)
        for family in WITHIN
        for bound, facts in (("least", family.least), ("most", family.most))
        for fact, value in facts.items()
    ],
    ids=lambda each: each.id if isinstance(each, Family) else str(each),
)
def test_a_match_beyond_a_bound_counts_nothing(
    clickhouse: ClickHouse, family: Family, bound: str, fact: str, value: float
) -> None:
    beyond = value - 1 if bound == "least" else value + 1
    facts: dict[str, float] = {**fine(family), fact: beyond}
    if fact in family.least and fact in family.most and family.least[fact] == family.most[fact]:
        facts[fact] = value + 1
    if family.of and family.of != fact:
        facts[family.of] = family.tiers[-1].at
    if fact == "kills":
        facts.pop("kills_per_death", None)
        facts.pop("headshot_share", None)
    asyncio.run(insert(clickhouse, 5, [row(facts)]))
    assert facts_of(clickhouse, 5).counted[family.id] == 0


def test_a_career_counts_what_the_boards_count(
    clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each metric, on a made history of three matches that tests/stats tells by hand."""
    families = [family for family in FAMILIES if family.counts == "career" and family.of in METRICS]

    async def ask() -> dict[str, dict[str, float]]:
        await play(clickhouse)
        # What never told its end is over after an hour of silence: here now.
        ended = "SELECT match_key, 'x', now64(3) FROM matches"
        await clickhouse.command(f"INSERT INTO matches (match_key, session_id, ended_at) {ended}")
        places = (await board(clickhouse, "matches", Scope(), NOW, START, 10)).players
        names = {parse(place.player.id): place.player.name for place in places}
        found = await queries.facts(clickhouse, list(names))
        return {
            family.id: {names[p]: f.counted[family.id] for p, f in found.items() if f.counted.get(family.id)}
            for family in families
        }

    got = asyncio.run(ask())
    for family in families:
        wanted = {who: value / family.scale for who, value in WANTED[family.of].items()}
        assert got[family.id] == pytest.approx(wanted), family.id


def test_facts_of_a_career_that_no_metric_tells(clickhouse: ClickHouse) -> None:
    own = [name for name in CAREER if name not in METRICS]
    assert own == ["days", "maps", "servers", "peak_rating", "longest_kill", "weapons"]

    async def ask() -> Facts:
        rows = [
            {**row({}, BEGIN + timedelta(days=n % 3)), "map": f"m{n % 4}", "server_id": n % 2}
            for n in range(8)
        ]
        rows.append({**row({}), "map": "unplayed", "took_part": 0})
        await insert(clickhouse, 5, rows)
        for mu, sigma in ((25, 5), (31, 2), (28, 1)):
            await clickhouse.command(
                "INSERT INTO ratings (player_key, match_key, gametype, version, sign, mu, sigma) "
                f"VALUES (5, {mu}, 'tdm', 1, 1, {mu * 1_000_000}, {sigma * 1_000_000})"
            )
        await clickhouse.command(
            "INSERT INTO player_parts (player_key, kind, part, farthest) VALUES "
            "(5, 'distance', '0', (100, 0, 1)), (5, 'distance', '5120', (5249, 0, 1))"
        )
        await clickhouse.command(
            "INSERT INTO player_weapons (player_key, weapon, kills) VALUES (5, 'BAR', 1), (5, 'BAR', 1), "
            "(5, 'Colt', 2), (5, '', 2), (5, 'Bazooka', 0)"
        )
        return (await queries.facts(clickhouse, [5]))[5]

    counted = asyncio.run(ask()).counted
    assert counted["days"] == 3
    assert counted["maps"] == 4
    assert counted["servers"] == 2
    assert counted["peak_rating"] == 25
    assert counted["longest_kill"] == pytest.approx(100, abs=0.01)
    assert counted["weapons"] == 2


def test_only_matches_that_are_over_count(clickhouse: ClickHouse) -> None:
    async def made() -> None:
        await insert(clickhouse, 5, [row({"kills": 30})])
        await clickhouse.command("ALTER TABLE matches DELETE WHERE 1 SETTINGS mutations_sync = 2")

    async def heard(ago: str, ended_at: str = "NULL") -> None:
        await clickhouse.command(
            "INSERT INTO matches (match_key, session_id, received_at, ended_at) "
            f"SELECT 1, 's', now64(3) - INTERVAL {ago}, {ended_at}"
        )

    asyncio.run(made())
    assert facts_of(clickhouse, 5).counted.get("match_kills", 0) == 0
    asyncio.run(heard("1 MINUTE"))
    assert facts_of(clickhouse, 5).counted.get("match_kills", 0) == 0
    asyncio.run(clickhouse.command("ALTER TABLE matches DELETE WHERE 1 SETTINGS mutations_sync = 2"))
    asyncio.run(heard("61 MINUTE"))
    assert facts_of(clickhouse, 5).counted["match_kills"] == 30
    asyncio.run(heard("1 MINUTE"))
    assert facts_of(clickhouse, 5).counted.get("match_kills", 0) == 0
    # Its end was heard long ago, and something came after it.
    asyncio.run(heard("2 HOUR", "now64(3) - INTERVAL 2 HOUR"))
    assert facts_of(clickhouse, 5).counted["match_kills"] == 30


def test_the_first_match_that_earned_it_is_named(clickhouse: ClickHouse) -> None:
    rows = [row({"kills": kills}, BEGIN + timedelta(days=n)) for n, kills in enumerate((9, 12, 40, 11, 25))]
    asyncio.run(insert(clickhouse, 5, rows))
    found = facts_of(clickhouse, 5)
    ends = {one.achievement.id: one.end for one in judge(found) if one.achievement.family == "match_kills"}
    assert {name: end and (int(end.match, 16), end.at) for name, end in ends.items()} == {
        "match_kills_bronze": (2, BEGIN + timedelta(days=1)),
        "match_kills_silver": (3, BEGIN + timedelta(days=2)),
        "match_kills_gold": (3, BEGIN + timedelta(days=2)),
        "match_kills_platinum": None,
    }
    assert found.last is not None
    assert int(found.last.match, 16) == 5


def test_what_earned_it_is_told_by_time_and_then_by_key(clickhouse: ClickHouse) -> None:
    """Keys of 64 bits that fall while time rises, of matches that two clients of one person played."""
    top = 2**64 - 2
    begins = {top - n: BEGIN + timedelta(days=n) for n in range(9)}
    # Two at once: the lesser key is the first of them.
    begins |= {2: BEGIN + timedelta(days=9), 1: BEGIN + timedelta(days=9)}

    async def made() -> None:
        # Alive for ten minutes; it is the first time, the second from the last key, that ten enemies die.
        for n, (key, begin) in enumerate(begins.items()):
            facts = {"minutes": 10.0, "deaths": 0.0, "kills": 1.0 if n < 7 else 10.0}
            await insert(clickhouse, 5 + n % 2, [row(facts, begin)], key)
        await clickhouse.command("INSERT INTO player_links VALUES (6, 5, false, now64(3))")
        await people.refresh(clickhouse)

    asyncio.run(made())
    found = facts_of(clickhouse, 5)
    ends = {one.achievement.id: one.end for one in judge(found) if one.earned}
    told = {
        id_: (int(end.match, 16), end.at)
        for id_ in ("survivor_bronze", "survivor_silver", "match_kills_bronze")
        if (end := ends[id_])
    }
    assert told == {
        "survivor_bronze": (top, BEGIN),
        "survivor_silver": (1, BEGIN + timedelta(days=9)),
        "match_kills_bronze": (top - 7, BEGIN + timedelta(days=7)),
    }
    assert found.last is not None
    assert int(found.last.match, 16) == 2


def test_links_join_and_flags_and_bots_shut_out(clickhouse: ClickHouse) -> None:
    async def made() -> None:
        await insert(clickhouse, 5, [row({"kills": 30})])
        await insert(clickhouse, 6, [row({"kills": 50})], first=10)

    async def linked(to: int) -> None:
        await clickhouse.command(f"INSERT INTO player_links VALUES (6, {to}, false, now64(3))")
        await people.refresh(clickhouse)

    asyncio.run(made())
    assert facts_of(clickhouse, 5).counted["match_kills"] == 30
    asyncio.run(linked(5))
    assert facts_of(clickhouse, 5).counted["match_kills"] == 50
    assert asyncio.run(queries.rarity(clickhouse))[0] == 1
    asyncio.run(linked(6))
    assert facts_of(clickhouse, 5).counted["match_kills"] == 30
    players, have = asyncio.run(queries.rarity(clickhouse))
    assert (players, have["match_kills_gold"], have["match_kills_platinum"]) == (2, 2, 1)

    async def marked(bot: int, flagged: str) -> None:
        await clickhouse.command(
            f"INSERT INTO player_marks SELECT 6, {bot}, {flagged}, '', now64(3), now64(3)"
        )
        await people.refresh(clickhouse)

    asyncio.run(marked(1, "false"))
    assert facts_of(clickhouse, 6).bot
    assert earned(clickhouse, 6, next(f for f in FAMILIES if f.id == "match_kills")) == []
    asyncio.run(marked(-1, "true"))
    assert (facts_of(clickhouse, 6).bot, facts_of(clickhouse, 6).flagged) == (False, True)
    assert earned(clickhouse, 6, next(f for f in FAMILIES if f.id == "match_kills")) == []
    players, have = asyncio.run(queries.rarity(clickhouse))
    assert (players, have["match_kills_gold"], have.get("match_kills_platinum", 0)) == (1, 1, 0)


def test_a_state_changes_with_what_may_have_been_earned(clickhouse: ClickHouse) -> None:
    async def digests() -> dict[int, int]:
        return {state.member: state.digest for state in await queries.states(clickhouse, [7, 8])}

    async def use() -> None:
        nobody = await digests()
        [state, _] = await queries.states(clickhouse, [7, 8])
        assert await digests() == nobody
        await insert(clickhouse, 5, [row({"kills": 30})])
        assert await digests() == nobody, "not linked yet"
        await clickhouse.command(f"INSERT INTO player_links VALUES (5, {state.player}, true, now64(3))")
        await people.refresh(clickhouse)
        played = await digests()
        assert played[7] != nobody[7]
        assert played[8] == nobody[8]
        await insert(clickhouse, 5, [row({"kills": 1})], first=2)
        more = await digests()
        assert more[7] not in (nobody[7], played[7])
        found = await queries.facts(clickhouse, [state.player])
        assert found[state.player].counted["match_kills"] == 30

    asyncio.run(use())
