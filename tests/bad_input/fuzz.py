"""`make fuzz`: bytes into the decoder, for as long as FUZZ_SECONDS says.

What must hold of each: no exception but TooManyEvents, each event taken or rejected, both ways of decoding
agree, and a bound on time. Memory is bounded for the process as a whole. Prints its counts as JSON; a crash
leaves the bytes in FUZZ_FOLDER. `... fuzz coverage`, with atheris installed, lets libFuzzer
lead; `... fuzz short` leaves the huge bodies out.
"""

import hashlib
import importlib
import json
import os
import resource
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from api.errors import BodyTooLarge
from api.events.catalogue import canonical_gametype
from api.events.fold import fold
from api.events.parse import parse
from api.ingest import bodies
from api.ingest.decode import Decoded, TooManyEvents, decode
from tests.bad_input.bodies_made import HUGE, grown
from tests.bad_input.events_odd import odd_event

SECONDS = float(os.environ.get("FUZZ_SECONDS", "120"))
FOLDER = Path(os.environ.get("FUZZ_FOLDER", ".fuzz"))
SEED = int(os.environ.get("FUZZ_SEED", "0"))
MAX_EVENTS, MAX_EVENT_BYTES, MAX_UNPACKED = 20_000, 64 << 10, 64 << 20
MEMORY = 3 << 30
MAX_SECONDS = 60.0
MOST_CRASHES = 20
CAPTURES = Path(__file__).parent.parent / "captures"
MARKS = (
    b'{ } [ ] " \\ , : \0 \xff \t & = % %7B payload= null NaN 1e999 - "seq": "type" \\ud8 \xef\xbb\xbf'
).split(b" ")
MARKS.append(b"\n")


class Counts(msgspec.Struct):
    """What a run did. Times in seconds, sizes in bytes."""

    inputs: int = 0
    accepted: int = 0
    rejected: int = 0
    refused_bodies: int = 0
    crashes: int = 0
    slowest_seconds: float = 0
    slowest_bytes: int = 0
    slowest: str = ""
    peak_memory: int = 0


COUNTS = Counts()


def with_word(event: dict[str, Any]) -> dict[str, Any]:
    """The event with its game type as a word: a number of it is canonical, and has its word in ClickHouse."""
    gametype = event.get("gametype")
    return event if gametype is None else event | {"gametype": canonical_gametype(gametype)}


def check(result: Decoded) -> None:
    """Each event is taken or rejected, and a line that was passed on as it is says what the rules say."""
    lines = 0
    for events in result.sessions:
        for line, seq in zip(events.lines, events.seqs, strict=True):
            lines += 1
            canonical, tab, _ = line.partition(b"\t")
            assert b"\n" not in line
            pairs = json.loads(canonical, object_pairs_hook=list)
            event = dict(pairs)
            assert len(pairs) == len(event), "a key stands twice"
            assert (-1 if event.get("seq") is None else event["seq"]) == seq
            assert (event.get("session_id") or "") == events.session_id
            if not tab:
                assert with_word(fold(parse(line)[0])) == with_word(event), "the two ways differ"
    assert lines + len(result.rejected) == result.total
    COUNTS.accepted += lines
    COUNTS.rejected += len(result.rejected)


def feed(body: bytes, name: str = "") -> None:
    """Unpack and decode one body. Raises what should not be."""
    started = time.process_time()
    COUNTS.inputs += 1
    try:
        unpacked = bodies.decompress(body, "", MAX_UNPACKED)
        result = decode(unpacked, max_events=MAX_EVENTS, max_event_bytes=MAX_EVENT_BYTES)
    except (TooManyEvents, BodyTooLarge, bodies.BodyUnreadable):
        COUNTS.refused_bodies += 1
        result = None
    took = time.process_time() - started
    if took > COUNTS.slowest_seconds:
        COUNTS.slowest_seconds, COUNTS.slowest_bytes, COUNTS.slowest = (
            took,
            len(body),
            name or repr(body[:60]),
        )
    assert took < MAX_SECONDS, "too slow"
    if result is not None and len(unpacked) < 1 << 20:
        check(result)


def survive(body: bytes, name: str = "") -> None:
    """Feed, and keep what crashed."""
    try:
        feed(body, name)
    except Exception as error:
        COUNTS.crashes += 1
        FOLDER.mkdir(exist_ok=True)
        kept = FOLDER / f"crash-{hashlib.sha256(body).hexdigest()[:12]}"
        kept.write_bytes(body)
        print(f"{kept}: {error!r}", file=sys.stderr)
        if COUNTS.crashes >= MOST_CRASHES:
            raise


def corpus(random: Random) -> list[bytes]:
    """Bodies to begin with: recorded ones and odd ones, in every shape."""
    lines = [line for each in CAPTURES.glob("*/spool.ndjson") for line in each.read_bytes().splitlines()]
    found = []
    for _ in range(200):
        events = random.sample(lines, 2) + [odd_event(random, "s") for _ in range(2)]
        seam = random.choice([b"\n", b",\n", b",", b"", b"\r\n"])
        body = seam.join(events)
        found.append(b"[" + body + b"]" if b"," in seam else body)
    found.append(b"type=player_kill&attacker_name=J%F6rg&damage=7.5&session_id=s&seq=0\ntype=kill&x=%00")
    return found


def mutated(random: Random, body: bytes, other: bytes) -> bytes:
    """The body with some bytes changed, taken out, repeated, or from another."""
    for _ in range(random.randint(1, 5)):
        at, length = random.randint(0, len(body)), random.randint(0, 30)
        way = random.randrange(5)
        if way == 0:
            body = body[:at] + random.choice(MARKS) + body[at + length % 3 :]
        elif way == 1:
            body = body[:at] + random.randbytes(length % 4 + 1) + body[at + length % 4 + 1 :]
        elif way == 2:
            body = body[:at] + body[at + length :]
        elif way == 3:
            body = body[:at] + body[at : at + length] * random.randint(2, 5) + body[at + length :]
        else:
            start = random.randint(0, len(other))
            body = body[:at] + other[start : start + length * 4] + body[at:]
    return body


def mutate(until: float) -> None:
    """Mutated bodies from the seed, until then."""
    random = Random(SEED)
    seeds = corpus(random)
    while time.monotonic() < until:
        survive(mutated(random, random.choice(seeds), random.choice(seeds)))


def led_by_coverage() -> None:
    """Bodies that libFuzzer finds to reach further. It ends the process itself."""
    atheris: Any = importlib.import_module("atheris")

    atheris.instrument_all()
    folder = FOLDER / "corpus"
    folder.mkdir(parents=True, exist_ok=True)
    for body in corpus(Random(SEED)):
        (folder / hashlib.sha256(body).hexdigest()[:16]).write_bytes(body)
    bounds = [
        f"-max_total_time={SECONDS:.0f}",
        "-max_len=8192",
        "-timeout=60",
        f"-rss_limit_mb={MEMORY >> 20}",
    ]
    atheris.Setup(
        [sys.argv[0], *bounds, f"-artifact_prefix={FOLDER}/", "-print_final_stats=1", str(folder)], feed
    )
    atheris.Fuzz()


def huge() -> None:
    """Each large body at the size that the server unpacks at the most."""
    for name, content in HUGE.items():
        survive(grown(content, MAX_UNPACKED - (1 << 20)), name)


def main(*, short: bool) -> int:
    """Run all of it. Exit status 1 when something crashed."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    if not short:
        huge()
    mutate(time.monotonic() + SECONDS)
    COUNTS.peak_memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(msgspec.json.format(msgspec.json.encode(COUNTS)).decode())
    return 1 if COUNTS.crashes else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["coverage"]:
        led_by_coverage()
    else:
        sys.exit(main(short=sys.argv[1:] == ["short"]))
