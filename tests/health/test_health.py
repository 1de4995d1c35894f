"""Health, readiness and the doctor, with stores that go away."""

import os
import signal
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from api import doctor
from api.doctor import Finding
from api.ingest import refusals
from api.ingest.decode import decode
from api.ingest.sorting import Arrival
from api.platform import Platform
from api.servers import service as servers
from tests.events_made import body, kill
from tests.running import Instance
from tests.stack import Stack, add_server, drain, http_client


def test_ready_when_all_stores_answer(stack: Stack) -> None:
    async def scenario(platform: Platform) -> tuple[Any, str]:
        async with http_client(platform) as client:
            assert (await client.get("/healthz")).json() == {"status": "ok"}
            answer = await client.get("/readyz", headers={"X-Request-ID": "mine-1"})
            assert answer.headers["x-request-id"] == "mine-1"
            return answer.json(), (await client.get("/metrics")).text

    ready, metrics = stack.run(scenario)
    assert ready["status"] == "ready"
    assert ready["inbox"]["rows"] == 0
    assert 'afteraction_store_up{store="clickhouse"} 1.0' in metrics


def test_degraded_while_events_wait_for_minutes(stack: Stack) -> None:
    async def scenario(platform: Platform) -> tuple[str, str]:
        server = await add_server(platform)
        decoded = decode(body([kill(0, "Ann", "Bob")]), max_events=9, max_event_bytes=9_999)
        await platform.inlet.commit(Arrival(server, 1_790_000_000, decoded))
        async with http_client(platform) as client:
            before = (await client.get("/readyz")).json()["status"]
            await platform.postgres.execute("UPDATE ingest_inbox SET received_at = now() - interval '2 min'")
            return before, (await client.get("/readyz")).json()["status"]

    assert stack.run(scenario) == ("ready", "degraded")


def children(pid: int, program: str) -> list[int]:
    """The pids of a process's children that run a program."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, rest = stat.read_text().split("(", 1)[1].rsplit(")", 1)
        except OSError:
            continue
        if name.startswith(program) and int(rest.split()[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def test_stores_that_freeze_and_come_back(tmp_path: Path) -> None:
    """Without Valkey ingest goes on; without Postgres it answers 503; both heal by themselves."""
    instance = Instance(tmp_path)
    instance.start()
    token = instance.command("server", "add", "one").strip()
    headers = {"X-Server-Token": token}

    def send(seq: int) -> httpx.Response:
        return httpx.post(
            f"{instance.url}/api/v1/ingest/events",
            content=body([kill(seq, "Ann", "Bob")]),
            headers=headers,
            timeout=60,
        )

    def ready() -> httpx.Response:
        return httpx.get(f"{instance.url}/readyz", timeout=60)

    assert instance.pid
    (valkey,) = children(instance.pid, "valkey-server")
    (postgres,) = children(instance.pid, "postgres")
    try:
        os.kill(valkey, signal.SIGSTOP)
        assert send(0).status_code == 202
        assert (ready().status_code, ready().json()["status"]) == (200, "degraded")
        assert httpx.get(f"{instance.url}/api/v1/live/matches", timeout=60).json()["stale"] is True
        assert httpx.get(f"{instance.url}/api/v1/stats/global", timeout=60).status_code == 200
        os.kill(valkey, signal.SIGCONT)
        os.kill(postgres, signal.SIGKILL)
        os.kill(valkey, signal.SIGKILL)
        answers = [send(1)]
        while answers[-1].status_code != 202:
            assert answers[-1].status_code == 503, answers[-1].text
            assert int(answers[-1].headers["retry-after"]) > 0
            answers.append(send(1))
        instance.wait_until_ready()
        assert [send(seq).json()["duplicates"] for seq in (0, 1)] == [1, 1]
        instance.wait_until_written()
        assert httpx.get(f"{instance.url}/api/v1/stats/global", timeout=60).json()["kills"] == 2
    finally:
        instance.stop()


def said(findings: list[Finding], level: str, text: str) -> bool:
    return any(f.level == level and text in f.text for f in findings)


def test_the_doctor_says_why_nothing_arrives(stack: Stack) -> None:
    async def scenario(platform: Platform) -> dict[str, list[Finding]]:
        async def examine(name: str | None = None) -> list[Finding]:
            return await doctor.examine(platform.postgres, platform.redis, platform.logins.hashes, None, name)

        seen = {"no server": await examine()}
        server = await add_server(platform)
        seen["never heard"] = await examine()
        ahead = kill(0, "Ann", "Bob", timestamp=4_000_000_000)
        await platform.inlet.take(server, body([ahead, kill(5, "Ann", "Bob", damage="x")]), "")
        await platform.inlet.take(server, body([kill(9, "Ann", "Bob")]), "")
        await refusals.remember(
            platform.redis, platform.logins.hashes, "192.0.2.7", "aas_wrong_token", "never issued"
        )
        seen["holes"] = await examine("one")
        await platform.inlet.take(server, body([ahead | {"seq": 10}]), "")
        await drain(platform)
        seen["clock"] = await examine("one")
        await servers.revoke(platform.postgres, "one")
        seen["revoked"] = await examine("one")
        seen["unknown"] = await examine("two")
        return seen

    seen = stack.run(scenario)
    assert said(seen["no server"], "bad", "there are none")
    assert said(seen["no server"], "bad", "does not run")
    assert said(seen["never heard"], "bad", "nothing ever arrived")
    assert said(seen["holes"], "bad", "8 events missing (1-8)")
    assert said(seen["holes"], "bad", "in quarantine as bad_field")
    assert said(seen["holes"], "bad", "with the token aas_wron...: never issued")
    assert said(seen["clock"], "bad", "ahead of ours")
    assert said(seen["revoked"], "bad", "no valid token")
    assert said(seen["unknown"], "bad", "there is none called 'two'")
    assert not any("wrong_token" in msgspec.json.encode(f).decode() for found in seen.values() for f in found)


def test_quarantine_over_http_and_driving_it_in_again(stack: Stack, monkeypatch: Any) -> None:
    async def scenario(platform: Platform) -> tuple[list[int], Any, list[Any], int]:
        server = await add_server(platform)
        from api.auth.service import first_admin_token

        token = await first_admin_token(platform.postgres)
        assert await first_admin_token(platform.postgres) is None
        odd = kill(0, "Ann", "Bob") | {"type": "player kill!"}
        await platform.inlet.take(server, body([odd]), "")
        async with http_client(platform) as client:
            url = "/api/v1/admin/quarantine"
            headers = {"Authorization": f"Bearer {token}"}
            refused = [
                (await client.get(url)).status_code,
                (await client.post(f"{url}/drive")).status_code,
                (await client.get(url, headers={"Authorization": "Bearer aaa_wrong"})).status_code,
            ]
            page = (await client.get(url, headers=headers)).json()
            before = (await client.post(f"{url}/drive", headers=headers)).json()
            # The fix: what the sender calls it becomes another name for a kill.
            await platform.postgres.execute(
                "UPDATE quarantine SET original = convert_to(replace(convert_from(original, 'UTF8'), "
                "'player kill!', 'player_kill'), 'UTF8')"
            )
            drives = [
                before,
                *[(await client.post(f"{url}/drive", headers=headers)).json() for _ in range(2)],
            ]
        return refused, page, drives, await drain(platform)

    refused, page, drives, written = stack.run(scenario)
    assert refused == [401, 401, 401]
    assert [(e["code"], e["server"], "player kill!" in e["original"]) for e in page["events"]] == [
        ("bad_type", "one", True)
    ]
    assert drives == [
        {"accepted": 0, "duplicates": 0, "still_rejected": 1},
        {"accepted": 1, "duplicates": 0, "still_rejected": 0},
        {"accepted": 0, "duplicates": 0, "still_rejected": 0},
    ]
    assert written == 1


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nowhere"), ("GET", "/api/v1/nowhere"), ("PUT", "/healthz")]
)
def test_paths_that_lead_nowhere_have_a_request_id_and_are_counted(
    stack: Stack, method: str, path: str
) -> None:
    async def use(platform: Platform) -> tuple[httpx.Response, str]:
        async with http_client(platform) as client:
            answer = await client.request(method, path, headers={"X-Request-ID": "mine-2"})
            return answer, (await client.get("/metrics")).text

    answer, measured = stack.run(use)
    assert answer.status_code in (404, 405)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.headers["x-request-id"], answer.json()["request_id"]) == ("mine-2", "mine-2")
    assert f'status="{answer.status_code}"' in measured
