"""Lint every SQL file, here or under FOLDER: `python -m tests.lint_sql [FOLDER]`; exit status 1 for findings.

postgres/ goes through sqlfluff (.sqlfluff). For clickhouse/ the parser is ClickHouse itself, in this process:
a scratch database is migrated, and every named query is analysed against it, so that a column that does not
exist is found without a row of data.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import chdb
from chdb.state.sqlitelike import Connection
from sqlfluff.core import FluffConfig, Linter

from api.achievements import queries as achievements
from api.stats import drilldown, leaderboards
from api.stats.metrics import METRICS
from api.stores import sql

_LINE_LENGTH = 125
_PARAMETER = re.compile(r"\{(\w+):([^}]+)\}")
_TABLE = re.compile(r"FROM \{(\w+):Identifier\}")
# What a table may be that a query is told; others are told the log.
_TABLES = {
    "scores": "player_daily",
    "results": "match_results",
    "ratings": "ratings",
    "current": "current_ratings",
    "reports": "match_reports",
    "record_days": "record_days",
}
_PLACE = re.compile(r"\{\w+:(?:Expression|Query)\}")
_PERCENT = re.compile(r"%(?!s|%|\(\w+\)s)")
_RUN = re.compile(r"^(?:INSERT|CREATE|SYSTEM)\b", re.MULTILINE)
_LOWER_CASE = re.compile(
    r"^\s*(select|from|where|group by|order by|having|limit|inner|left|join|with|insert|update|delete|create"
    r"|drop|alter|union|values)\b"
)


def main(root: Path | None = None) -> int:
    """Print what is wrong, one finding a line, and return the exit status."""
    postgres = root / "postgres" if root else sql.sql_root("postgres")
    clickhouse = root / "clickhouse" if root else sql.sql_root("clickhouse")
    # The bridge's are prepared by MariaDB itself: tests/forum/test_queries.py.
    bridge = root / "smf_bridge" if root else sql.sql_root("postgres").parent / "smf_bridge"
    folders = postgres, clickhouse, bridge
    findings = [finding for folder in folders for finding in lint_text(folder)]
    findings += lint_postgres(postgres)
    findings += lint_clickhouse(clickhouse)
    for finding in findings:
        print(finding)
    files = sum(1 for folder in folders for _ in folder.rglob("*.sql"))
    print(f"{files} SQL files, {len(findings)} findings")
    return 1 if findings else 0


def lint_text(folder: Path) -> Iterator[str]:
    """Find what needs no parser: layout, and keywords in lower case."""
    for path in sorted(folder.rglob("*.sql")):
        text = path.read_text()
        if not text.endswith("\n") or text.endswith("\n\n"):
            yield f"{_shown(path)}: ends in exactly one line break"
        for number, line in enumerate(text.splitlines(), 1):
            for problem in _problems_of(line):
                yield f"{_shown(path)}:{number}: {problem}"


def _problems_of(line: str) -> Iterator[str]:
    if len(line) > _LINE_LENGTH:
        yield f"{len(line)} characters, more than {_LINE_LENGTH}"
    if line != line.rstrip():
        yield "space at the end of the line"
    if "\t" in line:
        yield "a tab"
    if _LOWER_CASE.match(line):
        yield f"keyword in lower case: {line.split()[0]}"


def lint_postgres(folder: Path) -> Iterator[str]:
    """Find what sqlfluff finds, and percent signs that psycopg would take for parameters."""
    linter = Linter(config=FluffConfig.from_path(str(sql.sql_root("postgres"))))
    for path in sorted(folder.rglob("*.sql")):
        text = path.read_text()
        for violation in linter.lint_string(text, fname=str(path)).get_violations():
            yield f"{_shown(path)}:{violation.line_no}: {violation.rule_code()} {violation.desc()}"
        if path.parent.name == "queries" and (found := _PERCENT.search(_without_comments(text))):
            yield f"{_shown(path)}: a percent sign that is no parameter ({found[0]}); write %%"


def lint_clickhouse(folder: Path) -> Iterator[str]:
    """Find what ClickHouse refuses: in migrations by running them, in queries by analysing them."""
    database: Connection = chdb.connect(":memory:")
    try:
        for path in sorted((folder / "migrations").glob("*.sql")):
            for statement in sql.split_statements(path.read_text()):
                yield from _refusal(database, statement, _shown(path))
        texts = {path: path.read_text() for path in sorted((folder / "queries").glob("*.sql"))}
        # What makes something comes first: other queries may ask it.
        for path in sorted(texts, key=lambda path: "\nCREATE " not in texts[path]):
            for name, query in named(texts[path]):
                for composed in _composed(path, name, query):
                    # What changes something cannot be explained; in the scratch database it may.
                    tried = composed if _RUN.search(composed) else f"EXPLAIN QUERY TREE {composed}"
                    yield from _refusal(database, _filled(tried), f"{_shown(path)} {name}")
    finally:
        database.close()


def _composed(path: Path, name: str, query: str) -> Iterator[str]:
    """Return a query as it is asked: with each expression that the catalogue of metrics has for it."""
    if not _PLACE.search(query):
        yield query
    elif (path.stem, name) == ("leaderboards", "board"):
        for metric in METRICS.values():
            yield leaderboards.composed(metric.name)
            yield leaderboards.composed(metric.name, of_a_period=True)
            if metric.by_weapon:
                yield leaderboards.composed(metric.name, by_weapon=True)
    elif path.stem == "achievements":
        if name.startswith("of_") or name in ("rarity", "states"):
            yield achievements.composed(name)
    elif path.stem == "records" and name in ("broken", "day_bests"):
        yield sql.whole(sql.queries("clickhouse", "records"), name)
    elif path.stem == "drilldown":
        for metric in METRICS.values():
            if metric.dimensions and drilldown.asked_of(metric) == name:
                yield drilldown.composed(metric.name)


def named(text: str) -> Iterator[tuple[str, str]]:
    """Return the queries of a file with their names."""
    parts = re.split(r"^-- name: (\w+)\s*$", text, flags=re.MULTILINE)
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        yield name, body.strip().removesuffix(";")


def _refusal(database: Connection, statement: str, place: str) -> Iterator[str]:
    try:
        database.query(statement)
    except (chdb.ChdbError, RuntimeError) as error:
        yield f"{place}: {str(error).splitlines()[0][:300]}"


def _filled(query: str) -> str:
    """Return a query with a value in place of every parameter.

    A column's name becomes a constant, a table's name that of one.
    """
    return _PARAMETER.sub(
        lambda found: "1" if found[2] == "Identifier" else f"defaultValueOfTypeName('{found[2]}')",
        _TABLE.sub(lambda found: f"FROM {_TABLES.get(found[1], 'raw_events')}", query),
    )


def _without_comments(text: str) -> str:
    return "\n".join(line.split("--")[0] for line in text.splitlines())


def _shown(path: Path) -> str:
    return "/".join(path.parts[-3:])


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:2])))
