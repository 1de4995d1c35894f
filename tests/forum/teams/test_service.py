"""What is done in teams, on a true MariaDB: joined, led, left, and all of it noted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import pymysql
import pytest

from api.errors import Conflict, Forbidden, NotFound, Unprocessable
from smf_bridge import members
from smf_bridge.database import Transaction, connect
from smf_bridge.teams import pages, service
from smf_bridge.teams.rules import AGAIN_AFTER, MOST_REQUESTS, OPEN_FOR, Look, Who
from tests.forum.teams.made import (
    ACES,
    ANN,
    BOB,
    CAT,
    DAN,
    DAY,
    EVE,
    NOW,
    history,
    moderator,
    more_members,
    roster,
    sound,
    who,
)
from tests.mariadb_server import ForumDatabase

R = TypeVar("R")


class Desk:
    """Does one thing after the other, each in a transaction, on one connection."""

    def __init__(self, forum: ForumDatabase) -> None:
        self.forum = forum
        self._connection = connect(forum.address)

    def do(self, work: Callable[..., R], *arguments: Any) -> R:
        try:
            done = work(Transaction(self._connection, self.forum.prefix), *arguments)
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()
        return done

    def aces(self, officers: tuple[int, ...] = (), members: tuple[int, ...] = ()) -> int:
        """Found Ann's team, and take some into it."""
        team = self.do(service.found, who(ANN), ACES, NOW)
        for member in (*officers, *members):
            asked = self.do(service.invite, team, who(ANN), member, NOW)
            self.do(service.accept, team, who(member), asked, NOW)
        for member in officers:
            self.do(service.set_role, team, who(ANN), member, "officer", NOW)
        return team

    def alerts(self) -> list[tuple[int, str]]:
        rows = sorted(self.forum.rows("alerts"), key=lambda row: row["id"])
        return [(row["member_id"], row["said"]) for row in rows]

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def desk(forum: ForumDatabase) -> Iterator[Desk]:
    more_members(forum)
    made = Desk(forum)
    yield made
    made.close()
    sound(forum)


@contextmanager
def refused(kind: type[Exception], said: str = "") -> Iterator[None]:
    with pytest.raises(kind, match=said or None):
        yield


def test_a_team_is_founded_joined_led_and_disbanded(desk: Desk, forum: ForumDatabase) -> None:
    team = desk.do(service.found, who(ANN), ACES, NOW)
    asked = desk.do(service.invite, team, who(ANN), BOB, NOW)
    desk.do(service.accept, team, who(BOB), asked, NOW)
    desk.do(service.set_role, team, who(ANN), BOB, "officer", NOW)
    wish = desk.do(service.request, team, who(CAT), NOW)
    desk.do(service.approve, team, who(BOB), wish, NOW)
    desk.do(service.transfer, team, who(ANN), BOB, NOW + DAY)
    assert roster(forum) == {ANN: "officer", BOB: "captain", CAT: "member"}
    desk.do(service.leave, team, who(ANN), NOW + DAY)
    desk.do(service.kick, team, who(BOB), CAT, NOW + DAY)
    desk.do(service.edit, team, who(BOB), Look("Bees", "BEE", "", "#FF0000", "#00ff00"), NOW + DAY)
    desk.do(service.disband, team, who(BOB), NOW + 2 * DAY)
    assert history(forum) == [
        ("founded", ANN, ANN),
        ("invited", ANN, BOB),
        ("accepted", BOB, BOB),
        ("role", ANN, BOB),
        ("requested", CAT, CAT),
        ("approved", BOB, CAT),
        ("transferred", ANN, BOB),
        ("left", ANN, ANN),
        ("kicked", BOB, CAT),
        ("edited", BOB, None),
        ("disbanded", BOB, None),
    ]
    name = 'Ann "Ä" 🎖'
    assert [(member, said.replace("&quot;", '"')) for member, said in desk.alerts()] == [
        (BOB, f"{name} invites you to the team Aces"),
        (ANN, "Bob has joined Aces"),
        (BOB, "You are an officer of Aces"),
        (ANN, "Cat asks to join Aces"),
        (BOB, "Cat asks to join Aces"),
        (CAT, "Aces has let you in"),
        (BOB, "You are the captain of Aces now"),
        (BOB, f"{name} has left Aces"),
        (CAT, "Bob has removed you from Aces"),
    ]
    with refused(Conflict, "Bees has been disbanded"):
        desk.do(service.request, team, who(CAT), NOW)


def test_of_two_names_that_read_alike_the_second_is_taken(desk: Desk) -> None:
    desk.aces()
    for look, said in (
        (Look("ÀCES", "X"), "is called ÀCES"),
        (Look(" aces ", "X"), "called aces"),
        (Look("Bees", "ace"), "has the tag ace"),
    ):
        with refused(Conflict, said):
            desk.do(service.found, who(BOB), look, NOW)
    bees = desk.do(service.found, who(BOB), Look("Bees", "BEE"), NOW)
    with refused(Conflict, "called Aces"):
        desk.do(service.edit, bees, who(BOB), Look("Aces", "BEE"), NOW)


def test_a_disbanded_teams_name_is_free(desk: Desk, forum: ForumDatabase) -> None:
    team = desk.aces(members=(BOB,))
    desk.do(service.invite, team, who(ANN), CAT, NOW)
    desk.do(service.disband, team, moderator(), NOW)
    again = desk.do(service.found, who(BOB), ACES, NOW)
    assert again != team
    assert [row["outcome"] for row in forum.rows("team_invites")] == ["accepted", "withdrawn"]


def test_nobody_is_in_two_teams(desk: Desk) -> None:
    aces = desk.aces(members=(CAT,))
    bees = desk.do(service.found, who(BOB), Look("Bees", "BEE"), NOW)
    wish = desk.do(service.request, aces, who(DAN), NOW)
    asked = desk.do(service.invite, bees, who(BOB), DAN, NOW)
    cat = desk.do(service.invite, bees, who(BOB), CAT, NOW)
    desk.do(service.accept, bees, who(DAN), asked, NOW)
    with refused(Conflict, "Dan is in Bees"):
        desk.do(service.approve, aces, who(ANN), wish, NOW)
    with refused(Conflict, "Cat is in Aces"):
        desk.do(service.accept, bees, who(CAT), cat, NOW)
    with refused(Conflict, "Cat is in Aces"):
        desk.do(service.found, who(CAT), Look("Cees", "C"), NOW)
    with refused(Conflict, "Cat is in Aces"):
        desk.do(service.request, bees, who(CAT), NOW)
    desk.do(service.leave, aces, who(CAT), NOW)
    desk.do(service.accept, bees, who(CAT), cat, NOW)


def test_invitations_and_requests_end_with_time(desk: Desk, forum: ForumDatabase) -> None:
    team = desk.aces()
    asked = desk.do(service.invite, team, who(ANN), BOB, NOW)
    wish = desk.do(service.request, team, who(CAT), NOW)
    late = NOW + OPEN_FOR
    for refuse in (
        partial(desk.do, service.accept, team, who(BOB), asked, late),
        partial(desk.do, service.approve, team, who(ANN), wish, late),
        partial(desk.do, service.withdraw, team, who(ANN), asked, late),
    ):
        with refused(Conflict, "its time is over"):
            refuse()
    again = desk.do(service.invite, team, who(ANN), BOB, late)
    assert history(forum)[-3:] == [("expired", 0, BOB), ("expired", 0, CAT), ("invited", ANN, BOB)]
    desk.do(service.accept, team, who(BOB), again, late + OPEN_FOR - DAY)


def test_what_is_decided_is_not_decided_again(desk: Desk) -> None:
    team = desk.aces()
    asked = desk.do(service.invite, team, who(ANN), BOB, NOW)
    with refused(Conflict, "invited already"):
        desk.do(service.invite, team, who(ANN), BOB, NOW)
    with refused(Conflict, "accept that"):
        desk.do(service.request, team, who(BOB), NOW)
    desk.do(service.withdraw, team, who(ANN), asked, NOW)
    with refused(Conflict, "it was withdrawn"):
        desk.do(service.accept, team, who(BOB), asked, NOW)
    wish = desk.do(service.request, team, who(BOB), NOW)
    with refused(Conflict, "approve the request"):
        desk.do(service.invite, team, who(ANN), BOB, NOW)
    desk.do(service.take_back, team, who(BOB), wish, NOW)
    with refused(Conflict, "it was withdrawn"):
        desk.do(service.approve, team, who(ANN), wish, NOW)
    with refused(NotFound, "no invitation"):
        desk.do(service.accept, team, who(BOB), wish, NOW)


def test_who_was_declined_waits_a_day(desk: Desk) -> None:
    team = desk.aces()
    desk.do(service.decline, team, who(BOB), desk.do(service.invite, team, who(ANN), BOB, NOW), NOW)
    desk.do(service.deny, team, who(ANN), desk.do(service.request, team, who(CAT), NOW), NOW)
    with refused(Conflict, "try again 24 hours"):
        desk.do(service.invite, team, who(ANN), BOB, NOW + AGAIN_AFTER / 2)
    with refused(Conflict, "try again 24 hours"):
        desk.do(service.request, team, who(CAT), NOW + AGAIN_AFTER / 2)
    desk.do(service.invite, team, who(ANN), BOB, NOW + AGAIN_AFTER)
    desk.do(service.request, team, who(CAT), NOW + AGAIN_AFTER)


def test_invited_and_withdrawn_all_day_is_alerted_once(desk: Desk) -> None:
    team = desk.aces()
    for at in (NOW, NOW, NOW + DAY):
        asked = desk.do(service.invite, team, who(ANN), BOB, at)
        desk.do(service.withdraw, team, who(ANN), asked, at)
    assert [member for member, _ in desk.alerts()] == [BOB, BOB]


def test_a_member_has_few_requests_open(desk: Desk, forum: ForumDatabase) -> None:
    captains = range(100, 101 + MOST_REQUESTS)
    for number in captains:
        forum.run("INSERT INTO smf_members (id_member, real_name) VALUES (%s, %s)", number, f"M{number}")
        desk.do(service.found, who(number), Look(f"Team {number}", f"T{number}"), NOW)
    for team in range(1, 1 + MOST_REQUESTS):
        desk.do(service.request, team, who(BOB), NOW)
    with refused(Conflict, "5 of your requests"):
        desk.do(service.request, MOST_REQUESTS + 1, who(BOB), NOW)


def test_a_captain_stays_until_the_team_is_handed_over(desk: Desk) -> None:
    team = desk.aces(officers=(BOB,), members=(CAT,))
    for work in (
        partial(desk.do, service.leave, team, who(ANN), NOW),
        partial(desk.do, service.set_role, team, who(ANN), ANN, "member", NOW),
        partial(desk.do, service.kick, team, who(ANN), ANN, NOW),
        partial(desk.do, service.transfer, team, who(ANN), ANN, NOW),
    ):
        with refused(Conflict):
            work()
    with refused(Forbidden, "captain"):
        desk.do(service.kick, team, moderator(), ANN, NOW)
    with refused(NotFound, "not in Aces"):
        desk.do(service.transfer, team, who(ANN), DAN, NOW)


def test_nobody_decides_their_own_request(desk: Desk) -> None:
    team = desk.aces()
    for asker in (who(BOB), moderator(CAT)):
        wish = desk.do(service.request, team, asker, NOW)
        for decide in (service.approve, service.deny):
            with refused(Forbidden, "their own"):
                desk.do(decide, team, asker, wish, NOW)


def test_banned_unknown_and_guests_do_nothing_and_nothing_is_done_with_them(desk: Desk) -> None:
    team = desk.aces()
    for actor in (who(66), who(0), who(999), moderator(66)):
        with refused(Forbidden):
            desk.do(service.request, team, actor, NOW)
        with refused(Forbidden):
            desk.do(service.found, actor, Look("Bees", "B"), NOW)
        with refused(Forbidden):
            desk.do(service.disband, team, actor, NOW)
    with refused(Conflict, "banned"):
        desk.do(service.invite, team, who(ANN), 66, NOW)
    with refused(NotFound, "no member 999"):
        desk.do(service.invite, team, who(ANN), 999, NOW)
    for permissions in (frozenset[str](), frozenset({"mohaa_play"})):
        with refused(Forbidden, "found teams"):
            desk.do(service.found, Who(BOB, permissions), Look("Bees", "B"), NOW)
    with refused(Forbidden, "join teams"):
        desk.do(service.request, team, Who(BOB), NOW)


@pytest.mark.parametrize(
    "look",
    [
        Look("Ab", "T"),
        Look("A" * 41, "T"),
        Look("Aces", ""),
        Look("Aces", "A B"),
        Look("Aces", "A" * 9),
        Look("Ac\u202ees", "T"),
        Look("Ac\u200bes", "T"),
        Look("Ac\x00es", "T"),
        Look("...", "T"),
        Look("Aces", "T", "a" * 4001),
        Look("Aces", "T", "a\u202e"),
        Look("Aces", "T", "", "red"),
        Look("Aces", "T", "", "#00000g"),
        Look("Aces", "T", "", "#000000", '#000000" onload="x'),
    ],
)
def test_a_name_that_is_none_is_refused(desk: Desk, look: Look) -> None:
    with refused(Unprocessable):
        desk.do(service.found, who(ANN), look, NOW)


def test_whom_a_name_means(desk: Desk, forum: ForumDatabase) -> None:
    forum.run("INSERT INTO smf_members (id_member, real_name) VALUES (70, 'A &lt;b&gt; &amp; &#039;c')")
    forum.run("INSERT INTO smf_members (id_member, real_name) VALUES (71, 'Twin'), (72, 'Twin')")
    assert desk.do(members.called, "A <b> & 'c") == 70
    assert desk.do(members.called, "bob") == BOB
    assert desk.do(members.called, "#71") == 71
    for said in ("Twin", "Nobody", "' OR 1=1 -- ", "%", "#"):
        with refused(Unprocessable):
            desk.do(members.called, said)


def test_what_is_read_of_a_team(desk: Desk) -> None:
    team = desk.aces(officers=(BOB,), members=(CAT, DAN))
    desk.do(service.kick, team, who(BOB), CAT, NOW + DAY)
    desk.do(service.request, team, who(EVE), NOW + DAY)
    seen = desk.do(pages.whole, team, BOB, None, NOW + DAY)
    assert [(spell.member_id, spell.role) for spell in seen.roster] == [
        (ANN, "captain"),
        (BOB, "officer"),
        (DAN, "member"),
    ]
    [gone] = [spell for spell in seen.spells if spell.left_at]
    assert (gone.member_id, gone.joined_at, gone.left_at, gone.left_how, gone.left_by) == (
        CAT,
        NOW,
        NOW + DAY,
        "kicked",
        BOB,
    )
    assert [(each.member_id, each.kind) for each in seen.open] == [(EVE, "request")]
    assert desk.do(pages.whole, team, BOB, None, NOW + DAY + OPEN_FOR).open == []
    assert (seen.mine and seen.mine.role, seen.names[EVE], seen.names[999]) == (
        "officer",
        "Eve",
        "member 999",
    )
    with refused(NotFound):
        desk.do(pages.whole, 99, 0, None, NOW)


def test_histories_and_lists_are_paged(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "EVENTS", 3)
    monkeypatch.setattr(pages, "LINES", 2)
    team = desk.aces(officers=(BOB,), members=(CAT,))
    events: list[int] = []
    before: int | None = None
    while True:
        seen = desk.do(pages.whole, team, 0, before, NOW)
        events += [event.id for event in seen.events]
        before = seen.older
        if before is None:
            break
    assert events == sorted(events, reverse=True)
    assert len(events) == 6
    for member, name in ((DAN, "50% off"), (EVE, "a_b|c")):
        desk.do(service.found, who(member), Look(name, f"T{member}"), NOW)
    first = desk.do(pages.overview, ANN, "", "", NOW)
    assert first.next == first.teams[-1].name
    rest = desk.do(pages.overview, ANN, "", first.next, NOW)
    assert [line.name for line in (*first.teams, *rest.teams)] == ["50% off", "a_b|c", "Aces"]
    assert rest.next is None
    assert rest.teams[0].members == 3
    for search, names in {
        "%": ["50% off"],
        "_": ["a_b|c"],
        "|": ["a_b|c"],
        "ACE": ["Aces"],
        "T11": ["a_b|c"],
        "zz": [],
    }.items():
        assert [line.name for line in desk.do(pages.overview, 0, search, "", NOW).teams] == names, search


def test_what_waits_for_a_member(desk: Desk) -> None:
    team = desk.aces()
    desk.do(service.invite, team, who(ANN), BOB, NOW)
    desk.do(service.request, team, who(CAT), NOW)
    assert [(e.kind, e.name) for e in desk.do(pages.overview, BOB, "", "", NOW).waiting] == [
        ("invite", "Aces")
    ]
    assert [(e.kind, e.name) for e in desk.do(pages.overview, CAT, "", "", NOW).waiting] == [
        ("request", "Aces")
    ]
    assert desk.do(pages.overview, BOB, "", "", NOW + OPEN_FOR).waiting == []
    assert desk.do(pages.overview, 0, "", "", NOW).waiting == []


def test_history_is_only_added_to(desk: Desk, forum: ForumDatabase) -> None:
    desk.aces()
    with pytest.raises(pymysql.err.IntegrityError):
        forum.run("DELETE FROM smf_mohaa_teams")
