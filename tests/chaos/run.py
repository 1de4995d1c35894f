"""The rounds: each fault some times while senders send, then the books; and the table of it all."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from tests.chaos import aggregates, audit
from tests.chaos.audit import Books
from tests.chaos.faults import FAULTS, NEEDS_SMALL_DISKS
from tests.chaos.journal import Balance, Journal
from tests.chaos.scene import Scene

Say = Callable[[str], None]


@dataclass
class Block:
    """One fault, its rounds, and what the senders of the block were told."""

    fault: str
    journal: Journal
    rounds: int = 0
    seconds: float = 0
    balance: Balance = field(default_factory=Balance)
    skipped: str = ""


class Wrong(AssertionError):
    """The books do not agree."""


def rounds_of(scene: Scene, fault: str, rounds: int) -> Block:
    """Let a fault happen some times while new senders send; look at the ledger after each."""
    happens = FAULTS[fault]
    if happens in NEEDS_SMALL_DISKS and not scene.small_disks:
        return Block(fault, Journal(), skipped="needs root and the right to mount")
    began = time.monotonic()
    with scene.sending():
        for _ in range(rounds):
            time.sleep(scene.dice.uniform(0.05, 1))
            happens(scene)
            scene.recover()
            _ledger_has(scene)
    scene.instance.wait_until_written()
    return Block(fault, scene.journal, rounds, time.monotonic() - began)


def _ledger_has(scene: Scene) -> None:
    """Raise Wrong unless the ledger has every number that was acknowledged before it was asked."""
    told = {sender.stream.session: _numbers(scene.journal, sender.stream.session) for sender in scene.senders}
    ledger = scene.sessions()
    for session, numbers in told.items():
        if numbers and (holes := _holes(ledger[session]) & numbers):
            raise Wrong(f"the ledger misses {len(holes)} acknowledged numbers of {session}")


def _numbers(journal: Journal, session: str) -> set[int]:
    acknowledged = [b for b in list(journal.batches) if b.session == session and b.acknowledged]
    return {seq for b in acknowledged for line in b.lines if (seq := _seq(line)) >= 0}


def _seq(line: bytes) -> int:
    return int(msgspec.json.decode(line).get("seq", -1))


def _holes(session: dict[str, object]) -> set[int]:
    ranges = session["missing_ranges"]
    assert isinstance(ranges, list)
    return {n for r in ranges for n in range(r["first"], r["last"] + 1)}


def settle(scene: Scene, blocks: Sequence[Block]) -> None:
    """Stop the instance, hold everything against everything, and start it again.

    Fills in the balance of each block. Raises Wrong with all that does not agree.
    """
    ledger = scene.sessions()
    scene.instance.stop()
    books = audit.read(scene.data / "clickhouse")
    scene.instance.start()
    wrong = [line for block in blocks for line in _balance(block, books)]
    wrong += disagreements(books, ledger, [block.journal for block in blocks])
    if wrong:
        raise Wrong("\n".join(wrong))


def disagreements(
    books: Books, ledger: dict[str, dict[str, object]], journals: Sequence[Journal]
) -> list[str]:
    """Hold the ledger and every aggregate against the log and against what was sent; say what differs."""
    sent = {line for journal in journals for batch in journal.batches for line in batch.lines}
    counted = sorted({row.raw.encode() for row in books.log} & sent)
    wrong = _compare_ledger(books, ledger) + books.unlike_rebuilt
    return wrong + aggregates.differences([msgspec.json.decode(line) for line in counted], books.tables)


def _balance(block: Block, books: Books) -> list[str]:
    sessions = block.journal.sessions()
    block.balance = block.journal.balance(row.raw.encode() for row in books.log if row.session_id in sessions)
    return [f"{block.fault}: {block.balance}"] if block.balance.wrong else []


def _compare_ledger(books: Books, ledger: dict[str, dict[str, object]]) -> list[str]:
    """The ledger says exactly which numbers are in the log, and how many events without."""
    numbered: dict[str, set[int]] = {session: set() for session in ledger}
    unnumbered = dict.fromkeys(ledger, 0)
    for row in books.log:
        if row.seq < 0:
            unnumbered[row.session_id] += 1
        else:
            numbered[row.session_id].add(row.seq)
    wrong = []
    for session, told in ledger.items():
        seqs = numbered[session]
        if (told["received"], told["unnumbered"]) != (len(seqs) + unnumbered[session], unnumbered[session]):
            wrong.append(f"ledger of {session}: {told}, but {len(seqs)} numbers are in the log")
        elif _holes(told) != set(range(max(seqs, default=-1) + 1)) - seqs:
            wrong.append(f"ledger of {session}: the missing ones are not those that are missing")
    return wrong


def table(blocks: Sequence[Block]) -> str:
    """Return the table of all faults."""
    head = ("fault", "rounds", "seconds", "acknowledged", "lost", "doubled", "given up: counted", "and not")
    rows: list[tuple[str, ...]] = [head]
    for b in blocks:
        if b.skipped:
            rows.append((b.fault, f"skipped: {b.skipped}", *[""] * 6))
            continue
        t = b.balance
        figures = (
            b.rounds,
            round(b.seconds),
            t.acknowledged,
            t.lost,
            t.doubled,
            t.counted_anyway,
            t.not_counted,
        )
        rows.append((b.fault, *map(str, figures)))
    widths = [max(len(row[n]) for row in rows if not row[1].startswith("skipped")) for n in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(w) if n == 0 else cell.rjust(w)
            for n, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
