"""Addresses of players do not come into the log, and those that were there are masked."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from api.audit.service import Actor
from api.logins import decisions, job
from api.platform import Platform
from api.stores import sql
from tests.events_made import body, kill
from tests.sql.feed import feed
from tests.stack import Stack, add_server, drain, player

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
    async def scenario(platform: Platform) -> tuple[list[int], list[dict[str, Any]]]:
        server = await add_server(platform)
        code = await platform.logins.issue(17, "Ann")
        await platform.logins.verify(player(platform, server, "c1", "Ann", ADDRESS), code.code)
        by = Actor("admin", "anna")
        await decisions.trust_range(platform.logins, 18, "203.0.113.0/24", "", 2, by)
        now = datetime.now(UTC)
        forgotten = [
            await job.forget_addresses(
                platform.postgres, before=now + timedelta(days=days), refused_before=now - timedelta(days=9)
            )
            for days in (-1, 1, 3, 100)
        ]
        left = """
            SELECT network_hash::text AS kept FROM login_token_history WHERE network_hash IS NOT NULL
            UNION ALL SELECT network_hash::text FROM trusted_ips
            UNION ALL SELECT after::text FROM audit_log WHERE after ? 'address_tag'
        """
        return forgotten, await platform.postgres.rows(left, dict[str, Any])

    # The try and the decision a day later, the range when its day is over, the other after its 90.
    assert stack.run(scenario) == ([0, 2, 1, 1], [])


def test_a_refused_address_is_forgotten_later(stack: Stack) -> None:
    async def scenario(platform: Platform) -> list[int]:
        server, by, now = await add_server(platform), Actor("admin", "anna"), datetime.now(UTC)
        home, away = (player(platform, server, "c1", "Ann", a) for a in (ADDRESS, "203.0.113.9"))
        await platform.logins.verify(home, (await platform.logins.issue(17, "Ann")).code)
        await platform.logins.resume(away)
        (waiting,) = await decisions.open_approvals(platform.logins)
        await decisions.deny(platform.logins, 17, waiting.id, by)
        (trusted,) = await decisions.addresses(platform.logins, None, 17, 10)
        await decisions.revoke_address(platform.logins, 17, trusted.id, by)
        # Their hashes in the history and the audit log are forgotten by the first.
        return [
            await job.forget_addresses(
                platform.postgres, before=now + timedelta(days=9), refused_before=now + timedelta(days=days)
            )
            for days in (-1, -1, 1)
        ]

    assert stack.run(scenario) == [4, 0, 2]
