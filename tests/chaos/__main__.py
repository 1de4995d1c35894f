"""`make chaos`: every fault, many rounds. Set by `CHAOS_ROUNDS`, `CHAOS_SEED` and `CHAOS_FAULTS`."""

import os
import random
import sys
import tempfile
from pathlib import Path

from tests.chaos.faults import FAULTS
from tests.chaos.run import Block, Wrong, rounds_of, settle, table
from tests.chaos.scene import Scene

# Stopping, reading everything and starting takes as long as some rounds.
BETWEEN_BOOKS = 3


def main() -> int:
    rounds = int(os.environ.get("CHAOS_ROUNDS", "6"))
    seed = int(os.environ.get("CHAOS_SEED") or random.randrange(1 << 32))
    chosen = [name for name in FAULTS if os.environ.get("CHAOS_FAULTS", "") in name]
    print(f"CHAOS_SEED={seed} CHAOS_ROUNDS={rounds}", flush=True)
    blocks: list[Block] = []
    with tempfile.TemporaryDirectory() as folder, Scene(Path(folder), seed) as scene:
        for number, fault in enumerate(chosen, 1):
            try:
                blocks.append(rounds_of(scene, fault, rounds))
                if number % BETWEEN_BOOKS == 0 or number == len(chosen):
                    settle(scene, blocks)
            except Wrong as wrong:
                print(f"{table(blocks)}\n\nWRONG after {fault!r} (CHAOS_SEED={seed}):\n{wrong}")
                return 1
            print(f"{fault}: {blocks[-1].skipped or 'done'}", file=sys.stderr, flush=True)
    print(table(blocks))
    return 0


if __name__ == "__main__":
    sys.exit(main())
