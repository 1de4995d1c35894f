"""The bridge's tables in the forum's database: numbered SQL files, and which of them have run.

The files of `schema/` are the one source of the tables, for Python and for PHP. MariaDB commits at each
statement that changes a schema: every statement may be repeated, and a file has run when it is noted.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import pymysql

from api.errors import ConfigurationError, StoreUnavailable
from api.stores.sql import Migration, numbered
from smf_bridge.address import Address
from smf_bridge.database import STORE, Connection, Transaction, connect, explained, queries

_SQL: Final = queries("schema")
_FOLDER: Final = Path(__file__).parent / "schema"
_TABLE: Final = re.compile(r"CREATE TABLE IF NOT EXISTS \{prefix\}(\w+)")
_LOCK_SECONDS: Final = 10
_ANSWER_SECONDS: Final = 600
VERSIONS: Final = "mohaa_schema"
# What is read of SMF's own tables, column by column: a password's hash is none of it.
READ: Final[dict[str, tuple[str, ...]]] = {
    "members": (
        "id_member",
        "member_name",
        "real_name",
        "id_group",
        "additional_groups",
        "id_post_group",
        "lngfile",
        "is_activated",
    ),
    "membergroups": ("id_group", "group_name", "online_color", "min_posts", "group_type"),
}
_RIGHTS: Final = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP, REFERENCES"


class Applied(msgspec.Struct, frozen=True):
    """A file that has run."""

    number: int
    name: str
    checksum: str


class Step(msgspec.Struct, frozen=True):
    """A file that ran, or in a dry run would, and its statements."""

    number: int
    name: str
    statements: tuple[str, ...]


class _Got(msgspec.Struct):
    got: int | None


class _Found(msgspec.Struct):
    found: int


def files() -> list[Migration]:
    """Return the files in the order in which they run."""
    return numbered(_FOLDER)


def tables() -> list[str]:
    """Return the bridge's tables, without the prefix."""
    made = [name for file in files() for name in _TABLE.findall(file.text)]
    return [VERSIONS, *dict.fromkeys(made)]


def grants(where: Address, user: str) -> list[str]:
    """Return the least that the bridge's user is to be granted; `user` is written as 'name'@'host'."""
    database = where.database.replace("`", "``")
    read = [
        f"GRANT SELECT ({', '.join(columns)}) ON `{database}`.`{where.prefix}{table}` TO {user};"
        for table, columns in READ.items()
    ]
    own = [f"GRANT {_RIGHTS} ON `{database}`.`{where.prefix}{table}` TO {user};" for table in tables()]
    return read + own


def migrate(where: Address, *, dry_run: bool = False) -> list[Step]:
    """Bring the tables to the newest version and return what was done, in order.

    Raises ConfigurationError when a file that has run was changed or is gone since, and StoreUnavailable as
    `Database.run` does.
    """
    try:
        connection = connect(where, _ANSWER_SECONDS, _ANSWER_SECONDS)
        try:
            with _alone(connection, where):
                return _migrate(Transaction(connection, where.prefix), connection, dry_run)
        finally:
            connection.close()
    except pymysql.err.MySQLError as error:
        raise explained(error, where) from error


def applied(transaction: Transaction) -> list[Applied]:
    """Return the files that have run on a database."""
    name = transaction.prefix + VERSIONS
    there = transaction.one(_SQL["exists"], _Found, name=name)
    return transaction.rows(_SQL["applied"], Applied) if there and there.found else []


def pending(done: list[Applied]) -> list[Migration]:
    """Return the files that have not run, after checking that those that have are unchanged."""
    waiting = {file.number: file for file in files()}
    for one in done:
        file = waiting.pop(one.number, None)
        label = f"{one.number:04d}_{one.name}"
        if file is None:
            raise ConfigurationError(
                f"forum: {label} has run on this database but its file is gone; this program is older than "
                "the tables. Install the newer version again."
            )
        if file.checksum != one.checksum:
            raise ConfigurationError(f"forum: {label} was changed after it had run here; restore the file")
    return list(waiting.values())


def _migrate(transaction: Transaction, connection: Connection, dry_run: bool) -> list[Step]:
    waiting = pending(applied(transaction))
    steps = [Step(f.number, f.name, tuple(_rendered(f, transaction.prefix))) for f in waiting]
    if dry_run or not steps:
        return steps
    transaction.execute(_SQL["make_versions"])
    for file, step in zip(waiting, steps, strict=True):
        for statement in step.statements:
            transaction.execute(statement.replace("%", "%%"))
        transaction.execute(_SQL["note"], number=file.number, name=file.name, checksum=file.checksum)
        connection.commit()
    return steps


def _rendered(file: Migration, prefix: str) -> Iterator[str]:
    for statement in file.statements:
        yield statement.replace("{prefix}", prefix)


@contextmanager
def _alone(connection: Connection, where: Address) -> Iterator[None]:
    """Be the one who changes the schema, for the length of the block."""
    transaction = Transaction(connection, where.prefix)
    name = f"{where.database}.{where.prefix}{VERSIONS}"[-64:]
    got = transaction.one(_SQL["lock"], _Got, name=name, seconds=_LOCK_SECONDS)
    if got is None or got.got != 1:
        raise StoreUnavailable(STORE, "another process is changing its tables")
    try:
        yield
    finally:
        transaction.rows(_SQL["unlock"], _Got, name=name)
