"""Mending ClickHouse's memory of blocks after it was killed.

A MergeTree table notes a block's token in its deduplication log just before it renames the new part into
place. Killed between the two, it remembers a block that it does not have, and would drop the block when it is
sent again. So before an embedded ClickHouse is opened, notes of parts that are not there are taken out.
"""

import re
from collections.abc import Iterable
from pathlib import Path

_PART = re.compile(r"(?P<partition>[^_]+)_(?P<first>\d+)_(?P<last>\d+)_\d+(?:_\d+)?")
_ADDED = "1"

Span = tuple[str, int, int]


def forget_lost_blocks(clickhouse: Path) -> int:
    """Take lost blocks out of every table's deduplication log below a folder; return how many there were.

    Call it while nothing has the folder open.
    """
    forgotten = 0
    for logs in clickhouse.glob("store/*/*/deduplication_logs"):
        parts = [span for name in logs.parent.iterdir() if (span := _span(name.name)) is not None]
        for log in logs.glob("deduplication_log_*.txt"):
            forgotten += _mend(log, parts)
    return forgotten


def _mend(log: Path, parts: Iterable[Span]) -> int:
    lines = log.read_text().splitlines(keepends=True)
    kept = [line for line in lines if not _is_lost(line, parts)]
    if len(kept) < len(lines):
        fresh = log.with_suffix(".mended")
        fresh.write_text("".join(kept))
        fresh.replace(log)
    return len(lines) - len(kept)


def _is_lost(line: str, parts: Iterable[Span]) -> bool:
    fields = line.rstrip("\n").split("\t")
    span = _span(fields[1]) if len(fields) == 3 and fields[0] == _ADDED else None
    if span is None:
        return False
    partition, first, last = span
    return not any(p == partition and least <= first and last <= most for p, least, most in parts)


def _span(part: str) -> Span | None:
    """Return a part's partition and the block numbers that it covers, both included."""
    found = _PART.fullmatch(part)
    return (found["partition"], int(found["first"]), int(found["last"])) if found else None
