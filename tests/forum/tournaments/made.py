"""A forum with many members, and its tournaments."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from smf_bridge.brackets.model import Match
from smf_bridge.database import Database
from smf_bridge.teams import rules
from smf_bridge.teams import service as teams
from smf_bridge.tournaments.model import CREATE, MANAGE, PLAY, Plan, Tournament, Who
from smf_bridge.tournaments.service import Tournaments
from tests.mariadb_server import ForumDatabase

R = TypeVar("R")

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OWNER = Who(1, frozenset({CREATE, PLAY}))
MANAGER = Who(2, frozenset({MANAGE}))
GUEST = Who(0)


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)


def player(member: int) -> Who:
    return Who(member, frozenset({PLAY}))


def add_members(forum: ForumDatabase, count: int, first: int = 100) -> list[int]:
    """Make members; return their ids."""
    ids = list(range(first, first + count))
    rows = ", ".join(f"({id_}, 'm{id_}', 'Member {id_}')" for id_ in ids)
    forum.run(f"INSERT INTO {forum.prefix}members (id_member, member_name, real_name) VALUES {rows}")
    return ids


def add_team(forum: ForumDatabase, name: str, members: Sequence[int]) -> int:
    """Make a team: a captain, and others; return its id."""
    forum.run(
        "INSERT INTO smf_mohaa_teams (name, tag, about, founded_by, founded_at) "
        "VALUES (%s, %s, '', %s, now())",
        name,
        name[:12],
        members[0],
    )
    [row] = forum.run("SELECT id FROM smf_mohaa_teams WHERE name = %s", name)
    for place, member in enumerate(members):
        role = "captain" if place == 0 else "member"
        forum.run(
            "INSERT INTO smf_mohaa_team_members (team_id, member_id, role, joined_at) "
            "VALUES (%s, %s, %s, now())",
            row["id"],
            member,
            role,
        )
    return int(row["id"])


class Hall:
    """Tournaments over a forum's database, with a clock to set and ratings to give."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = Clock()
        self.rated: dict[int, float] = {}
        self.tournaments = Tournaments(database, ratings=self._ratings, clock=self.clock)

    async def _ratings(self, members: Sequence[int], _gametype: str) -> Mapping[int, float]:
        return {member: self.rated[member] for member in members if member in self.rated}

    async def opened(self, **plan: Any) -> int:
        """Make a tournament whose registration is open."""
        made = await self.tournaments.create(OWNER, Plan(**{"name": "Cup", "format": "single", **plan}))
        await self.tournaments.publish(OWNER, made)
        return made

    async def started(self, members: Sequence[int], **plan: Any) -> int:
        """Make a tournament of single players that runs, seeded in the order given."""
        made = await self.opened(seeding="manual", **{"max_entrants": 64, **plan})
        for member in members:
            await self.tournaments.register(player(member), made)
        await self.tournaments.start(OWNER, made)
        return made

    async def disband(self, team: int, captain: int) -> None:
        """Disband a team as its captain does."""
        who = rules.Who(captain)
        await self.database.run(lambda transaction: teams.disband(transaction, team, who, self.clock.now))

    async def tournament(self, made: int) -> Tournament:
        return await self.tournaments.look(made, OWNER, lambda view: view.tournament)

    async def playable(self, made: int) -> list[Match]:
        return await self.tournaments.look(made, OWNER, lambda view: view.bracket.playable)

    async def matches(self, made: int) -> dict[str, Match]:
        return await self.tournaments.look(made, OWNER, lambda view: view.bracket.matches)

    async def winner(self, made: int) -> int | None:
        """Return the member who won."""

        def see(view: Any) -> int | None:
            won = view.bracket.winner
            return view.registrations[won].member_id if won else None

        return await self.tournaments.look(made, OWNER, see)

    async def registrations(self, made: int) -> dict[int, int]:
        """Return the registrations of members."""
        return await self.tournaments.look(
            made, OWNER, lambda view: {row.member_id: row.id for row in view.registrations.values()}
        )

    async def states(self, made: int) -> dict[int, str]:
        """Return the states of registrations, by members."""
        return await self.tournaments.look(
            made, OWNER, lambda view: {row.member_id: row.state for row in view.registrations.values()}
        )

    async def members(self, made: int) -> dict[int, int]:
        """Return the members of registrations."""
        return {row: member for member, row in (await self.registrations(made)).items()}

    async def done(self, made: int) -> list[str]:
        """Return what the history says was done, in order."""
        found: list[str] = []
        events = await self.tournaments.history(made)
        while events:
            found += [event.what for event in events]
            events = await self.tournaments.history(made, before=events[-1].id)
        return found[::-1]


def in_hall(forum: ForumDatabase, use: Callable[[Hall], Awaitable[R]], size: int = 6) -> R:
    """Run something with tournaments."""

    async def run() -> R:
        database = Database(forum.address, size)
        try:
            return await use(Hall(database))
        finally:
            database.close()

    return asyncio.run(run())
