"""Taking a match out of every number, and putting it back.

The word of an admin stands in Postgres at once. Carrying it out moves the match's events from the log to a
table beside it, or back, and counts everything anew. It may be killed at any moment and is done again by the
worker: events are copied before they are removed, each by one step that ClickHouse takes whole or not at all,
and what is in both tables is not copied twice. Late events of such a match follow it, once no more come.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from api.audit import service as audit
from api.audit.service import Actor
from api.errors import Conflict, NotFound, StoreUnavailable
from api.ingest import job as ingest
from api.players.identities import parse
from api.rebuild import service as rebuild
from api.rebuild.service import Report, finish_blocks
from api.settings import Settings
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Connection, Postgres, fetch
from api.stores.sql import queries

_SQL = queries("postgres", "left_out")
_LOG = queries("clickhouse", "left_out")
_COUNTED: Final = "raw_events"
_OUT: Final = "raw_events_left_out"
# Counting everything anew for each straggler would never end.
_QUIET_SECONDS: Final = 300


class LeftOut(msgspec.Struct):
    """A match that an admin takes out of every number."""

    match: str
    server_id: int
    match_id: Annotated[str, Meta(description="as the tracker named it")]
    reason: str
    made_at: datetime
    made_by: str
    done: Annotated[bool, Meta(description="false: it is being carried out")]


class PutBack(msgspec.Struct):
    """A match that is put back into the numbers; that takes a while."""

    match: str


class _Word(LeftOut, kw_only=True):
    id: int
    out: bool


class _Match(msgspec.Struct):
    server_id: int
    match_id: str


class _Late(msgspec.Struct):
    match: str


class _Month(msgspec.Struct):
    partition: str
    events: int


class _Weight(msgspec.Struct, frozen=True):
    events: int
    checksum: int

    def __add__(self, other: "_Weight") -> "_Weight":
        return _Weight(self.events + other.events, (self.checksum + other.checksum) % 2**64)


class _Name(msgspec.Struct):
    name: str


class _Count(msgspec.Struct):
    events: int


async def leave_out(
    postgres: Postgres, clickhouse: ClickHouse, match: str, reason: str, by: Actor
) -> LeftOut:
    """Say that a match is to be in no number. It is carried out by the worker, which takes a while.

    Raises NotFound for an unknown match, Conflict for one that is left out already, and on a cluster.
    """
    if clickhouse.cluster:
        raise Conflict("on a cluster no match can be left out: its log cannot be counted anew from here")
    match_key = parse(match, "match")
    found = await clickhouse.one(_LOG["match"], _Match, match=match_key)
    async with postgres.transaction() as connection:
        if await fetch(connection, _SQL["open"], _Word, (match,)):
            raise Conflict(f"match {match} is left out already")
        if found is None:
            raise NotFound(f"no match has the id {match!r}")
        named = {"match": match, "reason": reason, "by": by.name, **msgspec.structs.asdict(found)}
        if not (await connection.execute(_SQL["add"], named)).rowcount:
            raise Conflict(f"match {match} is left out already")
        await audit.record(connection, by, "match.flag", f"match {match}", after={"reason": reason})
        return _shown((await fetch(connection, _SQL["open"], _Word, (match,)))[0])


async def put_back(postgres: Postgres, match: str, by: Actor) -> PutBack:
    """Say that a match is to be counted again. Raises NotFound for one that is not left out."""
    parse(match, "match")
    async with postgres.transaction() as connection:
        found = await fetch(connection, _SQL["open"], _Word, (match,))
        if not found or not (await connection.execute(_SQL["undo"], (by.name, found[0].id))).rowcount:
            raise NotFound(f"no match {match!r} is left out")
        before = {"reason": found[0].reason, "by": found[0].made_by}
        await audit.record(connection, by, "match.flag_undone", f"match {match}", before=before)
    return PutBack(match)


async def current(postgres: Postgres) -> list[LeftOut]:
    """Return the matches that are left out, the latest first."""
    return [_shown(word) for word in await postgres.rows(_SQL["all"], _Word)]


def _shown(word: _Word) -> LeftOut:
    return LeftOut(**{name: getattr(word, name) for name in LeftOut.__struct_fields__})


async def waiting(postgres: Postgres, clickhouse: ClickHouse, quiet: int = _QUIET_SECONDS) -> list[int]:
    """Return which words wait to be carried out; with those on matches of which more has arrived.

    `quiet`: for how many seconds nothing of a match may have arrived.
    """
    done = [int(word.match, 16) for word in await current(postgres) if word.done]
    if done:
        late = await clickhouse.rows(_LOG["late"], _Late, matches=done, quiet=quiet)
        if late:
            await postgres.execute(_SQL["again"], [row.match for row in late])
    return [word.id for word in await postgres.rows(_SQL["waiting"], _Word)]


async def carry_out(postgres: Postgres, clickhouse: ClickHouse, settings: Settings, report: Report) -> int:
    """Move what waits to be moved, count everything anew, and return how many matches that was about.

    Writers wait meanwhile; ingest goes on into the inbox. Raises Conflict while ClickHouse refuses a block.
    """
    async with ingest.writers(postgres, exclude=True) as lock:
        await finish_blocks(postgres, clickhouse, settings)
        words = await postgres.rows(_SQL["waiting"], _Word)
        if not words:
            return 0
        await _check_log(clickhouse)
        for place, word in enumerate(words):
            await report("moving events", place, len(words))
            source, target = (_COUNTED, _OUT) if word.out else (_OUT, _COUNTED)
            await _move(clickhouse, lock, source, target, word)
    await rebuild.rebuild(postgres, clickhouse, settings, None, report)
    for word in words:
        async with postgres.transaction() as connection:
            await connection.execute(_SQL["carried_out"], {"id": word.id, "out": word.out})
    return len(words)


async def _check_log(clickhouse: ClickHouse) -> None:
    for left in await clickhouse.rows(_LOG["leftovers"], _Name):
        await clickhouse.command(f"DROP TABLE {left.name} SYNC")
    found = await clickhouse.one(_LOG["changing"], _Count)
    if found is not None and found.events:
        raise StoreUnavailable("clickhouse", "the log is still written anew after an upgrade")


async def _move(clickhouse: ClickHouse, lock: Connection, source: str, target: str, match: _Word) -> None:
    """Move a match's events, a month at a time; what was moved before a crash is found in both tables."""
    which: dict[str, object] = {"server": match.server_id, "match": match.match_id}
    for month in await clickhouse.rows(_LOG["months"], _Month, source=source, **which):
        about = which | {"source": source, "target": target, "partition": month.partition}
        unmoved = await _weight(clickhouse, "unmoved", about)
        if unmoved.events:
            had = await _weight(clickhouse, "weighed", about | {"table": target, "with_it": True})
            await _replace(clickhouse, lock, target, "with_it", about, had + unmoved)
        rest = await _weight(clickhouse, "weighed", about | {"table": source, "with_it": False})
        await _replace(clickhouse, lock, source, "without_it", about, rest)


async def _replace(
    clickhouse: ClickHouse,
    lock: Connection,
    table: str,
    query: str,
    about: dict[str, object],
    expected: _Weight,
) -> None:
    """Put a query's answer in the place of a month; if it came out short, on a full disk, it is not."""
    fresh, partition = f"{table}__moved", about["partition"]
    if not expected.events:
        await lock.execute("SELECT 1")
        await clickhouse.command(f"ALTER TABLE {table} DROP PARTITION ID '{partition}'")
        return
    await clickhouse.command(f"CREATE TABLE {fresh} AS {table}")
    await clickhouse.command(f"INSERT INTO {fresh} {_LOG[query]}", **about)
    if await _weight(clickhouse, "weighed", about | {"table": fresh, "with_it": True}) != expected:
        raise StoreUnavailable("clickhouse", f"a copy of {table} came out short; is the disk full?")
    # A lock that was lost with its connection keeps no writer out: then nothing is put in place.
    await lock.execute("SELECT 1")
    await clickhouse.command(f"ALTER TABLE {table} REPLACE PARTITION ID '{partition}' FROM {fresh}")
    await clickhouse.command(f"DROP TABLE {fresh} SYNC")


async def _weight(clickhouse: ClickHouse, query: str, about: dict[str, object]) -> _Weight:
    found: Sequence[_Weight] = await clickhouse.rows(_LOG[query], _Weight, **about)
    return found[0]
