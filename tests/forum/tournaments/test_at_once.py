"""Several who act at the same moment, and a database that goes away under them, on a true MariaDB."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from typing import Any

import pytest

from api.errors import AfterActionError, Conflict, StoreUnavailable
from smf_bridge.tournaments.model import MANAGE, Who
from tests.forum.tournaments.made import NOW, OWNER, Hall, add_members, add_team, in_hall, player
from tests.mariadb_server import ForumDatabase, MariaDB


async def together(*work: Awaitable[Any]) -> list[Any]:
    """Do things at once; return what each returned or raised."""
    done = await asyncio.gather(*work, return_exceptions=True)
    for one in done:
        if isinstance(one, BaseException) and not isinstance(one, AfterActionError):
            raise one
    return done


@pytest.mark.parametrize("agree", [True, False])
def test_two_captains_report_at_once(forum: ForumDatabase, agree: bool) -> None:
    two = add_members(forum, 2)

    async def use(hall: Hall) -> None:
        for _ in range(8):
            made = await hall.started(two)
            [match] = await hall.playable(made)
            winners = [match.first, match.first if agree else match.second]
            said = await together(
                *(
                    hall.tournaments.report(player(member), made, "W1.1", winner, (5, 2))
                    for member, winner in zip(two, winners, strict=True)
                )
            )
            done = Counter(await hall.done(made))
            assert sorted(said) == sorted(["reported", "confirmed" if agree else "disputed"])
            assert done["reported"] == 1
            assert done["confirmed"] == done["finished"] == int(agree)
            assert done["disputed"] == int(not agree)

    in_hall(forum, use)


def test_the_same_word_ten_times_is_one(forum: ForumDatabase) -> None:
    two = add_members(forum, 2)

    async def use(hall: Hall) -> None:
        made = await hall.started(two)
        [match] = await hall.playable(made)
        words = [
            hall.tournaments.report(player(member), made, "W1.1", match.first, (5, 2)) for member in two * 5
        ]
        said = Counter(await together(*words))
        assert said["confirmed"] >= 1
        assert set(said) == {"reported", "confirmed"}
        assert Counter(await hall.done(made))["confirmed"] == 1

    in_hall(forum, use)


def test_the_last_place_is_given_once(forum: ForumDatabase) -> None:
    many = add_members(forum, 9)

    async def use(hall: Hall) -> None:
        made = await hall.opened(max_entrants=4)
        for member in many[:3]:
            await hall.tournaments.register(player(member), made)
        said = await together(*(hall.tournaments.register(player(member), made) for member in many[3:] * 2))
        assert Counter((await hall.states(made)).values()) == {"registered": 4, "waiting": 5}
        assert set(said) == {"registered", "waiting"}
        # Two leave at once: the two who wait longest come in.
        rows = await hall.registrations(made)
        await together(*(hall.tournaments.withdraw(player(m), made, rows[m]) for m in many[:2]))
        assert Counter((await hall.states(made)).values()) == {"registered": 4, "waiting": 3, "withdrawn": 2}

    in_hall(forum, use)


def test_a_deadline_holds_for_who_comes_to_turn(forum: ForumDatabase) -> None:
    [early, late] = add_members(forum, 2)

    async def use(hall: Hall) -> None:
        hall.clock.later(hours=-1)
        made = await hall.opened(opens_at=hall.clock.now, closes_at=NOW)
        await hall.tournaments.register(player(early), made)
        hall.clock.later(minutes=59, seconds=59.999)
        before = forum.server.connect(forum.name)
        try:
            before.begin()
            with before.cursor() as cursor:
                cursor.execute("SELECT id FROM smf_mohaa_tournaments WHERE id = %s FOR UPDATE", (made,))
            asked = asyncio.create_task(hall.tournaments.register(player(late), made))
            await asyncio.sleep(0.3)
            assert not asked.done()
            hall.clock.now = NOW
            before.rollback()
        finally:
            before.close()
        with pytest.raises(Conflict, match="registration is not open"):
            await asked
        assert await hall.states(made) == {early: "registered"}

    in_hall(forum, use)


def test_start_pressed_many_times_draws_once(forum: ForumDatabase) -> None:
    many = add_members(forum, 6)

    async def use(hall: Hall) -> None:
        made = await hall.opened()
        for member in many[:5]:
            await hall.tournaments.register(player(member), made)
        staff = [OWNER, Who(2, frozenset({MANAGE})), OWNER, OWNER]
        said = await together(
            *(hall.tournaments.start(who, made) for who in staff),
            hall.tournaments.register(player(many[5]), made),
        )
        assert [type(one) for one in said[:4]].count(Conflict) == 3
        assert Counter(await hall.done(made))["started"] == 1
        states = await hall.states(made)
        # Who registered in that moment is in, or was told that they are not.
        assert (many[5] in states) == (said[4] == "registered")
        seeds = await hall.tournaments.look(
            made, OWNER, lambda view: [row.seed for row in view.registrations.values()]
        )
        assert sorted(seed for seed in seeds if seed) == list(range(1, len(states) + 1))

    in_hall(forum, use)


def test_a_withdrawal_and_a_report_at_once(forum: ForumDatabase) -> None:
    two = add_members(forum, 2)

    async def use(hall: Hall) -> None:
        for _ in range(6):
            made = await hall.started(two)
            [match] = await hall.playable(made)
            rows = await hall.registrations(made)
            assert match.first == rows[two[0]]
            said = await together(
                hall.tournaments.decide(OWNER, made, "W1.1", rows[two[0]], (1, 0)),
                hall.tournaments.withdraw(player(two[0]), made, rows[two[0]]),
            )
            # One of them came first, and what it decided stands.
            [refused] = [one for one in said if one is not None]
            assert isinstance(refused, Conflict)
            winner = two[0] if said[0] is None else two[1]
            assert await hall.winner(made) == winner

    in_hall(forum, use)


def test_a_team_disbands_while_it_is_registered(forum: ForumDatabase) -> None:
    captains = add_members(forum, 2)

    async def use(hall: Hall) -> None:
        for n in range(10):
            made = [await hall.opened(entrants="team") for _ in range(2)]
            team = add_team(forum, f"Team {n}", captains)
            forum.run("UPDATE smf_mohaa_team_members SET role = 'officer' WHERE member_id = %s", captains[1])
            said = await together(
                hall.tournaments.register(player(captains[0]), made[1], team),
                hall.disband(team, captains[0]),
                hall.tournaments.register(player(captains[1]), made[0], team),
            )
            assert said[1] is None
            for one, registered in zip(made, (said[2], said[0]), strict=True):
                states = list((await hall.states(one)).values())
                assert states == (["withdrawn"] if registered == "registered" else [])

    in_hall(forum, use)


def test_the_database_is_killed_in_the_middle(mariadb: MariaDB, forum: ForumDatabase) -> None:
    many = add_members(forum, 16)

    async def use(hall: Hall) -> None:
        made = await hall.started(many, format="double")
        acknowledged: dict[str, int | None] = {}
        refused = 0
        kills = 2
        while (found := await _calmly(hall.playable(made))) != []:
            if found is None:
                refused += 1
                await asyncio.sleep(0.05)
                continue
            if kills and len(acknowledged) >= 6 * (3 - kills):
                kills -= 1
                restart = asyncio.create_task(asyncio.to_thread(_restart, mariadb))
            else:
                restart = None
            said = await together(
                *(hall.tournaments.decide(OWNER, made, m.id, m.first, (2, 0), why="again") for m in found)
            )
            for match, one in zip(found, said, strict=True):
                if isinstance(one, StoreUnavailable):
                    refused += 1
                else:
                    assert one is None, one
                    acknowledged[match.id] = match.first
            if restart is not None:
                await restart
        matches = await hall.matches(made)
        assert refused
        for key, winner in acknowledged.items():
            assert matches[key].winner == winner
        assert (await hall.tournament(made)).state == "finished"
        done = Counter(await hall.done(made))
        assert done["started"] == done["finished"] == 1
        assert done["confirmed"] == sum(not match.bye for match in matches.values())

    in_hall(forum, use)


def _restart(server: MariaDB) -> None:
    server.kill()
    server.start()


async def _calmly(work: Awaitable[Any]) -> Any:
    """Return what it returns, None while the database is away."""
    try:
        return await work
    except StoreUnavailable:
        return None
