"""The course of a tournament: registration, start, reports, an end that stays."""

import json
from datetime import timedelta
from typing import Any

import pytest

from api.errors import Conflict, Forbidden, NotFound, StoreUnavailable, Unprocessable
from smf_bridge.brackets.model import Result
from smf_bridge.tournaments.model import Plan, Rules
from tests.forum.tournaments.made import MANAGER, NOW, OWNER, Hall, add_members, add_team, in_hall, player
from tests.mariadb_server import ForumDatabase


def test_from_the_first_word_to_a_winner(forum: ForumDatabase) -> None:
    four = add_members(forum, 4)

    async def use(hall: Hall) -> None:
        cups = hall.tournaments
        made = await hall.opened()
        for member in four:
            assert await cups.register(player(member), made) == "registered"
        hall.rated = {four[2]: 30.0, four[0]: 10.0}
        await cups.start(OWNER, made)
        who = await hall.members(made)
        first = (await hall.matches(made))["W1.1"]
        assert (who[first.first or 0], who[first.second or 0]) == (four[2], four[3])
        home, away = first.first, first.second
        assert await cups.report(player(four[2]), made, "W1.1", home, (10, 4)) == "reported"
        assert await cups.report(player(four[3]), made, "W1.1", away, (4, 10)) == "disputed"
        assert await cups.report(player(four[3]), made, "W1.1", home, (10, 4)) == "confirmed"
        second = (await hall.matches(made))["W1.2"]
        await cups.decide(OWNER, made, "W1.2", second.second, (3, 9))
        final = (await hall.matches(made))["W2.1"]
        assert (final.first, final.second) == (home, second.second)
        await cups.decide(OWNER, made, "W2.1", home, (1, 0))
        assert (await hall.tournament(made)).state == "finished"
        assert await hall.winner(made) == four[2]
        assert (await hall.done(made))[-2:] == ["confirmed", "finished"]

    in_hall(forum, use)


def test_the_window_of_registration(forum: ForumDatabase) -> None:
    one, two = add_members(forum, 2)

    async def use(hall: Hall) -> None:
        cups = hall.tournaments
        made = await hall.opened(opens_at=NOW + timedelta(hours=1), closes_at=NOW + timedelta(hours=2))
        with pytest.raises(Conflict, match="not open"):
            await cups.register(player(one), made)
        hall.clock.later(hours=1)
        assert await cups.register(player(one), made) == "registered"
        hall.clock.later(hours=1)
        with pytest.raises(Conflict, match="not open"):
            await cups.register(player(two), made)
        rows = await hall.registrations(made)
        await cups.withdraw(player(one), made, rows[one])
        assert await hall.states(made) == {one: "withdrawn"}

    in_hall(forum, use)


def test_the_waiting_list_and_check_in(forum: ForumDatabase) -> None:
    a, b, c, d, e = add_members(forum, 5)

    async def use(hall: Hall) -> None:
        cups = hall.tournaments
        made = await hall.opened(max_entrants=3, check_in_at=NOW + timedelta(hours=1), seeding="manual")
        for place, member in enumerate((a, b, c, d, e)):
            assert await cups.register(player(member), made) == ("registered" if place < 3 else "waiting")
        rows = await hall.registrations(made)
        with pytest.raises(Conflict, match="check-in is not open"):
            await cups.check_in(player(a), made, rows[a])
        # Who comes back after leaving is the last in the line.
        await cups.withdraw(player(a), made, rows[a])
        assert (await hall.states(made))[d] == "registered"
        hall.clock.later(seconds=1)
        assert await cups.register(player(a), made) == "waiting"
        hall.clock.later(hours=1)
        for member in (b, d, a, e):
            await cups.check_in(player(member), made, rows[member])
        assert await hall.states(made) == {
            a: "waiting",
            b: "checked_in",
            c: "registered",
            d: "checked_in",
            e: "waiting",
        }
        await cups.start(OWNER, made)
        # C did not check in; E has waited longer than A.
        states = await hall.states(made)
        assert {member for member, state in states.items() if state == "playing"} == {b, d, e}
        assert (states[c], states[a]) == ("registered", "waiting")

    in_hall(forum, use)


def test_seeds_by_hand(forum: ForumDatabase) -> None:
    four = add_members(forum, 4)

    async def use(hall: Hall) -> None:
        cups = hall.tournaments
        made = await hall.opened(seeding="manual")
        for member in four:
            await cups.register(player(member), made)
        rows = await hall.registrations(made)
        await cups.seed(OWNER, made, [rows[four[3]], rows[four[1]]])
        await cups.seed(OWNER, made, [rows[four[1]], rows[four[3]]])
        for wrong in ([rows[four[0]]] * 2, [99]):
            with pytest.raises(Unprocessable):
                await cups.seed(OWNER, made, wrong)
        await cups.start(OWNER, made)
        entrants = await hall.tournaments.look(made, OWNER, lambda view: view.entrants)
        who = await hall.members(made)
        assert [who[entrant] for entrant in entrants] == [four[1], four[3], four[0], four[2]]

    in_hall(forum, use)


def test_without_ratings_it_does_not_start_with_wrong_seeds(forum: ForumDatabase) -> None:
    two = add_members(forum, 2)

    async def use(hall: Hall) -> None:
        made = await hall.opened()
        for member in two:
            await hall.tournaments.register(player(member), made)

        async def away(_members: Any, _gametype: str) -> dict[int, float]:
            raise StoreUnavailable("clickhouse", "it is away")

        hall.tournaments._ratings = away
        with pytest.raises(StoreUnavailable):
            await hall.tournaments.start(OWNER, made)
        assert (await hall.tournament(made)).state == "registration"

    in_hall(forum, use)


@pytest.mark.parametrize(
    ("format_", "rules", "entrants", "why"),
    [
        ("single", Rules(), 1, "1 entrants"),
        ("swiss", Rules(rounds=3), 4, "3 rounds"),
        ("groups", Rules(groups=3), 5, "3 groups"),
        ("groups", Rules(groups=2, advancing=3), 5, "3 of each group"),
    ],
)
def test_rules_that_do_not_fit_are_said_at_the_start(
    forum: ForumDatabase, format_: str, rules: Rules, entrants: int, why: str
) -> None:
    many = add_members(forum, entrants)

    async def use(hall: Hall) -> None:
        with pytest.raises(Conflict, match=why):
            await hall.started(many, format=format_, rules=rules)

    in_hall(forum, use)


def test_teams_take_part_through_those_who_lead_them(forum: ForumDatabase) -> None:
    cap, mate, other, third = add_members(forum, 4)
    aces, kings = add_team(forum, "Aces", [cap, mate]), add_team(forum, "Kings", [other, third])

    async def use(hall: Hall) -> None:
        cups = hall.tournaments
        made = await hall.opened(entrants="team")
        with pytest.raises(Forbidden, match="captain or an officer"):
            await cups.register(player(mate), made, aces)
        with pytest.raises(Unprocessable, match="for teams"):
            await cups.register(player(cap), made)
        with pytest.raises(Unprocessable, match="no team 99"):
            await cups.register(player(cap), made, 99)
        await cups.register(player(cap), made, aces)
        await cups.register(player(other), made, kings)
        # Ratings of a team are those of its members, in the mean.
        hall.rated = {cap: 1.0, mate: 9.0, other: 4.0}
        await cups.start(OWNER, made)
        [match] = await hall.playable(made)
        registrations = await hall.tournaments.look(made, OWNER, lambda view: view.registrations)
        assert registrations[match.first or 0].team_id == aces
        assert registrations[match.first or 0].rating == 5.0
        with pytest.raises(Forbidden, match="captains and officers"):
            await cups.report(player(mate), made, "W1.1", match.first, (3, 1))
        await cups.report(player(cap), made, "W1.1", match.first, (3, 1))
        # The captaincy changes hands: the new one speaks for the team.
        forum.run("UPDATE smf_mohaa_team_members SET role = 'member' WHERE member_id = %s", other)
        forum.run("UPDATE smf_mohaa_team_members SET role = 'captain' WHERE member_id = %s", third)
        with pytest.raises(Forbidden):
            await cups.report(player(other), made, "W1.1", match.first, (3, 1))
        assert await cups.report(player(third), made, "W1.1", match.first, (3, 1)) == "confirmed"

    in_hall(forum, use)


def test_a_team_that_disbands_leaves_what_it_plays_in(forum: ForumDatabase) -> None:
    captains = add_members(forum, 4)
    teams = [add_team(forum, f"Team {captain}", [captain]) for captain in captains]

    async def use(hall: Hall) -> None:
        made: dict[str, int] = {}
        for name in ("over", "running", "open"):
            made[name] = await hall.opened(name=name, entrants="team", max_entrants=3, seeding="manual")
            for captain, team in zip(captains, teams, strict=True):
                await hall.tournaments.register(player(captain), made[name], team)
            if name != "open":
                await hall.tournaments.start(OWNER, made[name])
        while found := await hall.playable(made["over"]):
            for match in found:
                await hall.tournaments.decide(OWNER, made["over"], match.id, match.first, (1, 0))
        assert await hall.winner(made["over"]) == captains[0]
        before = {name: await hall.done(made[name]) for name in made}
        forum.run("DELETE FROM smf_mohaa_alerts")
        await hall.disband(teams[0], captains[0])

        states = {name: await hall.states(made[name]) for name in made}
        assert states["open"] == {
            captains[0]: "withdrawn",
            **dict.fromkeys(captains[1:], "registered"),
        }
        assert states["running"][captains[0]] == "withdrawn"
        [last] = await hall.playable(made["running"])
        rows = await hall.members(made["running"])
        assert {rows[last.first or 0], rows[last.second or 0]} == set(captains[1:3])
        assert await hall.done(made["over"]) == before["over"]
        assert await hall.winner(made["over"]) == captains[0]
        told = {(row["member_id"], row["said"]) for row in forum.rows("alerts")}
        staff = {
            (OWNER.member, f"{name}: Team {captains[0]} is disbanded, and out")
            for name in ("running", "open")
        }
        assert staff <= told
        assert not [said for member, said in told if member == captains[0]]

    in_hall(forum, use)


def test_staff_is_added_by_name(forum: ForumDatabase) -> None:
    forum.run(
        "INSERT INTO smf_members (id_member, real_name, is_activated) VALUES "
        "(21, 'Twin', 1), (22, 'twin', 1), (23, 'Gus', 11), (24, 'Z &amp; co', 1)"
    )

    async def use(hall: Hall) -> None:
        made = await hall.opened()
        assert await hall.tournaments.add_staff(OWNER, made, "z & CO") == "Z & co"
        assert await hall.tournaments.add_staff(OWNER, made, "#21") == "Twin"
        # Again is no mistake.
        await hall.tournaments.add_staff(OWNER, made, "#21")
        for name, said in [
            ("Nobody", "no member 'Nobody'"),
            ("Twin", "several members are called 'Twin'; write #7"),
            ("Gus", "banned"),
            ("#99", "no member '#99'"),
            ("#", "no member '#'"),
            ("' OR 1=1 -- ", "no member"),
            ("%", "no member"),
        ]:
            with pytest.raises(Unprocessable, match=said):
                await hall.tournaments.add_staff(OWNER, made, name)
        assert (await hall.done(made)).count("staff_added") == 2
        runs = {row["member_id"] for row in forum.rows("tournament_admins")}
        assert runs == {OWNER.member, 21, 24}

    in_hall(forum, use)


def test_a_finished_tournament_changes_only_by_a_correction_with_its_reason(forum: ForumDatabase) -> None:
    two = add_members(forum, 2)

    async def use(hall: Hall) -> None:
        cups = hall.tournaments
        made = await hall.started(two, format="double")
        [match] = await hall.playable(made)
        await cups.decide(OWNER, made, "W1.1", match.first, (9, 1))
        await cups.decide(OWNER, made, "F1.1", match.first, (9, 2))
        tournament = await hall.tournament(made)
        assert (tournament.state, tournament.finished_at) == ("finished", NOW)
        plan = Plan(name="Other", format="double")
        refused = [
            cups.edit(OWNER, made, plan, tournament.version),
            cups.cancel(MANAGER, made, "why"),
            cups.withdraw(player(two[0]), made, match.first or 0),
            cups.report(player(two[0]), made, "F1.1", match.second, (1, 9)),
            cups.schedule(OWNER, made, "F1.1", NOW),
            cups.start(OWNER, made),
            cups.register(player(8), made),
        ]
        for one in refused:
            with pytest.raises(Conflict):
                await one
        with pytest.raises(Unprocessable, match="reason"):
            await cups.decide(OWNER, made, "F1.1", match.second, (2, 9))
        with pytest.raises(Conflict, match=r"F1\.1"):
            await cups.decide(OWNER, made, "W1.1", match.second, (1, 9), why="swapped")
        await cups.decide(OWNER, made, "F1.1", match.second, (2, 9), why="The sides were swapped")
        # The challenger has won: the bracket is reset, and somebody must win again.
        assert (await hall.tournament(made)).state == "running"
        assert [m.id for m in await hall.playable(made)] == ["F2.1"]
        await cups.decide(OWNER, made, "F2.1", match.second, (5, 3))
        assert await hall.winner(made) == two[1]
        [corrected] = [event for event in await cups.history(made) if event.what == "corrected"]
        detail = json.loads(corrected.detail)
        assert (detail["before"]["winner"], detail["after"]["winner"]) == (match.first, match.second)
        assert (corrected.member_id, detail["why"]) == (1, "The sides were swapped")
        assert (await hall.done(made))[-4:] == ["corrected", "reopened", "confirmed", "finished"]

    in_hall(forum, use)


def test_what_is_played_after_an_early_start_counts(forum: ForumDatabase) -> None:
    two = add_members(forum, 2)

    async def use(hall: Hall) -> None:
        made = await hall.started(two, starts_at=NOW + timedelta(hours=3))
        assert (await hall.tournament(made)).starts_at == NOW
        late = await hall.started(two, starts_at=NOW - timedelta(hours=3))
        assert (await hall.tournament(late)).starts_at == NOW - timedelta(hours=3)
        never_said = await hall.started(two)
        assert (await hall.tournament(never_said)).starts_at is None

    in_hall(forum, use)


def test_teams_of_the_game_may_have_less_than_no_points(forum: ForumDatabase) -> None:
    two = add_members(forum, 2)

    async def use(hall: Hall) -> None:
        made = await hall.started(two)
        [match] = await hall.playable(made)
        for member in two:
            await hall.tournaments.report(player(member), made, "W1.1", match.first, (-2, -7))
        assert (await hall.matches(made))["W1.1"].result == Result(match.first, (-2, -7))

    in_hall(forum, use)


def test_results_that_others_rest_on_are_taken_back_from_the_last(forum: ForumDatabase) -> None:
    four = add_members(forum, 4)

    async def use(hall: Hall) -> None:
        cups = hall.tournaments
        made = await hall.started(four)
        await cups.decide(OWNER, made, "W1.1", 1, (1, 0))
        await cups.decide(OWNER, made, "W1.2", 2, (1, 0))
        await cups.decide(OWNER, made, "W2.1", 2, (1, 0))
        for wrong in (
            cups.take_back(OWNER, made, "W1.1", "why"),
            cups.decide(OWNER, made, "W1.1", 4, (0, 1), why="why"),
        ):
            with pytest.raises(Conflict, match=r"W2\.1"):
                await wrong
        await cups.take_back(OWNER, made, "W2.1", "the first round was wrong")
        assert (await hall.tournament(made)).state == "running"
        await cups.decide(OWNER, made, "W1.1", 4, (0, 1), why="the first round was wrong")
        final = (await hall.matches(made))["W2.1"]
        assert (final.first, final.second) == (4, 2)

    in_hall(forum, use)


def test_what_was_said_while_others_met_there_is_forgotten(forum: ForumDatabase) -> None:
    four = add_members(forum, 4)

    async def use(hall: Hall) -> None:
        cups = hall.tournaments
        made = await hall.started(four)
        await cups.decide(OWNER, made, "W1.1", 1, (1, 0))
        await cups.decide(OWNER, made, "W1.2", 2, (1, 0))
        await cups.report(player(four[1]), made, "W2.1", 2, (0, 5))
        await cups.decide(OWNER, made, "W1.1", 4, (0, 1), why="wrong")
        assert await cups.report(player(four[3]), made, "W2.1", 2, (0, 5)) == "reported"

    in_hall(forum, use)


def test_swiss_draws_the_next_round_when_one_is_over(forum: ForumDatabase) -> None:
    five = add_members(forum, 5)

    async def use(hall: Hall) -> None:
        cups = hall.tournaments
        made = await hall.started(five, format="swiss", rules=Rules(rounds=3))
        first = await hall.playable(made)
        assert {match.round for match in first} == {1}
        rows = await hall.registrations(made)
        await cups.decide(OWNER, made, first[0].id, None, (2, 2))
        # Who leaves loses the match of the round, and is drawn no more.
        leaver = first[1].first
        who = {row: member for member, row in rows.items()}
        await cups.withdraw(player(who[leaver or 0]), made, leaver or 0)
        second = await hall.playable(made)
        assert {match.round for match in second} == {2}
        assert leaver not in {m.first for m in second} | {m.second for m in second}
        assert (await hall.matches(made))[first[1].id].winner == first[1].second

    in_hall(forum, use)


def test_a_draw_is_for_formats_that_have_points(forum: ForumDatabase) -> None:
    four = add_members(forum, 4)

    async def use(hall: Hall) -> None:
        made = await hall.started(four, format="single")
        with pytest.raises(Unprocessable, match="somebody must win"):
            await hall.tournaments.decide(OWNER, made, "W1.1", None, (1, 1))
        with pytest.raises(Unprocessable, match="does not play"):
            await hall.tournaments.decide(OWNER, made, "W1.1", 2, (1, 1))
        with pytest.raises(Conflict, match="nobody knows yet"):
            await hall.tournaments.decide(OWNER, made, "W2.1", 2, (1, 1))
        with pytest.raises(NotFound):
            await hall.tournaments.decide(OWNER, made, "X", 2, (1, 1))

    in_hall(forum, use)


def test_two_who_edit_do_not_overwrite_each_other(forum: ForumDatabase) -> None:
    [one] = add_members(forum, 1)

    async def use(hall: Hall) -> None:
        cups = hall.tournaments
        made = await hall.opened()
        seen = (await hall.tournament(made)).version
        await cups.register(player(one), made)
        await cups.edit(OWNER, made, Plan(name="Autumn", format="swiss", max_entrants=8), seen)
        with pytest.raises(Conflict, match="since you opened"):
            await cups.edit(OWNER, made, Plan(name="Winter", format="swiss"), seen)
        now = (await hall.tournament(made)).version
        with pytest.raises(Conflict, match="cannot become the other"):
            await cups.edit(OWNER, made, Plan(name="Winter", format="swiss", entrants="team"), now)
        with pytest.raises(Unprocessable, match="closes_at must come after opens_at"):
            await cups.edit(OWNER, made, Plan(name="x", format="swiss", opens_at=NOW, closes_at=NOW), now)
        assert (await hall.tournament(made)).name == "Autumn"

    in_hall(forum, use)


def test_more_places_let_in_who_waits(forum: ForumDatabase) -> None:
    three = add_members(forum, 3)

    async def use(hall: Hall) -> None:
        cups = hall.tournaments
        made = await hall.opened(max_entrants=2)
        for member in three:
            await cups.register(player(member), made)
        version = (await hall.tournament(made)).version
        await cups.edit(OWNER, made, Plan(name="Cup", format="single", max_entrants=3), version)
        assert set((await hall.states(made)).values()) == {"registered"}
        with pytest.raises(Conflict, match="3 hold a place"):
            await cups.edit(OWNER, made, Plan(name="Cup", format="single", max_entrants=2), version + 1)

    in_hall(forum, use)


def test_who_was_taken_off_the_list_stays_off(forum: ForumDatabase) -> None:
    [one] = add_members(forum, 1)

    async def use(hall: Hall) -> None:
        made = await hall.opened()
        await hall.tournaments.register(player(one), made)
        rows = await hall.registrations(made)
        await hall.tournaments.reject(OWNER, made, rows[one], "cheats")
        with pytest.raises(Forbidden, match="taken you off"):
            await hall.tournaments.register(player(one), made)

    in_hall(forum, use)


def test_who_plays_next_is_told_once(forum: ForumDatabase) -> None:
    four = add_members(forum, 4)

    def told() -> list[tuple[int, str]]:
        return sorted((row["member_id"], row["path"].rsplit("/", 1)[1]) for row in forum.rows("alerts"))

    async def use(hall: Hall) -> None:
        made = await hall.started(four, format="double")
        first = [(four[0], "W1.1"), (four[1], "W1.2"), (four[2], "W1.2"), (four[3], "W1.1")]
        assert told() == first
        await hall.tournaments.decide(OWNER, made, "W1.1", 1, (1, 0))
        assert told() == first
        await hall.tournaments.decide(OWNER, made, "W1.2", 2, (1, 0))
        second = [(four[0], "W2.1"), (four[1], "W2.1"), (four[2], "L1.1"), (four[3], "L1.1")]
        assert told() == sorted(first + second)
        await hall.tournaments.take_back(OWNER, made, "W1.2", "a mistake")
        await hall.tournaments.decide(OWNER, made, "W1.2", 2, (1, 0))
        assert told() == sorted(first + second)

    in_hall(forum, use)
