"""Every named query of the bridge is one that MariaDB understands, with the rights that the bridge has."""

import re
from pathlib import Path

import pytest

from smf_bridge.database import connect
from smf_bridge.database import queries as named_queries
from tests.mariadb_server import ForumDatabase

_FOLDER = Path(__file__).resolve().parents[2] / "smf_bridge" / "queries"
_PARAMETER = re.compile(r"%\((\w+)\)s")


# Those of the bench are for a database that is its own; tests/bench runs them.
_NOUNS = sorted({path.stem for path in _FOLDER.glob("*.sql")} - {"bench"})


@pytest.mark.parametrize("noun", _NOUNS)
def test_mariadb_understands(forum: ForumDatabase, noun: str) -> None:
    connection = connect(forum.address)
    with connection, connection.cursor() as cursor:
        for name, sql in named_queries(noun).items():
            # What is a list when it is asked.
            sql = re.sub(r"IN %\(\w+\)s", "IN (?)", sql)
            sql = sql.replace("{prefix}", forum.prefix).replace("{table}", "mohaa_teams")
            text = _PARAMETER.sub("?", sql).replace("%%", "%")
            try:
                cursor.execute("PREPARE tried FROM %s", (text,))
            except Exception as error:
                raise AssertionError(f"{noun}.{name}: {error}") from error
