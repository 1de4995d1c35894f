"""HTTP: keys, for admins."""

from typing import Annotated, Literal

import msgspec
from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter

from api.audit.service import Actor
from api.auth import keys
from api.auth.keys import MAX_OVERLAP_SECONDS, Key, Made
from api.stores.postgres import Postgres

KeyId = Annotated[int, PathParameter(ge=1, le=2**31 - 1)]


class NewKey(msgspec.Struct, forbid_unknown_fields=True):
    """A key to make."""

    kind: Literal["forum", "admin", "read"]
    label: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class Rotation(msgspec.Struct, forbid_unknown_fields=True):
    """For how many seconds the old key holds beside the new one."""

    overlap_seconds: Annotated[float, msgspec.Meta(ge=0, le=MAX_OVERLAP_SECONDS)] = 3600


class Keys(msgspec.Struct):
    """Every key that was ever made, the oldest first."""

    keys: list[Key]


@get("/", operation_id="listKeys", summary="Keys", tags=["admin"])
async def list_keys(postgres: NamedDependency[Postgres]) -> Keys:
    """Return every key, without its secret."""
    return Keys(await keys.all_keys(postgres))


@post("/", operation_id="addKey", summary="Make a key", tags=["admin"])
async def add_key(
    data: JSONBody[NewKey], postgres: NamedDependency[Postgres], actor: NamedDependency[Actor]
) -> Made:
    """Make a key and show it, this once."""
    return await keys.add(postgres, data.kind, data.label, actor)


@post(
    "/{key_id:int}/rotate", operation_id="rotateKey", summary="Make one that takes its place", tags=["admin"]
)
async def rotate_key(
    key_id: KeyId,
    data: JSONBody[Rotation],
    postgres: NamedDependency[Postgres],
    actor: NamedDependency[Actor],
) -> Made:
    """Make a key in place of another, which holds a while longer."""
    return await keys.rotate(postgres, key_id, data.overlap_seconds, actor)


@post("/{key_id:int}/revoke", operation_id="revokeKey", summary="End a key", tags=["admin"], status_code=204)
async def revoke_key(
    key_id: KeyId, postgres: NamedDependency[Postgres], actor: NamedDependency[Actor]
) -> None:
    """End a key, in every process within a second."""
    await keys.revoke(postgres, key_id, actor)


router = Router(
    "/api/v1/admin/keys", opt={"access": "admin"}, route_handlers=[list_keys, add_key, rotate_key, revoke_key]
)
