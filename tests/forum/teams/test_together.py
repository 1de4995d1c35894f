"""Two who decide at once, and a database that goes away while they do."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import pytest

from api.errors import Conflict, Forbidden, NotFound, RequestError, StoreUnavailable
from smf_bridge.database import Database, Transaction
from smf_bridge.teams import service
from smf_bridge.teams.rules import Look
from tests.forum.teams.made import ACES, ANN, BOB, CAT, DAN, NOW, history, more_members, roster, sound, who
from tests.forum.test_database import with_pool
from tests.mariadb_server import ForumDatabase, MariaDB

R = TypeVar("R")
Work = Callable[[Transaction], object]
ROUNDS = 8


async def at_once(database: Database, *works: Work) -> list[str]:
    """Do all of it at once, and return how each ended: "done", or the name of its error."""
    ended = await asyncio.gather(*(database.run(work) for work in works), return_exceptions=True)
    for each in ended:
        if isinstance(each, BaseException) and not isinstance(each, RequestError):
            raise each
    return [type(each).__name__ if isinstance(each, RequestError) else "done" for each in ended]


def with_aces(forum: ForumDatabase, use: Callable[[Database], Awaitable[None]], *members: int) -> None:
    """Run something with Ann's team 1, in which some are."""
    more_members(forum)

    async def run(database: Database) -> None:
        await database.run(lambda transaction: service.found(transaction, who(ANN), ACES, NOW))
        for member in members:
            await accepted(database, member)
        await use(database)

    with_pool(forum.address, run, size=6)
    sound(forum)


async def invited(database: Database, member: int, team: int = 1, captain: int = ANN) -> int:
    return await database.run(lambda tr: service.invite(tr, team, who(captain), member, NOW))


async def accepted(database: Database, member: int) -> None:
    invite = await invited(database, member)
    await database.run(lambda tr: service.accept(tr, 1, who(member), invite, NOW))


def accept(member: int, invite: int, team: int = 1) -> Work:
    return lambda tr: service.accept(tr, team, who(member), invite, NOW)


def test_an_invitation_is_accepted_once(forum: ForumDatabase) -> None:
    async def use(database: Database) -> None:
        for _ in range(ROUNDS):
            invite = await invited(database, BOB)
            ended = await at_once(database, *[accept(BOB, invite)] * 4)
            assert sorted(ended) == ["Conflict"] * 3 + ["done"]
            await database.run(lambda tr: service.leave(tr, 1, who(BOB), NOW))

    with_aces(forum, use)
    assert Counter(what for what, _, _ in history(forum))["accepted"] == ROUNDS


def test_an_invitation_is_accepted_or_withdrawn(forum: ForumDatabase) -> None:
    async def use(database: Database) -> None:
        for _ in range(ROUNDS):
            invite = await invited(database, BOB)
            withdraw = partial(service.withdraw, team_id=1, who=who(ANN), invite_id=invite, at=NOW)
            ended = await at_once(database, accept(BOB, invite), withdraw)
            assert sorted(ended) == ["Conflict", "done"]
            assert (BOB in roster(forum)) == (ended[0] == "done")
            if ended[0] == "done":
                await database.run(lambda tr: service.leave(tr, 1, who(BOB), NOW))

    with_aces(forum, use)


def test_a_team_has_one_captain_after_two_transfers(forum: ForumDatabase) -> None:
    async def use(database: Database) -> None:
        captain = ANN
        for _ in range(ROUNDS):
            first, second = {ANN, BOB, CAT} - {captain}
            ended = await at_once(
                database,
                partial(service.transfer, team_id=1, who=who(captain), member_id=first, at=NOW),
                partial(service.transfer, team_id=1, who=who(captain), member_id=second, at=NOW),
            )
            assert sorted(ended) == ["Forbidden", "done"]
            captain = first if ended[0] == "done" else second
            assert roster(forum)[captain] == "captain"
            sound(forum)

    with_aces(forum, use, BOB, CAT)


def test_removed_while_accepting_and_leaving_while_removed(forum: ForumDatabase) -> None:
    async def use(database: Database) -> None:
        for _ in range(ROUNDS):
            invite = await invited(database, BOB)
            kick = partial(service.kick, team_id=1, who=who(ANN), member_id=BOB, at=NOW)
            ended = await at_once(database, accept(BOB, invite), kick)
            assert ended in (["done", "done"], ["done", "NotFound"])
            assert (BOB in roster(forum)) == (ended[1] == "NotFound")
            if BOB in roster(forum):
                ended = await at_once(database, kick, partial(service.leave, team_id=1, who=who(BOB), at=NOW))
                assert sorted(ended) == ["NotFound", "done"]

    with_aces(forum, use)


def test_of_two_teams_of_one_name_one_is_founded(forum: ForumDatabase) -> None:
    async def use(database: Database) -> None:
        for number in range(ROUNDS):
            looks = [(BOB, f"Bees {number}", "B"), (CAT, f"BEES {number}", "C"), (DAN, f"Dogs {number}", "b")]
            ended = await at_once(
                database,
                *(partial(service.found, who=who(m), look=Look(name, tag), at=NOW) for m, name, tag in looks),
            )
            done = [team["id"] for team in forum.rows("teams") if not team["disbanded_at"] and team["id"] > 1]
            assert Counter(ended)["done"] == len(done)
            assert ended != ["done"] * 3
            assert "done" in ended
            for team in done:
                captain = next(iter(roster(forum, team)))
                await database.run(partial(service.disband, team_id=team, who=who(captain), at=NOW))

    with_aces(forum, use)


def test_one_who_accepts_two_teams_at_once_is_in_one(forum: ForumDatabase) -> None:
    async def use(database: Database) -> None:
        await database.run(partial(service.found, who=who(CAT), look=Look("Cees", "C"), at=NOW))
        for _ in range(ROUNDS):
            first, second = await invited(database, BOB), await invited(database, BOB, 2, CAT)
            found = partial(service.found, who=who(BOB), look=Look("Bees", "B"), at=NOW)
            ended = await at_once(database, accept(BOB, first), accept(BOB, second, 2), found)
            assert sorted(ended) == ["Conflict", "Conflict", "done"]
            sound(forum)
            for team in [row["team_id"] for row in forum.rows("team_members") if row["here"] == BOB]:
                end = service.disband if roster(forum, team)[BOB] == "captain" else service.leave
                await database.run(partial(end, team_id=team, who=who(BOB), at=NOW))
            for team, captain, invite in ((1, ANN, first), (2, CAT, second)):
                await at_once(
                    database,
                    partial(service.withdraw, team_id=team, who=who(captain), invite_id=invite, at=NOW),
                )

    with_aces(forum, use)


def test_disbanded_while_others_come(forum: ForumDatabase) -> None:
    async def use(database: Database) -> None:
        bob = await invited(database, BOB)
        wish = await database.run(partial(service.request, team_id=1, who=who(CAT), at=NOW))
        ended = await at_once(
            database,
            accept(BOB, bob),
            partial(service.approve, team_id=1, who=who(ANN), request_id=wish, at=NOW),
            partial(service.disband, team_id=1, who=who(ANN), at=NOW),
            partial(service.request, team_id=1, who=who(DAN), at=NOW),
        )
        assert ended[2] == "done"
        assert roster(forum) == {}

    with_aces(forum, use)


def test_what_was_answered_stands_after_the_database_was_killed(
    forum: ForumDatabase, mariadb: MariaDB
) -> None:
    """Members come and go while MariaDB is killed twice; what is half done is done or not, never half."""
    members = list(range(200, 206))
    more_members(forum, *members)
    done: list[tuple[str, int]] = []
    away: list[int] = []

    async def use(database: Database) -> None:
        stopping = asyncio.Event()
        await database.run(partial(service.found, who=who(ANN), look=ACES, at=NOW))

        async def comes_and_goes(member: int) -> None:
            while not stopping.is_set():
                for what, work in (
                    ("request", partial(service.request, team_id=1, who=who(member), at=NOW)),
                    ("approve", partial(_approve_all, member=member)),
                    ("leave", partial(service.leave, team_id=1, who=who(member), at=NOW)),
                ):
                    try:
                        await database.run(work)
                        done.append((what, member))
                    except StoreUnavailable:
                        away.append(member)
                        await asyncio.sleep(0.05)
                    except (Conflict, NotFound, Forbidden):
                        # What was answered with an error may have been done.
                        continue

        async def until(of: list[object], more: int) -> None:
            seen, left = len(of), 600
            while len(of) < seen + more:
                left -= 1
                assert left, "nothing happens any more"
                await asyncio.sleep(0.05)

        async def kills() -> None:
            try:
                for _ in range(2):
                    await until(done, 12)  # type: ignore[arg-type]
                    await asyncio.to_thread(mariadb.kill)
                    await until(away, 1)  # type: ignore[arg-type]
                    await asyncio.to_thread(mariadb.start)
                await until(done, 12)  # type: ignore[arg-type]
            finally:
                stopping.set()

        await asyncio.gather(kills(), *(comes_and_goes(member) for member in members))

    with_pool(forum.address, use, size=6)
    sound(forum)
    told = Counter(what for what, _, _ in history(forum))
    words = {"request": "requested", "approve": "approved", "leave": "left"}
    for what, count in Counter(what for what, _ in done).items():
        # Of a commit whose answer was lost nobody knows: some more may stand, and none fewer.
        assert count <= told[words[what]] <= count + len(away)


def _approve_all(transaction: Transaction, member: int) -> None:
    mine = [
        each
        for each in transaction.rows(service._SQL["open"], service.Asked, team=1)
        if each.member_id == member
    ]
    if not mine:
        raise NotFound("nothing is open")
    service.approve(transaction, 1, who(ANN), mine[0].id, NOW)


@pytest.mark.parametrize("rounds", [3])
def test_everything_at_once_leaves_sound_teams(forum: ForumDatabase, rounds: int) -> None:
    async def use(database: Database) -> None:
        await database.run(partial(service.found, who=who(CAT), look=Look("Cees", "C"), at=NOW))
        for _ in range(rounds):
            bob, dan = await invited(database, BOB), await invited(database, DAN, 2, CAT)
            await at_once(
                database,
                accept(BOB, bob),
                accept(DAN, dan, 2),
                partial(service.transfer, team_id=1, who=who(ANN), member_id=BOB, at=NOW),
                partial(service.kick, team_id=1, who=who(ANN), member_id=BOB, at=NOW),
                partial(service.request, team_id=2, who=who(BOB), at=NOW),
                partial(service.edit, team_id=1, who=who(ANN), look=Look("Cees", "X"), at=NOW),
                partial(service.edit, team_id=2, who=who(CAT), look=Look("Aces", "Y"), at=NOW),
            )
            sound(forum)
            await _put_back(database, forum)

    with_aces(forum, use)


async def _put_back(database: Database, forum: ForumDatabase) -> None:
    """Make Ann and Cat alone in their teams again, and nothing open."""
    for team, captain in ((1, ANN), (2, CAT)):
        there = roster(forum, team)
        now = next(member for member, role in there.items() if role == "captain")
        if now != captain:
            await database.run(
                partial(service.transfer, team_id=team, who=who(now), member_id=captain, at=NOW)
            )
        for member in there.keys() - {captain}:
            await database.run(
                partial(service.kick, team_id=team, who=who(captain), member_id=member, at=NOW)
            )
        for each in forum.rows("team_invites"):
            if each["outcome"] is None and each["team_id"] == team and each["kind"] == "invite":
                done = partial(service.withdraw, team_id=team, who=who(captain), invite_id=each["id"], at=NOW)
                await database.run(done)
            elif each["outcome"] is None and each["team_id"] == team:
                asker = who(each["member_id"])
                done = partial(service.take_back, team_id=team, who=asker, request_id=each["id"], at=NOW)
                await database.run(done)
