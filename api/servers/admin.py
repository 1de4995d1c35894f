"""HTTP: game servers and their keys, for admins."""

from typing import Annotated

import msgspec
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter

from api.audit.service import Actor
from api.auth.keys import MAX_OVERLAP_SECONDS
from api.servers import queries, service
from api.servers.queries import Server
from api.stores.postgres import Postgres

ServerId = Annotated[int, PathParameter(ge=1, le=2**31 - 1)]


class NewServer(msgspec.Struct, forbid_unknown_fields=True):
    """A server to add."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class ServerRotation(msgspec.Struct, forbid_unknown_fields=True):
    """For how many seconds a server's old keys hold beside the new one."""

    overlap_seconds: Annotated[float, msgspec.Meta(ge=0, le=MAX_OVERLAP_SECONDS)] = 3600


class ServersKept(msgspec.Struct):
    """All game servers, the oldest first. `active`: it has a key that holds."""

    servers: list[Server]


class ServerKey(msgspec.Struct):
    """A server's new key. `token` is shown this once."""

    server: str
    token: str


@get("/", operation_id="listServersKept", summary="Game servers", tags=["admin"])
async def list_servers(postgres: NamedDependency[Postgres]) -> ServersKept:
    """Return every game server."""
    return ServersKept(await queries.all_servers(postgres))


@post("/", operation_id="addServer", summary="Add a game server", tags=["admin"])
async def add_server(
    data: JSONBody[NewServer], postgres: NamedDependency[Postgres], actor: NamedDependency[Actor]
) -> ServerKey:
    """Add a server and show its key, this once."""
    return ServerKey(data.name, await service.add(postgres, data.name, actor))


@post("/{server_id:int}/rotate", operation_id="rotateServer", summary="Give it a new key", tags=["admin"])
async def rotate_server(
    server_id: ServerId,
    data: JSONBody[ServerRotation],
    postgres: NamedDependency[Postgres],
    actor: NamedDependency[Actor],
) -> ServerKey:
    """Give a server a new key and show it; the old ones hold a while longer."""
    name = await service.name_of(postgres, server_id)
    return ServerKey(name, await service.rotate(postgres, name, data.overlap_seconds, actor))


@post(
    "/{server_id:int}/revoke",
    operation_id="revokeServer",
    summary="End its keys",
    tags=["admin"],
    status_code=204,
)
async def revoke_server(
    server_id: ServerId, postgres: NamedDependency[Postgres], actor: NamedDependency[Actor]
) -> None:
    """End all keys of a server, in every process within a second. What it sent stays."""
    await service.revoke(postgres, await service.name_of(postgres, server_id), actor)


router = Router(
    "/api/v1/admin/servers",
    opt={"access": "admin"},
    route_handlers=[list_servers, add_server, rotate_server, revoke_server],
)
