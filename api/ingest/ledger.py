"""The ledger: one Postgres transaction that decides what is new and keeps it.

`commit` takes a group of arrivals, subtracts what each session has already delivered, and stores the rest
in the inbox. When it returns, the events will be counted, once. When it raises, the group was not kept, or
nobody knows: a connection can be lost in the middle of COMMIT. The same bodies may be sent again either way.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from psycopg.types.multirange import Multirange
from psycopg.types.range import Range

from api import keyed
from api.ingest import ranges, tombstones
from api.ingest.decode import NO_SEQ
from api.ingest.payload import pack
from api.ingest.sorting import Arrival, Outcome, SessionKey, SessionState, Sorted, clock_lead, sort, without
from api.settings import Settings
from api.stores.postgres import Connection, Postgres
from api.stores.sql import queries

_SQL = queries("postgres", "ledger")
# A body that is sent again after a lost answer comes within seconds. Later, one without unix timestamps may
# be another that looks the same.
_UNDATED_SECONDS = 120.0
# Of a session's ranges in Postgres: some 10,000 of them. Each event is held against all of them.
_MOST_BYTES = 256 << 10


class _Incoming(msgspec.Struct):
    """What a group brings for one session."""

    numbers: list[int]
    map: str = ""
    gametype: str = ""
    clock_lead: float | None = None
    received_at: float = 0


class _Shattered(Exception):
    """Sessions whose received numbers have more holes than the ledger keeps."""

    def __init__(self, keys: frozenset[SessionKey]) -> None:
        super().__init__(keys)
        self.keys = keys


async def commit(postgres: Postgres, arrivals: Sequence[Arrival], settings: Settings) -> list[Outcome]:
    """Keep what is new of each arrival and return an outcome for each, in order.

    Events that would tear a session into more than some 10,000 pieces are rejected. Raises StoreUnavailable
    when Postgres is away; then the whole group may be sent again.
    """
    try:
        return await _commit(postgres, arrivals, settings)
    except _Shattered as shattered:
        return await _commit(postgres, [without(a, shattered.keys) for a in arrivals], settings)


async def _commit(postgres: Postgres, arrivals: Sequence[Arrival], settings: Settings) -> list[Outcome]:
    async with postgres.transaction() as connection:
        states = await _record_sessions(connection, _incoming(arrivals))
        digests = await _record_digests(connection, arrivals, settings.digest_days)
        result = sort(arrivals, states, digests)
        await _count(connection, result)
        await _quarantine(connection, arrivals, settings)
        if result.runs:
            size = sum(len(run.lines) for run in result.runs)
            await connection.execute(_SQL["put_in_inbox"], (result.events, size, pack(result.runs)))
    return result.outcomes


def _incoming(arrivals: Sequence[Arrival]) -> dict[SessionKey, _Incoming]:
    found: dict[SessionKey, _Incoming] = {}
    for arrival in arrivals:
        for events in arrival.decoded.sessions:
            entry = found.setdefault((arrival.server_id, events.session_id), _Incoming([]))
            entry.numbers += [seq for seq in events.seqs if seq != NO_SEQ]
            entry.map = next((m for m in reversed(events.maps) if m), entry.map)
            entry.gametype = next((g for g in reversed(events.gametypes) if g), entry.gametype)
            lead = clock_lead(events, arrival.received_at)
            entry.clock_lead = lead if lead is not None else entry.clock_lead
            entry.received_at = max(entry.received_at, arrival.received_at)
    return found


async def _record_sessions(
    connection: Connection, incoming: dict[SessionKey, _Incoming]
) -> dict[SessionKey, SessionState]:
    if not incoming:
        return {}
    # One text: psycopg takes as long for an array of each column as for all the rest.
    sessions = [
        {
            "server_id": server_id,
            "session_id": session_id,
            "numbers": ranges.to_multirange(ranges.from_numbers(entry.numbers)),
            "map": entry.map,
            "gametype": entry.gametype,
            "clock_lead": entry.clock_lead,
            "received_at": _utc(entry.received_at),
        }
        for (server_id, session_id), entry in incoming.items()
    ]
    cursor = await connection.execute(_SQL["record_sessions"], (msgspec.json.encode(sessions).decode(),))
    rows = await cursor.fetchall()
    shattered = frozenset(
        (server_id, session_id) for server_id, session_id, *_, size in rows if size > _MOST_BYTES
    )
    if shattered:
        raise _Shattered(shattered)
    return {
        (server_id, session_id): SessionState(_ranges(fresh), map_, gametype)
        for server_id, session_id, fresh, map_, gametype, _ in rows
    }


async def _record_digests(
    connection: Connection, arrivals: Sequence[Arrival], digest_days: int
) -> set[tuple[int, bytes]]:
    found = {(a.server_id, a.digest) for a in arrivals if a.digest is not None}
    if not found:
        return set()
    pairs = list(found)
    seconds = [digest_days * 86_400.0 if digest.dated else _UNDATED_SECONDS for _, digest in pairs]
    cursor = await connection.execute(
        _SQL["record_digests"],
        ([server_id for server_id, _ in pairs], [digest.value for _, digest in pairs], seconds),
    )
    return {(server_id, bytes(digest)) async for server_id, digest in cursor}


async def _count(connection: Connection, result: Sorted) -> None:
    keys = sorted(result.repeats.keys() | result.unnumbered.keys())
    if keys:
        await connection.execute(
            _SQL["count_in_sessions"],
            (
                [server_id for server_id, _ in keys],
                [session_id for _, session_id in keys],
                [result.repeats.get(key, 0) for key in keys],
                [result.unnumbered.get(key, 0) for key in keys],
            ),
        )


async def _quarantine(connection: Connection, arrivals: Sequence[Arrival], settings: Settings) -> None:
    rejected = [(arrival, rejection) for arrival in arrivals for rejection in arrival.decoded.rejected]
    if rejected:
        erased = await tombstones.read(connection, keyed.load(settings))
        # An event that names somebody who was erased is counted here, and not kept.
        named = [
            any(erased.names_someone(part) for part in (rejection.original, rejection.reason.encode()))
            for _, rejection in rejected
        ]
        await connection.execute(
            _SQL["put_in_quarantine"],
            (
                [arrival.server_id for arrival, _ in rejected],
                [hashlib.blake2b(rejection.original, digest_size=16).digest() for _, rejection in rejected],
                [rejection.code for _, rejection in rejected],
                [
                    "it names a player who was erased" if gone else rejection.reason
                    for gone, (_, rejection) in zip(named, rejected, strict=True)
                ],
                [
                    b"" if gone else rejection.original
                    for gone, (_, rejection) in zip(named, rejected, strict=True)
                ],
                [_utc(arrival.received_at) for arrival, _ in rejected],
            ),
        )


def _utc(unix_seconds: float) -> datetime:
    return datetime.fromtimestamp(unix_seconds, UTC)


def _ranges(found: Multirange[int]) -> list[ranges.Range]:
    return [(part.lower, part.upper) for part in found if isinstance(part, Range) and part.lower is not None]  # type: ignore[misc]
