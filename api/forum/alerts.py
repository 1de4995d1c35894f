"""What the forum's scheduled task fetches to alert its members; no page shows it."""

from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter

from api.forum.desk import HEADERS, Here, Viewer, check_task, forum_of
from smf_bridge import alerts
from smf_bridge.alerts import Alert


class Fetched(msgspec.Struct):
    """Some alerts, by rising id."""

    alerts: list[Alert]


@get("/alerts")
async def fetch_alerts(
    platform: Here, viewer: Viewer, after: Annotated[int, QueryParameter(ge=0, le=2**62)] = 0
) -> Response[Fetched]:
    """Return the alerts after an id, in order. Raises Forbidden for everybody but the forum's task."""
    check_task(viewer)
    return Response(Fetched(await alerts.fetch(forum_of(platform), after)), headers=HEADERS)


handlers = [fetch_alerts]
