"""Members and teams for tests, and what a team's tables hold."""

from datetime import UTC, datetime, timedelta
from typing import Any

from smf_bridge.teams.rules import Look, Who
from tests.mariadb_server import ForumDatabase

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ALL = frozenset({"mohaa_view", "mohaa_play", "mohaa_team_create"})
ANN, BOB, CAT, DAN, EVE, FAY = 7, 8, 9, 10, 11, 12
ACES = Look("Aces", "ACE", "We play on Sundays.")


def who(member: int, *more: str) -> Who:
    return Who(member, ALL | set(more))


def moderator(member: int = 1) -> Who:
    return who(member, "mohaa_manage")


def more_members(forum: ForumDatabase, *more: int) -> None:
    """Add Cat, Dan, Eve and Fay to the forum's Ann and Bob; Gus is banned."""
    names = {CAT: "Cat", DAN: "Dan", EVE: "Eve", FAY: "Fay"} | {number: f"Member {number}" for number in more}
    for number, name in names.items():
        forum.run(
            "INSERT INTO smf_members (id_member, member_name, real_name) VALUES (%s, %s, %s)",
            number,
            name.lower(),
            name,
        )
    forum.run(
        "INSERT INTO smf_members (id_member, real_name, is_activated) VALUES (66, 'Gus', 11)",
    )


def roster(forum: ForumDatabase, team_id: int = 1) -> dict[int, str]:
    """Return who is in a team, and as what."""
    rows = forum.rows("team_members")
    return {r["member_id"]: r["role"] for r in rows if r["team_id"] == team_id and r["left_at"] is None}


def history(forum: ForumDatabase, team_id: int = 1) -> list[tuple[str, int, int | None]]:
    """Return what happened in a team, in order: what, by whom, to whom."""
    rows = sorted(forum.rows("team_events"), key=lambda row: row["id"])
    return [(r["what"], r["by_member"], r["member_id"]) for r in rows if r["team_id"] == team_id]


def replayed(events: list[tuple[str, int, int | None]]) -> dict[int, str]:
    """Return the roster that a history tells of."""
    told: dict[int, str] = {}
    for what, by, member in events:
        if what == "founded":
            told[by] = "captain"
        elif what in ("accepted", "approved") and member is not None:
            told[member] = "member"
        elif what in ("left", "kicked") and member is not None:
            del told[member]
        elif what == "role" and member is not None:
            told[member] = "member" if told[member] == "officer" else "officer"
        elif what == "transferred" and member is not None:
            captain = next(each for each, role in told.items() if role == "captain")
            told |= {captain: "officer", member: "captain"}
        elif what == "disbanded":
            told = {}
    return told


def sound(forum: ForumDatabase) -> None:
    """Check what holds for teams whatever happened to them."""
    seen: list[int] = []
    open_asked: dict[int, list[Any]] = {}
    for each in forum.rows("team_invites"):
        if each["outcome"] is None:
            open_asked.setdefault(each["team_id"], []).append(each)
    for team in forum.rows("teams"):
        there = roster(forum, team["id"])
        assert there == replayed(history(forum, team["id"]))
        captains = [member for member, role in there.items() if role == "captain"]
        assert len(captains) == (0 if team["disbanded_at"] else 1)
        if team["disbanded_at"]:
            assert (there, open_asked.get(team["id"], [])) == ({}, [])
        seen += there
    assert len(seen) == len(set(seen))
