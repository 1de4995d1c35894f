"""Which events of a batch are new, and the runs they go to ClickHouse in. Rules only, no I/O."""

import dataclasses
import hashlib
import math
from collections.abc import Container, Sequence
from dataclasses import dataclass, field

import msgspec

from api.events.fold import anchor, relative
from api.ingest import ranges
from api.ingest.decode import NO_SEQ, Decoded, Rejection, SessionEvents
from api.ingest.payload import Run
from api.ingest.ranges import Range

SessionKey = tuple[int, str]


class Digest(msgspec.Struct, frozen=True):
    """What tells a body's events without numbers from any other's.

    `dated`: all of them carry unix timestamps, so the same bytes later are the same events. Without, they may
    be others that look the same, such as two starts of one map.
    """

    value: bytes
    dated: bool


@dataclass(slots=True)
class Arrival:
    """One request's events from one server; `received_at` in unix seconds."""

    server_id: int
    received_at: float
    decoded: Decoded
    digest: Digest | None = None

    def __post_init__(self) -> None:
        self.digest = self.digest or digest_of_unnumbered(self.decoded)


@dataclass(slots=True)
class Outcome:
    """What became of an arrival's events. `duplicates` are their indexes."""

    accepted: int = 0
    duplicates: list[int] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)


@dataclass(slots=True)
class SessionState:
    """A session as the ledger knew it before this group, and which numbers of the group are new to it."""

    fresh: list[Range]
    map: str = ""
    gametype: str = ""
    taken: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Sorted:
    """A group of arrivals, sorted: an outcome for each, the new lines, and the counts for the ledger."""

    outcomes: list[Outcome]
    runs: list[Run]
    events: int
    repeats: dict[SessionKey, int]
    unnumbered: dict[SessionKey, int]


def digest_of_unnumbered(decoded: Decoded) -> Digest | None:
    """Return the digest of what came without numbers, None when every accepted event has one.

    It is over the bytes as they were sent, rejected ones included, so it stays the same when rules change.
    """
    pieces: list[tuple[int, bytes]] = [(r.index, r.original) for r in decoded.rejected]
    unnumbered, dated = False, True
    for events in decoded.sessions:
        columns = zip(events.indexes, events.seqs, events.lines, events.timestamps, strict=True)
        for index, seq, line, timestamp in columns:
            if seq == NO_SEQ:
                unnumbered = True
                dated = dated and not math.isnan(timestamp) and not relative(timestamp)
                pieces.append((index, line.partition(b"\t")[2] or line))
    if not unnumbered:
        return None
    hashed = hashlib.blake2b(digest_size=16)
    for _, piece in sorted(pieces):
        hashed.update(len(piece).to_bytes(8, "little") + piece)
    return Digest(hashed.digest(), dated)


def without(arrival: Arrival, keys: Container[SessionKey]) -> Arrival:
    """Return an arrival whose events of these sessions are rejected, because of the holes between them."""
    kept, rejected = [], list(arrival.decoded.rejected)
    for events in arrival.decoded.sessions:
        if (arrival.server_id, events.session_id) not in keys:
            kept.append(events)
            continue
        reason = f"session {events.session_id!r} has too many holes: begin another session, counting from 0"
        for index, line in zip(events.indexes, events.lines, strict=True):
            rejected.append(Rejection(index, "bad_seq", reason, line.partition(b"\t")[2] or line))
    decoded = dataclasses.replace(arrival.decoded, sessions=kept, rejected=rejected)
    return Arrival(arrival.server_id, arrival.received_at, decoded, arrival.digest)


def clock_lead(events: SessionEvents, received_at: float) -> float | None:
    """Return by how many seconds the newest unix timestamp lies after its receipt, None without one."""
    absolute = [t for t in events.timestamps if not math.isnan(t) and not relative(t)]
    return max(absolute) - received_at if absolute else None


def sort(
    arrivals: Sequence[Arrival], states: dict[SessionKey, SessionState], new_digests: set[tuple[int, bytes]]
) -> Sorted:
    """Split each arrival into new events and repeats, in the order of arrival.

    `states` must hold every session of the arrivals; `new_digests` are those never seen before this group.
    """
    result = Sorted([], [], 0, {}, {})
    for arrival in arrivals:
        outcome = Outcome(rejected=arrival.decoded.rejected)
        digest = (arrival.server_id, arrival.digest.value if arrival.digest else b"")
        unseen = digest in new_digests
        new_digests.discard(digest)
        for events in arrival.decoded.sessions:
            key = (arrival.server_id, events.session_id)
            chosen = _choose(events, states[key], unseen)
            _count(result, outcome, key, events, chosen)
            result.runs += _runs(arrival, events, chosen, states[key])
        result.events += outcome.accepted
        result.outcomes.append(outcome)
    return result


def _choose(events: SessionEvents, state: SessionState, unseen: bool) -> list[int]:
    """Return the positions of the new events."""
    seqs = events.seqs
    if _all_new(seqs, state):
        state.taken.update(seqs)
        return list(range(len(seqs)))
    chosen = []
    for place, seq in enumerate(seqs):
        if seq == NO_SEQ:
            new = unseen
        else:
            new = seq not in state.taken and ranges.contains(state.fresh, seq)
            state.taken.add(seq)
        if new:
            chosen.append(place)
    return chosen


def _all_new(seqs: list[int], state: SessionState) -> bool:
    """Recognise the usual batch: consecutive numbers, none of them seen."""
    first, last = seqs[0], seqs[-1]
    if first == NO_SEQ or last - first + 1 != len(seqs) or state.taken:
        return False
    return (first, last + 1) in state.fresh and seqs == list(range(first, last + 1))


def _count(
    result: Sorted, outcome: Outcome, key: SessionKey, events: SessionEvents, chosen: list[int]
) -> None:
    outcome.accepted += len(chosen)
    if len(chosen) < len(events.seqs):
        kept = set(chosen)
        repeated = [place for place in range(len(events.seqs)) if place not in kept]
        outcome.duplicates += [events.indexes[place] for place in repeated]
        result.repeats[key] = result.repeats.get(key, 0) + len(repeated)
    unnumbered = sum(1 for place in chosen if events.seqs[place] == NO_SEQ)
    if unnumbered:
        result.unnumbered[key] = result.unnumbered.get(key, 0) + unnumbered


def _runs(arrival: Arrival, events: SessionEvents, chosen: list[int], state: SessionState) -> list[Run]:
    """Cut the new lines where the session's map or game type changes."""
    anchor_ms = round(anchor(arrival.received_at, events.timestamps) * 1000)
    runs: list[Run] = []
    lines: list[bytes] = []

    def close() -> None:
        if lines:
            runs.append(
                Run(
                    server_id=arrival.server_id,
                    session_id=events.session_id,
                    received_ms=round(arrival.received_at * 1000),
                    anchor_ms=anchor_ms,
                    map=state.map,
                    gametype=state.gametype,
                    lines=b"\n".join(lines),
                )
            )
            lines.clear()

    for place in chosen:
        map_, gametype = events.maps[place] or state.map, events.gametypes[place] or state.gametype
        if (map_, gametype) != (state.map, state.gametype):
            close()
            state.map, state.gametype = map_, gametype
        lines.append(events.lines[place])
    close()
    return runs
