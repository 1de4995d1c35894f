"""POST /api/v1/ingest/events over HTTP: who may, in which forms, and what is said when something is wrong."""

import dataclasses
import gzip
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
import pytest
import zstandard

from api.ingest import payload
from api.platform import Platform
from api.servers import service as servers
from tests.events_made import body, kill
from tests.stack import Stack, drain, http_client

URL = "/api/v1/ingest/events"


@dataclass
class Http:
    """The application, a server's token, and the platform behind it."""

    client: httpx.AsyncClient
    token: str
    platform: Platform

    async def post(self, content: bytes, **headers: str) -> httpx.Response:
        sent = {"Authorization": f"Bearer {self.token}"} | {
            k.replace("_", "-"): v for k, v in headers.items()
        }
        return await self.client.post(URL, content=content, headers=sent)


def over_http(stack: Stack, scenario: Callable[[Http], Awaitable[Any]]) -> Any:
    async def run(platform: Platform) -> Any:
        token = await servers.add(platform.postgres, "one")
        async with http_client(platform) as client:
            return await scenario(Http(client, token, platform))

    return stack.run(run)


class _Packed(msgspec.Struct):
    payload: bytes


class _Logged(msgspec.Struct):
    raw: str
    message: str


FORMS: dict[str, Callable[[list[dict[str, Any]]], bytes]] = {
    "array": lambda events: json.dumps(events).encode(),
    "lines": body,
    "urlencoded": lambda events: b"\n".join(urlencode(event).encode() for event in events),
    "pretty": lambda events: json.dumps(events, indent=2).encode(),
}
CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda content: content,
    "gzip": gzip.compress,
    "zstd": lambda content: zstandard.ZstdCompressor().compress(content),
}


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("labelled", [True, False])
def test_every_form_in_every_coding(stack: Stack, form: str, coding: str, labelled: bool) -> None:
    async def scenario(http: Http) -> tuple[httpx.Response, list[Any]]:
        content = CODINGS[coding](FORMS[form]([kill(0, "Ann", "Bob", damage=12.5), kill(1, "Bob", "Ann")]))
        labels = {"Content_Encoding": coding} if labelled and coding else {}
        answer = await http.post(content, Content_Type="application/x-www-form-urlencoded", **labels)
        await drain(http.platform)
        rows = await http.platform.clickhouse.rows(
            "SELECT seq, actor_name, target_name, map, damage FROM raw_events ORDER BY seq", dict[str, Any]
        )
        return answer, rows

    answer, rows = over_http(stack, scenario)
    assert answer.status_code == 202
    assert answer.json()["status"] == "accepted"
    assert answer.json()["processed"] == 2
    assert rows == [
        {"seq": 0, "actor_name": "Ann", "target_name": "Bob", "map": "dm/mohdm6", "damage": 12.5},
        {"seq": 1, "actor_name": "Bob", "target_name": "Ann", "map": "dm/mohdm6", "damage": None},
    ]


def test_the_token_may_stand_in_three_places(stack: Stack) -> None:
    async def scenario(http: Http) -> list[int]:
        content = body([kill(0, "Ann", "Bob")])
        answers = [
            await http.client.post(URL, content=content, headers={"Authorization": f"Bearer {http.token}"}),
            await http.client.post(URL, content=content, headers={"X-Server-Token": http.token}),
            await http.client.post(f"{URL}?server_token={http.token}", content=content),
        ]
        return [answer.status_code for answer in answers]

    assert over_http(stack, scenario) == [202, 202, 202]


def test_without_a_good_token_nothing_is_taken(stack: Stack) -> None:
    async def scenario(http: Http) -> list[tuple[int, str]]:
        content = body([kill(0, "Ann", "Bob")])
        none = await http.client.post(URL, content=content)
        wrong = await http.client.post(URL, content=content, headers={"X-Server-Token": "aas_wrong"})
        odd = await http.client.post(URL, content=content, headers={"Authorization": "Basic nonsense"})
        await servers.revoke(http.platform.postgres, "one")
        revoked = await http.post(content)
        await drain(http.platform)
        rows = await http.platform.clickhouse.rows("SELECT seq FROM raw_events", dict[str, Any])
        assert rows == []
        return [(a.status_code, a.headers["content-type"]) for a in (none, wrong, odd, revoked)]

    problem = "application/problem+json"
    assert over_http(stack, scenario) == [(401, problem), (401, problem), (401, problem), (403, problem)]


def test_a_revoked_token_is_forgotten_within_a_second(stack: Stack) -> None:
    import asyncio

    async def scenario(http: Http) -> tuple[int, int]:
        before = await http.post(body([kill(0, "Ann", "Bob")]))
        await servers.revoke(http.platform.postgres, "one")
        await asyncio.sleep(1.1)
        after = await http.post(body([kill(1, "Ann", "Bob")]))
        return before.status_code, after.status_code

    assert over_http(stack, scenario) == (202, 403)


def test_a_rotated_token_overlaps(stack: Stack) -> None:
    async def scenario(http: Http) -> list[int]:
        new = await servers.rotate(http.platform.postgres, "one", overlap_seconds=60)
        both = [http.token, new]
        answers = [
            await http.client.post(
                URL, content=body([kill(0, "Ann", "Bob")]), headers={"X-Server-Token": token}
            )
            for token in both
        ]
        return [answer.status_code for answer in answers]

    assert over_http(stack, scenario) == [202, 202]


def test_an_event_cannot_claim_to_be_another_server_s(stack: Stack) -> None:
    async def scenario(http: Http) -> list[Any]:
        await servers.add(http.platform.postgres, "two")
        await http.post(body([kill(0, "Ann", "Bob", server_id=2, server="two")]))
        await drain(http.platform)
        return await http.platform.clickhouse.rows("SELECT server_id FROM raw_events", dict[str, Any])

    assert over_http(stack, scenario) == [{"server_id": 1}]


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_bomb_is_refused(stack: Stack, coding: str) -> None:
    async def scenario(http: Http) -> httpx.Response:
        bomb = CODINGS[coding](b" " * (http.platform.settings.max_unpacked_bytes + 1))
        assert len(bomb) < 1_000_000
        return await http.post(bomb, Content_Encoding=coding)

    answer = over_http(stack, scenario)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


def test_limits_are_settings(stack: Stack) -> None:
    limits = msgspec.structs.replace(stack.settings, max_body_bytes=2048, max_batch_events=3)
    small = dataclasses.replace(stack, settings=limits)

    async def scenario(http: Http) -> list[int]:
        many = await http.post(b"\n".join([b"{}"] * 4))
        large = await http.post(b" " * 4096)
        return [many.status_code, large.status_code]

    assert over_http(small, scenario) == [413, 413]


@pytest.mark.parametrize("content", [b"", b"  \n", b"\x00"])
def test_an_empty_body_is_told_so(stack: Stack, content: bytes) -> None:
    async def scenario(http: Http) -> httpx.Response:
        return await http.post(content)

    answer = over_http(stack, scenario)
    assert answer.status_code == 400
    assert "empty" in answer.json()["detail"]


def test_a_name_that_is_no_utf8_arrives(stack: Stack) -> None:
    async def scenario(http: Http) -> list[Any]:
        content = body([kill(0, "Ann", "Bob")]).replace(b"Ann", b"J\xf6rg\x00")
        assert (await http.post(content)).json()["accepted"] == 1
        await drain(http.platform)
        return await http.platform.clickhouse.rows("SELECT actor_name FROM raw_events", dict[str, Any])

    assert over_http(stack, scenario) == [{"actor_name": "Jörg"}]


def test_relative_timestamps_are_anchored_at_receipt(stack: Stack) -> None:
    async def scenario(http: Http) -> list[Any]:
        events = [kill(seq, "Ann", "Bob", timestamp=10.0 + seq) for seq in range(3)]
        await http.post(body(events))
        await drain(http.platform)
        return await http.platform.clickhouse.rows(
            "SELECT seq, dateDiff('millisecond', time, received_at) AS age FROM raw_events ORDER BY seq",
            dict[str, Any],
        )

    assert over_http(stack, scenario) == [
        {"seq": 0, "age": 2000},
        {"seq": 1, "age": 1000},
        {"seq": 2, "age": 0},
    ]


def test_unknown_fields_and_types_are_kept(stack: Stack) -> None:
    async def scenario(http: Http) -> list[Any]:
        odd = {"type": "moon_landing", "session_id": "s1", "seq": 0, "crater": [1, {"deep": True}]}
        assert (await http.post(json.dumps(odd).encode())).json()["accepted"] == 1
        await drain(http.platform)
        return await http.platform.clickhouse.rows("SELECT type, raw FROM raw_events", dict[str, Any])

    (row,) = over_http(stack, scenario)
    assert row["type"] == "moon_landing"
    assert json.loads(row["raw"])["crater"] == [1, {"deep": True}]


def test_the_original_is_kept_beside_what_was_made_of_it(stack: Stack) -> None:
    line = b"type=kill&attacker_name=Ann&victim_name=Bob&damage=7.5&session_id=s1&seq=0&mapname=dm/x"

    async def scenario(http: Http) -> list[Any]:
        assert (await http.post(line)).json()["accepted"] == 1
        await drain(http.platform)
        return await http.platform.clickhouse.rows(
            "SELECT type, damage, map, raw FROM raw_events", dict[str, Any]
        )

    assert over_http(stack, scenario) == [
        {"type": "player_kill", "damage": 7.5, "map": "dm/x", "raw": line.decode()}
    ]


def test_a_code_in_the_chat_of_another_tracker_is_kept_nowhere(
    stack: Stack, capfd: pytest.CaptureFixture[str]
) -> None:
    bodies = [
        b'[{"type":"player_say","player_name":"Ann","message":"!login K7QX-2M9D","timestamp":1790000000}]',
        b"type=chat&player_name=Ann&message=%21LOGIN+k7qx2m9d&timestamp=1790000001",
        b'{"type":"player_say","seq":"nonsense","message":"!login K7QX-2M9D"}',
    ]

    async def scenario(http: Http) -> str:
        for sent in bodies:
            answer = await http.post(sent)
            assert answer.status_code == 202
            assert "2M9D" not in answer.text.upper()
        rows = http.platform.postgres.rows
        kept = repr(
            [payload.unpack(row.payload) for row in await rows("SELECT payload FROM ingest_inbox", _Packed)]
        )
        kept += repr(await rows("SELECT original, reason FROM quarantine", dict[str, Any]))
        await drain(http.platform)
        return kept + repr(
            await http.platform.clickhouse.rows("SELECT raw, message FROM raw_events", _Logged)
        )

    kept = over_http(stack, scenario)
    assert kept.count("***") >= 7
    assert "2M9D" not in (kept + "".join(capfd.readouterr())).upper()
