"""The forum's side of the door, written from docs/forum.md: what the mod does in PHP."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any
from urllib.parse import urlencode

import httpx


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(key: str, payload: dict[str, Any]) -> str:
    """Return a statement as the header carries it."""
    text = b64(json.dumps(payload).encode())
    derived = hmac.digest(key.encode(), b"afteraction.statement.v1", "sha256")
    return f"{text}.{b64(hmac.digest(derived, b'afteraction.statement.v1.' + text.encode(), 'sha256'))}"


def said(method: str, path: str, body: bytes = b"", **more: Any) -> dict[str, Any]:
    """Return what a statement says of one request."""
    now = int(time.time())
    return {
        "member": 7,
        "name": "Ann",
        "groups": [0, 4],
        "permissions": ["mohaa_view", "mohaa_play"],
        "language": "english",
        "page": "https://forum.example.org/index.php?action=profile;u=7;area=afteraction",
        "issued": now,
        "expires": now + 30,
        "nonce": secrets.token_urlsafe(18),
        "method": method,
        "path": path,
        "body": hashlib.sha256(body).hexdigest(),
        **more,
    }


class Forum:
    """A forum that asks, on behalf of whoever looks."""

    def __init__(self, client: httpx.AsyncClient, key: str) -> None:
        self._client = client
        self.key = key

    async def get(self, path: str, **who: Any) -> httpx.Response:
        """Ask for an area; `who` is what the statement says."""
        return await self.send("GET", path, b"", said("GET", path, **who))

    async def post(self, path: str, form: dict[str, str], **who: Any) -> httpx.Response:
        """Forward a form; its fields are named without `aa_` here."""
        body = urlencode({f"aa_{name}": value for name, value in form.items()}).encode()
        return await self.send("POST", path, body, said("POST", path, body, **who))

    async def send(self, method: str, path: str, body: bytes, payload: dict[str, Any]) -> httpx.Response:
        """Send a statement as it is."""
        return await self.send_signed(method, path, body, signed(self.key, payload))

    async def send_signed(self, method: str, path: str, body: bytes, statement: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}", "AfterAction-Statement": statement}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return await self._client.request(method, path, content=body, headers=headers)
