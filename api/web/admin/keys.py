"""Keys of forums, admins and readers; those of servers are listed with them."""

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from api.audit.service import Actor
from api.auth import keys
from api.auth.admin import KeyId, NewKey, Rotation
from api.auth.keys import Made
from api.web.admin.desk import Here, PageRequest, asked, done, form, page

_USE = {
    "forum": "It goes into the settings of the forum.",
    "admin": "Whoever holds it may do everything: give it to one person, by a safe way.",
    "read": "It goes with each request as “Authorization: Bearer …”.",
    "server": "It goes into the token file of the relay beside this server.",
}


class _Asked(msgspec.Struct):
    ended: bool = False


@get("/admin/keys")
async def list_keys(request: PageRequest, platform: Here) -> Template:
    """List the keys that hold, or all that ever did."""
    query = asked(request, _Asked)
    found = [key for key in await keys.all_keys(platform.postgres) if key.holds or query.ended]
    return page(request, "admin/keys.html", "keys", keys=found, ended=query.ended)


@post("/admin/keys", status_code=200)
async def add_key(request: PageRequest, platform: Here, actor: NamedDependency[Actor]) -> Template:
    """Make a key and show it."""
    new = await form(request, NewKey)
    return _shown(request, await keys.add(platform.postgres, new.kind, new.label, actor))


@post("/admin/keys/{key_id:int}/rotate", status_code=200)
async def rotate_key(
    request: PageRequest, platform: Here, actor: NamedDependency[Actor], key_id: KeyId
) -> Template:
    """Make a key in place of another and show it."""
    rotation = await form(request, Rotation)
    return _shown(request, await keys.rotate(platform.postgres, key_id, rotation.overlap_seconds, actor))


@post("/admin/keys/{key_id:int}/revoke", status_code=200)
async def revoke_key(
    request: PageRequest, platform: Here, actor: NamedDependency[Actor], key_id: KeyId
) -> Redirect:
    """End a key."""
    key = await keys.revoke(platform.postgres, key_id, actor)
    return await done(request, platform, f"Key {key_id} ({key.label}) ends within a second.", "/admin/keys")


def _shown(request: PageRequest, made: Made) -> Template:
    return page(
        request,
        "admin/token.html",
        "keys",
        title=f"Key {made.id}, {made.kind}",
        whose=made.label,
        token=made.token,
        use=_USE[made.kind],
        back="/admin/keys",
    )


handlers = [list_keys, add_key, rotate_key, revoke_key]
