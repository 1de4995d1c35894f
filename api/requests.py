"""What surrounds every request: an id, a measurement, a log line for those that fail; and what HEAD means."""

import asyncio
import re
import secrets
import time
from typing import Any, Final

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from api import metrics

log = structlog.get_logger()

_NO_BODY: Final[Any] = {"type": "http.response.body", "body": b"", "more_body": False}
_GOOD_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)


class RequestMiddleware:
    """Gives each request an id (the caller's own, if it sent X-Request-ID), counts it and times it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(  # noqa: D102 - the ASGI interface
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        sent = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        request_id = sent if _GOOD_ID.fullmatch(sent) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id.encode()),
                    # What a guard wants to be said with whatever is answered.
                    *scope["state"].get("headers", ()),
                ]
            await send(message)

        started = time.perf_counter()
        # A request is a task of its own: what is bound here ends with it.
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            _record(scope, status, time.perf_counter() - started)


def _record(scope: HTTPScope, status: int, seconds: float) -> None:
    route = scope.get("path_template") or "(none)"
    metrics.requests.labels(scope["method"], route, str(status)).inc()
    metrics.request_seconds.labels(route).observe(seconds)
    if status >= 400:
        level = log.warning if status >= 500 else log.info
        level("request failed", method=scope["method"], path=scope["path"], status=status)


class HeadMiddleware:
    """Answers HEAD as GET, without the body: every address that can be read can be asked about."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(  # noqa: D102 - the ASGI interface
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        # The server goes by its own scope, and must not wait for a body.
        asked: Any = {**scope, "method": "GET"}
        answered = asyncio.Event()

        async def receive_once() -> Any:
            if answered.is_set():
                return {"type": "http.disconnect"}
            message = asyncio.ensure_future(receive())
            gone = asyncio.ensure_future(answered.wait())
            await asyncio.wait((message, gone), return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
            if message.done():
                return message.result()
            message.cancel()
            # Nobody reads on, so a stream may end.
            return {"type": "http.disconnect"}

        async def send_head(message: Message) -> None:
            if answered.is_set():
                return
            await send(message if message["type"] == "http.response.start" else _NO_BODY)
            if message["type"] == "http.response.body":
                answered.set()

        try:
            await self._app(asked, receive_once, send_head)
        finally:
            if "path_template" in asked:
                scope["path_template"] = asked["path_template"]
