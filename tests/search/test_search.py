"""Search: names as people type them, and what hostile hands type."""

import asyncio
import random
import re
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from api.auth import keys
from api.platform import Platform
from api.privacy import service as privacy
from api.search import service
from api.stores.clickhouse import ClickHouse
from tests.events_made import body, kill
from tests.stack import Stack, add_server, drain, http_client
from tests.web.browser import HOSTILE, TESTS
from tests.web.played import HTML, read

NAMES = [
    "Daichi",
    "^1Da^2ichi^7 II",
    "[ABC]Grognard",
    "Ómar",
    "Пётр Великий",
    "💣💣",
    "Al",
    "L33tSniper",
    "..Köln..",
]
# Letters, with those that leetspeak writes for them.
_LEET = {"o": "0", "e": "3", "a": "4", "s": "5", "t": "7", "b": "8", "i": "1", "z": "2", "g": "9"}


async def _played(platform: Platform) -> None:
    server = await add_server(platform, "Omaha Beach")
    events = [kill(n, name, "Bob") for n, name in enumerate(NAMES)]
    events.append(kill(50, "Old Name", "Bob", attacker_guid="c1"))
    events.append(kill(51, "New Name", "Bob", attacker_guid="c1"))
    await platform.inlet.take(server, body(events), "")
    await drain(platform)


async def _found(client: httpx.AsyncClient, q: str) -> dict[str, Any]:
    answer = await client.get("/api/v1/search", params={"q": q})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


ASKED = {
    "Daichi": ["Daichi", "Daichi II"],
    "daichi": ["Daichi", "Daichi II"],
    "d41ch1": ["Daichi", "Daichi II"],
    "^4dai": ["Daichi", "Daichi II"],
    "Dacihi": ["Daichi", "Daichi II"],
    "Daixhi": ["Daichi", "Daichi II"],
    "grognard": ["[ABC]Grognard"],
    "Grogmard": ["[ABC]Grognard"],
    "omar": ["Ómar"],
    "петр": ["Пётр Великий"],
    "💣": ["💣💣"],
    "a": ["Al", "[ABC]Grognard"],
    "leetsniper": ["L33tSniper"],
    "koeln": ["..Köln.."],
    "koln": ["..Köln.."],
    "zzzzzz": [],
}


def test_players_are_found_by_any_name_however_it_is_typed(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        await _played(platform)
        async with http_client(platform) as client:
            for q, names in ASKED.items():
                found = await _found(client, q)
                shown = {re.sub(r"\^\d", "", row["name"]) for row in found["players"]}
                assert shown == set(names), (q, shown)
            [row] = (await _found(client, "Old Name"))["players"]
            assert (row["player"]["name"], row["name"], row["fit"]) == ("New Name", "Old Name", "exact")
            assert (await _found(client, "Daichi"))["players"][0]["fit"] == "exact"
            ident = row["player"]["id"]
            assert (await _found(client, ident))["players"][0]["player"]["id"] == ident

    stack.run(scenario)


def test_servers_maps_weapons_and_matches_are_found(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        await _played(platform)
        async with http_client(platform) as client:
            assert (await _found(client, "omaha"))["servers"] == [
                {"id": 1, "name": "Omaha Beach", "fit": "prefix"}
            ]
            assert (await _found(client, "0m4h4 b3ch"))["servers"][0]["fit"] == "similar"
            assert (await _found(client, "mohdm6"))["maps"] == [{"map": "dm/mohdm6", "fit": "part"}]
            assert (await _found(client, "garand"))["weapons"] == [{"weapon": "M1 Garand", "fit": "part"}]
            [match] = (await _found(client, "m1"))["matches"]
            assert (await _found(client, match["id"].upper()))["matches"] == [match]

    stack.run(scenario)


@pytest.mark.parametrize(
    "q",
    ["", " ", "'", "%", "\\", "\\x", "')) OR 1", "\x01\x7f", "💣" * 64, "a" * 200, "^", "^1", "\u202e", "(",
     "{q:String}", "é" * 64, "0123456789abcdef", "\ud7ff", *HOSTILE],
)  # fmt: skip
def test_whatever_is_typed_is_answered(stack: Stack, q: str) -> None:
    async def scenario(client: httpx.AsyncClient, _: Platform) -> None:
        await _found(client, q)
        answer = await client.get("/search", params={"q": q}, headers=HTML)
        assert answer.status_code == 200
        assert "<b>" not in answer.text
        assert answer.text.count("<script") == 1

    read(stack, scenario, played=False)


def test_what_cannot_be_typed_is_refused(stack: Stack) -> None:
    async def scenario(client: httpx.AsyncClient, _: Platform) -> None:
        for path in ("/api/v1/search", "/search"):
            assert (await client.get(path, params={"q": "x" * 201}, headers=HTML)).status_code in (400, 422)
            assert (await client.get(path, params={"q": "a\x00b"}, headers=HTML)).status_code in (
                200,
                400,
                422,
            )

    read(stack, scenario, played=False)


def test_an_erased_name_is_found_no_more(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        await _played(platform)
        async with http_client(platform) as client:
            [row] = (await _found(client, "Old Name"))["players"]
            await keys.add(platform.postgres, "admin", "a", TESTS)
            stores = platform.postgres, platform.clickhouse, platform.redis, platform.settings
            await privacy.erase(*stores, row["player"]["id"], TESTS, dry_run=False)
            for q in ("Old Name", "New Name", "0ld n4me"):
                found = await _found(client, q)
                assert [r["name"] for r in found["players"] if "name" in r["name"].lower()] == [], q
            assert (await _found(client, "Daichi"))["players"]

    stack.run(scenario)


async def _folded(clickhouse: ClickHouse, names: list[str]) -> list[str]:
    sql = "SELECT search_fold(arrayJoin({names:Array(String)})) AS folded"
    return [row["folded"] for row in await clickhouse.rows(sql, dict[str, str], names=names)]


_NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="^"), min_size=1, max_size=20
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@example("Straße")
@example("l1|!I")
@example("🏴‍☠️")
@given(_NAMES)
def test_folding_forgets_case_colours_and_leet(clickhouse: ClickHouse, name: str) -> None:
    letters = "abegiostz"
    typed = "".join(c for c in name if c.isascii() and c.lower() in letters) + "egg"
    leet = "".join(_LEET.get(c.lower(), c) for c in typed)
    coloured = "".join(f"^{n % 10}{c}" for n, c in enumerate(name))
    plain, colour, one, other, twice = asyncio.run(
        _folded(clickhouse, [name, coloured, typed, leet, typed.upper()])
    )
    assert colour == plain
    assert one == other == twice
    assert len(plain) <= 64
    again = asyncio.run(_folded(clickhouse, [plain]))[0]
    assert again == plain or not plain


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@example(["l1|!I", "^1^2", "^^11", "!?*", " \t ", "a^", "^a", "0" * 70])
@given(st.lists(st.text(st.characters(max_codepoint=127), max_size=20), min_size=1, max_size=20))
def test_what_is_folded_here_is_folded_so_by_sql(clickhouse: ClickHouse, names: list[str]) -> None:
    assert [service.fold_ascii(name) for name in names] == asyncio.run(_folded(clickhouse, names))


def test_names_that_begin_so_stand_before_all_others_however_long_it_is(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        server = await add_server(platform, "Omaha Beach")
        names = [f"Sharpshooter{letter}" for letter in "cdefgh"]
        # The one that is busiest fits worse, and the very name best.
        events = [
            kill(n, name, "Bob") for n, name in enumerate([*names, "sharpshooter", *["Sharpshotter"] * 9])
        ]
        await platform.inlet.take(server, body(events), "")
        await drain(platform)
        for asked in ("sharpshooter", "sharps"):
            folded = await service.fold(platform.clickhouse, [asked])
            for limit in (7, 8, 20):
                rows = await service.players(platform.clickhouse, asked, folded[0], limit)
                found = [(row.name, row.best_fit) for row in rows]
                begins = [(name, 2) for name in names]
                if asked == "sharpshooter":
                    assert found[0] == ("sharpshooter", 0)
                    assert sorted(found[1:7]) == begins
                    assert found[7:] == [("Sharpshotter", 4)][: limit - 7]
                else:
                    assert found[0] == ("Sharpshotter", 2)
                    assert set(found[1:]) <= {*begins, ("sharpshooter", 2)}
                    assert len(found) == min(limit, 8)

    stack.run(scenario)


def _is_one_slip(one: str, other: str) -> bool:
    """Try them all: one letter is wrong, missing, too many, or swapped with its neighbour."""
    if one == other:
        return False
    if abs(len(one) - len(other)) == 1:
        short, long = sorted((one, other), key=len)
        return any(long[:n] + long[n + 1 :] == short for n in range(len(long)))
    if len(one) != len(other):
        return False
    apart = [n for n, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    if len(apart) == 2 and apart[1] == apart[0] + 1:
        return one[apart[0]] == other[apart[1]] and one[apart[1]] == other[apart[0]]
    return len(apart) == 1


def _fit(name: str, asked: str) -> int | None:
    """Return how well a name in small letters fits, None where not as a whole or with more than a slip."""
    if name == asked:
        return 0
    if name.startswith(asked):
        return 2
    if len(asked) > 2 and asked in name:
        return 3
    return 4 if len(asked) > 4 and _is_one_slip(name, asked) else None


def test_among_many_names_none_that_is_near_is_missed(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MANY_NAMES", 0)
    dice = random.Random(7)
    names = sorted({"".join(dice.choices("abcdé", k=dice.randint(1, 9))) for _ in range(400)})
    names += ["abcdef", "abdcef", "bacdef", "abcdfe", "bcdef", "abcde", "aabcdef", "abcdeff"]
    asked = [*dice.sample(names, 60), "abcdef", "abxdef", "xbcdef", "abcdex", "abcxef", "abef", "ab", "a"]

    async def scenario(platform: Platform) -> None:
        server = await add_server(platform, "Omaha Beach")
        await platform.inlet.take(server, body([kill(n, name, "0") for n, name in enumerate(names)]), "")
        await drain(platform)
        plain = [name.replace("é", "e") for name in names]
        for each in asked:
            [folded] = await service.fold(platform.clickhouse, [each])
            rows = await service.players(platform.clickhouse, each, folded, 1000)
            found = {(row.name, row.best_fit) for row in rows if row.best_fit < 5}
            wanted = {(name, _fit(e, folded)) for name, e in zip(names, plain, strict=True)}
            # Accents count for the very name, and for nothing else.
            wanted = {(name, 1 if fit == 0 and name != each else fit) for name, fit in wanted}
            assert found == {(name, fit) for name, fit in wanted if fit is not None}, each
            assert [row.best_fit for row in rows] == sorted(row.best_fit for row in rows)
            assert not found or all(row.best_fit < 5 for row in rows)

    stack.run(scenario)


def test_with_more_than_a_slip_a_name_is_found_where_nothing_is_nearer(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(platform: Platform) -> None:
        await _played(platform)
        for many, asked, wanted in (
            (200_000, "Daixhi", {"Daichi", "Daichi II"}),
            (0, "Daixhi", {"Daichi"}),
            (0, "Grogmard", {"[ABC]Grognard"}),
            (0, "L33tSnibbr", {"L33tSniper"}),
            (0, "daixhii", {"Daichi II"}),
        ):
            monkeypatch.setattr(service, "MANY_NAMES", many)
            rows = await service.players(platform.clickhouse, asked, service.fold_ascii(asked), 10)
            assert {re.sub(r"\^\d", "", row.name) for row in rows} == wanted, asked

    stack.run(scenario)
