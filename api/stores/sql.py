"""SQL files: numbered migrations and named queries.

The SQL stands in `clickhouse/` and `postgres/` beside the packages. A query file holds one noun's queries,
each headed by a line `-- name: some_query`.
"""

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

Engine = Literal["clickhouse", "postgres"]

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)
_STATEMENT_END = re.compile(r";[ \t]*(?:\n|\Z)")
_REBUILD = re.compile(r"^-- rebuild: (\w+)\s*$", re.MULTILINE)
_PART = re.compile(r"\{(\w+):Query\}")
_FILE_NAME = re.compile(r"^(\d{4})_(\w+)\.sql$")


class Migration(msgspec.Struct, frozen=True):
    """One numbered SQL file."""

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """The SHA-256 of the text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def statements(self) -> list[str]:
        """The file's statements, without their semicolons."""
        return split_statements(self.text)

    @property
    def rebuilds(self) -> str | None:
        """The noun that `-- rebuild: NOUN` asks to be filled from raw_events after the statements."""
        found = _REBUILD.search(self.text)
        return found[1] if found else None


def sql_root(engine: Engine) -> Path:
    """Return the folder with an engine's SQL, in a checkout or in an installed wheel."""
    package = Path(__file__).resolve().parents[1]
    checkout = package.parent / engine
    return checkout if checkout.is_dir() else package / "sql" / engine


@cache
def queries(engine: Engine, noun: str) -> Mapping[str, str]:
    """Return the named queries of `<engine>/queries/<noun>.sql`."""
    return named((sql_root(engine) / "queries" / f"{noun}.sql").read_text())


def named(text: str) -> dict[str, str]:
    """Return the named queries of a file's text."""
    parts = _NAME.split(text)
    return {name: body.strip().removesuffix(";") for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def migrations(engine: Engine) -> list[Migration]:
    """Return an engine's migrations in the order in which they run.

    Raises ValueError for a file whose name has no number, and for a gap or a repeat in the numbers.
    """
    return numbered(sql_root(engine) / "migrations")


def numbered(folder: Path) -> list[Migration]:
    """Return the migrations of a folder, as `migrations` does."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _FILE_NAME.match(path.name)
        if match is None:
            raise ValueError(f"{path.name}: a migration is named like 0001_noun.sql")
        found.append(Migration(int(match[1]), match[2], path.read_text()))
    if [m.number for m in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"{folder}: migrations are not numbered 1, 2, 3, ...: {[m.number for m in found]}")
    return found


def split_statements(text: str) -> list[str]:
    """Split a file into statements: each ends with a semicolon at the end of a line."""
    pieces = (piece.strip() for piece in _STATEMENT_END.split(text))
    return [piece for piece in pieces if _has_code(piece)]


def _has_code(piece: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("--") for line in piece.splitlines())


def whole(found: Mapping[str, str], name: str) -> str:
    """Return the SQL of a query, with each `{other:Query}` of the same file in its place."""
    text = found[name]
    for other in _PART.findall(text):
        text = text.replace(f"{{{other}:Query}}", whole(found, other))
    return text
