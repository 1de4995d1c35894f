"""What tournaments ask of ClickHouse: members' ratings, and matches in which two sides met."""

from datetime import UTC, datetime
from typing import Any

from api.matches.meetings import meetings
from api.platform import Platform
from api.players import people
from api.ratings import service as ratings
from api.ratings.job import unrated
from tests.events_made import body, kill
from tests.sql.feed import settle
from tests.stack import Stack, add_server, drain

BEGAN = 1_790_000_000
SINCE = datetime.fromtimestamp(BEGAN, UTC)
LINK = (
    "INSERT INTO player_links SELECT player_key('', {client:String}, false), "
    "sipHash64('member', toString({member:UInt64})), true, now64(3)"
)


def _match(
    number: int,
    home: list[str],
    away: list[str],
    teams: tuple[str, str],
    score: tuple[int, int] | None,
    *,
    end: bool,
) -> list[dict[str, Any]]:
    """A match in which each of home kills each of away, and one of away kills one of home."""
    about = {
        "match_id": f"cup{number}",
        "session_id": f"s{number}",
        "gametype": "tdm" if teams[0] else "ffa",
    }
    at = BEGAN + number * 3600
    fights = [*((one, other, teams) for one in home for other in away), (away[0], home[0], teams[::-1])]
    events = [
        kill(
            None,
            one,
            other,
            timestamp=at + 590 * place // (len(fights) - 1),
            attacker_guid=one,
            victim_guid=other,
            attacker_team=sides[0],
            victim_team=sides[1],
            **about,
        )
        for place, (one, other, sides) in enumerate(fights)
    ]
    if end:
        told: dict[str, Any] = {"type": "match_end", "timestamp": at + 600, "map": "dm/mohdm6", **about}
        if score:
            told |= {"allies_score": score[0], "axis_score": score[1]}
        events.append(told)
    return [event | {"seq": seq} for seq, event in enumerate(events)]


async def _fed(platform: Platform, *matches: list[dict[str, Any]]) -> None:
    await add_server(platform)
    for client, member in (("ann", 7), ("ann2", 7), ("bob", 8), ("cid", 100), ("dan", 101)):
        await platform.clickhouse.command(LINK, client=client, member=member)
    await people.refresh(platform.clickhouse)
    for events in matches:
        await platform.inlet.take(1, body(events), "")
    await drain(platform)
    await settle(platform.clickhouse)


def test_matches_in_which_two_sides_met(stack: Stack) -> None:
    teams = ("allies", "axis")

    async def scenario(platform: Platform) -> list[tuple[Any, ...]]:
        await _fed(
            platform,
            _match(1, ["ann"], ["bob"], ("", ""), None, end=True),
            _match(2, ["ann2", "cid"], ["bob", "dan"], ("axis", "allies"), (3, 5), end=True),
            # It has not ended; one team; the other side was not there; before the time asked for.
            _match(3, ["ann"], ["bob"], teams, (1, 0), end=False),
            _match(4, ["ann"], ["bob"], ("allies", "allies"), (1, 0), end=True),
            _match(5, ["ann"], ["stranger"], teams, (1, 0), end=True),
            _match(-1, ["ann"], ["bob"], teams, (1, 0), end=True),
        )
        found = await meetings(platform.clickhouse, platform.postgres, [7, 100], [8, 101], SINCE)
        nobody = await meetings(platform.clickhouse, platform.postgres, [7], [999], SINCE)
        assert nobody == await meetings(platform.clickhouse, platform.postgres, [], [8], SINCE) == []
        assert [len(each.match_id) for each in found] == [16, 16]
        return [(each.map, each.home_players, each.away_players, each.score) for each in found]

    # The latest first: with teams the score of the teams, without them kills.
    assert stack.run(scenario) == [("dm/mohdm6", 2, 2, (5, 3)), ("dm/mohdm6", 1, 1, (1, 1))]


def test_ratings_of_members(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        await _fed(
            platform,
            *(_match(number, ["ann"], ["bob"], ("allies", "axis"), (9, 1), end=True) for number in range(3)),
            _match(7, ["bob"], ["cid"], ("", ""), None, end=True),
        )
        assert await unrated(platform.clickhouse) == 0
        found = await ratings.ordinals(platform.clickhouse, [7, 8, 100, 101, 999], "")
        assert set(found) == {7, 8, 100}
        assert found[7] > found[8]
        assert set(await ratings.ordinals(platform.clickhouse, [7, 8, 100], "ffa")) == {8, 100}
        assert await ratings.ordinals(platform.clickhouse, [], "") == {}

    stack.run(scenario)
