"""Two players who are one person, and two again: every stat follows, and no event is touched."""

import json
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from api.audit import service as audit
from api.audit.service import Actor
from api.errors import Conflict, NotFound, RequestError
from api.logins import links
from api.paging import START
from api.platform import Platform
from api.players import merges, people
from api.stats import players
from tests.sql.feed import feed
from tests.stack import Stack, add_server, player

R = TypeVar("R")

ME = Actor("admin", "anna", 1)


def _kill(seq: int, attacker: str, guid: str = "", **more: object) -> str:
    event = {
        "type": "player_kill",
        "seq": seq,
        "timestamp": float(seq),
        "match_id": "m1",
        "attacker_name": attacker,
        "attacker_guid": guid,
        "victim_name": "Zed",
        "victim_guid": "zed",
        "weapon": "Thompson",
    }
    return json.dumps(event | more)


EVENTS = [
    *(_kill(n, "Ann", "ann1") for n in range(3)),
    *(_kill(n, "Ann", "ann2") for n in range(3, 8)),
    *(_kill(n, "Anita") for n in range(8, 10)),
    _kill(10, "Robot", attacker_bot=True),
]


class Game:
    """Players who were seen."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.stores = platform.postgres, platform.clickhouse

    async def id_of(self, kills: int) -> str:
        """Return the player with so many kills."""
        [found] = [player for player, count in (await self.kills()).items() if count == kills]
        return found

    async def kills(self) -> dict[str, int]:
        found = await players.find(self.platform.clickhouse, "", "kills", "include", START, 50)
        return {row.player.id: row.kills for row in found.players if row.kills}

    async def merge(self, player: str, into: str) -> merges.Merged:
        return await merges.merge(*self.stores, player, into, ME)

    async def split(self, player: str) -> merges.Merged:
        return await merges.split(*self.stores, player, ME)

    async def log_in(self, client_id: str, member_id: int) -> None:
        logins = self.platform.logins
        client = player(self.platform, 1, client_id, "Ann", "192.0.2.7")
        await logins.verify(client, (await logins.issue(member_id, f"Member {member_id}")).code)
        await links.write_changed(*self.stores)


def play(stack: Stack, use: Callable[[Game], Awaitable[R]]) -> R:
    async def run(platform: Platform) -> R:
        await add_server(platform)
        await feed(platform.clickhouse, EVENTS)
        return await use(Game(platform))

    return stack.run(run)


def test_merged_they_are_one_and_split_they_are_two(stack: Stack) -> None:
    async def scenario(game: Game) -> None:
        before = await game.kills()
        one, other = await game.id_of(3), await game.id_of(5)
        assert (await game.merge(one, other)).keys == 1
        assert sorted((await game.kills()).values()) == [1, 2, 8]
        assert (await players.player(game.platform.clickhouse, one)).identity.id == other
        [merge] = await merges.current(*game.stores)
        assert (merge.player.id, merge.into.id, merge.merged_by) == (one, other, "anna")
        assert (await game.split(one)).keys == 1
        assert await game.kills() == before
        assert await merges.current(*game.stores) == []

        written = await audit.page(game.platform.postgres, action="player.")
        assert [(e.action, e.subject, e.name) for e in written] == [
            ("player.split", f"player {one}", "anna"),
            ("player.merge", f"player {one}", "anna"),
        ]
        assert (written[0].before, written[0].after) == ({"into": other, "keys": 1}, {"keys": 1})

    play(stack, scenario)


def test_what_was_merged_before_stays_so(stack: Stack) -> None:
    async def scenario(game: Game) -> None:
        three, five, two = [await game.id_of(kills) for kills in (3, 5, 2)]
        await game.merge(two, three)
        assert (await game.merge(three, five)).keys == 2
        assert sorted((await game.kills()).values()) == [1, 10]
        with pytest.raises(Conflict, match="split that first"):
            await game.split(two)
        await game.split(three)
        assert sorted((await game.kills()).values()) == [1, 5, 5]
        await game.split(two)
        assert sorted((await game.kills()).values()) == [1, 2, 3, 5]

    play(stack, scenario)


def test_a_login_since_then_is_not_undone(stack: Stack) -> None:
    async def scenario(game: Game) -> None:
        one, other = await game.id_of(3), await game.id_of(5)
        await game.merge(one, other)
        await game.log_in("ann1", 17)
        assert (await game.split(one)).keys == 0
        member = await links.player_of(game.platform.clickhouse, 17)
        assert (await game.kills())[member] == 3

    play(stack, scenario)


def test_what_a_crash_cut_off_is_done_by_doing_it_again(stack: Stack) -> None:
    async def scenario(game: Game) -> None:
        before = await game.kills()
        one, other = await game.id_of(3), await game.id_of(5)
        await game.merge(one, other)
        # As if ClickHouse had not heard of it.
        await game.platform.clickhouse.command("TRUNCATE TABLE player_links")
        await people.refresh(game.platform.clickhouse)
        await game.merge(one, other)
        assert sorted((await game.kills()).values()) == [1, 2, 8]
        await game.platform.clickhouse.command("TRUNCATE TABLE player_links")
        await people.refresh(game.platform.clickhouse)
        assert (await game.split(one)).keys == 0
        assert await game.kills() == before

    play(stack, scenario)


def test_those_who_cannot_be_one(stack: Stack) -> None:
    async def scenario(game: Game) -> None:
        one, other, bot = [await game.id_of(kills) for kills in (3, 5, 1)]

        async def refused(player: str, into: str) -> type[RequestError]:
            with pytest.raises(RequestError) as raised:
                await game.merge(player, into)
            return type(raised.value)

        assert await refused(one, one) is Conflict
        assert await refused(one, bot) is Conflict
        assert await refused(one, "f" * 16) is NotFound
        assert await refused(one, "nobody") is NotFound
        with pytest.raises(NotFound):
            await game.split(one)
        await game.log_in("ann1", 17)
        member = await links.player_of(game.platform.clickhouse, 17)
        assert await refused(member, other) is Conflict
        await game.merge(other, member)
        assert sorted((await game.kills()).values()) == [1, 2, 8]
        # Once a day all links are written anew, and the merge is none of theirs.
        await links.reconcile(*game.stores)
        assert sorted((await game.kills()).values()) == [1, 2, 8]
        assert await audit.page(game.platform.postgres, action="player.split") == []

    play(stack, scenario)
