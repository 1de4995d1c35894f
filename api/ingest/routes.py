"""HTTP: where game servers send their events."""

import asyncio
from dataclasses import dataclass

from litestar import Request, Router, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from redis.asyncio import Redis

from api.access import Access, token_of
from api.auth.roles import ALLOWED
from api.errors import BadRequest, TokenMissing, TokenRefused
from api.ingest import refusals
from api.ingest.service import Accepted, Inlet
from api.limits import Limits
from api.problems import Problem


@dataclass(frozen=True, slots=True)
class Door:
    """What a request with events passes, as one dependency: a second one would cost each request a task."""

    access: Access
    limits: Limits
    inlet: Inlet
    redis: Redis
    body_seconds: float


_EXAMPLE = Example(
    summary="One kill, sent twice in the same body",
    value={
        "status": "accepted",
        "processed": 2,
        "accepted": 1,
        "duplicates": 1,
        "duplicate_indexes": [1],
        "rejected": [],
    },
)


@post(
    "/events",
    operation_id="ingestEvents",
    summary="Send events",
    tags=["ingest"],
    status_code=202,
    responses={
        202: ResponseSpec(Accepted, description="Counted, exactly once", examples=[_EXAMPLE]),
        400: ResponseSpec(Problem, description="Nothing in the body can be made out"),
        401: ResponseSpec(Problem, description="No token, or one never issued"),
        403: ResponseSpec(Problem, description="A revoked key, or one that is no server's"),
        413: ResponseSpec(Problem, description="Over a limit"),
        429: ResponseSpec(Problem, description="Over a limit for now: wait as long as Retry-After says"),
        503: ResponseSpec(Problem, description="Try again later, with the same body"),
    },
)
async def ingest_events(request: Request[None, None, State], door: NamedDependency[Door]) -> Accepted:
    """Take a batch in any of the forms of docs/events.md, perhaps gzipped or as zstd.

    The token goes into `Authorization: Bearer`, `X-Server-Token` or `?server_token=`. A 202 means that each
    accepted event will be counted once, whatever happens. An event that cannot be accepted is set aside with
    its reason and costs its neighbours nothing. `Content-Type` is not looked at.
    """
    door.limits.ingest(await _server(request, door))
    try:
        async with asyncio.timeout(door.body_seconds):
            body = await request.body()
    except TimeoutError as error:
        limit = f"{door.body_seconds:g} s"
        raise BadRequest(f"the body did not arrive within {limit}; send smaller ones") from error
    # A token may have been revoked while the body came in.
    server_id = await _server(request, door)
    return await door.inlet.take(server_id, body, request.headers.get("content-encoding", ""))


async def _server(request: Request[None, None, State], door: Door) -> int:
    try:
        return (await door.access.admit(request, ALLOWED["server"])).server_id
    except (TokenMissing, TokenRefused) as error:
        address = door.access.address_of(request)
        await refusals.remember(door.redis, door.access.hashes, address, token_of(request), error.detail)
        raise


router = Router("/api/v1/ingest", route_handlers=[ingest_events], opt={"access": "server"})
