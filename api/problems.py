"""Errors as problem+json (RFC 9457)."""

import msgspec
import structlog
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap

from api import errors
from api.stores.clickhouse import QueryError

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"


class Problem(msgspec.Struct, omit_defaults=True):
    """What went wrong. `detail` says which value, and what to do."""

    title: str
    status: int
    detail: str
    request_id: str | None = None


def _response(
    request: Request[None, None, State], status: int, title: str, detail: str, retry_after: int | None = None
) -> Response[Problem]:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    problem = Problem(title, status, detail, request.scope.get("state", {}).get("request_id"))
    return Response(problem, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def _request_error(request: Request[None, None, State], error: errors.RequestError) -> Response[Problem]:
    response = _response(request, error.status, error.title, error.detail)
    response.headers.update(error.headers)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _unavailable(request: Request[None, None, State], error: errors.StoreUnavailable) -> Response[Problem]:
    log.warning("store unavailable", store=error.store, cause=error.cause)
    detail = f"{error.store} is away; try again in {error.retry_after} s"
    return _response(request, 503, "Store unavailable", detail, error.retry_after)


def _invalid(request: Request[None, None, State], error: ValidationException) -> Response[Problem]:
    found = error.extra if isinstance(error.extra, list) else []
    said = "; ".join(f"{e.get('key', '?')}: {e.get('message', '')}" for e in found if isinstance(e, dict))
    return _response(request, 422, errors.Unprocessable.title, said or error.detail)


def _http(request: Request[None, None, State], error: HTTPException) -> Response[Problem]:
    title = error.detail if len(error.detail) < 60 else "Error"
    response = _response(request, error.status_code, title, error.detail)
    response.headers.update(error.headers or {})
    return response


def _refused(request: Request[None, None, State], error: QueryError) -> Response[Problem]:
    log.error("query refused", cause=str(error)[:1000])
    return _response(request, 500, "Query refused", "ClickHouse refused the query; the log has its reason")


def _unexpected(request: Request[None, None, State], error: Exception) -> Response[Problem]:
    log.error("unexpected error", exc_info=error, path=request.url.path)
    return _response(
        request, 500, "Unexpected error", "this is a fault of After Action; the log has the details"
    )


HANDLERS: ExceptionHandlersMap = {
    errors.RequestError: _request_error,
    errors.StoreUnavailable: _unavailable,
    ValidationException: _invalid,
    HTTPException: _http,
    QueryError: _refused,
    Exception: _unexpected,
}
