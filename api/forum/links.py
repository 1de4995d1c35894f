"""Links of clients to members: the forum's database has the truth, Postgres a copy that is kept in step.

A login is decided in Postgres, which must not wait for the forum; what it changes is noted in the same
transaction and told to the forum by the next step. What the forum has and nobody here told it (a backup that
was put back, an admin's own hands) is found by the reconciliation, and holds.
"""

from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec
import structlog

from api.audit import service as audit
from api.audit.service import Actor
from api.errors import NotFound
from api.logins import links as logins
from api.logins import locks
from api.settings import Settings
from api.stores.postgres import Connection, Postgres, fetch
from api.stores.sql import queries
from smf_bridge import alerts, erasing, links, members
from smf_bridge.database import Database, Transaction
from smf_bridge.links import Code, Link
from smf_bridge.members import Gone

_SQL = queries("postgres", "forum")
_TELLER: Final = 0x666F_7275_6D21  # "forum!"
# More than so many links, and more than half of them, do not end without an admin's word.
_FEW: Final = 10

log = structlog.get_logger()

What = Literal["only_in_forum", "only_kept", "other_member", "no_such_member"]


class Difference(msgspec.Struct):
    """A client of which the forum and the copy say different things. `mended`: now the copy says the same."""

    client_id: str
    what: What
    forum_member: int | None
    kept_member: int | None
    mended: bool = False


class Reconciled(msgspec.Struct):
    """What a reconciliation found. `withheld` says why it mended nothing.

    `gone`: whom the forum has deleted, and who still stands in the bridge's tables. Erasing is an admin's.
    """

    links: int
    told: int
    differences: list[Difference]
    gone: list[Gone]
    withheld: str | None = None


class _Change(msgspec.Struct):
    kind: Literal["link", "code", "erased"]
    subject: str
    changes: int
    linked_member: int | None
    claimed_at: datetime | None
    code_member: int | None
    created_at: datetime | None
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


class _Kept(msgspec.Struct):
    client_id: str
    member_id: int | None
    waits: bool


class _Now(msgspec.Struct):
    waits: bool
    member_id: int | None


async def step(postgres: Postgres, forum: Database | None) -> int:
    """Tell the forum what has changed, and return how much that was. Without a forum, forget it."""
    if forum is None:
        await postgres.execute(_SQL["forget"])
        return 0
    if not await postgres.rows(_SQL["changes"], _Change):
        return 0
    async with postgres.lock(_TELLER):
        return await _tell(postgres, forum)


async def tidy(forum: Database | None, settings: Settings) -> None:
    """Forget codes and alerts in the forum's database whose time is over."""
    if forum is not None:
        now = datetime.now(UTC)
        await links.forget_codes(forum, now - timedelta(days=settings.login_history_days))
        await alerts.tidy(forum, now)


async def reconcile_daily(postgres: Postgres, forum: Database | None) -> None:
    """Make the copy what the forum says, and log what was different."""
    if forum is None:
        return
    done = await reconcile(postgres, forum, Actor("job", "reconciliation"))
    for difference in done.differences:
        log.warning("a link was not as the forum has it", **msgspec.structs.asdict(difference))
    for each in done.gone:
        log.warning("the forum has deleted a member who is still known here", member=each.member, **each.rows)
    if done.withheld:
        log.error("links were not reconciled", cause=done.withheld)


async def reconcile(
    postgres: Postgres,
    forum: Database,
    by: Actor,
    *,
    dry_run: bool = False,
    force: bool = False,
    refill: bool = False,
) -> Reconciled:
    """Compare all links, and make the copy what the forum says.

    `force`: even if most links end by that. `refill`: first fill the forum's table from the copy.
    """
    async with postgres.lock(_TELLER):
        if refill and not dry_run:
            await postgres.execute(_SQL["tell_all"])
        told = 0 if dry_run else await _tell(postgres, forum)
        there = {link.client_id: link for link in await links.everything(forum)}
        kept = {row.client_id: row for row in await postgres.rows(_SQL["kept"], _Kept)}
        found = _differences(there, kept)
        done = Reconciled(len(there), told, found, await members.gone(forum))
        ending = sum(each.what == "only_kept" for each in found)
        had = sum(row.member_id is not None for row in kept.values())
        if ending > _FEW and ending * 2 > had and not force:
            done.withheld = (
                f"{ending} of {had} links would end: was the table lost? `afteraction forum reconcile "
                "--refill` fills it from the copy, `--force` ends them"
            )
        if not dry_run and not done.withheld:
            for difference in found:
                difference.mended = await _mend(postgres, difference, there.get(difference.client_id), by)
    return done


def _differences(there: dict[str, Link], kept: dict[str, _Kept]) -> list[Difference]:
    found = []
    for client_id in sorted(there.keys() | kept.keys()):
        copy, link = kept.get(client_id), there.get(client_id)
        mine = copy.member_id if copy else None
        if copy and copy.waits:
            continue
        if link is None:
            found.append(Difference(client_id, "only_kept", None, mine))
        elif link.name is None:
            found.append(Difference(client_id, "no_such_member", link.member_id, mine))
        elif mine != link.member_id:
            what: What = "only_in_forum" if mine is None else "other_member"
            found.append(Difference(client_id, what, link.member_id, mine))
    return found


async def _mend(postgres: Postgres, difference: Difference, link: Link | None, by: Actor) -> bool:
    """Make the copy what the forum says of a client, unless either has changed since."""
    if difference.what == "no_such_member":
        return False
    client_id = difference.client_id
    async with postgres.transaction() as connection:
        for member in sorted({difference.forum_member or 0, difference.kept_member or 0} - {0}):
            await locks.member(connection, member)
        await locks.client(connection, client_id)
        now = (await fetch(connection, _SQL["now"], _Now, {"client": client_id}))[0]
        if now.waits or now.member_id != difference.kept_member:
            return False
        if link is None:
            await _end(connection, client_id, difference.kept_member or 0)
        else:
            row = {"client": client_id, "member": link.member_id, "name": link.name, "at": link.linked_at}
            await connection.execute(_SQL["adopt"], row)
            await logins.link(connection, client_id, link.member_id)
        before, after = {"member": difference.kept_member}, {"member": difference.forum_member}
        subject = f"client {client_id}"
        await audit.record(connection, by, "forum.reconcile", subject, before=before, after=after)
    return True


async def _end(connection: Connection, client_id: str, member_id: int) -> None:
    try:
        await logins.unlink(connection, client_id, member_id)
    except NotFound as error:
        raise AssertionError("the link was there a moment ago, under a lock") from error


async def _tell(postgres: Postgres, forum: Database) -> int:
    """Tell the forum all that waits, as the one who does."""
    told = 0
    while changes := await postgres.rows(_SQL["changes"], _Change):
        await forum.run(lambda transaction, rows=changes: _write(transaction, rows))  # type: ignore[misc]
        # One that has changed again meanwhile stays.
        for row in changes:
            await postgres.execute(_SQL["told"], row.kind, row.subject, row.changes)
        told += len(changes)
    return told


def _write(transaction: Transaction, changes: list[_Change]) -> None:
    for row in changes:
        if row.kind == "erased":
            erasing.erase(transaction, int(row.subject), datetime.now(UTC))
        elif row.kind == "link":
            if row.linked_member is None or row.claimed_at is None:
                links.unlink(transaction, row.subject)
            else:
                links.link(transaction, row.subject, row.linked_member, row.claimed_at)
        elif row.code_member is not None and row.created_at and row.expires_at:
            ended = row.used_at or row.revoked_at
            outcome: links.Outcome = "used" if row.used_at else "revoked" if row.revoked_at else "issued"
            code = Code(int(row.subject), row.created_at, row.expires_at, outcome, ended)
            links.note_code(transaction, row.code_member, code)
