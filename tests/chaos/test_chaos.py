"""Each fault happens while senders send, and then all books agree: the short form of `make chaos`.

`CHAOS_ROUNDS` and `CHAOS_SEED` are those of `make chaos`. Without a seed one is drawn, and shown on failure.
"""

import os
import random
from collections.abc import Iterator

import pytest

from tests.chaos.faults import FAULTS
from tests.chaos.journal import Balance, Journal
from tests.chaos.run import Block, rounds_of, settle, table
from tests.chaos.scene import Scene

ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "1"))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    seed = int(os.environ.get("CHAOS_SEED") or random.randrange(1 << 32))
    print(f"CHAOS_SEED={seed}")
    with Scene(tmp_path_factory.mktemp("chaos"), seed) as scene:
        yield scene


@pytest.fixture(scope="module")
def blocks() -> list[Block]:
    """What happened so far, fault by fault."""
    return []


@pytest.mark.parametrize("fault", FAULTS)
def test_events_are_taken_in_again_after(fault: str, scene: Scene, blocks: list[Block]) -> None:
    blocks.append(rounds_of(scene, fault, ROUNDS))
    if blocks[-1].skipped:
        pytest.skip(blocks[-1].skipped)


def test_all_books_agree(scene: Scene, blocks: list[Block]) -> None:
    settle(scene, blocks)
    print(table(blocks))
    assert all(block.balance.acknowledged for block in blocks if not block.skipped)
    assert not any(block.balance.wrong for block in blocks)


def test_a_journal_knows_what_is_wrong_with_a_log() -> None:
    journal = Journal()
    journal.write("s", [b"1", b"2"], acknowledged=True)
    journal.write("s", [b"3", b"4"])
    journal.write("s", [b"5", b"6"])
    assert journal.balance([b"2", b"2", b"3", b"5", b"6", b"7"]) == Balance(
        acknowledged=2, lost=1, doubled=1, counted_anyway=2, not_counted=0, torn=1, foreign=1
    )
