"""What becomes of codes: once, in time, from where, and not by guessing."""

import asyncio
from typing import Any

import pytest

from api.audit.service import Actor
from api.errors import NotFound, StoreUnavailable, TooManyRequests
from api.logins import codes, decisions, hashing, locks
from tests.logins.desk import CAFE, HOME, Desk, at_the_desk
from tests.stack import Stack


async def history(desk: Desk) -> list[tuple[str, str]]:
    rows = await desk.postgres.rows(
        "SELECT outcome, reason FROM login_token_history ORDER BY id", dict[str, Any]
    )
    return [(row["outcome"], row["reason"]) for row in rows]


def test_a_good_code_logs_in_and_is_gone(stack: Stack) -> None:
    async def scenario(desk: Desk) -> tuple[list[str], list[tuple[str, str]]]:
        code = await desk.code()
        first, second = await desk.verify(code), await desk.verify(code)
        assert first.message == "Logged in as Member 1."
        return [first.outcome, second.outcome], await history(desk)

    outcomes, rows = at_the_desk(stack, scenario)
    assert outcomes == ["logged_in", "not_valid"]
    assert rows == [("logged_in", "code"), ("not_valid", "used")]


def test_twenty_at_the_same_instant_and_one_is_in(stack: Stack) -> None:
    async def scenario(desk: Desk) -> list[str]:
        code = await desk.code()
        answers = await asyncio.gather(*(desk.verify(code, f"c{n}", f"192.0.2.{n}") for n in range(1, 21)))
        return [answer.outcome for answer in answers]

    outcomes = at_the_desk(stack, scenario)
    assert outcomes.count("logged_in") == 1
    assert outcomes.count("pending") == 19


def test_twenty_from_one_place_and_one_is_in(stack: Stack) -> None:
    async def scenario(desk: Desk) -> list[str]:
        code = await desk.code()
        return [a.outcome for a in await asyncio.gather(*(desk.verify(code) for _ in range(20)))]

    outcomes = at_the_desk(stack, scenario)
    assert outcomes.count("logged_in") == 1
    assert set(outcomes) <= {"logged_in", "not_valid", "locked"}


@pytest.mark.parametrize(("seconds", "outcome"), [(599.999, "logged_in"), (600.0, "not_valid")])
def test_a_code_lives_ten_minutes(stack: Stack, seconds: float, outcome: str) -> None:
    async def scenario(desk: Desk) -> str:
        code = await desk.code()
        desk.clock.move(seconds=seconds)
        return (await desk.verify(code)).outcome

    assert at_the_desk(stack, scenario) == outcome


@pytest.mark.parametrize(("early", "outcome"), [(0.001, "logged_in"), (0.0, "none")])
def test_a_session_ends_at_its_moment(stack: Stack, early: float, outcome: str) -> None:
    async def scenario(desk: Desk) -> str:
        await desk.log_in()
        desk.clock.move(days=desk.platform.settings.login_session_days, seconds=-early)
        return (await desk.resume()).outcome

    assert at_the_desk(stack, scenario) == outcome


@pytest.mark.parametrize(("early", "outcome"), [(0.001, "logged_in"), (0.0, "pending")])
def test_an_address_is_trusted_until_its_moment(stack: Stack, early: float, outcome: str) -> None:
    async def scenario(desk: Desk) -> str:
        await desk.log_in()
        await decisions.set_policy(desk.logins, 1, "approval", Actor("forum", "smf"))
        desk.clock.move(days=desk.platform.settings.login_trust_days, seconds=-early)
        return (await desk.log_in()).outcome

    assert at_the_desk(stack, scenario) == outcome


@pytest.mark.parametrize(("early", "found"), [(0.001, True), (0.0, False)])
def test_an_approval_waits_until_its_moment(stack: Stack, early: float, found: bool) -> None:
    async def scenario(desk: Desk) -> bool:
        await desk.log_in()
        await desk.resume("c1", CAFE)
        (waiting,) = await decisions.open_approvals(desk.logins)
        desk.clock.move(hours=24, seconds=-early)
        try:
            await decisions.approve(desk.logins, 1, waiting.id, "", None, Actor("forum", "smf"))
        except NotFound:
            return False
        return True

    assert at_the_desk(stack, scenario) is found


def test_three_codes_are_alive_and_the_oldest_of_four_is_not(stack: Stack) -> None:
    async def scenario(desk: Desk) -> list[str]:
        made = [await desk.code() for _ in range(4)] + [await desk.code(2)]
        return [(await desk.verify(code, f"c{n}", f"192.0.2.{n}")).outcome for n, code in enumerate(made, 1)]

    assert at_the_desk(stack, scenario) == ["not_valid", *["logged_in"] * 4]


def test_what_is_no_code_is_as_wrong_as_a_wrong_one(stack: Stack) -> None:
    async def scenario(desk: Desk) -> list[Any]:
        code = await desk.code()
        wrong = code[:-1] + ("2" if code[-1] != "2" else "3")
        tried = ["", "x" * 64, "2222-2222", wrong]
        return [await desk.verify(text, "c9", "192.0.2.99") for text in tried]

    answers = at_the_desk(stack, scenario)
    assert all(answer == answers[0] for answer in answers)
    assert answers[0].outcome == "not_valid"


def test_each_try_costs_one_hash_whatever_is_found(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(desk: Desk) -> list[tuple[int, list[list[str]]]]:
        costs: list[str] = []
        hasher = desk.logins._hasher
        real = hasher._matches

        def counted(stored: str, code: str) -> bool:
            costs.append(stored)
            return real(stored, code)

        monkeypatch.setattr(hasher, "_matches", counted)
        expired = await desk.code()
        desk.clock.move(minutes=10)
        good, told = await desk.code(), []
        wrong = good[:-1] + ("2" if good[-1] != "2" else "3")
        ended = await desk.code(2)
        await decisions.revoke_codes(desk.logins, 2, Actor("forum", "smf"))
        tried = (good, good, wrong, expired, ended, "2222-2222", "no code", "x" * 64, "")
        for number, code in enumerate(tried):
            costs.clear()
            await desk.verify(code, f"c{number}", f"192.0.2.{number}")
            told.append((len(costs), [cost.split("$")[1:4] for cost in costs]))
        return told

    # One each, and all of them with the same parameters.
    as_dear = ["argon2id", "v=19", "m=19456,t=2,p=1"]
    assert at_the_desk(stack, scenario) == [(1, [as_dear])] * 9


def test_five_wrong_ones_lock_the_address_and_the_client_for_ten_minutes(stack: Stack) -> None:
    async def scenario(desk: Desk) -> list[str]:
        told: list[str] = [await desk.wrong() for _ in range(5)]
        code = await desk.code()
        told += [
            (await desk.verify(code, "other", HOME)).outcome,
            (await desk.verify(code, "c1", CAFE)).outcome,
        ]
        told.append((await desk.verify(code, "other", CAFE)).outcome)
        desk.clock.move(seconds=599.999)
        told.append(await desk.wrong("other", HOME))
        desk.clock.move(seconds=0.001)
        told.append((await desk.log_in(1, "c1", HOME)).outcome)
        return told

    told = at_the_desk(stack, scenario)
    assert told == [*["not_valid"] * 5, "locked", "locked", "logged_in", "locked", "logged_in"]


def test_a_server_locks_at_itself_alone(stack: Stack) -> None:
    async def scenario(desk: Desk) -> list[str]:
        hostile = await desk.at_another_server()
        for _ in range(30):
            await hostile.wrong()
        return [await hostile.wrong(), (await desk.log_in()).outcome]

    assert at_the_desk(stack, scenario) == ["locked", "logged_in"]


@pytest.mark.parametrize("same", ["address", "client"])
def test_all_servers_together_have_a_limit_that_one_alone_cannot_reach(stack: Stack, same: str) -> None:
    async def scenario(desk: Desk) -> list[str]:
        servers = [desk]
        for _ in range(4):
            servers.append(await servers[-1].at_another_server())
        number = 0
        for server in servers[1:]:
            # Each does all it can: it changes what is not held against it.
            for _ in range(12):
                number += 1
                client, address = f"c{number}", f"198.51.100.{number}"
                await server.wrong(*((client, HOME) if same == "address" else ("c1", address)))
        client, address = ("c1", HOME) if same == "address" else ("c1", CAFE)
        told: list[str] = [(await desk.log_in(1, client, address)).outcome]
        told.append((await desk.log_in(1, "c9", "203.0.113.9")).outcome)
        desk.clock.move(minutes=10)
        return [*told, (await desk.log_in(1, client, address)).outcome]

    assert at_the_desk(stack, scenario) == ["locked", "logged_in", "logged_in"]


def test_a_used_code_is_a_guess_anywhere_but_where_it_was_used(stack: Stack) -> None:
    async def scenario(desk: Desk) -> tuple[list[str], list[str]]:
        code = await desk.code()
        home = [str((await desk.verify(code)).outcome) for _ in range(8)]
        return home, [str((await desk.verify(code, "c2", CAFE)).outcome) for _ in range(6)]

    home, elsewhere = at_the_desk(stack, scenario)
    assert home == ["logged_in", *["not_valid"] * 7]
    assert elsewhere == [*["pending"] * 5, "locked"]


def test_a_try_that_nobody_could_check_is_no_guess(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(desk: Desk) -> tuple[str, list[tuple[str, str]]]:
        code = await desk.code()
        with monkeypatch.context() as patched:
            patched.setattr(hashing, "_WAITING", 0)
            for _ in range(6):
                with pytest.raises(StoreUnavailable):
                    await desk.verify(code)
        return (await desk.verify(code)).outcome, await history(desk)

    outcome, rows = at_the_desk(stack, scenario)
    assert outcome == "logged_in"
    assert rows == [*[("not_checked", "unavailable")] * 6, ("logged_in", "code")]


def test_a_try_whose_end_was_never_told_is_a_guess_for_a_minute(stack: Stack) -> None:
    async def scenario(desk: Desk) -> list[str]:
        for _ in range(5):
            await locks.begin(desk.postgres, desk.clock(), desk.client())
        told: list[str] = [await desk.wrong()]
        desk.clock.move(seconds=60)
        return [*told, (await desk.log_in()).outcome]

    assert at_the_desk(stack, scenario) == ["locked", "logged_in"]


def test_a_member_gets_ten_codes_in_ten_minutes(stack: Stack) -> None:
    async def scenario(desk: Desk) -> list[Any]:
        for _ in range(10):
            last = await desk.code()
        with pytest.raises(TooManyRequests) as refused:
            await desk.code()
        told: list[Any] = [refused.value.headers, (await desk.verify(last)).outcome]
        await desk.code(2)
        desk.clock.move(minutes=9, seconds=59)
        with pytest.raises(TooManyRequests):
            await desk.code()
        desk.clock.move(seconds=1)
        await desk.code()
        return told

    assert at_the_desk(stack, scenario) == [{"Retry-After": "600"}, "logged_in"]


def test_codes_that_were_ended_leave_their_place_to_others(stack: Stack) -> None:
    async def scenario(desk: Desk) -> tuple[int, list[str]]:
        ended = [await desk.code() for _ in range(7)][:4]
        rows = await desk.postgres.rows("SELECT lookup FROM login_tokens", dict[str, Any])
        held = {row["lookup"] for row in rows}
        places = [codes.lookup(codes.parse(code) or "") for code in ended]
        outcomes = [(await desk.verify(code, f"c{n}")).outcome for n, code in enumerate(ended)]
        return len(held & set(places)), [str(outcome) for outcome in outcomes]

    assert at_the_desk(stack, scenario) == (0, ["not_valid"] * 4)


def test_wrong_ones_at_the_same_instant_are_counted(stack: Stack) -> None:
    async def scenario(desk: Desk) -> list[str]:
        return list(await asyncio.gather(*(desk.wrong() for _ in range(20))))

    outcomes = at_the_desk(stack, scenario)
    assert outcomes.count("not_valid") == 5
    assert outcomes.count("locked") == 15


def test_a_server_has_a_budget_of_wrong_ones(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "WRONG_TRIES_OF_SERVER", 6)

    async def scenario(desk: Desk) -> list[str]:
        return [await desk.wrong(f"c{n}", f"192.0.2.{n}") for n in range(1, 9)]

    assert at_the_desk(stack, scenario) == [*["not_valid"] * 6, "locked", "locked"]


def test_a_used_code_from_elsewhere_asks_for_approval(stack: Stack) -> None:
    async def scenario(desk: Desk) -> tuple[str, bool]:
        code = await desk.code()
        await desk.verify(code)
        again = await desk.verify(code, "c2", CAFE)
        rows = await desk.postgres.rows(
            "SELECT member_id, network_hash, reason FROM pending_ip_approvals", dict[str, Any]
        )
        asked = {
            "member_id": 1,
            "network_hash": desk.client(address=CAFE).network.hash,
            "reason": "used_code",
        }
        return again.outcome, rows == [asked]

    assert at_the_desk(stack, scenario) == ("pending", True)


def test_no_code_is_kept(stack: Stack) -> None:
    async def scenario(desk: Desk) -> tuple[str, str]:
        code = await desk.code()
        await desk.verify(code)
        kept = ""
        for table in ("login_tokens", "login_token_history", "pending_ip_approvals", "smf_user_mappings"):
            rows = await desk.postgres.rows(f"SELECT t::text AS row FROM {table} AS t", dict[str, Any])
            kept += "".join(row["row"] for row in rows)
        return code, kept

    code, kept = at_the_desk(stack, scenario)
    assert "argon2id" in kept
    for text in (code, code.replace("-", ""), code[4:], code.replace("-", "")[3:]):
        assert text not in kept
