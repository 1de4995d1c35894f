"""A desk to log in at: the service over the real Postgres, with a clock that is moved by hand."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from api.logins import service
from api.logins.clients import Client
from api.logins.service import Answer, Logins
from api.platform import Platform
from tests.stack import Stack, add_server, player

R = TypeVar("R")

HOME = "192.0.2.7"
CAFE = "198.51.100.9"


class Clock:
    """The time of day, as far as it was moved."""

    def __init__(self) -> None:
        self.at = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


class Desk:
    """What the forum and one game server ask."""

    def __init__(self, platform: Platform, server_id: int) -> None:
        self.platform = platform
        self.postgres = platform.postgres
        self.clock = Clock()
        self.logins = Logins(platform.postgres, platform.settings, self.clock)
        self.server_id = server_id

    def client(self, client_id: str = "c1", address: str = HOME) -> Client:
        return player(self.platform, self.server_id, client_id, "Ann", address)

    async def code(self, member_id: int = 1) -> str:
        return (await self.logins.issue(member_id, f"Member {member_id}")).code

    async def verify(self, code: str, client_id: str = "c1", address: str = HOME) -> Answer:
        return await self.logins.verify(self.client(client_id, address), code)

    async def resume(self, client_id: str = "c1", address: str = HOME) -> Answer:
        return await self.logins.resume(self.client(client_id, address))

    async def log_in(self, member_id: int = 1, client_id: str = "c1", address: str = HOME) -> Answer:
        return await self.verify(await self.code(member_id), client_id, address)

    async def at_another_server(self) -> "Desk":
        """A desk at one more game server, with the same clock."""
        name = f"server {self.server_id + 1}"
        other = Desk(self.platform, await add_server(self.platform, name))
        other.logins, other.clock = self.logins, self.clock
        return other

    async def wrong(self, client_id: str = "c1", address: str = HOME) -> service.Outcome:
        return (await self.verify("2222-2222", client_id, address)).outcome


def at_the_desk(stack: Stack, use: Callable[[Desk], Awaitable[R]]) -> R:
    async def run(platform: Platform) -> R:
        desk = Desk(platform, await add_server(platform))
        try:
            return await use(desk)
        finally:
            desk.logins.close()

    return stack.run(run)
