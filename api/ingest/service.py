"""Taking events in: unpack, decode, and hand to the ledger together with whatever else arrives."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from api import metrics
from api.errors import BadRequest, StoreUnavailable
from api.ingest import bodies, ledger
from api.ingest.decode import Decoded, Rejection, decode
from api.ingest.sorting import Arrival, Outcome
from api.settings import Settings
from api.stores.postgres import Postgres

# A group is closed at this size; one transaction of it takes some tens of milliseconds.
_GROUP_BYTES = 8 << 20
_WAITING_BYTES = 256 << 20
_COMMIT_SECONDS = 20
_ANSWER_SECONDS = 25
# Bodies above this are decoded in a thread, as all packed ones are unpacked: other requests go on meanwhile.
_LARGE_BODY = 256 << 10
_BLANK = b" \t\r\n\0"
_accepted, _duplicate = metrics.events.labels("accepted"), metrics.events.labels("duplicate")


class RejectedEvent(msgspec.Struct):
    """An event that was set aside in the quarantine."""

    index: int
    code: str
    reason: str


class Accepted(msgspec.Struct):
    """The answer to a batch. `processed` counts what is or already was accepted."""

    status: str
    processed: int
    accepted: int
    duplicates: int
    duplicate_indexes: list[int]
    rejected: list[RejectedEvent]


@dataclass(slots=True)
class _Waiting:
    arrival: Arrival
    answer: asyncio.Future[Outcome]
    bytes: int = 0

    def __post_init__(self) -> None:
        self.bytes = sum(len(line) for events in self.arrival.decoded.sessions for line in events.lines)


class Inlet:
    """Where batches wait to be committed. Those that wait together share a transaction."""

    def __init__(self, postgres: Postgres, settings: Settings) -> None:
        self._postgres = postgres
        self._settings = settings
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._waiting_bytes = 0
        self._task: asyncio.Task[None] | None = None
        # To cancel is not enough: worker.py says why.
        self._stopping = False

    def start(self) -> None:
        """Begin to commit."""
        self._task = asyncio.create_task(self._commit_for_ever(), name="ingest-commit")

    async def stop(self) -> None:
        """Commit what waits, then stop."""
        if self._task is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_COMMIT_SECONDS):
                    await self._queue.join()
            self._stopping = True
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def take(self, server_id: int, body: bytes, content_encoding: str) -> Accepted:
        """Take in a request's body from a server; when this returns, its events will be counted once.

        Raises BadRequest for a body in which nothing can be made out, BodyTooLarge over a limit, and
        StoreUnavailable when the ledger cannot be written.
        """
        received_at = time.time()
        unpacked = await self._unpack(body, content_encoding)
        if len(unpacked) > _LARGE_BODY:
            decoded = await asyncio.to_thread(self._decode, unpacked)
        else:
            decoded = self._decode(unpacked)
        if decoded.total == 0 and not unpacked.strip(_BLANK):
            raise BadRequest("the body is empty; send events as JSON, as NDJSON or as urlencoded lines")
        return answer(await self.commit(Arrival(server_id, received_at, decoded)))

    async def _unpack(self, body: bytes, content_encoding: str) -> bytes:
        limit = self._settings.max_unpacked_bytes
        if bodies.is_packed(body):
            return await asyncio.to_thread(bodies.decompress, body, content_encoding, limit)
        return bodies.decompress(body, content_encoding, limit)

    def _decode(self, unpacked: bytes) -> Decoded:
        return decode(
            unpacked,
            max_events=self._settings.max_batch_events,
            max_event_bytes=self._settings.max_event_bytes,
        )

    async def commit(self, arrival: Arrival) -> Outcome:
        """Commit decoded events and return what became of each."""
        if self._waiting_bytes > _WAITING_BYTES:
            raise StoreUnavailable("postgres", "more events wait to be committed than fit into memory", 2)
        waiting = _Waiting(arrival, asyncio.get_running_loop().create_future())
        self._waiting_bytes += waiting.bytes
        # Whoever waits may have given up by then.
        waiting.answer.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            self._queue.put_nowait(waiting)
            async with asyncio.timeout(_ANSWER_SECONDS):
                outcome = await waiting.answer
        except TimeoutError as error:
            raise StoreUnavailable("postgres", f"no commit within {_ANSWER_SECONDS} s") from error
        finally:
            self._waiting_bytes -= waiting.bytes
        _measure(arrival, outcome)
        return outcome

    async def _commit_for_ever(self) -> None:
        while not self._stopping:
            group = await self._next_group()
            if not await self._commit_group(group):
                # Something in the group cannot be stored. Alone, it fails alone.
                for waiting in group:
                    await self._commit_group([waiting])
            for _ in group:
                self._queue.task_done()

    async def _commit_group(self, group: list[_Waiting]) -> bool:
        """Commit a group and answer it; return False, with no answers, when it should be taken apart."""
        try:
            with metrics.commit_seconds.time():
                async with asyncio.timeout(_COMMIT_SECONDS):
                    arrivals = [waiting.arrival for waiting in group]
                    outcomes = await ledger.commit(self._postgres, arrivals, self._settings)
        except TimeoutError:
            _fail(group, StoreUnavailable("postgres", f"no commit within {_COMMIT_SECONDS} s"))
        except StoreUnavailable as error:
            _fail(group, error)
        except Exception as error:
            if len(group) > 1:
                return False
            _fail(group, error)
        else:
            for waiting, outcome in zip(group, outcomes, strict=True):
                if not waiting.answer.done():
                    waiting.answer.set_result(outcome)
        return True

    async def _next_group(self) -> list[_Waiting]:
        group = [await self._queue.get()]
        size = group[0].bytes
        while size < _GROUP_BYTES and not self._queue.empty():
            group.append(self._queue.get_nowait())
            size += group[-1].bytes
        return group


def _fail(group: list[_Waiting], error: Exception) -> None:
    for waiting in group:
        if not waiting.answer.done():
            waiting.answer.set_exception(error)


def answer(outcome: Outcome) -> Accepted:
    """Return what the sender is told."""
    duplicates = sorted(outcome.duplicates)
    return Accepted(
        status="accepted",
        processed=outcome.accepted + len(duplicates),
        accepted=outcome.accepted,
        duplicates=len(duplicates),
        duplicate_indexes=duplicates,
        rejected=[_shown(rejection) for rejection in outcome.rejected],
    )


def _shown(rejection: Rejection) -> RejectedEvent:
    return RejectedEvent(rejection.index, rejection.code, rejection.reason)


def _measure(arrival: Arrival, outcome: Outcome) -> None:
    _accepted.inc(outcome.accepted)
    _duplicate.inc(len(outcome.duplicates))
    for rejection in outcome.rejected:
        metrics.events.labels("rejected").inc()
        metrics.rejected.labels(rejection.code).inc()
    unknown = sum(arrival.decoded.unknown.values())
    if unknown:
        metrics.events.labels("unknown_type").inc(unknown)
