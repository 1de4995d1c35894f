"""Addresses of players do not come into the log, and those that were there are masked."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from api.audit.service import Actor
from api.logins import decisions, job, networks
from api.logins.clients import Client
from api.platform import Platform
from api.stores import sql
from tests.events_made import body, kill
from tests.sql.feed import feed
from tests.stack import Stack, add_server, drain

ADDRESS = "198.51.100.7"
USERINFO = f"\\name\\Ann\\ip\\{ADDRESS}:12203\\rate\\5000"


async def originals(platform: Platform) -> list[str]:
    return [
        row["raw"] for row in await platform.clickhouse.rows("SELECT raw FROM raw_events", dict[str, str])
    ]


def test_an_address_in_an_event_reaches_neither_the_log_nor_the_quarantine(stack: Stack) -> None:
    async def scenario(platform: Platform) -> tuple[list[str], list[dict[str, Any]]]:
        server = await add_server(platform)
        events = [
            kill(0, "Ann", "Bob", attacker_ip=ADDRESS),
            {"type": "client_connect", "userinfo": USERINFO},
            {"type": "player_kill", "damage": [], "player_ip": ADDRESS},
        ]
        assert (await platform.inlet.take(server, body(events), "")).accepted == 2
        await drain(platform)
        sql = "SELECT encode(original, 'escape') AS original FROM quarantine"
        return await originals(platform), await platform.postgres.rows(sql, dict[str, Any])

    log, quarantined = stack.run(scenario)
    assert (len(log), len(quarantined)) == (2, 1)
    assert ADDRESS not in json.dumps([log, quarantined])
    assert "rate" in json.dumps(log)


def test_those_that_were_kept_are_masked_by_the_migration(stack: Stack) -> None:
    async def scenario(platform: Platform) -> list[str]:
        plain = json.dumps(kill(0, "Ann", "Bob"))
        lines = [
            json.dumps(kill(1, "Ann", "Bob", attacker_ip=ADDRESS)),
            json.dumps({"type": "client_connect", "userinfo": USERINFO}),
            json.dumps(kill(2, "Ann", "Bob")) + f"\ttype=kill&ip={ADDRESS}&weapon=M1",
            plain,
        ]
        await feed(platform.clickhouse, lines)
        assert ADDRESS in "".join(await originals(platform))
        migration = next(m for m in sql.migrations("clickhouse") if m.name == "addresses")
        for statement in migration.statements:
            await platform.clickhouse.command(f"{statement} SETTINGS mutations_sync = 2")
        kept = await originals(platform)
        assert plain in kept
        return kept

    kept = stack.run(scenario)
    assert ADDRESS not in "".join(kept)
    assert any("weapon=M1" in line for line in kept)
    assert any("rate" in line for line in kept)


def test_addresses_of_logins_are_forgotten_in_time(stack: Stack) -> None:
    async def scenario(platform: Platform) -> tuple[list[int], str]:
        server = await add_server(platform)
        code = await platform.logins.issue(17, "Ann")
        client = Client(server, "c1", "Ann", networks.of_address(ADDRESS))
        await platform.logins.verify(client, code.code)
        by = Actor("admin", "anna")
        await decisions.trust_range(platform.logins, 18, "203.0.113.0/24", "", 2, by)
        in_days = [datetime.now(UTC) + timedelta(days=days) for days in (-1, 1, 3, 100)]
        forgotten = [await job.forget_addresses(platform.postgres, moment) for moment in in_days]
        held = "SELECT network::text AS v FROM {} WHERE network IS NOT NULL"
        kept: list[dict[str, Any]] = []
        for table in ("login_token_history", "trusted_ips"):
            kept += await platform.postgres.rows(held.format(table), dict[str, Any])
        kept += await platform.postgres.rows("SELECT after::text AS v FROM audit_log", dict[str, Any])
        return forgotten, json.dumps(kept, default=str)

    forgotten, kept = stack.run(scenario)
    # The try and the decision a day later, the range when its day is over, the other after its 90.
    assert forgotten == [0, 2, 1, 1]
    assert ADDRESS not in kept
    assert "203.0.113" not in kept
