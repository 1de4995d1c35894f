"""The demo: a match that a real game server played, sent again as if it were played now."""

import gzip
import json
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from api.errors import AfterActionError

SERVER = "demo"
_BATCH = 100
_TICK_SECONDS = 0.25

Report = Callable[[int, int], None]


def captures() -> Path:
    """Return the folder of recorded matches, in a checkout or in an installed wheel."""
    package = Path(__file__).resolve().parent
    checkout = package.parent / "tests" / "captures"
    return checkout if checkout.is_dir() else package / "captures"


def names() -> list[str]:
    """Return the names of the recordings."""
    return sorted(path.name for path in captures().iterdir() if any(path.glob("spool.ndjson*")))


def recorded(name: str) -> list[dict[str, Any]]:
    """Return the events of a recording, in order.

    Raises AfterActionError for a name that is none.
    """
    files = sorted((captures() / name).glob("spool.ndjson*")) if name in names() else []
    if not files:
        raise AfterActionError(f"there is no recording {name!r}; there are {', '.join(names())}")
    text = b"".join(gzip.decompress(f.read_bytes()) if f.suffix == ".gz" else f.read_bytes() for f in files)
    return [json.loads(line) for line in text.splitlines()]


def as_of_now(events: list[dict[str, Any]], speed: float, now: float) -> list[dict[str, Any]]:
    """Return the events under fresh ids, moved so that the last one happens when it will be sent.

    `speed` is how many recorded seconds pass in one; `now` is in unix seconds.
    """
    first, last = events[0]["timestamp"], events[-1]["timestamp"]
    shift = now + (last - first) / speed - last
    run = secrets.token_hex(4)
    moved = []
    for event in events:
        copy = dict(event)
        for field in ("timestamp", "sent_at"):
            if field in copy:
                copy[field] = round(copy[field] + shift, 3)
        for field in ("match_id", "session_id"):
            copy[field] = f"demo-{run}-{copy[field]}"
        moved.append(copy)
    return moved


def replay(url: str, token: str, name: str, speed: float, report: Report) -> int:
    """Send a recording to a running instance, `speed` times as fast as it was played, and return its size.

    `report(done, total)` is called as it goes. Raises AfterActionError when the instance does not take it.
    """
    events = as_of_now(recorded(name), speed, time.time())
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
        done = 0
        for batch in _paced(events, speed):
            _send(client, batch)
            done += len(batch)
            report(done, len(events))
    return len(events)


def _paced(events: list[dict[str, Any]], speed: float) -> Iterator[list[dict[str, Any]]]:
    """Give batches of at most 100 events when they are due."""
    started, first = time.monotonic(), events[0]["timestamp"]
    batch: list[dict[str, Any]] = []
    for event in events:
        due = started + (event["timestamp"] - first) / speed
        if batch and (len(batch) == _BATCH or due > time.monotonic() + _TICK_SECONDS):
            yield batch
            batch = []
        time.sleep(max(0.0, due - time.monotonic() - _TICK_SECONDS))
        batch.append(event)
    yield batch


def _send(client: httpx.Client, batch: list[dict[str, Any]]) -> None:
    body = "\n".join(json.dumps(event) for event in batch)
    try:
        answer = client.post("/api/v1/ingest/events", content=body)
    except httpx.HTTPError as error:
        raise AfterActionError(f"{client.base_url} does not answer: {error}") from error
    if answer.status_code != 202:
        raise AfterActionError(f"{client.base_url} answered {answer.status_code}: {answer.text[:300]}")
