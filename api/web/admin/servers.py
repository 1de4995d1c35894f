"""Game servers: adding them, their keys, and the doctor's word on each."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from api.audit.service import Actor
from api.auth import keys
from api.auth.keys import Key
from api.doctor import Inside, examine
from api.servers import queries, service
from api.servers.admin import NewServer, ServerId, ServerRotation
from api.web.admin.desk import Here, PageRequest, done, form, page

_SESSIONS = 25
_USE = "It goes into the token file of the relay beside this server, which sends it with every batch."


@get("/admin/servers")
async def list_servers(request: PageRequest, platform: Here) -> Template:
    """List the servers with their keys that hold."""
    servers = await queries.all_servers(platform.postgres)
    of_server: dict[int, list[Key]] = {server.id: [] for server in servers}
    for key in await keys.all_keys(platform.postgres):
        if key.server_id is not None and key.holds:
            of_server[key.server_id].append(key)
    return page(request, "admin/servers.html", "servers", servers=servers, keys=of_server)


@post("/admin/servers", status_code=200)
async def add_server(request: PageRequest, platform: Here, actor: NamedDependency[Actor]) -> Template:
    """Add a server and show its key."""
    new = await form(request, NewServer)
    token = await service.add(platform.postgres, new.name, actor)
    return _shown(request, "Added", new.name, token)


@get("/admin/servers/{server_id:int}")
async def show_server(request: PageRequest, platform: Here, server_id: ServerId) -> Template:
    """Examine a server."""
    name = await service.name_of(platform.postgres, server_id)
    inside = Inside(platform.postgres, platform.clickhouse, platform.redis)
    return page(
        request,
        "admin/server.html",
        "servers",
        server=await queries.by_name(platform.postgres, name),
        findings=await examine(platform.postgres, platform.redis, platform.logins.hashes, inside, name),
        sessions=await service.sessions(platform.postgres, server_id, _SESSIONS),
    )


@post("/admin/servers/{server_id:int}/rotate", status_code=200)
async def rotate_server(
    request: PageRequest, platform: Here, actor: NamedDependency[Actor], server_id: ServerId
) -> Template:
    """Give a server a new key and show it."""
    asked = await form(request, ServerRotation)
    name = await service.name_of(platform.postgres, server_id)
    return _shown(
        request,
        "A new key",
        name,
        await service.rotate(platform.postgres, name, asked.overlap_seconds, actor),
    )


@post("/admin/servers/{server_id:int}/revoke", status_code=200)
async def revoke_server(
    request: PageRequest, platform: Here, actor: NamedDependency[Actor], server_id: ServerId
) -> Redirect:
    """End all keys of a server."""
    name = await service.name_of(platform.postgres, server_id)
    await service.revoke(platform.postgres, name, actor)
    return await done(request, platform, f"{name}: its keys end within a second.", "/admin/servers")


def _shown(request: PageRequest, title: str, name: str, token: str) -> Template:
    return page(
        request,
        "admin/token.html",
        "servers",
        title=title,
        whose=name,
        token=token,
        use=_USE,
        back="/admin/servers",
    )


handlers = [list_servers, add_server, show_server, rotate_server, revoke_server]
