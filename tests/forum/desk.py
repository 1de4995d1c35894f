"""The application with a forum's database, and the forum that asks it."""

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from api.audit.service import Actor
from api.auth import keys
from api.platform import Platform
from tests.forum.client import Forum
from tests.mariadb_server import ForumDatabase
from tests.stack import Stack, http_client

R = TypeVar("R")
ME = Actor("command", "tester")


def at_the_forum(
    stack: Stack,
    forum: ForumDatabase | None,
    use: Callable[[Platform, Forum], Awaitable[R]],
    **changed: Any,
) -> R:
    """Run something with the application, and a forum that holds a key."""

    async def run(platform: Platform) -> R:
        made = await keys.add(platform.postgres, "forum", "our board", ME)
        async with http_client(platform) as client:
            return await use(platform, Forum(client, made.token))

    return with_forum(stack, forum, **changed).run(run)


def with_forum(stack: Stack, forum: ForumDatabase | None, **changed: Any) -> Stack:
    """Return the stack with a forum's database."""
    settings = msgspec.structs.replace(stack.settings, forum_url=forum.url if forum else None, **changed)
    return dataclasses.replace(stack, settings=settings)
