"""What is wrong with the forum's database, for the doctor. Nothing is changed by looking."""

from typing import Final

import pymysql

from api.errors import ConfigurationError, StoreUnavailable
from smf_bridge import schema
from smf_bridge.address import Address
from smf_bridge.database import Transaction, connect, explained, queries

_SQL: Final = queries("checks")


def problems(where: Address) -> list[str]:
    """Return what keeps the forum's pages from working, each as a sentence; none when all is well.

    It takes some seconds where the database does not answer.
    """
    try:
        connection = connect(where)
    except pymysql.err.MySQLError as error:
        return [str(explained(error, where))]
    except ConfigurationError as error:
        return [str(error)]
    with connection:
        transaction = Transaction(connection, where.prefix)
        found = [*_of_smf(transaction, where)]
        if not found:
            found += _of_ours(transaction, where)
        connection.rollback()
    return found


def _of_smf(transaction: Transaction, where: Address) -> list[str]:
    """Try to read what is read of SMF's own tables."""
    found = []
    for name in ("read_members", "read_membergroups"):
        try:
            transaction.rows(_SQL[name], dict[str, object])
        except pymysql.err.MySQLError as error:
            found.append(str(explained(error, where)))
    return found


def _of_ours(transaction: Transaction, where: Address) -> list[str]:
    """Try to read and write the bridge's own tables."""
    try:
        waiting = schema.pending(schema.applied(transaction))
    except pymysql.err.MySQLError as error:
        return [str(explained(error, where))]
    except (ConfigurationError, StoreUnavailable) as error:
        return [str(error)]
    if waiting:
        names = ", ".join(f"{file.number:04d}_{file.name}" for file in waiting)
        return [f"its tables are not up to date ({names}); `afteraction forum migrate` makes them so"]
    found = []
    for table in schema.tables():
        try:
            # Names of tables cannot be parameters; these are our own.
            transaction.execute(_SQL["touch"].replace("{table}", table))
        except pymysql.err.MySQLError as error:
            found.append(str(explained(error, where)))
    return found
