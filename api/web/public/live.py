"""What is being played now: all of it, or one match. The pages follow by themselves."""

from collections.abc import AsyncIterator
from typing import Annotated, Final

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import ServerSentEvent
from litestar.response.sse import ServerSentEventMessage
from msgspec import Meta

from api.access import Access
from api.live import service
from api.live.service import LastPicture, Live
from api.players.identities import parse
from api.web.public.render import LIVE, Here, PageRequest, asked, fragment, page

# Pictures without a change after which something is said all the same, so that no proxy gives the stream up.
_HEARTBEAT: Final = 15
# Said to be kept by nobody, and passed on as it comes.
_STREAMED: Final = {"Cache-Control": "no-store, no-transform", "X-Content-Type-Options": "nosniff"}


class _Asked(msgspec.Struct):
    match: Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")] | None = None


@get("/live")
async def show_live(
    request: PageRequest, platform: Here, last: NamedDependency[LastPicture]
) -> Response[bytes]:
    """Show every match that is being played."""
    found = await service.show(platform.redis, last)
    return page(request, "public/live.html", "live", seconds=LIVE, live=found, match=None)


@get("/live/{match_id:str}")
async def show_live_match(
    request: PageRequest, platform: Here, last: NamedDependency[LastPicture], match_id: FromPath[str]
) -> Response[bytes]:
    """Show one match that is being played; what has ended leads to its report."""
    parse(match_id, "match")
    found = _only(await service.show(platform.redis, last), match_id)
    return page(request, "public/live.html", "live", seconds=LIVE, live=found, match=match_id)


@get("/live/stream", media_type="text/event-stream")
async def stream_live(
    request: PageRequest, platform: Here, entry: NamedDependency[Access]
) -> ServerSentEvent:
    """Send the part of a live page that changes, whenever it does, as server-sent events."""
    match = asked(request, _Asked).match
    household = entry.household_of(request)
    platform.followers.check(household)

    async def events() -> AsyncIterator[ServerSentEventMessage]:
        shown, quiet = "", 0
        async for look in platform.followers.follow(household):
            html = look.made.get(match or "")
            if html is None:
                live = _only(look.live, match)
                html = look.made[match or ""] = fragment(
                    request, "public/playing.html", live=live, match=match
                )
            if html != shown:
                shown, quiet = html, 0
                yield ServerSentEventMessage(data=html, event="picture")
                continue
            quiet += 1
            if quiet % _HEARTBEAT == 0:
                yield ServerSentEventMessage(data=None, comment="still here")

    return ServerSentEvent(events(), headers=_STREAMED)


def _only(live: Live, match_id: str | None) -> Live:
    if match_id is None:
        return live
    return Live(live.updated_at, [match for match in live.matches if match.id == match_id], live.stale)
