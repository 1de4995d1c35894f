"""Erasing a player: nothing names them any more, every count is as it was, and nothing brings them back."""

import json
import time
from collections import Counter
from typing import Any

import pytest

from api.audit.service import Actor
from api.errors import Conflict, NotFound
from api.ingest import payload
from api.logins import links
from api.platform import Platform
from api.players import merges
from api.privacy import service as privacy
from api.privacy.service import Erased
from api.rebuild import service as rebuild
from tests.events_made import body, kill
from tests.sql.feed import settle
from tests.stack import Stack, add_server, drain, no_report, player, wipe_clickhouse, wipe_postgres

NAME = "^1Zaphod^7Bee"
SHOWN = "ZaphodBee"
CLIENT = "clientid4711zaph"
OTHER_NAME = "The Zaphodian"
SECOND = "clientid0815zaph"
BY = Actor("command", "anna")
NOW = 1_700_000_000
TRACES = (NAME, SHOWN, CLIENT, SECOND, "Zaphod", "198.51.100.7")

Rows = list[dict[str, Any]]


def game(first: int = 0) -> list[dict[str, Any]]:
    """A match in which the person kills, dies, talks, joins and is talked about."""
    me = {"guid": CLIENT, "name": NAME, "smf_id": 17}

    def part(prefix: str, who: dict[str, Any], x: float) -> dict[str, Any]:
        place = {f"{prefix}_x": x, f"{prefix}_y": -x, f"{prefix}_team": "allies" if who is me else "axis"}
        return {f"{prefix}_{name}": value for name, value in who.items()} | place

    other: dict[str, Any] = {"guid": "clientother", "name": "Ann"}
    nameless: dict[str, Any] = {"name": "Bob"}
    bot: dict[str, Any] = {"name": "Botty", "bot": True}
    rows: list[dict[str, Any]] = []
    common = {"match_id": "m1", "session_id": "s1", "map": "dm/mohdm6", "gametype": "tdm"}
    for actor, target in [(me, other), (other, me), (me, bot), (nameless, me), (me, me), (other, bot)] * 3:
        more = {"weapon": "KAR98", "hitloc": "head", "mod": "bullet", "damage": 60.5}
        both = part("attacker", actor, 100) | part("victim", target, -300)
        rows += [{"type": "player_damage"} | more | both, {"type": "player_kill"} | more | both]
    say = {"type": "player_say", "message": f"I am {SHOWN}, of course"}
    rows += [
        say | part("player", me, 1),
        {"type": "player_say", "message": f"shoot {SHOWN}!"} | part("player", other, 1),
        {"type": "player_say", "message": "hello all"} | part("player", other, 1),
        {"type": "vote_start", "vote_name": "kick", "vote_string": f"kick {NAME}"} | part("player", other, 1),
        {"type": "team_join", "old_team": "spectator", "new_team": "allies"} | part("player", me, 1),
        {"type": "player_auth", "smf_member_id": 17, "smf_member_name": SHOWN} | part("player", me, 1),
        {"type": "accuracy_summary", "fired": 30, "hits": 12, "weapon": "KAR98"} | part("player", me, 1),
        {"type": "client_connect", "userinfo": f"\\name\\{NAME}\\ip\\198.51.100.7"} | part("player", me, 1),
        {"type": "helped", "helper": SHOWN} | part("player", other, 1),
        {"type": "player_bash", "player_name": NAME, "player_guid": CLIENT} | part("attacker", other, 1),
        {"type": "weapon_fire", "weapon": "KAR98"} | part("player", me | {"guid": SECOND}, 1),
        {"type": "player_kill"} | part("attacker", me, 5) | part("victim", me | {"guid": SECOND}, 9),
        {"type": "player_kill"} | part("attacker", {"name": OTHER_NAME}, 5) | part("victim", other, 9),
        {"type": "match_end", "winning_team": "allies"},
    ]
    return [common | {"seq": first + n, "timestamp": NOW + first + n} | row for n, row in enumerate(rows)]


async def log_in(platform: Platform, server: int, *clients: str) -> None:
    for client_id in clients:
        code = await platform.logins.issue(17, "Zaphod B")
        client = player(platform, server, client_id, SHOWN, "198.51.100.7")
        assert (await platform.logins.verify(client, code.code)).outcome == "logged_in"


async def played(platform: Platform) -> int:
    server = await add_server(platform)
    await log_in(platform, server, CLIENT, SECOND)
    sent = body(game()) + f'{{"type":"player_kill","attacker_name":"{SHOWN}","damage":[]}}\n'.encode()
    assert len((await platform.inlet.take(server, sent, "")).rejected) == 1
    await drain(platform)
    await links.write_changed(platform.postgres, platform.clickhouse)
    by_name, person = await id_of(platform, name=OTHER_NAME), await id_of(platform)
    await merges.merge(platform.postgres, platform.clickhouse, by_name, person, BY)
    await platform.redis.set("live", f'{{"name":"{SHOWN}"}}')
    await platform.redis.rpush("heard", b"x", SHOWN.encode())
    await platform.redis.set("unrelated", "Ann")
    return server


async def id_of(platform: Platform, client: str = CLIENT, name: str = "") -> str:
    sql = "SELECT public_id(player_key({n:String}, {c:String}, false)) AS id"
    rows = await platform.clickhouse.rows(sql, dict[str, Any], c="" if name else client, n=name)
    return str(rows[0]["id"])


async def erase(platform: Platform, player: str, *, dry_run: bool = False) -> Erased:
    stores = platform.postgres, platform.clickhouse, platform.redis, platform.settings
    return await privacy.erase(*stores, player, BY, dry_run=dry_run)


async def dumped(platform: Platform) -> dict[str, str]:
    """Every column of every table, and every key of Redis, as text."""
    found: dict[str, str] = {}
    tables = await platform.clickhouse.rows(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'",
        dict[str, str],
    )
    for table in tables:
        rows = await platform.clickhouse.rows(f"SELECT * FROM {table['name']}", dict[str, Any])
        found[table["name"]] = json.dumps(rows, ensure_ascii=False)
    columns = await platform.postgres.rows(
        "SELECT table_name AS t, column_name AS c FROM information_schema.columns "
        "WHERE table_schema = 'public'",
        dict[str, str],
    )
    for column in columns:
        as_text = (
            f"encode({column['c']}, 'escape')"
            if column["c"] in ("original", "payload")
            else f"{column['c']}::text"
        )
        rows = await platform.postgres.rows(f"SELECT {as_text} AS v FROM {column['t']}", dict[str, Any])
        found[f"{column['t']}.{column['c']}"] = json.dumps(rows, ensure_ascii=False)
    async for key in platform.redis.scan_iter():
        found[f"redis {key!r}"] = repr(await platform.redis.dump(key))
    return found


async def where(platform: Platform, *texts: str) -> list[str]:
    found = await dumped(platform)
    return sorted(f"{place}: {text}" for place, held in found.items() for text in texts if text in held)


async def totals(platform: Platform) -> dict[str, Any]:
    """What was counted, in every table, without saying whose it is."""
    await settle(platform.clickhouse)
    found: dict[str, Any] = {}
    for noun in await rebuild.nouns(platform.clickhouse):
        rows = await platform.clickhouse.rows(f"SELECT * FROM {noun} FINAL", dict[str, Any])
        found[noun] = Counter(json.dumps(_nobodys(row), sort_keys=True) for row in rows)
    return found


def _nobodys(row: dict[str, Any]) -> dict[str, Any]:
    """A row without whose it is."""
    kept = {
        k: v
        for k, v in row.items()
        if k not in ("name", "shown", "guid", "version", "settled", "rung", "chain")
    }
    for column in ("player_key", "opponent_key"):
        if column in kept:
            kept[column] = bool(kept[column])
    for column in ("players", "merged", "fighters"):
        if column in kept:
            kept[column] = len(kept[column])
    if "lifeline" in kept:
        kept["lifeline"] = sorted([*moment[:3], bool(moment[3]), *moment[4:]] for moment in kept["lifeline"])
    return kept


async def tables(platform: Platform) -> dict[str, Rows]:
    await settle(platform.clickhouse)
    found: dict[str, Rows] = {}
    for noun in await rebuild.nouns(platform.clickhouse):
        rows = await platform.clickhouse.rows(f"SELECT * FROM {noun} FINAL ORDER BY ALL", dict[str, Any])
        for row in rows:
            row.pop("version", None), row.pop("settled", None)
            for column in ("lifeline", "stances", "players", "merged"):
                if column in row:
                    row[column] = sorted(row[column])
        found[noun] = sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))
    return found


async def keys_of_the_person(platform: Platform) -> list[str]:
    sql = """
        SELECT toString(arrayJoin([player_key('', {a:String}, false), player_key('', {b:String}, false),
        player_key({n:String}, '', false), sipHash64('member', '17')])) AS k
    """
    rows = await platform.clickhouse.rows(sql, dict[str, str], a=CLIENT, b=SECOND, n=OTHER_NAME)
    return [row["k"] for row in rows]


def test_nothing_names_who_was_erased_and_every_count_is_as_it_was(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        await played(platform)
        assert len(await where(platform, *TRACES)) > 20
        keys = await keys_of_the_person(platform)
        player = await id_of(platform)
        would = await erase(platform, player, dry_run=True)
        assert not would.done
        assert len(await where(platform, *TRACES)) > 20
        before = await totals(platform)
        done = await erase(platform, player)
        assert done.done
        assert await where(platform, *TRACES) == []
        assert await where(platform, *keys) == []
        assert await where(platform, player) == []
        assert await platform.redis.get("unrelated") == b"Ann"
        # Nobody else lost anything: their names, and what they said, are there.
        assert await where(platform, "clientother", "hello all", "Botty") != []
        after = await totals(platform)
        before.pop("match_results"), before.pop("player_identities")
        assert {noun: after[noun] for noun in before} == before
        counted = await tables(platform)
        await rebuild.rebuild(platform.postgres, platform.clickhouse, platform.settings, None, no_report)
        assert await tables(platform) == counted
        with pytest.raises(NotFound):
            await erase(platform, player)
        with pytest.raises(Conflict, match="has been erased"):
            await erase(platform, str(done.player))

    stack.run(scenario)


async def state(platform: Platform) -> dict[str, Rows]:
    """All counts, with 0 in place of each key that was made up."""
    made = await platform.clickhouse.rows(
        "SELECT DISTINCT toString(player_key) AS key FROM player_identities WHERE guid LIKE 'erased-%'",
        dict[str, str],
    )
    text = json.dumps(await tables(platform))
    assert made
    for row in made:
        text = text.replace(row["key"], "0")
    found: dict[str, Rows] = json.loads(text)
    for rows in found.values():
        for held in rows:
            held.pop("received_at", None)
            held.pop("chain", None)
            held |= {column: sorted(held[column]) for column in ("players", "merged") if column in held}
            if str(held.get("guid", "")).startswith("erased-"):
                held["guid"] = "erased"
        rows.sort(key=lambda row: json.dumps(row, sort_keys=True))
    return found


def test_a_spool_that_is_sent_again_brings_nobody_back(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        server = await played(platform)
        await erase(platform, await id_of(platform))
        once = await tables(platform)
        assert (await platform.inlet.take(server, body(game()), "")).accepted == 0
        # The ledger is lost, or the tracker has sent it as another session: then it is counted, as nobody's.
        again = [event | {"session_id": "s2"} for event in game()]
        assert (await platform.inlet.take(server, body(again), "")).accepted == len(again)
        await drain(platform)
        assert await where(platform, *TRACES, *await keys_of_the_person(platform)) == []
        twice = await tables(platform)
        assert sum(row["kills"] for row in twice["player_daily"]) == 2 * sum(
            row["kills"] for row in once["player_daily"]
        )
        assert len({row["player_key"] for row in twice["player_daily"]}) == len(
            {row["player_key"] for row in once["player_daily"]}
        )
        await rebuild.rebuild(platform.postgres, platform.clickhouse, platform.settings, None, no_report)
        assert await tables(platform) == twice

    stack.run(scenario)


def test_late_events_that_waited_in_the_inbox_or_come_out_of_the_quarantine_are_nobodys(stack: Stack) -> None:
    async def scenario(platform: Platform) -> None:
        server = await played(platform)
        late = [event | {"session_id": "s3"} for event in game()]
        await platform.inlet.take(server, body(late), "")
        await platform.postgres.execute(
            "UPDATE ingest_inbox SET set_aside_at = now(), set_aside_reason = %s", f"cannot parse {NAME}"
        )
        await erase(platform, await id_of(platform))
        assert await where(platform, NAME, CLIENT) == []
        packed = await platform.postgres.rows("SELECT payload FROM ingest_inbox", dict[str, bytes])
        assert all(
            CLIENT.encode() not in run.lines for row in packed for run in payload.unpack(row["payload"])
        )
        assert packed
        # What cannot be read is not kept, where it names somebody who was erased.
        bad = f'{{"type":"player_kill","attacker_guid":"{CLIENT}","damage":[]}}\n'.encode()
        assert len((await platform.inlet.take(server, bad, "")).rejected) == 1
        assert await where(platform, CLIENT) == []

    stack.run(scenario)


def test_who_plays_on_is_a_player_without_a_past(stack: Stack) -> None:
    async def scenario(platform: Platform) -> list[dict[str, Any]]:
        server = await played(platform)
        await erase(platform, await id_of(platform))
        later = time.time() + 5
        event = kill(0, SHOWN, "Ann", attacker_guid=CLIENT, session_id="s4", timestamp=later)
        await platform.inlet.take(server, body([event]), "")
        await drain(platform)
        sql = "SELECT sum(kills) AS kills FROM rivals WHERE player_key = player_key('', {c:String}, false)"
        return await platform.clickhouse.rows(sql, dict[str, Any], c=CLIENT)

    assert stack.run(scenario) == [{"kills": 1}]


class Killed(Exception):
    """The process is gone."""


def test_an_erasure_that_was_killed_anywhere_is_completed(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(platform: Platform) -> None:
        stores = platform.postgres, platform.clickhouse, platform.redis, platform.settings
        command = platform.clickhouse.command
        whole: dict[str, Rows] | None = None
        fatal, survived = 0, False
        while not survived:
            await wipe_postgres(platform.postgres)
            await wipe_clickhouse(platform.clickhouse)
            server = await played(platform)
            player = await id_of(platform)
            left = fatal if whole is not None else -1

            async def dying(sql: str, **parameters: object) -> None:
                nonlocal left
                if left == 0:
                    raise Killed
                left -= 1
                await command(sql, **parameters)

            with monkeypatch.context() as patch:
                patch.setattr(platform.clickhouse, "command", dying)
                try:
                    await erase(platform, player)
                    survived = whole is not None
                except Killed:
                    pass
            if whole is not None and not survived:
                # Writers go on meanwhile.
                more = [event | {"session_id": "s9"} for event in game()[:2]]
                await platform.inlet.take(server, body(more), "")
                await drain(platform)
                await privacy.finish(*stores)
                assert await where(platform, NAME, CLIENT, SECOND, *await keys_of_the_person(platform)) == []
            else:
                more = [event | {"session_id": "s9"} for event in game()[:2]]
                await platform.inlet.take(server, body(more), "")
                await drain(platform)
            found = await state(platform)
            whole = whole or found
            assert found == whole, fatal
            fatal += 3
        assert fatal > 30

    stack.run(scenario)


def test_every_column_that_may_hold_a_player_is_known(stack: Stack) -> None:
    """A table that is added later is either covered by its column's name, or found here."""

    async def scenario(platform: Platform) -> None:
        # A plain 64-bit number is a key, unless it is one of these. A chain is a sum of digests of line-ups,
        # and computed anew when a key in one has changed; the farthest kill names its match, hands weapons.
        no_players = {
            "match_key",
            "version",
            "settled",
            "events",
            "kills",
            "deaths",
            "chain",
            "farthest",
            "hands",
        }
        columns = await platform.clickhouse.rows(
            "SELECT c.table AS t, c.name AS c, c.type AS type FROM system.columns AS c "
            "INNER JOIN system.tables AS e ON e.database = c.database AND e.name = c.table "
            "WHERE c.database = currentDatabase() AND e.engine LIKE '%MergeTree' "
            # What follows from another column goes with it.
            "AND c.default_kind != 'MATERIALIZED'",
            dict[str, str],
        )
        keys = [1, 2]
        plan = {
            row["name"]: row["rewritten"]
            for row in await platform.clickhouse.rows(
                privacy._LOG["tables"], dict[str, str], keys=keys, stand_ins=keys, clients=["a", "b"]
            )
        }
        log = privacy._LOG["log_without"]
        held = {row["t"] for row in columns if "UInt64" in row["type"] and row["c"] not in no_players}
        for row in columns:
            table, column, type_ = row["t"], row["c"], row["type"]
            rewritten = f" AS {column}" in (log if table.startswith("raw_events") else plan.get(table, ""))
            is_key = (
                type_ in ("UInt64", "Array(UInt64)")
                or "Array(UInt64)" in type_
                or ("Tuple" in type_ and "UInt64" in type_)
                or type_.startswith("AggregateF")
            )
            if is_key and column not in no_players:
                assert rewritten, (
                    f"{table}.{column} may hold a player's key: say in privacy.sql what becomes of it"
                )
            texts = {
                "hands",
                "map",
                "gametype",
                "weapon",
                "hitloc",
                "mod",
                "part",
                "act",
                "kind",
                "type",
                "session_id",
                "match_id",
                "winner",
                "team",
                "winning_team",
                # Of a report, which knows players by their places in `fighters`.
                "rules",
                "document",
            }
            if "String" in type_ and table in held and table in plan and column not in texts:
                assert rewritten, f"{table}.{column} may hold a name: say in privacy.sql what becomes of it"

    stack.run(scenario)
