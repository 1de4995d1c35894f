"""HTTP: health for people, load balancers and Prometheus."""

from litestar import Response, get
from litestar.di import NamedDependency
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.asyncio import Redis

from api.health import service
from api.health.service import Readiness
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres

_OPEN = {"access": "open"}


@get("/healthz", opt=_OPEN, operation_id="healthz", summary="Is the process alive?", tags=["health"])
async def healthz() -> dict[str, str]:
    """Answer, which is all that is asked."""
    return {"status": "ok"}


@get("/readyz", opt=_OPEN, operation_id="readyz", summary="Is every store there?", tags=["health"])
async def readyz(
    postgres: NamedDependency[Postgres],
    clickhouse: NamedDependency[ClickHouse],
    redis: NamedDependency[Redis],
) -> Response[Readiness]:
    """Say how each store is and what waits in the inbox; 503 only when no events can be taken in."""
    found = await service.readiness(postgres, clickhouse, redis)
    return Response(found, status_code=503 if found.status == "unavailable" else 200)


@get("/metrics", opt=_OPEN, operation_id="metrics", summary="Prometheus metrics", tags=["health"])
async def show_metrics(
    postgres: NamedDependency[Postgres],
    clickhouse: NamedDependency[ClickHouse],
    redis: NamedDependency[Redis],
) -> Response[bytes]:
    """Return everything that is measured, in Prometheus' text form."""
    await service.readiness(postgres, clickhouse, redis)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


route_handlers = [healthz, readyz, show_metrics]
