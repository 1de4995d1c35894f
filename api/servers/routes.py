"""HTTP: game servers and their tracker sessions."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from api.servers import queries, service
from api.servers.service import EventType, Session
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres

ServerId = Annotated[int, PathParameter(ge=0, le=2**31 - 1)]


class ServerShown(msgspec.Struct):
    """A game server."""

    id: int
    name: str
    active: bool
    last_received_at: datetime | None


class Servers(msgspec.Struct):
    """All game servers."""

    servers: list[ServerShown]


class Sessions(msgspec.Struct):
    """A server's tracker sessions, the one heard from last first."""

    sessions: list[Session]


@get("/", operation_id="listServers", summary="Game servers", tags=["servers"])
async def list_servers(postgres: NamedDependency[Postgres]) -> Servers:
    """Return every game server and when it was last heard from."""
    found = await queries.all_servers(postgres)
    return Servers([ServerShown(s.id, s.name, s.active, s.last_received_at) for s in found])


@get("/{server_id:int}/sessions", operation_id="listSessions", summary="Tracker sessions", tags=["servers"])
async def list_sessions(
    postgres: NamedDependency[Postgres],
    server_id: ServerId,
    limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
) -> Sessions:
    """Return what was received of each tracker session, what is missing, and what came twice."""
    return Sessions(await service.sessions(postgres, server_id, limit))


class EventTypes(msgspec.Struct):
    """The types of event that a server sent; those not in the catalogue are kept, and counted nowhere."""

    types: list[EventType]


@get("/{server_id:int}/types", operation_id="listEventTypes", summary="What it sends", tags=["servers"])
async def list_event_types(
    clickhouse: NamedDependency[ClickHouse],
    server_id: ServerId,
    days: Annotated[int, QueryParameter(ge=1, le=3650)] = 30,
) -> EventTypes:
    """Return the types of event that a server sent in the last days."""
    return EventTypes(await service.event_types(clickhouse, server_id, days))


router = Router(
    "/api/v1/servers", opt={"access": "read"}, route_handlers=[list_servers, list_sessions, list_event_types]
)
