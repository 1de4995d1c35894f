"""Erasing a member: nothing of the bridge's knows them any more, and what they were part of goes on."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

import pytest

from smf_bridge import alerts, erasing, links
from smf_bridge.database import Database
from smf_bridge.members import FORMER
from smf_bridge.teams import service as teams
from smf_bridge.teams.rules import Look
from smf_bridge.tournaments.model import CREATE, PLAY, Plan, Who
from tests.forum.teams.made import sound, who
from tests.forum.tournaments.made import NOW, OWNER, Hall, add_members, add_team, in_hall, player
from tests.forum.tournaments.test_at_once import together
from tests.mariadb_server import ForumDatabase

R = TypeVar("R")

ZED = 654321
NAME = "Zaphod Marker"
BOB, CAT, DAN = 101, 102, 103


@pytest.fixture
def people(forum: ForumDatabase) -> ForumDatabase:
    """A forum with Zaphod, and members 100 to 109."""
    add_members(forum, 10)
    forum.run("INSERT INTO smf_members (id_member, real_name) VALUES (%s, %s)", ZED, NAME)
    return forum


def with_both(forum: ForumDatabase, use: Callable[[Hall, Database], Awaitable[R]]) -> R:
    """Run something with tournaments and the database that they are in."""

    async def both(hall: Hall) -> R:
        database = Database(forum.address)
        try:
            return await use(hall, database)
        finally:
            database.close()

    return in_hall(forum, both)


async def erase(database: Database, member: int = ZED) -> None:
    await database.run(lambda transaction: erasing.erase(transaction, member, NOW))


def whole(forum: ForumDatabase) -> dict[str, list[dict[str, Any]]]:
    tables = forum.run("SHOW TABLES LIKE 'smf_mohaa%'")
    names = [str(value) for row in tables for value in row.values()]
    return {name: forum.run(f"SELECT * FROM {name}") for name in names}


def holding(forum: ForumDatabase, *texts: str) -> set[str]:
    """Return the columns of all of the bridge's tables in which one of some texts stands."""
    return {
        f"{table.removeprefix('smf_mohaa_')}.{column}"
        for table, rows in whole(forum).items()
        for row in rows
        for column, value in row.items()
        if any(text in str(value) for text in texts)
    }


def columns_of_members(forum: ForumDatabase) -> set[str]:
    """Return every column that a member's id may stand in, by its name; without those that are computed."""
    rows = forum.run(
        "SELECT table_name AS t, column_name AS c FROM information_schema.columns "
        "WHERE table_schema = DATABASE() AND table_name LIKE 'smf_mohaa%%' AND is_generated = 'NEVER' "
        "AND (column_name LIKE '%%member%%' OR column_name LIKE '%%\\_by') AND data_type = 'int'"
    )
    return {f"{row['t'].removeprefix('smf_mohaa_')}.{row['c']}" for row in rows}


async def lived(hall: Hall, database: Database, forum: ForumDatabase) -> dict[str, int]:
    """Let Zaphod do everything that leaves something of him; return ids of what he was in."""
    run, zed = database.run, who(ZED)
    made: dict[str, int] = {}

    async def do(work: Callable[..., R], *arguments: Any) -> R:
        return await run(lambda transaction: work(transaction, *arguments))

    # A team that he left, one that removed him, and one that he leads with Bob and Cat.
    for name, end in (("Left", teams.leave), ("Kicked", None)):
        theirs = await do(teams.found, who(DAN if name == "Left" else 104), Look(name, name), NOW)
        asked = await do(teams.request, theirs, zed, NOW)
        await do(teams.approve, theirs, who(DAN if name == "Left" else 104), asked, NOW)
        await (do(teams.leave, theirs, zed, NOW) if end else do(teams.kick, theirs, who(104), ZED, NOW))
    mine = made["team"] = await do(teams.found, zed, Look("Aces", "ACE"), NOW)
    for member in (CAT, BOB):
        asked = await do(teams.invite, mine, zed, member, NOW)
        await do(teams.accept, mine, who(member), asked, NOW)
    await do(teams.set_role, mine, zed, BOB, "officer", NOW)
    await do(teams.transfer, mine, zed, BOB, NOW)
    await do(teams.transfer, mine, who(BOB), ZED, NOW)
    await do(teams.invite, mine, zed, 105, NOW)
    asked = await do(teams.request, mine, who(106), NOW)
    await do(teams.deny, mine, zed, asked, NOW)

    desk, me = hall.tournaments, Who(ZED, frozenset({CREATE, PLAY}))
    made["running"] = await hall.started([ZED, BOB, CAT, DAN], format="double", name="Running")
    match = next(m for m in await hall.playable(made["running"]))
    await desk.report(player(ZED), made["running"], match.id, match.first, (3, 1))
    await desk.call_staff(player(ZED), made["running"], match.id, "they cheat, says " + NAME)
    made["open"] = await hall.opened(max_entrants=2, name="Open")
    for member in (ZED, BOB, CAT):
        await desk.register(player(member), made["open"])
    made["over"] = await hall.started([ZED, BOB], name="Over")
    [final] = await hall.playable(made["over"])
    for member in (ZED, BOB):
        await desk.report(player(member), made["over"], final.id, final.first, (2, 0))
    for name in ("draft", "owned", "lone"):
        made[name] = await desk.create(me, Plan(name=name, format="single", entrants="team"))
    await desk.publish(me, made["lone"])
    for member in (BOB, DAN):
        await desk.add_staff(me, made["owned"], f"#{member}")
    await desk.publish(me, made["owned"])
    await desk.register(me, made["owned"], mine)
    await desk.add_staff(OWNER, made["over"], NAME)
    await desk.take_back(me, made["over"], final.id, f"{NAME} says so")
    await desk.decide(me, made["over"], final.id, final.first, (2, 1))
    await desk.add_staff(OWNER, made["running"], NAME)
    await desk.remove_staff(OWNER, made["running"], ZED)

    await do(links.link, "client-of-zed", ZED, NOW)
    await do(links.note_code, ZED, links.Code(1, NOW, NOW, "issued", None))
    forum.run(
        "INSERT INTO smf_mohaa_achievements (id, name, about, category, tier, kind, position) "
        "VALUES ('a', 'A', '', 'x', 'gold', 'match', 1)"
    )
    forum.run("INSERT INTO smf_mohaa_achievement_progress (member_id, achievement_id) VALUES (%s, 'a')", ZED)
    forum.run("INSERT INTO smf_mohaa_achievement_judged VALUES (%s, 5, NOW())", ZED)
    await run(partial(alerts.tell, kind="unlock", member=ZED, text="A", path="x", at=NOW))
    return made


def test_nothing_names_who_was_erased_and_all_else_goes_on(people: ForumDatabase) -> None:
    async def use(hall: Hall, database: Database) -> None:
        made = await lived(hall, database, people)
        # Wherever a member may stand he does: a new column wants its place in `lived`, and in erasing.sql.
        assert columns_of_members(people) - holding(people, str(ZED)) == set()
        assert {"alerts.said", "tournament_registrations.name"} <= holding(people, NAME)
        await erase(database)
        assert holding(people, NAME, "client-of-zed") == set()
        assert holding(people, str(ZED)) == {"alerts.member_id", "alerts.once"}
        [told] = [row for row in people.rows("alerts") if row["member_id"] == ZED]
        assert "taken out" in told["said"]

        sound(people)
        [captain] = [row for row in people.rows("team_members") if row["captain_of"] == made["team"]]
        assert captain["member_id"] == BOB
        stood_in = {row["member_id"] for row in people.rows("team_members") if row["member_id"] >= FORMER}
        assert len(stood_in) == 1
        said = {(row["member_id"], row["said"]) for row in people.rows("alerts")}
        assert (BOB, "You are the captain of Aces now: who was has been erased") in said

        states = {row["id"]: row["state"] for row in people.rows("tournaments")}
        assert [states[made[name]] for name in ("draft", "owned", "lone", "over", "running", "open")] == [
            "cancelled",
            "registration",
            "registration",
            "finished",
            "running",
            "registration",
        ]
        assert await hall.states(made["open"]) == {
            BOB: "registered",
            CAT: "registered",
            stood_in.copy().pop(): "withdrawn",
        }
        # The team that he registered still plays, and who helped longest owns what he owned.
        [entered] = (await hall.states(made["owned"])).values()
        assert entered == "registered"
        runs = {
            row["member_id"]: row["role"]
            for row in people.rows("tournament_admins")
            if row["tournament_id"] == made["owned"]
        }
        assert runs == {BOB: "owner", DAN: "staff"}
        assert {await hall.winner(made["over"])} == stood_in
        # What was his to play is lost; the rest is played to its end.
        while found := await hall.playable(made["running"]):
            for match in found:
                await hall.tournaments.decide(OWNER, made["running"], match.id, match.first, (1, 0))
        assert await hall.winner(made["running"]) in (BOB, CAT, DAN)

    with_both(people, use)


def test_done_again_it_changes_nothing(people: ForumDatabase) -> None:
    async def use(hall: Hall, database: Database) -> None:
        await lived(hall, database, people)
        await erase(database)
        after = whole(people)
        await erase(database)
        again = whole(people)
        # They are told anew; else all is as it was.
        assert len(again.pop("smf_mohaa_alerts")) == len(after.pop("smf_mohaa_alerts"))
        assert again == after

    with_both(people, use)


def test_two_who_met_can_both_be_erased(people: ForumDatabase) -> None:
    async def use(hall: Hall, database: Database) -> None:
        made = await hall.started([ZED, BOB, CAT])
        await erase(database)
        await erase(database, BOB)
        assert await hall.winner(made) == CAT
        names = {row["name"] for row in people.rows("tournament_registrations")}
        assert names == {"a former member", f"Member {CAT}"}

    with_both(people, use)


def test_a_team_of_one_is_disbanded_and_forfeits(people: ForumDatabase) -> None:
    async def use(hall: Hall, database: Database) -> None:
        alone, other = add_team(people, "Alone", [ZED]), add_team(people, "Others", [BOB, CAT])
        made = await hall.opened(entrants="team")
        await hall.tournaments.register(player(ZED), made, alone)
        await hall.tournaments.register(player(BOB), made, other)
        await hall.tournaments.start(OWNER, made)
        await erase(database)
        [gone] = [row for row in people.rows("teams") if row["id"] == alone]
        assert gone["disbanded_at"] is not None
        assert (await hall.tournament(made)).state == "finished"
        assert await hall.winner(made) == BOB
        assert holding(people, str(ZED), NAME) == {"alerts.member_id", "alerts.once"}

    with_both(people, use)


def test_after_a_captain_comes_who_the_forum_lets_in(people: ForumDatabase) -> None:
    async def use(_: Hall, database: Database) -> None:
        team = add_team(people, "Aces", [ZED, BOB, CAT, DAN])
        people.run("UPDATE smf_mohaa_team_members SET role = 'officer' WHERE member_id = %s", CAT)
        people.run("UPDATE smf_members SET is_activated = 11 WHERE id_member = %s", CAT)
        await erase(database)
        [captain] = [row for row in people.rows("team_members") if row["captain_of"] == team]
        assert captain["member_id"] == BOB

    with_both(people, use)


def test_whom_the_forum_does_not_have_is_erased_and_not_told(people: ForumDatabase) -> None:
    async def use(_: Hall, database: Database) -> None:
        add_team(people, "Aces", [ZED, BOB])
        people.run("DELETE FROM smf_members WHERE id_member = %s", ZED)
        await erase(database)
        assert holding(people, str(ZED)) == set()

    with_both(people, use)


def test_erased_while_they_act(people: ForumDatabase) -> None:
    async def use(hall: Hall, database: Database) -> None:
        for n in range(6):
            team = await database.run(
                partial(teams.found, who=who(ZED), look=Look(f"Team {n}", f"T{n}"), at=NOW)
            )
            await database.run(partial(teams.invite, team_id=team, who=who(ZED), member_id=BOB, at=NOW))
            [asked] = [row["id"] for row in people.rows("team_invites") if row["team_id"] == team]
            running = await hall.started([ZED, CAT, DAN])
            coming = await hall.opened(entrants="team")
            [match] = await hall.playable(running)
            done = await together(
                erase(database),
                hall.tournaments.report(player(CAT), running, match.id, match.first, (1, 0)),
                hall.tournaments.register(player(ZED), coming, team),
                database.run(partial(teams.accept, team_id=team, who=who(BOB), invite_id=asked, at=NOW)),
                hall.disband(team, ZED),
            )
            assert done[0] is None
            sound(people)
            # What they did after it is theirs anew; what was before is gone for good.
            await erase(database)
            assert holding(people, str(ZED), NAME) == {"alerts.member_id", "alerts.once"}
            for registered in people.rows("tournament_registrations"):
                gone = [row["id"] for row in people.rows("teams") if row["disbanded_at"]]
                assert registered["team_id"] not in gone or registered["state"] == "withdrawn"
            people.run("UPDATE smf_mohaa_team_members SET left_at = NOW() WHERE left_at IS NULL")
            people.run("UPDATE smf_mohaa_teams SET disbanded_at = NOW() WHERE disbanded_at IS NULL")
            people.run("DELETE FROM smf_mohaa_team_events")
            people.run("DELETE FROM smf_mohaa_tournament_registrations WHERE team_id IS NOT NULL")

    with_both(people, use)
