"""The ClickHouse migrations for a cluster: the same SQL, rendered for shards and replicas.

What stores lies in a database of its own beside ours, `NAME_local`, on every shard: tables under Replicated
engines, and the views that fill them. Our database has a Distributed table of the same name over each, and
the views that only read. So queries need not know. docs/scale.md says why, and what has been tried.
"""

import re
from collections.abc import Callable, Mapping

import msgspec

from api.errors import ConfigurationError

# With every statement. A subquery is asked of all shards, and an insert is done when most replicas have it.
SETTINGS: Mapping[str, object] = {
    "prefer_global_in_and_join": 1,
    "distributed_product_mode": "global",
    "distributed_foreground_insert": 1,
    "insert_quorum": "auto",
    "insert_quorum_timeout": 30_000,
}
# Where a row goes that we write ourselves. All of a server's events lie on one shard: its sessions, its
# matches, and the tokens of its blocks. What a view fills is written where its source is, and by nobody else.
SHARDING_KEYS: Mapping[str, str] = {
    "ingest_batches": "sipHash64(server_id)",
    "raw_events_left_out": "sipHash64(server_id)",
    "player_links": "sipHash64(player_key)",
    "player_marks": "sipHash64(player_key)",
    "match_results": "match_key",
    "ratings": "match_key",
    "current_ratings": "sipHash64(player_key)",
    "match_reports": "match_key",
    "record_days": "sipHash64(day)",
}
_RECORD = "schema_migrations"
# A block may wait for days for its shard; by default, tokens are forgotten after an hour.
_WINDOW = "replicated_deduplication_window_seconds = 2592000, replicated_deduplication_window ="

_COMMENTS = re.compile(r"\A(?:\s*--.*\n)*\s*")
_STATEMENT = re.compile(
    r"(?P<verb>CREATE|DROP|ALTER) (?P<kind>FUNCTION|TABLE|MATERIALIZED VIEW|VIEW) "
    r"(?P<guard>IF (?:NOT )?EXISTS )?(?P<name>\w+)(?P<rest>.*)",
    re.DOTALL,
)
_ENGINE = re.compile(r"ENGINE = (?=\w*MergeTree\b)")
_SOURCE = re.compile(r"\b(FROM|JOIN)(\s+)([a-z_]\w*)\b(?!\s*[.(])(\s+AS\b)?")
_COLUMN = re.compile(r"\b(?:ADD|DROP|MODIFY|RENAME|COMMENT) COLUMN\b")
_OTHER = re.compile(
    r"\b(?:ADD|DROP|MODIFY|RESET|MATERIALIZE|CLEAR) (?:INDEX|PROJECTION|SETTING|ORDER|TTL|QUERY|CONSTRAINT)\b"
    r"|^ UPDATE\b"
)
# A statement as it stands, in a database.
_On = Callable[[str, str], str]


class Cluster(msgspec.Struct, frozen=True):
    """A cluster of `remote_servers`, and our database on it."""

    name: str
    database: str

    @property
    def local(self) -> str:
        """The database of what stores."""
        return f"{self.database}_local"


def databases(cluster: Cluster) -> list[str]:
    """Return the statements that make both databases."""
    return [
        f"CREATE DATABASE IF NOT EXISTS {database} ON CLUSTER {cluster.name}"
        for database in (cluster.database, cluster.local)
    ]


def render(statement: str, cluster: Cluster) -> list[str]:
    """Return what a statement of a migration is on a cluster.

    Raises ConfigurationError for a kind of statement that no rule here is about.
    """
    comments = _COMMENTS.match(statement)
    found = _STATEMENT.fullmatch(statement, comments.end() if comments else 0)
    if found is None:
        raise ConfigurationError(f"no way is known to run this on a cluster: {statement[:200]}")
    verb, kind, name = found["verb"], found["kind"], found["name"]
    guard, rest = found["guard"] or "", found["rest"]

    if kind == "FUNCTION":
        # A shard asked by another is in its own database.
        rest = rest.replace("dictGetOrDefault('people'", f"dictGetOrDefault('{cluster.database}.people'")

    def on(database: str, rest: str) -> str:
        place = name if kind == "FUNCTION" else f"{database}.{name}"
        return f"{verb} {kind} {guard}{place} ON CLUSTER {cluster.name}{rest}"

    match verb, kind:
        case "CREATE", "TABLE":
            return _table(name, rest, cluster, on)
        case "CREATE", "MATERIALIZED VIEW":
            return [on(cluster.local, _stored(re.sub(r"^ TO ", f" TO {cluster.local}.", rest), cluster))]
        case "DROP", "TABLE":
            return [on(cluster.database, rest), on(cluster.local, rest)]
        case "ALTER", "TABLE":
            return _alter(statement, rest, cluster, on)
        # What fills a table is called noun_view, and lies beside it.
        case "DROP", "VIEW" if name.endswith("_view"):
            return [on(cluster.local, rest)]
    return [on(cluster.database, rest)]


def _table(name: str, rest: str, cluster: Cluster, on: _On) -> list[str]:
    if name == _RECORD:
        path = f"'/clickhouse/tables/{cluster.database}/{_RECORD}', '{{shard}}-{{replica}}'"
        return [on(cluster.database, rest.replace("MergeTree", f"ReplicatedMergeTree({path})", 1))]
    stored = _ENGINE.sub("ENGINE = Replicated", rest).replace(
        "non_replicated_deduplication_window =", _WINDOW
    )
    key = f", {SHARDING_KEYS[name]}" if name in SHARDING_KEYS else ""
    engine = f"Distributed('{cluster.name}', '{cluster.local}', '{name}'{key})"
    return [on(cluster.local, stored), on(cluster.database, f" AS {cluster.local}.{name} ENGINE = {engine}")]


def _alter(statement: str, rest: str, cluster: Cluster, on: _On) -> list[str]:
    of_columns, of_others = _COLUMN.search(rest), _OTHER.search(rest)
    if (of_columns is None) == (of_others is None):
        raise ConfigurationError(
            "on a cluster, columns and the rest of a table are altered by statements of their own: "
            f"{statement[:200]}"
        )
    stored = on(cluster.local, _stored(rest, cluster) if "MODIFY QUERY" in rest else rest)
    return [stored, on(cluster.database, rest)] if of_columns else [stored]


def _stored(query: str, cluster: Cluster) -> str:
    """Return a view's query over what its own shard stores, under the same names."""

    def source(found: re.Match[str]) -> str:
        word, space, name, alias = found.groups()
        if re.search(rf"\b{name} AS \(", query):
            return found[0]
        return f"{word}{space}{cluster.local}.{name}{alias or f' AS {name}'}"

    return _SOURCE.sub(source, query)
