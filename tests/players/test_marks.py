"""What an admin says of a player beats what events say, for every key of theirs, and is undone as easily."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any, TypeVar

import pytest

from api.audit import service as audit
from api.audit.service import Actor
from api.errors import Conflict, NotFound
from api.matches import queries as match_queries
from api.matches import service as matches
from api.matches.service import match, scoreboard
from api.paging import START
from api.platform import Platform
from api.players import marks, merges
from api.players.identities import Bots, Flagged
from api.privacy import service as privacy
from api.stats import leaderboards, maps, players, totals, weapons
from api.stats.leaderboards import Scope
from api.stats.periods import Calendar
from tests.events_made import body, kill
from tests.sql.feed import settle
from tests.stack import Stack, add_server, drain

R = TypeVar("R")

ME = Actor("admin", "anna", 1)
NOW = Calendar(date(2026, 11, 22), 3)
HOSTILE = "'); DROP TABLE player_marks; -- <b>\\'\u202e%{}"
# Who kills how often; Zed dies each time, and Robot is a bot by what events say.
KILLS = {"Ann": 3, "Anita": 2, "Cheat": 7, HOSTILE: 4, "Robot": 5}


class Game:
    """Players who were seen, and what an admin says of them."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.clickhouse = platform.clickhouse
        self.stores = platform.postgres, platform.clickhouse

    async def id_of(self, name: str) -> str:
        sql = "SELECT public_id(player_key({n:String}, '', {b:Bool})) AS id"
        rows = await self.clickhouse.rows(sql, dict[str, Any], n=name, b=name == "Robot")
        return str(rows[0]["id"])

    async def mark(self, name: str, word: marks.Word) -> marks.Marked:
        return await marks.mark(*self.stores, await self.id_of(name), word, "seen it", ME)

    async def flag(self, name: str, reason: str = "wall hack") -> marks.Marked:
        return await marks.flag(*self.stores, await self.id_of(name), reason, ME)

    async def unflag(self, name: str) -> marks.Marked:
        return await marks.unflag(*self.stores, await self.id_of(name), ME)

    async def listed(self, bots: Bots, flagged: Flagged = "exclude") -> dict[str, int]:
        found = await players.find(self.clickhouse, "", "kills", bots, START, 50, flagged)
        return {row.player.name: row.kills for row in found.players if row.kills}

    async def boards(self, bots: Bots) -> list[dict[str, float]]:
        """Every list of best players, by name."""
        scope = Scope(bots=bots)
        found = [
            {p.player.name: p.value for p in (await leaderboards.board(*asked, NOW, START, 50)).players}
            for asked in (
                (self.clickhouse, "kills", scope),
                (self.clickhouse, "kills", Scope(map="dm/mohdm6", bots=bots)),
                (self.clickhouse, "best_streak", scope),
            )
        ]
        on_map = (await maps.one_map(self.clickhouse, "dm/mohdm6", bots, 50)).players
        with_weapon = (await weapons.weapon(self.clickhouse, "M1 Garand", bots, 50)).players
        found += [{row.player.name: row.kills for row in rows} for rows in (on_map, with_weapon)]
        return [*found, dict(await self.listed(bots))]

    async def bots(self) -> set[str]:
        """Those whom every place takes for a bot, all of which have to agree."""
        [first, *others] = await self.boards("only")
        people = await self.boards("exclude")
        assert all(other == first for other in others)
        assert all(other == people[0] for other in people)
        assert not first.keys() & people[0].keys()
        found = await totals.totals(self.clickhouse)
        [line] = (await _matches(self)).matches
        head = await match_queries.head(self.clickhouse, int(line.id, 16))
        assert head is not None
        named = await scoreboard(self.clickhouse, head, match_queries.ratings(self.clickhouse, head))
        seen = {score.player.id for score in named if score.player.bot}
        assert (found.bots, line.bots, len(seen)) == (len(first),) * 3
        assert found.players == line.players == len(named) - len(seen)
        return set(first)


async def _matches(game: Game) -> matches.Matches:
    return await matches.find(game.clickhouse, {}, None, None, START, 10)


def play(stack: Stack, use: Callable[[Game], Awaitable[R]]) -> R:
    async def run(platform: Platform) -> R:
        server = await add_server(platform)
        names = [name for name, times in KILLS.items() for _ in range(times)]
        events = [
            kill(n, name, "Zed", **({"attacker_bot": True} if name == "Robot" else {}))
            for n, name in enumerate(names)
        ]
        await platform.inlet.take(server, body(events), "")
        await drain(platform)
        await settle(platform.clickhouse)
        return await use(Game(platform))

    return stack.run(run)


def test_an_admins_word_beats_what_events_say(stack: Stack) -> None:
    async def scenario(game: Game) -> None:
        assert await game.bots() == {"Robot"}
        await game.mark("Robot", "person")
        assert await game.bots() == set()
        await game.mark("Ann", "bot")
        assert await game.bots() == {"Ann"}
        await game.mark("Ann", "person")
        await game.mark(HOSTILE, "bot")
        assert len(await game.bots()) == 1
        await game.mark("Robot", "events")
        await game.mark(HOSTILE, "events")
        await game.mark("Ann", "events")
        assert await game.bots() == {"Robot"}
        with pytest.raises(NotFound):
            await game.mark("Ann", "events")
        with pytest.raises(NotFound):
            await game.mark("Nobody", "bot")

    play(stack, scenario)


def test_a_flagged_player_stands_on_no_board_and_on_every_scoreboard(stack: Stack) -> None:
    async def scenario(game: Game) -> None:
        def left(flagged: str) -> dict[str, int]:
            return {name: n for name, n in KILLS.items() if name not in (flagged, "Robot", HOSTILE)}

        def shown(board: dict[str, float]) -> dict[str, float]:
            return {name: n for name, n in board.items() if name in KILLS and name != HOSTILE}

        assert (await game.flag("Cheat", HOSTILE)).marks == ["flag"]
        for board in await game.boards("exclude"):
            assert shown(board) == left("Cheat")
        assert "Cheat" not in (await game.boards("include"))[0]
        assert await game.listed("exclude", "only") == {"Cheat": 7}
        assert "Cheat" in await game.listed("exclude", "include")

        cheat = await game.id_of("Cheat")
        page = await players.player(game.clickhouse, cheat)
        assert page.identity.flagged
        assert page.flag is not None
        assert page.flag.reason == HOSTILE
        assert page.totals.kills == 7
        [line] = (await _matches(game)).matches
        scores = (await match(game.clickhouse, game.platform.postgres, line.id)).players
        assert [(s.name, s.kills) for s in scores if s.player.flagged] == [("Cheat", 7)]
        standing = await leaderboards.standing(game.clickhouse, "kills", Scope(), NOW, int(cheat, 16))
        assert standing.rank is None

        with pytest.raises(Conflict, match="flagged already"):
            await game.flag("Cheat")
        assert (await game.unflag("Cheat")).marks == []
        assert shown((await game.boards("exclude"))[0]) == left("")
        assert (await players.player(game.clickhouse, cheat)).flag is None
        with pytest.raises(NotFound):
            await game.unflag("Cheat")

        written = await audit.page(game.platform.postgres, action="player.flag")
        assert [(e.action, e.subject, e.before, e.after) for e in written] == [
            (
                "player.flag_undone",
                f"player {cheat}",
                {"is": "flag", "reason": HOSTILE, "by": "anna"},
                None,
            ),
            ("player.flag", f"player {cheat}", None, {"is": "flag", "reason": HOSTILE}),
        ]

    play(stack, scenario)


def test_a_mark_holds_through_merges_and_for_each_key_after_a_split(stack: Stack) -> None:
    async def scenario(game: Game) -> None:
        cheat, ann = await game.id_of("Cheat"), await game.id_of("Ann")
        await game.flag("Cheat")
        await merges.merge(*game.stores, cheat, ann, ME)
        assert "Ann" not in (await game.boards("exclude"))[0]
        [mark] = await marks.current(*game.stores)
        assert (mark.player.id, mark.player.flagged) == (ann, True)
        # Of one of the two it was said before; now it is said of both, in one mark.
        await game.flag("Ann", "again")
        assert [mark.reason for mark in await marks.current(*game.stores)] == ["again"]
        await merges.split(*game.stores, cheat, ME)
        board = (await game.boards("exclude"))[0]
        assert not {"Ann", "Cheat"} & board.keys()
        await game.unflag("Ann")
        board = (await game.boards("exclude"))[0]
        assert (board.get("Ann"), board.get("Cheat")) == (3, None)
        assert [mark.player.id for mark in await marks.current(*game.stores)] == [cheat]
        await game.unflag("Cheat")
        assert await marks.current(*game.stores) == []

    play(stack, scenario)


def test_what_a_crash_cut_off_reaches_clickhouse(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(game: Game) -> None:
        async def killed(*_: object) -> int:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(marks, "write_changed", killed)
            with pytest.raises(KeyboardInterrupt):
                await game.flag("Cheat")
        assert "Cheat" in (await game.boards("exclude"))[0]
        await marks.step(*game.stores)
        assert "Cheat" not in (await game.boards("exclude"))[0]

    play(stack, scenario)


def test_an_erased_player_stays_off_the_boards_without_a_word_about_them(stack: Stack) -> None:
    async def scenario(game: Game) -> None:
        await game.flag("Cheat", "Cheat uses a wall hack")
        stores = *game.stores, game.platform.redis, game.platform.settings
        cheat = await game.id_of("Cheat")
        would = await privacy.erase(*stores, cheat, ME, dry_run=True)
        assert would.rows["player_marks"] == 1
        exported = await privacy.export(*game.stores, game.platform.settings, cheat, ME)
        assert exported.marks[0]["reason"] == "Cheat uses a wall hack"
        done = await privacy.erase(*stores, cheat, ME, dry_run=False)
        assert done.player is not None
        assert 7 not in (await game.boards("exclude"))[0].values()
        page = await players.player(game.clickhouse, done.player)
        assert page.flag is not None
        assert page.flag.reason == ""
        [mark] = await marks.current(*game.stores)
        assert (mark.player.id, mark.reason) == (done.player, "")
        await marks.unflag(*game.stores, done.player, ME)
        assert 7 in (await game.boards("exclude"))[0].values()

    play(stack, scenario)
