"""What ClickHouse's error codes mean to us: a statement that cannot be right, or a bad moment."""

import re

from api.errors import StoreUnavailable

_CODE = re.compile(r"Code: (\d+)")
# One query's own limit: it will not fit a moment later either.
_QUERY_MEMORY = re.compile(r"Query memory limit|\(for query\)", re.IGNORECASE)
_MEMORY_LIMIT_EXCEEDED = 241

# Nothing is wrong with the statement: the same one, a while later, is taken.
_PASSING = {
    159: "TIMEOUT_EXCEEDED",
    173: "CANNOT_ALLOCATE_MEMORY",
    198: "DNS_ERROR",
    201: "QUOTA_EXCEEDED",
    202: "TOO_MANY_SIMULTANEOUS_QUERIES",
    203: "NO_FREE_CONNECTION",
    209: "SOCKET_TIMEOUT",
    210: "NETWORK_ERROR",
    225: "NO_ZOOKEEPER",
    236: "ABORTED",
    _MEMORY_LIMIT_EXCEEDED: "MEMORY_LIMIT_EXCEEDED",
    242: "TABLE_IS_READ_ONLY",
    243: "NOT_ENOUGH_SPACE",
    244: "UNEXPECTED_ZOOKEEPER_ERROR",
    252: "TOO_MANY_PARTS",
    254: "NO_ACTIVE_REPLICAS",
    279: "ALL_CONNECTION_TRIES_FAILED",
    285: "TOO_FEW_LIVE_REPLICAS",
    286: "UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE",
    297: "SHARD_HAS_NO_CONNECTIONS",
    319: "UNKNOWN_STATUS_OF_INSERT",
    364: "RECEIVED_ERROR_TOO_MANY_REQUESTS",
    369: "ALL_REPLICAS_ARE_STALE",
    394: "QUERY_WAS_CANCELLED",
    439: "CANNOT_SCHEDULE_TASK",
    745: "SERVER_OVERLOADED",
    999: "KEEPER_EXCEPTION",
}
# Nor here: we are not let in.
_CLOSED = {
    81: "UNKNOWN_DATABASE",
    164: "READONLY",
    192: "UNKNOWN_USER",
    193: "WRONG_PASSWORD",
    194: "REQUIRED_PASSWORD",
    195: "IP_ADDRESS_NOT_ALLOWED",
    497: "ACCESS_DENIED",
    516: "AUTHENTICATION_FAILED",
}


class QueryError(Exception):
    """ClickHouse refused a statement; the message is its own."""


def refusal(message: str) -> QueryError | StoreUnavailable:
    """Return the error for a message of ClickHouse ("Code: 62. DB::Exception: ...").

    StoreUnavailable where the statement may be repeated as it is, QueryError where that helps nobody.
    """
    found = _CODE.match(message)
    code = int(found[1]) if found else 0
    if code == _MEMORY_LIMIT_EXCEEDED and _QUERY_MEMORY.search(message):
        return QueryError(message)
    if code in _CLOSED:
        return StoreUnavailable(
            "clickhouse", f"{message} (look at AFTERACTION_CLICKHOUSE_URL)", retry_after=30
        )
    return StoreUnavailable("clickhouse", message) if code in _PASSING else QueryError(message)
