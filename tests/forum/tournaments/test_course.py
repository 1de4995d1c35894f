"""The course of a tournament: registration, start, reports, an end that stays."""

from tests.forum.tournaments.made import OWNER, Hall, add_members, in_hall, player
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
