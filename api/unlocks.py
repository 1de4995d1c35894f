"""Writing down in the forum what its members have earned, whenever that has changed.

Each member has a number that changes with all that may earn them something: matches that are over, ratings,
links, marks, the catalogue. Whoever has another one than when last judged is judged anew, from the beginning:
what comes of it does not depend on how often that is done, or on what was interrupted.
"""

from datetime import UTC, datetime
from typing import Final

import msgspec
import structlog

from api.achievements import queries
from api.achievements.catalogue import ACHIEVEMENTS, DIGEST, Achievement
from api.achievements.judging import Facts, judge
from api.achievements.queries import State, Told
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres
from smf_bridge import achievements
from smf_bridge.achievements import Change, Entry, Progress
from smf_bridge.database import Database

_JUDGES: Final = 0x6A75_6467_6573  # "judges"
_TOGETHER: Final = 200
_STATES: Final = 5_000
# If more members than these would lose something at once, an admin looks at it first.
_FEW: Final = 10

log = structlog.get_logger()


class Recounted(msgspec.Struct):
    """What judging came to. `withheld` says why nobody lost anything who should have."""

    members: int
    judged: int
    changes: list[Change]
    withheld: str | None = None


class Judge:
    """Judges whoever has done something new since it looked last."""

    def __init__(self, clickhouse: ClickHouse, postgres: Postgres, forum: Database | None) -> None:
        self._clickhouse = clickhouse
        self._postgres = postgres
        self._forum = forum
        self._withheld: str | None = None
        self._seen: list[tuple[Told | None, dict[int, int]]] = []

    async def step(self) -> None:
        """Judge, and say once what was withheld."""
        if self._forum is None:
            return
        seen = await queries.told(self._clickhouse), await _known(self._forum)
        # Whom a key belongs to is asked of a dictionary, which may be two seconds behind: so two steps look.
        if self._seen == [seen, seen]:
            return
        done = await recount(self._clickhouse, self._postgres, self._forum)
        for change in done.changes:
            if change.taken:
                log.info("achievements were taken", member=change.member, taken=change.taken)
        if done.withheld and done.withheld != self._withheld:
            log.error("achievements were not taken", cause=done.withheld)
        self._withheld = done.withheld
        # What came meanwhile, and what was just written, is no longer what was seen.
        self._seen = [*self._seen[-1:], seen]


async def recount(
    clickhouse: ClickHouse,
    postgres: Postgres,
    forum: Database,
    *,
    everybody: bool = False,
    dry_run: bool = False,
    force: bool = False,
) -> Recounted:
    """Judge members anew who have another number than when last judged, or `everybody`.

    `dry_run`: only say what would change. `force`: even if many lose something.
    """
    async with postgres.lock(_JUDGES):
        now = datetime.now(UTC)
        if not dry_run:
            entries = [_ENTRIES[id_] for id_ in ACHIEVEMENTS]
            await achievements.keep_catalogue(forum, entries, DIGEST, now)
        known = await _known(forum)
        due = [
            state
            for state in await _states(clickhouse, list(known))
            if everybody or known[state.member] != state.digest
        ]
        done = Recounted(len(known), len(due), [])
        judged = await _judged(clickhouse, due)
        plans = [await achievements.plan(forum, member, each) for member, each in judged.items()]
        losing = {plan.member for plan in plans if plan.taken}
        if len(losing) > _FEW and not force:
            done.withheld = (
                f"{len(losing)} members would lose achievements: is something missing in ClickHouse? "
                "`afteraction forum achievements --dry-run` tells what, `--force` takes them"
            )
        if dry_run:
            done.changes = [plan for plan in plans if plan.granted or plan.taken]
            return done
        for state in due:
            if done.withheld and state.member in losing:
                continue
            change = await achievements.write(forum, state.member, state.digest, judged[state.member], now)
            if change.granted or change.taken:
                done.changes.append(change)
        return done


def entry(of: Achievement) -> Entry:
    """Return an achievement as the forum is told of it."""
    return msgspec.convert(of, Entry, from_attributes=True)


async def _known(forum: Database) -> dict[int, int]:
    """Return the members with a player, each with the number with which they were last judged."""
    return {row.member: row.digest for row in await achievements.members(forum)}


async def _states(clickhouse: ClickHouse, members: list[int]) -> list[State]:
    found: list[State] = []
    for first in range(0, len(members), _STATES):
        found += await queries.states(clickhouse, members[first : first + _STATES])
    return found


async def _judged(clickhouse: ClickHouse, due: list[State]) -> dict[int, list[Progress]]:
    """Return what members have, by member."""
    judged: dict[int, list[Progress]] = {}
    for first in range(0, len(due), _TOGETHER):
        some = due[first : first + _TOGETHER]
        facts = await queries.facts(clickhouse, [state.player for state in some])
        for state in some:
            judged[state.member] = _progress(facts.get(state.player) or Facts(state.player))
    return judged


def _progress(facts: Facts) -> list[Progress]:
    return [
        Progress(
            _ENTRIES[each.achievement.id],
            each.value,
            each.earned,
            each.end.match if each.end else None,
            each.end.at if each.end else None,
            certain=each.end is not None and each.end is not facts.last,
        )
        for each in judge(facts)
    ]


_ENTRIES: Final = {id_: entry(each) for id_, each in ACHIEVEMENTS.items()}
