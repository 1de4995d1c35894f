"""Rebuilding: every table behind a view can be thrown away and filled again, from raw_events in the end.

A noun's new table is filled beside the old one, some days of receipts at a time, and takes its place at once;
what adds that table up comes next. Meanwhile no block is written (ingest goes on, into the inbox), so nothing
is missed and nothing counts twice.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping

import msgspec

from api import privacy_key
from api.errors import Conflict, NotFound, StoreUnavailable
from api.ingest import inbox
from api.ingest import job as ingest
from api.matches import job as matches
from api.players import people
from api.ratings import job as ratings
from api.ratings import record_days
from api.reports import job as reports
from api.settings import Settings
from api.stores import migrations
from api.stores.clickhouse import ClickHouse
from api.stores.migrations import Step
from api.stores.postgres import Postgres
from api.stores.sql import queries

_SQL = queries("clickhouse", "rebuild")

# Days are filled together up to so many events: a day alone may be few, and each step has its price.
_STEP_EVENTS = 1_000_000
_LOG = "raw_events"
# What no view fills, each after what it is made of.
_COMPUTED = (matches.NOUN, ratings.NOUN, ratings.CURRENT, record_days.NOUN, reports.NOUN)

Report = Callable[[str, int, int], Awaitable[None]]


class _Noun(msgspec.Struct):
    """A table, the query that fills it, and the table that this reads."""

    name: str
    definition: str
    source: str


class _Table(msgspec.Struct):
    name: str


class _Day(msgspec.Struct):
    day: str
    events: int


class _Span(msgspec.Struct):
    """Days of receipts, both ends included."""

    first: str
    last: str
    events: int


class _Logged(msgspec.Struct):
    events: int


async def nouns(clickhouse: ClickHouse) -> list[str]:
    """Return what can be rebuilt."""
    return sorted(await _known(clickhouse))


async def migrate(
    postgres: Postgres,
    clickhouse: ClickHouse,
    settings: Settings,
    report: Report,
    *,
    dry_run: bool = False,
    fill_by_hand: bool = False,
) -> list[Step]:
    """Bring both stores to the newest schema, projections made anew filled, and return what was done.

    `fill_by_hand`: projections made anew are left empty; on a cluster, nobody but its admin can fill them.
    Raises ConfigurationError when a migration that has run was changed or is gone since, Conflict while
    ClickHouse refuses a block, and for a cluster whose projections would be left empty.
    """

    async def fill(noun: str, later: set[str]) -> None:
        # The worker settles and rates by itself what is not; on a cluster it has to.
        if fill_by_hand or (clickhouse.cluster and noun in _COMPUTED):
            return
        if await _logged(clickhouse):
            await rebuild(postgres, clickhouse, settings, noun, report, later)

    async def settle(nouns: list[str]) -> None:
        anew = [noun for noun in nouns if noun not in _COMPUTED]
        if clickhouse.cluster and anew and not fill_by_hand and await _logged(clickhouse):
            raise Conflict(
                f"this version makes {', '.join(anew)} anew, and on a cluster that is filled by hand: stop "
                "the workers, `afteraction migrate --fill-by-hand`, then as docs/scale.md says under "
                "'Upgrading a cluster'. No table of events was changed"
            )
        # A block that is refused would stop the upgrade in its middle, and neither version would run.
        async with ingest.writers(postgres, exclude=True):
            await finish_blocks(postgres, clickhouse, settings)

    fills = privacy_key.fills(settings)
    steps = await migrations.migrate(postgres, clickhouse, fills, settle, fill, dry_run=dry_run)
    if not dry_run:
        await people.define(clickhouse)
    return steps


async def rebuild(
    postgres: Postgres,
    clickhouse: ClickHouse,
    settings: Settings,
    noun: str | None,
    report: Report,
    later: Collection[str] = (),
) -> int:
    """Rebuild one noun, or all of them, and return how many were rebuilt.

    `report(noun, done, total)` is awaited after each step. What is made of the nouns in `later`, which an
    upgrade comes to yet, is left to them. Raises NotFound for an unknown noun, Conflict
    while ClickHouse refuses a block, because that block may stand half in the old tables.
    """
    if clickhouse.cluster:
        raise Conflict("a cluster is not rebuilt from here; docs/scale.md says how")
    known = await _known(clickhouse)
    if noun is not None and noun not in known:
        raise NotFound(f"{noun!r} cannot be rebuilt; these can: {', '.join(sorted(known))}")
    left = {made for name in later for made in _together(name, known)}
    chosen = (
        [known[name] for name in _together(noun, known) if name not in left] if noun else [*known.values()]
    )
    async with ingest.writers(postgres, exclude=True) as lock:
        await finish_blocks(postgres, clickhouse, settings)
        spans = _spans(await clickhouse.rows(_SQL["days"], _Day))
        logged = await _logged(clickhouse)
        total = len(chosen) * len(spans)
        for place, entry in enumerate(chosen):

            async def one_step(done: int, name: str = entry.name, before: int = place * len(spans)) -> None:
                await report(name, before + done, total)

            await _fill(clickhouse, settings, entry, spans, one_step)
            # A lock that was lost with its connection keeps no writer out: then nothing is exchanged.
            await lock.execute("SELECT 1")
            await _exchange(clickhouse, entry)
            await people.refresh(clickhouse)
            if await _logged(clickhouse) != logged:
                raise StoreUnavailable(
                    "postgres", f"the lock on writers was lost; rebuild {entry.name} again"
                )
    return len(chosen)


async def _known(clickhouse: ClickHouse) -> dict[str, _Noun]:
    """Return what can be rebuilt, each after what it is made of."""
    views = await clickhouse.rows(_SQL["nouns"], _Noun)
    # In the middle of an upgrade, one may not be there yet.
    there = {table.name for table in await clickhouse.rows(_SQL["tables"], _Table)}
    return {
        noun.name: noun for noun in [*views, *(_Noun(name, "", "") for name in _COMPUTED if name in there)]
    }


def _together(noun: str, known: Mapping[str, _Noun]) -> list[str]:
    """Return a noun and what is made of it."""
    made = [name for name, entry in known.items() if entry.source == noun]
    if noun in matches.SOURCES:
        made.append(matches.NOUN)
    if ratings.SOURCE in (noun, *made):
        made += [ratings.NOUN, reports.NOUN]
    if ratings.NOUN in (noun, *made):
        made += [ratings.CURRENT, record_days.NOUN]
    return [name for name in (noun, *made) if name in known]


async def _logged(clickhouse: ClickHouse) -> int:
    found = await clickhouse.one(_SQL["logged"], _Logged)
    return found.events if found else 0


async def finish_blocks(postgres: Postgres, clickhouse: ClickHouse, settings: Settings) -> None:
    """Bring every sealed block to its end: its token would not hold against a new table."""
    while await ingest.write_block(postgres, clickhouse, settings) is not None:
        pass
    failure = await inbox.failure(postgres)
    if failure:
        raise Conflict(
            f"ClickHouse refuses a block ({failure}); mend that first, or have an admin set it aside "
            "(`afteraction doctor` says how); no table was changed"
        )


def _spans(days: list[_Day]) -> list[_Span]:
    spans: list[_Span] = []
    for day in days:
        if spans and spans[-1].events + day.events <= _STEP_EVENTS:
            spans[-1] = _Span(spans[-1].first, day.day, spans[-1].events + day.events)
        else:
            spans.append(_Span(day.day, day.day, day.events))
    return spans


async def _fill(
    clickhouse: ClickHouse,
    settings: Settings,
    noun: _Noun,
    spans: list[_Span],
    report: Callable[[int], Awaitable[None]],
) -> None:
    fresh = f"{noun.name}__rebuilt"
    await clickhouse.command(f"DROP TABLE IF EXISTS {fresh} SYNC")
    await clickhouse.command(f"CREATE TABLE {fresh} AS {noun.name}")
    if noun.name in _COMPUTED:
        await _compute(clickhouse, settings, noun.name, fresh)
        await report(len(spans))
        return
    if noun.source != _LOG:
        await clickhouse.command(f"INSERT INTO {fresh} {noun.definition}")
        await report(len(spans))
        return
    for place, span in enumerate(spans):
        # Two spans may well have the same rows, so no block counts as a repeat here.
        only = (
            f"SETTINGS additional_table_filters = {{'{_LOG}': 'toDate(received_at) BETWEEN "
            f"\\'{span.first}\\' AND \\'{span.last}\\''}}, insert_deduplicate = 0"
        )
        await clickhouse.command(f"INSERT INTO {fresh} {noun.definition} {only}")
        await report(place + 1)


async def _compute(clickhouse: ClickHouse, settings: Settings, noun: str, fresh: str) -> None:
    if noun == matches.NOUN:
        await matches.settle_all(clickhouse, fresh)
    elif noun == ratings.NOUN:
        await ratings.rate_all(clickhouse, fresh)
    elif noun == ratings.CURRENT:
        await ratings.keep_current(clickhouse, fresh)
    elif noun == record_days.NOUN:
        await record_days.keep_days(clickhouse, fresh)
    else:
        await reports.tell_all(clickhouse, settings, fresh)


async def _exchange(clickhouse: ClickHouse, noun: _Noun) -> None:
    await clickhouse.command(f"EXCHANGE TABLES {noun.name}__rebuilt AND {noun.name}")
    await clickhouse.command(f"DROP TABLE {noun.name}__rebuilt SYNC")
