"""Who may do what: every act against every kind of person, decided by the bridge alone."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest

from api.errors import Forbidden, NotFound
from api.forum.desk import VIEW
from smf_bridge.tournaments.model import CREATE, MANAGE, PLAY, Plan, Who
from tests.forum.tournaments.made import GUEST, OWNER, Hall, add_members, in_hall, player
from tests.mariadb_server import ForumDatabase

Act = Callable[[Hall, Who, int, int], Awaitable[Any]]

PLAN: Final = Plan(name="Cup", format="single")
# Each act, in the state that it needs, and who is let through. The last is the registration of `player`.
BEFORE: Final[dict[str, tuple[Act, set[str]]]] = {
    "create": (lambda hall, who, _made, _row: hall.tournaments.create(who, PLAN), {"owner", "manager"}),
    "register": (
        lambda hall, who, made, row: hall.tournaments.register(who, made),
        {"member", "player", "staff", "owner", "manager"},
    ),
    "withdraw": (
        lambda hall, who, made, row: hall.tournaments.withdraw(who, made, row),
        {"player", "staff", "owner", "manager"},
    ),
    "reject": (
        lambda hall, who, made, row: hall.tournaments.reject(who, made, row),
        {"staff", "owner", "manager"},
    ),
    "seed": (
        lambda hall, who, made, row: hall.tournaments.seed(who, made, [row]),
        {"staff", "owner", "manager"},
    ),
    "edit": (
        lambda hall, who, made, row: hall.tournaments.edit(who, made, PLAN, 1),
        {"staff", "owner", "manager"},
    ),
    "start": (lambda hall, who, made, row: hall.tournaments.start(who, made), {"staff", "owner", "manager"}),
    "add_staff": (
        lambda hall, who, made, row: hall.tournaments.add_staff(who, made, "Bob"),
        {"owner", "manager"},
    ),
    "remove_staff": (
        lambda hall, who, made, row: hall.tournaments.remove_staff(who, made, 7),
        {"staff", "owner", "manager"},
    ),
    "cancel": (lambda hall, who, made, row: hall.tournaments.cancel(who, made, ""), {"owner", "manager"}),
}
DURING: Final[dict[str, tuple[Act, set[str]]]] = {
    "report": (
        lambda hall, who, made, row: hall.tournaments.report(who, made, "W1.1", row, (1, 0)),
        {"player"},
    ),
    "call_staff": (
        lambda hall, who, made, row: hall.tournaments.call_staff(who, made, "W1.1", ""),
        {"player"},
    ),
    "decide": (
        lambda hall, who, made, row: hall.tournaments.decide(who, made, "W1.1", row, (1, 0)),
        {"staff", "owner", "manager"},
    ),
    "schedule": (
        lambda hall, who, made, row: hall.tournaments.schedule(who, made, "W1.1", None),
        {"staff", "owner", "manager"},
    ),
    "propose": (
        lambda hall, who, made, row: hall.tournaments.propose(who, made, "W1.1"),
        {"player", "staff", "owner", "manager"},
    ),
    "leave": (
        lambda hall, who, made, row: hall.tournaments.withdraw(who, made, row),
        {"player", "staff", "owner", "manager"},
    ),
    "take_back": (
        lambda hall, who, made, row: hall.tournaments.take_back(who, made, "W1.2", "why"),
        {"staff", "owner", "manager"},
    ),
}


def _people(members: list[int]) -> dict[str, Who]:
    return {
        "guest": GUEST,
        # Who may take part, and has no more to do with it.
        "member": player(8),
        # Who has no permission at all.
        "other": Who(members[3]),
        "player": player(members[0]),
        "staff": Who(7, frozenset({PLAY})),
        "owner": OWNER,
        "manager": Who(members[2], frozenset({MANAGE})),
    }


async def _staged(hall: Hall, members: list[int], running: bool) -> int:
    made = await hall.opened(seeding="manual")
    await hall.tournaments.register(player(members[0]), made)
    await hall.tournaments.register(player(members[1]), made)
    await hall.tournaments.add_staff(OWNER, made, "#7")
    if running:
        for member in members[4:]:
            await hall.tournaments.register(player(member), made)
        await hall.tournaments.start(OWNER, made)
        match = (await hall.matches(made))["W1.2"]
        await hall.tournaments.decide(OWNER, made, "W1.2", match.first, (1, 0))
    return made


@pytest.mark.parametrize("act", [*BEFORE, *DURING])
def test_who_may(forum: ForumDatabase, act: str) -> None:
    members = add_members(forum, 6)
    work, allowed = {**BEFORE, **DURING}[act]

    async def use(hall: Hall) -> None:
        for person, who in _people(members).items():
            made = await _staged(hall, members, act in DURING)
            row = (await hall.registrations(made))[members[0]]
            before = await hall.done(made)
            if person in allowed:
                await work(hall, who, made, row)
                continue
            with pytest.raises(Forbidden):
                await work(hall, who, made, row)
            assert await hall.done(made) == before

    in_hall(forum, use)


def test_a_draft_is_seen_by_those_who_run_it(forum: ForumDatabase) -> None:
    members = add_members(forum, 6)

    async def use(hall: Hall) -> None:
        for person, who in _people(members).items():
            made = await hall.tournaments.create(OWNER, PLAN)
            await hall.tournaments.add_staff(OWNER, made, "#7")
            see = hall.tournaments.look(made, who, lambda view: view.tournament.name)
            if person in ("staff", "owner", "manager"):
                assert await see == "Cup"
                await hall.tournaments.publish(who, made)
                continue
            with pytest.raises(NotFound):
                await see
            with pytest.raises(NotFound):
                await hall.tournaments.publish(who, made)
            with pytest.raises(NotFound):
                await hall.tournaments.register(who if who.may(PLAY) else player(8), made)

    in_hall(forum, use)


def test_a_member_who_is_banned_does_not_register(forum: ForumDatabase) -> None:
    [one] = add_members(forum, 1)

    async def use(hall: Hall) -> None:
        made = await hall.opened()
        forum.run("UPDATE smf_members SET is_activated = 11 WHERE id_member = %s", one)
        with pytest.raises(Forbidden, match="no active member"):
            await hall.tournaments.register(player(one), made)
        assert not Who(one, frozenset({PLAY})).may(CREATE)

    in_hall(forum, use)


def test_the_docs_name_the_permissions() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "forum.md").read_text()
    for permission in (VIEW, PLAY, CREATE, MANAGE):
        assert f"`{permission}`" in page
