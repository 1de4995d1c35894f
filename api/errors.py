"""The exceptions that reach people, as a tree; `problem_response` turns each into problem+json.

AfterActionError
├── ConfigurationError        a setting is wrong; the message names it
├── RequestError              the caller can mend it
│   ├── BadRequest            400
│   ├── TokenMissing          401
│   ├── TokenRefused          403
│   ├── Forbidden             403
│   ├── NotFound              404
│   ├── Conflict              409
│   ├── Gone                  410
│   ├── BodyTooLarge          413
│   ├── Unprocessable         422
│   └── TooManyRequests       429
└── StoreUnavailable          503, a store is away; the caller should try again
"""

from collections.abc import Mapping
from typing import ClassVar


class AfterActionError(Exception):
    """Anything that After Action says on purpose."""


class ConfigurationError(AfterActionError):
    """A setting, the data folder or the machine keeps After Action from running."""


class RequestError(AfterActionError):
    """A request that cannot be served as it is. `detail` says what, which value, and what to do."""

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Bad request"

    def __init__(self, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = headers or {}


class BadRequest(RequestError):
    """The body cannot be read at all."""


class TokenMissing(RequestError):
    """No token, or one that was never issued."""

    status = 401
    title = "Token needed"


class TokenRefused(RequestError):
    """A token that was issued and does not hold any more, or not for this."""

    status = 403
    title = "Token refused"


class Forbidden(RequestError):
    """A request that a page of our own would not have sent."""

    status = 403
    title = "Forbidden"


class NotFound(RequestError):
    """Nothing has that id."""

    status = 404
    title = "Not found"


class Conflict(RequestError):
    """It exists already."""

    status = 409
    title = "Conflict"


class Gone(RequestError):
    """It exists, and is not shown any more."""

    status = 410
    title = "Gone"


class BodyTooLarge(RequestError):
    """The body, or what it unpacks to, is over a limit."""

    status = 413
    title = "Body too large"


class Unprocessable(RequestError):
    """A parameter has a value that means nothing here."""

    status = 422
    title = "Unprocessable"


class TooManyRequests(RequestError):
    """Over a limit for now. `headers` say when it is over."""

    status = 429
    title = "Too many requests"


class StoreUnavailable(AfterActionError):
    """A store cannot be reached now. `store` is its name, `retry_after` is in seconds."""

    def __init__(self, store: str, cause: str, retry_after: int = 5) -> None:
        super().__init__(f"{store} is not available: {cause}")
        self.store = store
        self.cause = cause
        self.retry_after = retry_after
