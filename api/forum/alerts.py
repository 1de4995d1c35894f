"""What the forum's scheduled task fetches to alert its members; no page shows it."""

from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter

from api.errors import Forbidden
from api.forum.desk import HEADERS, Here, Viewer, forum_of
from smf_bridge import alerts
from smf_bridge.alerts import Alert

# Of the forum's own task; no member is ever given it.
TASK = "mohaa_task"


class Fetched(msgspec.Struct):
    """Some alerts, by rising id."""

    alerts: list[Alert]


@get("/alerts")
async def fetch_alerts(
    platform: Here, viewer: Viewer, after: Annotated[int, QueryParameter(ge=0, le=2**62)] = 0
) -> Response[Fetched]:
    """Return the alerts after an id, in order. Raises Forbidden for everybody but the forum's task."""
    if viewer.member != 0 or not viewer.may(TASK):
        raise Forbidden(f"alerts are for the forum's task: member 0, with the permission {TASK}")
    return Response(Fetched(await alerts.fetch(forum_of(platform), after)), headers=HEADERS)


handlers = [fetch_alerts]
