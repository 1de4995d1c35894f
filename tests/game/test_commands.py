"""What players ask in the game, over the real application and stores."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
import msgspec
import pytest

from api.audit.service import Actor
from api.auth import keys
from api.game.words import LINE_BYTES
from api.logins import job
from api.platform import Platform
from api.servers import service as servers
from tests.sql.feed import feed, settle
from tests.stack import Stack, http_client

R = TypeVar("R")
TESTS = Actor("command", "tests")
EVIL = '^1Eve";quit;"%s%n\u202e日'


class Game:
    """A game server, a forum and what players ask."""

    def __init__(self, platform: Platform, client: httpx.AsyncClient, tokens: dict[str, str]) -> None:
        self.platform = platform
        self.client = client
        self.tokens = tokens

    async def post(self, kind: str, path: str, body: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[kind]}"} if kind else {}
        return await self.client.post(f"/api/v1{path}", json=body, headers=headers)

    async def told(self, command: str, arguments: str = "", client_id: str = "ann", name: str = "Ann") -> Any:
        asked = {"command": command, "arguments": arguments, "client_id": client_id, "name": name}
        answer = await self.post("server", "/game/commands", asked)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        for line in told["lines"]:
            assert len(line.encode("latin-1")) <= LINE_BYTES
            assert not set(line) & set('"%;\\^\n')
        return told

    async def log_in(self, client_id: str = "ann") -> None:
        asked = {"member_id": 17, "member_name": "Mara"}
        code = (await self.post("forum", "/auth/tokens", asked)).json()["code"]
        who = {"client_id": client_id, "name": "Ann", "address": "192.0.2.7", "code": code}
        assert (await self.post("server", "/auth/verify", who)).json()["outcome"] == "logged_in"
        await job.step(self.platform.postgres, self.platform.clickhouse)


def kill(seq: int, attacker: str, victim: str, **more: object) -> str:
    event = {
        "type": "player_kill", "seq": seq, "timestamp": float(seq), "match_id": "m1", "map": "dm/mohdm6",
        "gametype": "ffa", "attacker_name": attacker, "attacker_guid": attacker.lower(),
        "victim_name": victim, "victim_guid": victim.lower(), "hitloc": "head",
    }  # fmt: skip
    return json.dumps(event | more)


EVENTS = [
    *(kill(seq, "Ann", "Bob") for seq in range(4)),
    *(kill(seq, "Bob", "Ann") for seq in range(4, 6)),
    kill(6, "Carl", "Ann"),
    kill(7, "Nobody", "Bob", attacker_guid=""),
    kill(8, EVIL, "Bob", attacker_guid="eve"),
]


def in_the_game(stack: Stack, use: Callable[[Game], Awaitable[R]], **changes: Any) -> R:
    async def run(platform: Platform) -> R:
        await feed(platform.clickhouse, EVENTS)
        await settle(platform.clickhouse)
        tokens = {"server": await servers.add(platform.postgres, "one", TESTS)}
        for kind in ("forum", "admin", "read"):
            tokens[kind] = (await keys.add(platform.postgres, kind, kind, TESTS)).token
        async with http_client(platform) as client:
            return await use(Game(platform, client, tokens))

    settings = msgspec.structs.replace(stack.settings, **{"game_commands_per_minute": 0, **changes})
    return Stack(settings, stack.engines, stack.clickhouse).run(run)


@pytest.mark.parametrize(
    ("command", "arguments", "lines"),
    [
        (
            "stats",
            "",
            [
                "Ann (this client): 4 kills, 3 deaths, K/D 1.33, 4 headshots, best streak 4",
                "Also: 1 match, 0 suicides, 0 team kills",
            ],
        ),
        (
            "stats",
            "bo",
            [
                "Bob (client): 2 kills, 6 deaths, K/D 0.33, 2 headshots, best streak 2",
                "Also: 1 match, 0 suicides, 0 team kills",
            ],
        ),
        ("stats", "%_", ["Nobody is known whose name holds __."]),
        ("rank", "", ["Ann (this client) is number 1 by Kills, all time: 4."]),
        ("rank", "deaths", ["Ann (this client) is number 2 by Deaths, all time: 3. Next above: Bob, 6."]),
        (
            "rank",
            "kd",
            [
                "Ann (this client) is not on the board yet: Kills per death, all time. "
                "It takes 20 kills and deaths to be on it."
            ],
        ),
        ("RANK", "Deaths ALL", ["Ann (this client) is number 2 by Deaths, all time: 3. Next above: Bob, 6."]),
        ("top", "deaths", ["Deaths, all time: 1. Bob 6, 2. Ann 3"]),
        ("top", "swam", ["Swum, all time: nobody is on this board yet."]),
        (
            "last",
            "",
            [
                "Ann (this client), last match, dm/mohdm6 ffa, 2026-11-21 12:00 UTC: "
                "4 kills, 3 deaths, best streak 4."
            ],
        ),
        (
            "nemesis",
            "",
            ["Ann (this client):", "Bob killed you twice, you Bob 4 times.", "You killed Bob most: 4 times."],
        ),
        (
            "whoami",
            "",
            [
                "You are Ann, known by this client of the game.",
                "Log in with a code from the forum, and the stats are yours: !login CODE",
            ],
        ),
    ],
)
def test_answers(stack: Stack, command: str, arguments: str, lines: list[str]) -> None:
    async def scenario(game: Game) -> Any:
        return await game.told(command, arguments)

    told = in_the_game(stack, scenario)
    assert " ".join(told["lines"]).split() == " ".join(lines).split()
    assert (told["outcome"], told["known_by"]) == ("answered", "client")


def test_the_ladder(stack: Stack) -> None:
    async def scenario(game: Game) -> list[tuple[str, str]]:
        found = []
        for client_id, name in (("ann", "Ann"), ("", "Nobody"), ("new-id", "Nobody"), ("zed", "Zed")):
            told = await game.told("stats", client_id=client_id, name=name)
            found.append((told["known_by"], told["lines"][0]))
        await game.log_in()
        for command in ("stats", "whoami"):
            told = await game.told(command, name="Somebody else")
            found.append((told["known_by"], told["lines"][0]))
        who = {"client_id": "ann", "name": "Ann", "address": "192.0.2.7"}
        await game.post("server", "/auth/sessions/logout", who)
        found.append((await game.told("whoami"))["lines"][0])
        return found

    told = in_the_game(stack, scenario)
    by_name = "Nobody (by name only): 1 kill, 0 deaths, K/D 1.00, 1 headshot, best streak 1"
    assert told == [
        ("client", "Ann (this client): 4 kills, 3 deaths, K/D 1.33, 4 headshots, best streak 4"),
        ("name", by_name),
        ("name", by_name),
        ("nobody", "Nothing is counted for you yet. Play on, and ask again in a while."),
        ("login", "Mara (member): 4 kills, 3 deaths, K/D 1.33, 4 headshots, best streak 4"),
        ("login", "You are Mara, logged in: your stats are the forum member's."),
        "You are not logged in. The stats of this client are the forum member Ann's.",
    ]


def test_hostile_names_are_words_and_no_more(stack: Stack) -> None:
    async def scenario(game: Game) -> list[str]:
        lines = []
        for command in ("stats", "rank", "top", "last", "nemesis", "whoami"):
            lines += (await game.told(command, client_id="eve", name=EVIL))["lines"]
            lines += (await game.told(command, EVIL, client_id="nobody", name=EVIL))["lines"]
        return lines

    assert any("Eve',quit,'_s_n?" in line for line in in_the_game(stack, scenario))


def test_an_unknown_command_is_told_what_there_is(stack: Stack) -> None:
    async def scenario(game: Game) -> Any:
        return await game.told("'; DROP"), await game.told("top", "nonsense")

    unknown, board = in_the_game(stack, scenario)
    assert unknown["outcome"] == "unknown"
    assert unknown["lines"][0].startswith("You can ask: stats")
    assert board["lines"][0].startswith("There is no board nonsense. There are kills, deaths, kd")


def test_a_player_asks_so_often_and_no_more(stack: Stack) -> None:
    async def scenario(game: Game) -> list[str]:
        told = [(await game.told("whoami"))["outcome"] for _ in range(3)]
        return [*told, (await game.told("whoami", client_id="bob"))["outcome"]]

    assert in_the_game(stack, scenario, game_commands_per_minute=2) == [
        "answered",
        "answered",
        "wait",
        "answered",
    ]


def test_stats_that_are_away_are_told_in_words(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.errors import StoreUnavailable
    from api.stores.clickhouse import ClickHouse

    async def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("clickhouse", "gone")

    async def scenario(game: Game) -> Any:
        monkeypatch.setattr(ClickHouse, "rows", away)
        return await game.told("stats")

    told = in_the_game(stack, scenario)
    assert (told["outcome"], told["lines"]) == (
        "away",
        ["The stats are away for a moment. Nothing is lost: ask again later."],
    )


def test_only_a_game_server_asks(stack: Stack) -> None:
    async def scenario(game: Game) -> list[int]:
        asked = {"command": "whoami", "client_id": "ann"}
        return [(await game.post(kind, "/game/commands", asked)).status_code for kind in ("", *game.tokens)]

    assert in_the_game(stack, scenario) == [401, 200, 403, 403, 403]


@pytest.mark.parametrize(
    "change",
    [{"client_id": "a b"}, {"client_id": "x" * 65}, {"command": "x" * 129}, {"name": 7}, {"more": 1}],
)
def test_bad_input_is_refused(stack: Stack, change: dict[str, Any]) -> None:
    async def scenario(game: Game) -> int:
        return (await game.post("server", "/game/commands", {"command": "top", **change})).status_code

    assert in_the_game(stack, scenario) in (400, 422)
