"""Bounds of a connection that its parser does not know.

They are on how much a request's head may have and how long all of a request may take to arrive. Without them
one sender could fill the memory, or keep a connection for ever.
"""

from asyncio import TimerHandle, Transport
from typing import Final

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.problems import MEDIA_TYPE, Problem

# The longest of what is meant to come: a token, a cursor, the name of a map.
HEAD_BYTES: Final = 64 << 10
# Longer than the body may take where it is read, so that its reader has the first word.
REQUEST_SECONDS: Final = 90.0


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with these bounds. Over them: 431, or an end of the connection."""

    request_seconds = REQUEST_SECONDS
    _timer: TimerHandle | None = None
    # Bytes since the parser last had something to hand on: part of a head, or of the trailers after a body.
    _unread = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # noqa: D102
        super().connection_made(transport)
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102
        self._end()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:  # noqa: D102
        self._begin()
        self._unread += len(data)
        super().data_received(data)
        if self._unread > HEAD_BYTES and not self.transport.is_closing():
            self._refuse()

    def on_message_begin(self) -> None:  # noqa: D102
        self._begin()
        super().on_message_begin()

    def on_headers_complete(self) -> None:  # noqa: D102
        self._unread = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:  # noqa: D102
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:  # noqa: D102
        self._unread = 0
        self._end()
        super().on_message_complete()

    def _begin(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self.request_seconds, self.transport.abort)

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            detail = f"the request's head has more than {HEAD_BYTES} bytes: send a shorter one"
            body = msgspec.json.encode(Problem("Request Header Fields Too Large", 431, detail))
            self.transport.write(
                b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: %s\r\n"
                b"content-length: %d\r\nconnection: close\r\n\r\n%s" % (MEDIA_TYPE.encode(), len(body), body)
            )
        self.transport.close()
