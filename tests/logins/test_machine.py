"""Logins against a model of them: any order of codes, decisions, revocations and time, over real Postgres.

After each step, what Postgres holds is what the model says: who is trusted where, what waits, who is logged
in and whose a client is. The model makes a network trusted in three places only: an approval, an admin's word
and a fresh code under the policy of first use, where no person has said no.
"""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from api.audit.service import Actor
from api.errors import NotFound, TooManyRequests
from api.logins import decisions, hashing
from api.platform import opened
from tests.logins.desk import Desk
from tests.stack import Stack, add_server, wipe_postgres

R = TypeVar("R")

MEMBERS = st.sampled_from([1, 2])
CLIENTS = st.sampled_from(["c1", "c2", "c3"])
ADDRESSES = st.sampled_from(["192.0.2.7", "198.51.100.9", "2001:db8::7"])
NETWORKS = {
    "192.0.2.7": "192.0.2.7/32",
    "198.51.100.9": "198.51.100.9/32",
    "2001:db8::7": "2001:db8::/64",
}
PAUSES = st.sampled_from(
    [
        *[timedelta(seconds=1)] * 3,
        *[timedelta(minutes=4)] * 2,
        timedelta(minutes=10) - timedelta(milliseconds=1),
        timedelta(minutes=10),
        timedelta(hours=24),
        timedelta(days=30),
        timedelta(days=90),
    ]
)
LIMIT = 2
FORUM = Actor("forum", "smf")

held: dict[str, Any] = {}


class Issued(msgspec.Struct):
    code: str
    member: int
    expires: datetime
    used_at: str | None = None
    revoked: bool = False


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.codes: list[Issued] = []
        self.policies: dict[int, str] = defaultdict(lambda: "first_use")
        self.trusted: dict[tuple[int, str], datetime] = {}
        self.refused: set[tuple[int, str]] = set()
        self.waiting: dict[tuple[int, str, str], datetime] = {}
        self.sessions: dict[str, tuple[int, datetime]] = {}
        self.states: dict[tuple[str, int], str] = {}
        self.wrong: dict[str, list[datetime]] = defaultdict(list)
        self.locked: dict[str, datetime] = {}

    @property
    def desk(self) -> Desk:
        desk: Desk = held["desk"]
        return desk

    @property
    def now(self) -> datetime:
        return self.desk.clock.at

    def do(self, work: Coroutine[Any, Any, R]) -> R:
        runner: asyncio.Runner = held["runner"]
        return runner.run(work)

    @initialize()
    def empty(self) -> None:
        async def wipe() -> int:
            await wipe_postgres(self.desk.postgres)
            return await add_server(self.desk.platform)

        self.desk.server_id = self.do(wipe())

    # --- what people and servers do ---

    @rule(pause=PAUSES)
    def time_passes(self, pause: timedelta) -> None:
        self.desk.clock.at += pause

    @rule(member=MEMBERS)
    def issue(self, member: int) -> None:
        self.issued(member)

    def issued(self, member: int) -> bool:
        expires = self.now + timedelta(minutes=10)
        if sum(c.member == member and c.expires > self.now for c in self.codes) >= 10:
            with pytest.raises(TooManyRequests):
                self.do(self.desk.code(member))
            return False
        code = self.do(self.desk.code(member))
        self.codes.append(Issued(code, member, expires))
        alive = [c for c in self.codes if c.member == member and self.alive(c)]
        for old in alive[:-3]:
            old.revoked = True
        return True

    @rule(member=MEMBERS, policy=st.sampled_from(["first_use", "approval"]))
    def set_policy(self, member: int, policy: Any) -> None:
        self.do(decisions.set_policy(self.desk.logins, member, policy, FORUM))
        self.policies[member] = policy

    # In one place only: a lock hides what else could happen there.
    @rule(client=st.just("c3"), address=st.just("2001:db8::7"))
    def mistype(self, client: str, address: str) -> None:
        network = NETWORKS[address]
        outcome = self.do(self.desk.wrong(client, address))
        if self.is_locked(client, network):
            assert outcome == "locked"
        else:
            assert outcome == "not_valid"
            self.guessed(client, network)

    @precondition(lambda self: self.codes)
    @rule(data=st.data(), client=CLIENTS, address=ADDRESSES)
    def verify(self, data: st.DataObject, client: str, address: str) -> None:
        back = data.draw(st.integers(0, min(4, len(self.codes) - 1)))
        code = self.codes[-1 - back]
        network = NETWORKS[address]
        expected = self.use(code, client, network)
        assert self.do(self.desk.verify(code.code, client, address)).outcome == expected

    @rule(member=MEMBERS, client=CLIENTS, address=ADDRESSES, again=st.booleans())
    def log_in(self, member: int, client: str, address: str, again: bool) -> None:
        if again and self.refused:
            member, network = max(self.refused)
            address = next(a for a, n in NETWORKS.items() if n == network)
        if not self.issued(member):
            return
        code = self.codes[-1]
        expected = self.use(code, client, NETWORKS[address])
        assert self.do(self.desk.verify(code.code, client, address)).outcome == expected

    @rule(client=CLIENTS, address=ADDRESSES)
    def resume(self, client: str, address: str) -> None:
        network = NETWORKS[address]
        answer = self.do(self.desk.resume(client, address))
        session = self.sessions.get(client)
        if session is None or session[1] <= self.now:
            assert answer.outcome == "none"
        elif self.is_trusted(session[0], network):
            assert (answer.outcome, answer.member_id) == ("logged_in", session[0])
        elif (session[0], network) in self.refused:
            assert answer.outcome == "none"
        else:
            assert answer.outcome == "pending"
            self.ask(session[0], network, client)

    @rule(client=CLIENTS, address=ADDRESSES)
    def logout(self, client: str, address: str) -> None:
        self.do(self.desk.logins.logout(self.desk.client(client, address)))
        self.sessions.pop(client, None)

    # --- what members and admins decide ---

    @rule(data=st.data(), yes=st.booleans(), member=MEMBERS)
    def decide(self, data: st.DataObject, yes: bool, member: int) -> None:
        waiting = self.do(decisions.open_approvals(self.desk.logins))
        if not waiting:
            return
        chosen = data.draw(st.sampled_from(waiting))
        logins = self.desk.logins
        work = (
            decisions.approve(logins, member, chosen.id, "", None, FORUM)
            if yes
            else decisions.deny(logins, member, chosen.id, FORUM)
        )
        if chosen.member_id != member:
            with pytest.raises(NotFound):
                self.do(work)
            return
        self.do(work)
        self.settle(member, chosen.network)
        if yes:
            self.trusted[member, chosen.network] = self.now + timedelta(days=90)
        else:
            self.refused.add((member, chosen.network))

    @rule(member=MEMBERS, address=ADDRESSES)
    def trust_by_admin(self, member: int, address: str) -> None:
        network = NETWORKS[address]
        self.do(decisions.trust_range(self.desk.logins, member, network, "", 90, FORUM))
        self.trusted[member, network] = self.now + timedelta(days=90)

    @rule(data=st.data(), member=MEMBERS)
    def revoke_address(self, data: st.DataObject, member: int) -> None:
        shown = [
            a
            for a in self.do(
                decisions.member(self.desk.logins, self.desk.platform.clickhouse, member)
            ).addresses
            if a.revoked_at is None
        ]
        if shown:
            chosen = data.draw(st.sampled_from(shown))
            self.do(decisions.revoke_address(self.desk.logins, member, chosen.id, FORUM))
            del self.trusted[member, chosen.network]
            self.refused.add((member, chosen.network))

    @rule(member=MEMBERS)
    def revoke_codes(self, member: int) -> None:
        alive = [c for c in self.codes if c.member == member and self.alive(c)]
        assert self.do(decisions.revoke_codes(self.desk.logins, member, FORUM)) == len(alive)
        for code in alive:
            code.revoked = True

    @rule(member=MEMBERS, client=st.none() | CLIENTS)
    def end_sessions(self, member: int, client: str | None) -> None:
        self.do(decisions.end_sessions(self.desk.logins, member, client, FORUM))
        for name in [c for c, (m, _) in self.sessions.items() if m == member and client in (None, c)]:
            del self.sessions[name]

    @rule(member=MEMBERS, client=CLIENTS, linking=st.booleans())
    def link_or_unlink(self, member: int, client: str, linking: bool) -> None:
        change = decisions.link if linking else decisions.unlink
        work = change(self.desk.logins, member, client, FORUM)
        if (client, member) not in self.states:
            with pytest.raises(NotFound):
                self.do(work)
            return
        self.do(work)
        if linking:
            other = (client, 3 - member)
            now = {"linked": "unlinked", "conflict": "refused"}
            if other in self.states:
                self.states[other] = now.get(self.states[other], self.states[other])
            self.states[client, member] = "linked"
        else:
            self.states[client, member] = "unlinked"
            if self.sessions.get(client, (0,))[0] == member:
                del self.sessions[client]

    # --- the model ---

    def alive(self, code: Issued) -> bool:
        return code.used_at is None and not code.revoked and code.expires > self.now

    def is_trusted(self, member: int, network: str) -> bool:
        return (member, network) in self.trusted and self.trusted[member, network] > self.now

    def is_locked(self, client: str, network: str) -> bool:
        return any(self.locked.get(what, self.now) > self.now for what in (client, network))

    def guessed(self, client: str, network: str) -> None:
        for what in (client, network):
            self.wrong[what] = [t for t in self.wrong[what] if t > self.now - timedelta(minutes=10)] + [
                self.now
            ]
            if len(self.wrong[what]) >= 5:
                self.locked[what] = self.now + timedelta(minutes=10)

    def ask(self, member: int, network: str, client: str) -> None:
        if self.waiting.get((member, network, client), self.now) <= self.now:
            self.waiting[member, network, client] = self.now + timedelta(hours=24)

    def settle(self, member: int, network: str) -> None:
        self.waiting = {key: at for key, at in self.waiting.items() if key[:2] != (member, network)}

    def use(self, code: Issued, client: str, network: str) -> str:
        if self.is_locked(client, network):
            return "locked"
        place = (code.member, network)
        if not self.alive(code):
            if code.used_at is None or code.expires <= self.now:
                self.guessed(client, network)
                return "not_valid"
            if code.used_at == network or self.is_trusted(*place):
                return "not_valid"
            self.guessed(client, network)
            if place in self.refused:
                return "not_valid"
            self.ask(*place, client)
            return "pending"
        code.used_at = network
        if not self.is_trusted(*place):
            if place in self.refused or self.policies[code.member] == "approval":
                self.ask(*place, client)
                return "pending"
            self.settle(*place)
            self.trusted[place] = self.now + timedelta(days=90)
        self.claim(client, code.member)
        return "logged_in"

    def claim(self, client: str, member: int) -> None:
        if self.states.get((client, member)) not in ("linked", "refused"):
            mine = sum(s == "linked" for (_, m), s in self.states.items() if m == member)
            taken = self.states.get((client, 3 - member)) == "linked"
            self.states[client, member] = "conflict" if taken else "linked" if mine < LIMIT else "over_limit"
        self.sessions[client] = (member, self.now + timedelta(days=30))

    # --- held against Postgres ---

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in await self.desk.postgres.rows(sql, dict[str, Any])]

    @invariant()
    def postgres_agrees(self) -> None:
        if "desk" in held:
            self.do(self.compare())

    async def compare(self) -> None:
        trusted = await self.rows(
            "SELECT member_id, network_hash, expires_at::text AS at FROM trusted_ips WHERE revoked_at IS NULL"
        )
        of = {self.desk.client(address=a).network.hash: n for a, n in NETWORKS.items()}
        assert {(m, of[n]): datetime.fromisoformat(at) for m, n, at in trusted} == self.trusted
        waiting = await self.rows(
            "SELECT member_id, network_hash, client_id, expires_at::text AS at "
            "FROM pending_ip_approvals WHERE decided_at IS NULL"
        )
        found = {(m, of[n], c): datetime.fromisoformat(at) for m, n, c, at in waiting}
        assert {k: at for k, at in found.items() if at > self.now} == {
            k: at for k, at in self.waiting.items() if at > self.now
        }
        states = await self.rows("SELECT client_id, member_id, state FROM smf_user_mappings")
        assert {(c, m): s for c, m, s in states} == self.states
        sessions = await self.rows(
            "SELECT client_id, member_id, session_until::text AS at "
            "FROM smf_user_mappings WHERE session_until IS NOT NULL"
        )
        assert {c: (m, datetime.fromisoformat(at)) for c, m, at in sessions} == self.sessions


def test_any_order_of_anything(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "_MEMORY_KIB", 64)
    monkeypatch.setattr(hashing, "_TIME_COST", 1)
    few = msgspec.structs.replace(stack.settings, login_max_clients=LIMIT)
    with asyncio.Runner() as runner:
        exits = AsyncExitStack()
        platform = runner.run(exits.enter_async_context(opened(few, stack.engines, stack.clickhouse)))
        desk = Desk(platform, 0)
        held.update(runner=runner, desk=desk)
        try:
            run_state_machine_as_test(
                Machine,
                settings=settings(
                    max_examples=25,
                    stateful_step_count=40,
                    deadline=None,
                    # Not made smaller: against a real database that takes minutes.
                    phases=[Phase.reuse, Phase.generate],
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            held.clear()
            desk.logins.close()
            runner.run(exits.aclose())
