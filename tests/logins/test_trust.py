"""Which networks are trusted: on first use, by approval, never again after a no."""

import asyncio
from typing import Any

import pytest

from api.audit.service import Actor
from api.errors import NotFound, Unprocessable
from api.logins import decisions, networks
from tests.logins.desk import CAFE, HOME, Desk, at_the_desk
from tests.stack import Stack

FORUM = Actor("forum", "smf")


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("192.0.2.7:12203", "192.0.2.7/32"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::9]:12203", "2001:db8:1:2::/64"),
    ],
)
def test_networks_of_addresses(text: str, network: str) -> None:
    assert str(networks.of_address(text)) == network


@pytest.mark.parametrize("text", ["", "NIL", ":0", "localhost", "192.0.2", "192.0.2.7/24", "[", "\x00"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(Unprocessable):
        networks.of_address(text)


@pytest.mark.parametrize("text", ["0.0.0.0/0", "192.0.0.0/15", "::/0", "2001::/31", "home"])
def test_ranges_have_an_end(text: str) -> None:
    with pytest.raises(Unprocessable):
        networks.of_range(text)


def test_an_address_that_was_revoked_needs_a_person(stack: Stack) -> None:
    async def scenario(desk: Desk) -> list[str]:
        told = [(await desk.log_in()).outcome]
        (address,) = await addresses(desk)
        await decisions.revoke_address(desk.logins, 1, address.id, FORUM)
        told += [(await desk.resume()).outcome, (await desk.log_in()).outcome]
        (waiting,) = await decisions.open_approvals(desk.logins)
        assert waiting.reason == "refused_before"
        await decisions.approve(desk.logins, 1, waiting.id, "home", 1, FORUM)
        told.append((await desk.log_in()).outcome)
        desk.clock.move(days=1)
        return [*told, (await desk.log_in()).outcome]

    assert at_the_desk(stack, scenario) == ["logged_in", "none", "pending", "logged_in", "pending"]


def test_an_address_that_was_denied_needs_a_person(stack: Stack) -> None:
    async def scenario(desk: Desk) -> list[str]:
        await desk.log_in()
        told = [(await desk.resume("c1", CAFE)).outcome]
        (waiting,) = await decisions.open_approvals(desk.logins)
        await decisions.deny(desk.logins, 1, waiting.id, FORUM)
        told += [(await desk.resume("c1", CAFE)).outcome, (await desk.log_in(1, "c1", CAFE)).outcome]
        # Another member has said nothing about it.
        return [*told, (await desk.log_in(2, "c2", CAFE)).outcome]

    assert at_the_desk(stack, scenario) == ["pending", "none", "pending", "logged_in"]


@pytest.mark.parametrize(("seconds", "taken"), [(86_399.999, True), (86_400, False)])
def test_an_approval_waits_for_a_day(stack: Stack, seconds: float, taken: bool) -> None:
    async def scenario(desk: Desk) -> bool:
        await desk.log_in()
        await desk.resume("c1", CAFE)
        (waiting,) = await decisions.open_approvals(desk.logins)
        desk.clock.move(seconds=seconds)
        try:
            await decisions.approve(desk.logins, 1, waiting.id, "", None, FORUM)
        except NotFound:
            assert await decisions.open_approvals(desk.logins) == []
            assert (await desk.resume("c1", CAFE)).outcome == "pending"
            return False
        return (await desk.resume("c1", CAFE)).outcome == "logged_in"

    assert at_the_desk(stack, scenario) is taken


@pytest.mark.parametrize(("seconds", "outcome"), [(-0.001, "logged_in"), (0, "none")])
def test_a_session_ends(stack: Stack, seconds: float, outcome: str) -> None:
    async def scenario(desk: Desk) -> str:
        await desk.log_in()
        desk.clock.move(days=desk.platform.settings.login_session_days, seconds=seconds)
        return (await desk.resume()).outcome

    assert at_the_desk(stack, scenario) == outcome


def test_a_range_for_shared_addresses(stack: Stack) -> None:
    async def scenario(desk: Desk) -> list[str]:
        await decisions.trust_range(desk.logins, 1, "198.51.100.0/24", "provider", 30, FORUM)
        await decisions.set_policy(desk.logins, 1, "approval", FORUM)
        return [(await desk.log_in(1, "c1", address)).outcome for address in (CAFE, "198.51.100.77", HOME)]

    assert at_the_desk(stack, scenario) == ["logged_in", "logged_in", "pending"]


def test_somebody_who_knows_a_client_id_cannot_fill_the_page(stack: Stack) -> None:
    async def scenario(desk: Desk) -> int:
        await desk.log_in()
        await asyncio.gather(*(desk.resume("c1", f"203.0.113.{n}") for n in range(1, 41)))
        return len(await decisions.open_approvals(desk.logins))

    assert at_the_desk(stack, scenario) == 10


async def addresses(desk: Desk) -> list[Any]:
    return (await decisions.member(desk.logins, desk.platform.clickhouse, 1)).addresses


def test_no_server_fills_the_place_of_another_s_approvals(stack: Stack) -> None:
    async def scenario(desk: Desk) -> set[tuple[int, str]]:
        hostile = await desk.at_another_server()
        await desk.log_in()
        for n in range(40):
            await hostile.resume("c1", f"198.51.100.{n}")
        await desk.resume("c1", "203.0.113.9")
        code = await desk.code()
        await decisions.set_policy(desk.logins, 1, "approval", FORUM)
        await hostile.verify(code, "c1", "203.0.113.10")
        waiting = await decisions.open_approvals(desk.logins)
        assert len([w for w in waiting if w.server_id == hostile.server_id]) == 11
        return {(w.server_id, w.network) for w in waiting}

    waiting = at_the_desk(stack, scenario)
    # Who connects at another server, and who had a code, are asked about all the same.
    assert {(1, "203.0.113.9/32"), (2, "203.0.113.10/32")} <= waiting
