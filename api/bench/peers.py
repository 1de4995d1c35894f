"""`bench peers`: what other stats systems were measured by, asked of this one in the same way.

Each row sends kills between players of its own, with or without something happening meanwhile, waits until
all tables have what was acknowledged, and asks the API what it counted.
"""

import gzip
import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Final, Literal

import httpx
import msgspec

from api.bench import load, scratch, stream
from api.bench.load import Load
from api.bench.scratch import Instance

Report = Callable[[str, int, int], None]

KILLS: Final = 20_000
# A relay's most for a request. It waits a second at most for them.
_BATCH: Final = 1000
_PLAYERS: Final = 32
_MATCH_PLAYERS: Final = 8
_MATCH_KILLS: Final = 200
_SINGLE_CONNECTIONS: Final = 32
_GZIP_LEVEL: Final = 6
# Until the slowest of several senders stands ready.
_START_SECONDS: Final = 1.5
_POLL_SECONDS: Final = 0.02
_ACCEPTED: Final = re.compile(r'afteraction_events_total{outcome="accepted"} (\S+)')


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A row: who sends what, and what happens to it.

    `batch` is of kills in a request; `rate` of kills a second, 0 for as fast as they are acknowledged. A
    fault comes when a quarter of the kills is acknowledged. `matches` sends a match a request instead, this
    many.
    """

    batch: int = _BATCH
    connections: int = 1
    rate: int = 0
    fault: Literal["", "freeze Postgres", "freeze everything", "kill"] = ""
    senders: int = 1
    at_once: bool = False
    matches: int = 0


def _single(rate: int) -> Plan:
    return Plan(batch=1, connections=_SINGLE_CONNECTIONS, rate=rate)


PLANS: Final[dict[str, Plan]] = {
    "burst": Plan(),
    "paced-1000": Plan(rate=1000),
    "paced-2000": Plan(rate=2000),
    "paced-3000": Plan(rate=3000),
    "paced-5000": Plan(rate=5000),
    "single-burst": _single(0),
    "single-1000": _single(1000),
    "single-2000": _single(2000),
    "single-3000": _single(3000),
    "single-5000": _single(5000),
    "freeze-database": Plan(rate=1000, fault="freeze Postgres"),
    "freeze-everything": Plan(rate=1000, fault="freeze everything"),
    "twice": Plan(senders=2),
    "twice-at-once": Plan(senders=2, at_once=True),
    "kill": Plan(batch=100, fault="kill"),
    "matches": Plan(matches=100),
    "matches-over-4": Plan(matches=100, connections=4),
    "matches-four-times": Plan(matches=20, senders=4, at_once=True),
}


class Row(msgspec.Struct):
    """What became of a row's kills. Seconds are from the first request, latencies milliseconds.

    `acknowledged` counts what 202 was said to, repeats as often as they were sent; `counted` is what the
    players' totals have, and `counted_in_totals` what the totals of everything have. Of `sent` different
    kills, each player's were compared with what their totals say: `lost` are too few, `doubled` too many.
    What is acknowledged of matches includes their starts, joins and ends. With several senders, latencies are
    the slowest one's. `load_average` is the last minute's at the row's end, this bench's own part included.
    """

    row: str
    sent: int
    acknowledged: int
    counted: int
    counted_in_totals: int
    lost: int
    doubled: int
    requests: int
    matches: int | None
    tries_again: int
    seconds: float
    seconds_until_counted: float
    kills_per_second: int
    requests_per_second: float
    ack_ms_p50: float
    ack_ms_p99: float
    ack_ms_max: float
    load_average: float


class PeerFigures(msgspec.Struct):
    """What `bench peers` measured. `load_average_before` is the last minute's before it began."""

    cores: int
    load_average_before: float
    rows: list[Row]


class _Kill(msgspec.Struct):
    attacker_name: str = ""


class _Player(msgspec.Struct):
    name: str


class _Line(msgspec.Struct):
    player: _Player
    kills: int


class _Players(msgspec.Struct):
    players: list[_Line]


class _Totals(msgspec.Struct):
    kills: int
    matches: int


def run(names: Sequence[str], kills: int, freeze_seconds: float, report: Report) -> PeerFigures:
    """Measure the rows of these names; `report(what, done, total)` is called as it goes."""
    load_average = _load_average()
    rows = []
    with (
        tempfile.TemporaryDirectory(prefix="afteraction-bench-") as directory,
        scratch.instance(Path(directory)) as instance,
    ):
        for done, name in enumerate(names):
            report(name, done, len(names))
            rows.append(_measure(instance, name, kills, freeze_seconds, Path(directory)))
    return PeerFigures(os.cpu_count() or 1, load_average, rows)


def _measure(instance: Instance, name: str, kills: int, freeze_seconds: float, folder: Path) -> Row:
    plan = PLANS[name]
    requests = _requests(name, plan, kills)
    expected = Counter(filter(None, map(_killer, chain.from_iterable(requests))))
    bodies = folder / name
    with bodies.open("wb") as file:
        written = sum(1 for _ in stream.write(file, map(_body, requests)))
    before = _totals(instance)
    seen = _send(instance, plan, bodies, written / kills, sum(expected.values()), freeze_seconds)
    drained_at = instance.wait_until_drained()
    after = _totals(instance)
    counted = _counted(instance, name)
    seconds = sum(one.seconds for one in seen) if not plan.at_once else _span(seen)
    return Row(
        row=name,
        sent=expected.total(),
        acknowledged=sum(one.processed for one in seen),
        counted=counted.total(),
        counted_in_totals=after.kills - before.kills,
        lost=(expected - counted).total(),
        doubled=(counted - expected).total(),
        requests=sum(one.requests for one in seen),
        matches=after.matches - before.matches,
        tries_again=sum(one.tries_again for one in seen),
        seconds=round(seconds, 2),
        seconds_until_counted=round(seconds + drained_at - max(one.ended_at for one in seen), 2),
        kills_per_second=round(expected.total() * plan.senders / seconds),
        requests_per_second=round(sum(one.requests for one in seen) / seconds, 1),
        ack_ms_p50=max(one.ms_p50 for one in seen),
        ack_ms_p99=max(one.ms_p99 for one in seen),
        ack_ms_max=max(one.ms_max for one in seen),
        load_average=_load_average(),
    )


def _requests(name: str, plan: Plan, kills: int) -> list[list[bytes]]:
    """The lines of each request."""
    if plan.matches:
        matches = range(min(plan.matches, kills // _MATCH_KILLS))
        return [list(stream.match(name, number, _MATCH_KILLS, _MATCH_PLAYERS)) for number in matches]
    lines = list(stream.kills(name, kills, _PLAYERS))
    # A smaller run is cut into as many requests.
    batch = max(1, min(plan.batch, plan.batch * kills // KILLS))
    return [lines[start : start + batch] for start in range(0, kills, batch)]


def _body(lines: list[bytes]) -> bytes:
    return b"[" + lines[0] + b"]" if len(lines) == 1 else gzip.compress(b"\n".join(lines), _GZIP_LEVEL)


def _killer(line: bytes) -> str:
    return msgspec.json.decode(line, type=_Kill).attacker_name


def _send(
    instance: Instance, plan: Plan, bodies: Path, requests_a_kill: float, kills: int, freeze_seconds: float
) -> list[Load]:
    """Have the row's senders send, and do meanwhile what the row says."""
    starts_at = time.time() + _START_SECONDS if plan.at_once else 0
    url, token, before = instance.url, instance.token, _accepted(instance)

    def one_sender() -> Load:
        return load.send(
            url,
            token,
            bodies,
            plan.connections,
            rate=plan.rate * requests_a_kill,
            starts_at=starts_at,
            persistent=True,
        )

    with ThreadPoolExecutor(plan.senders if plan.at_once else 1) as pool:
        sending = [pool.submit(one_sender) for _ in range(plan.senders)]
        if plan.fault:
            while _accepted(instance) - before < kills // 4 and not sending[0].done():
                time.sleep(_POLL_SECONDS)
        if plan.fault == "kill":
            instance.kill()
            instance.start()
        elif plan.fault:
            instance.freeze(freeze_seconds, postgres_alone=plan.fault == "freeze Postgres")
        return [one.result() for one in sending]


def _load_average() -> float:
    return round(os.getloadavg()[0], 2)


def _span(seen: list[Load]) -> float:
    return max(one.ended_at for one in seen) - min(one.ended_at - one.seconds for one in seen)


def _accepted(instance: Instance) -> int:
    """How many events were new since the instance started."""
    return int(float(_ACCEPTED.findall(_get(instance, "/metrics").text)[0]))


def _totals(instance: Instance) -> _Totals:
    return msgspec.json.decode(_get(instance, "/api/v1/stats/global").content, type=_Totals)


def _counted(instance: Instance, name: str) -> Counter[str]:
    """The kills of each of a row's players."""
    page = _get(instance, "/api/v1/stats/players", q=f"{name} ", limit="100")
    found = msgspec.json.decode(page.content, type=_Players).players
    return Counter(
        {line.player.name: line.kills for line in found if line.player.name.startswith(f"{name} ")}
    )


def _get(instance: Instance, path: str, **parameters: str) -> httpx.Response:
    return httpx.get(instance.url + path, params=parameters, timeout=60).raise_for_status()
