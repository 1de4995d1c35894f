"""Numbered migrations: what has run is recorded in the store itself, with the file's checksum.

A Postgres advisory lock keeps two processes from migrating at once, ClickHouse included. Each file may be run
again after a crash in its middle: Postgres runs a file in one transaction, and ClickHouse's statements say
IF NOT EXISTS, or drop what they make again. A file that makes a projection anew says `-- rebuild: NOUN`: it
has run when the noun has been filled from the log.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping

import msgspec

from api.errors import ConfigurationError
from api.stores.clickhouse import ClickHouse
from api.stores.cluster import Cluster, databases, render
from api.stores.postgres import Connection, Postgres
from api.stores.sql import Engine, Migration, migrations, queries

# What a merge was made of is kept until the new part is surely on disk, and looked at (api/ingest/merges.py).
# Servers have this value by themselves; the embedded engine keeps nothing.
PARTS_KEPT_SECONDS = 480

_PARTS = queries("clickhouse", "parts")
_LOCK_KEY = 0x6166_7465_7261_6374  # "afteract"


Rebuild = Callable[[str, set[str]], Awaitable[None]]
Prepare = Callable[[list[str]], Awaitable[None]]
# What SQL alone cannot do, awaited after a file of Postgres, in its transaction.
Fill = Callable[[Connection], Awaitable[None]]
Fills = Mapping[str, Fill]


class Recorded(msgspec.Struct, frozen=True):
    """A migration that has run."""

    number: int
    name: str
    checksum: str


class _Table(msgspec.Struct):
    name: str


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """A migration that ran, or in a dry run would. `statements`: as rendered for a cluster."""

    engine: Engine
    number: int
    name: str
    statements: tuple[str, ...] = ()


async def migrate(
    postgres: Postgres,
    clickhouse: ClickHouse,
    fills: Fills,
    prepare: Prepare,
    rebuild: Rebuild,
    *,
    dry_run: bool = False,
) -> list[Step]:
    """Bring both stores to the newest schema and return what was done, in order.

    `fills` are awaited after the migrations of Postgres that have their names. `prepare(nouns)` is awaited
    before ClickHouse changes where tables with events will be made anew, and `rebuild(noun, later)` fills
    each of them; `later` are those that come after it. Raises ConfigurationError when a file that has run was
    changed or is gone since.
    """
    async with postgres.lock(_LOCK_KEY):
        steps = await _migrate_postgres(postgres, fills, dry_run)
        # Blocks come to their end by today's queries, which want today's tables in Postgres.
        if not dry_run:
            await _prepare(clickhouse, prepare)
        return steps + await _migrate_clickhouse(clickhouse, rebuild, dry_run)


async def _prepare(clickhouse: ClickHouse, prepare: Prepare) -> None:
    recorded = await _clickhouse_state(clickhouse)
    anew = [migration.rebuilds for migration in pending("clickhouse", recorded) if migration.rebuilds]
    if recorded and anew:
        await prepare(anew)


async def migrate_postgres(postgres: Postgres, fills: Fills) -> list[Step]:
    """Bring Postgres alone to the newest schema, for what needs no ClickHouse."""
    async with postgres.lock(_LOCK_KEY):
        return await _migrate_postgres(postgres, fills, dry_run=False)


async def _migrate_postgres(postgres: Postgres, fills: Fills, dry_run: bool) -> list[Step]:
    async with postgres.transaction() as connection:
        recorded = await _postgres_state(connection, create=not dry_run)
    waiting = pending("postgres", recorded)
    for migration in [] if dry_run else waiting:
        async with postgres.transaction() as connection:
            await connection.execute(migration.text)
            if migration.name in fills:
                await fills[migration.name](connection)
            await connection.execute(
                "INSERT INTO schema_migrations (number, name, checksum) VALUES (%s, %s, %s)",
                (migration.number, migration.name, migration.checksum),
            )
    return [Step("postgres", m.number, m.name) for m in waiting]


async def _postgres_state(connection: Connection, create: bool) -> list[Recorded]:
    if create:
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (number int PRIMARY KEY, name text NOT NULL, "
            "checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
        )
    found = await (await connection.execute("SELECT to_regclass('schema_migrations')")).fetchone()
    if found is None or found[0] is None:
        return []
    rows = await connection.execute("SELECT number, name, checksum FROM schema_migrations ORDER BY number")
    return [msgspec.convert(row, Recorded) for row in map(_as_dict, await rows.fetchall())]


def _as_dict(row: tuple[object, ...]) -> dict[str, object]:
    return dict(zip(("number", "name", "checksum"), row, strict=True))


async def _migrate_clickhouse(clickhouse: ClickHouse, rebuild: Rebuild, dry_run: bool) -> list[Step]:
    cluster = clickhouse.cluster
    if not dry_run:
        record = (
            "CREATE TABLE IF NOT EXISTS schema_migrations (number UInt32, name String, checksum String, "
            "applied_at DateTime DEFAULT now()) ENGINE = MergeTree ORDER BY number"
        )
        for statement in [*databases(cluster), *render(record, cluster)] if cluster else [record]:
            await clickhouse.command(statement)
    waiting = pending("clickhouse", await _clickhouse_state(clickhouse))
    for migration in [] if dry_run else waiting:
        for statement in rendered(migration, cluster) if cluster else migration.statements:
            await clickhouse.command(statement)
        # Once is enough for what a later one makes anew; and it may have other columns by then.
        later = anew_after(migration, waiting)
        if migration.rebuilds and migration.rebuilds not in later:
            await rebuild(migration.rebuilds, later)
        await clickhouse.command(
            "INSERT INTO schema_migrations (number, name, checksum) "
            "SELECT {number:UInt32}, {name:String}, {checksum:String}",
            number=migration.number,
            name=migration.name,
            checksum=migration.checksum,
        )
    # Servers keep what was merged by themselves.
    if not dry_run and not cluster:
        await _keep_what_was_merged(clickhouse)
    return [Step("clickhouse", m.number, m.name, rendered(m, cluster) if cluster else ()) for m in waiting]


def anew_after(migration: Migration, waiting: Iterable[Migration]) -> set[str]:
    """Return the projections that the waiting migrations after one make anew."""
    return {later.rebuilds for later in waiting if later.number > migration.number and later.rebuilds}


def rendered(migration: Migration, cluster: Cluster) -> tuple[str, ...]:
    """Return a migration's statements for a cluster."""
    return tuple(part for statement in migration.statements for part in render(statement, cluster))


async def _keep_what_was_merged(clickhouse: ClickHouse) -> None:
    for table in await clickhouse.rows(_PARTS["hasty"], _Table):
        await clickhouse.command(
            f"ALTER TABLE {table.name} MODIFY SETTING old_parts_lifetime = {PARTS_KEPT_SECONDS}"
        )


async def _clickhouse_state(clickhouse: ClickHouse) -> list[Recorded]:
    class Found(msgspec.Struct):
        found: bool

    exists = await clickhouse.one(
        "SELECT count() > 0 AS found FROM system.tables WHERE database = currentDatabase() "
        "AND name = 'schema_migrations'",
        Found,
    )
    if exists is None or not exists.found:
        return []
    return await clickhouse.rows(
        "SELECT DISTINCT number, name, checksum FROM schema_migrations ORDER BY number", Recorded
    )


def pending(engine: Engine, recorded: Iterable[Recorded]) -> list[Migration]:
    """Return the migrations that have not run, after checking that those that have are unchanged."""
    files = {migration.number: migration for migration in migrations(engine)}
    for done in recorded:
        file = files.pop(done.number, None)
        if file is None:
            raise ConfigurationError(
                f"{engine}: migration {done.number:04d}_{done.name} has run on this store but its file is "
                "gone; this program is older than the data. Install the newer version again."
            )
        if file.checksum != done.checksum:
            raise ConfigurationError(
                f"{engine}: {file.number:04d}_{file.name}.sql was changed after it had run here "
                f"(recorded {done.checksum[:12]}, file {file.checksum[:12]}). Restore the file and put the "
                "change into a new migration."
            )
    return list(files.values())
