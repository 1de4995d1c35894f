"""Exporting what is kept of a player, and erasing it.

Erasing gives each of the player's keys a stand-in: a client id that nobody ever had. All that was counted
stays counted, under the stand-ins' keys; names, texts, addresses and links go. Nothing is summed anew, so no
total can change. Each step leaves things whole and may be repeated: an erasure that was killed is noted in
Postgres, and completed by the next step of the worker or the next call.
"""

import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from redis.asyncio import Redis

from api import keyed
from api.audit import service as audit
from api.audit.service import Actor
from api.errors import Conflict, NotFound, StoreUnavailable
from api.ingest import job as ingest
from api.ingest import payload, tombstones
from api.ingest.tombstones import GAME_WORDS, shown
from api.keyed import Keyed
from api.logins import links
from api.players import marks, merges, people
from api.players.identities import parse, person
from api.privacy import caches, traces
from api.rebuild.service import finish_blocks
from api.settings import Settings
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Connection, Postgres, fetch
from api.stores.sql import queries

_LOG = queries("clickhouse", "privacy")
_SQL = queries("postgres", "privacy")
_LEFT_OUT = queries("postgres", "left_out")
_STAND_IN: Final = "erased-"
# A member of the forum, who need not have played.
_BY_MEMBER: Final = re.compile(r"member:([1-9]\d{0,8})")
# What counts, and what was taken out of the numbers.
_LOGS: Final = ("raw_events", "raw_events_left_out")
_ERASE: Final = (
    "erase_login_token_history",
    "erase_login_tokens",
    "erase_login_policies",
    "erase_trusted_ips",
    "erase_pending_ip_approvals",
    "erase_smf_user_mappings",
    "erase_forum_changes",
    "tell_forum",
    "erase_changed_links",
    "erase_player_merges",
    "erase_admin_marks",
    "erase_changed_marks",
    "erase_erasures_asked",
)
Row = dict[str, Any]


class Erased(msgspec.Struct):
    """What an erasure took out, or in a dry run would."""

    done: bool
    rows: Annotated[dict[str, int], Meta(description="rows with the player in them, by table")]
    player: Annotated[str | None, Meta(description="the anonymous player whose the counts are now")] = None
    namesakes: Annotated[
        list[str], Meta(description="other players who used one of the names, perhaps the same person")
    ] = []


class Export(msgspec.Struct):
    """All that is kept of a player."""

    player: str
    exported_at: datetime
    keys: Annotated[list[str], Meta(description="all ids of the player, linked ones too")]
    names: list[str]
    client_ids: list[str]
    member_ids: list[int]
    events: Annotated[int, Meta(description="in the log, with the player in them")]
    counts: Annotated[dict[str, list[Row]], Meta(description="the player's rows of every table of counts")]
    chat: list[Row]
    links: list[Row]
    marks: Annotated[list[Row], Meta(description="what admins said of the player")]
    logins: list[Row]
    addresses: list[Row]
    approvals: list[Row]
    quarantine: list[Row]
    audit: list[Row]


class _Who(msgspec.Struct):
    """A person, in clear text, for as long as an erasure lasts."""

    player: int
    keys: list[int]
    names: list[str]
    clients: list[str]
    members: list[int]
    # Of each key, in their order.
    known_by: list[tuple[str, str]]


class _Work(_Who, kw_only=True):
    """An erasure under way."""

    stand_ins: list[str]
    stand_in_keys: list[int]
    rows: dict[str, int]
    by: Actor


class _Unfinished(msgspec.Struct):
    id: int
    until: datetime
    stand_in: str
    work: _Work


class _Identity(msgspec.Struct):
    player_key: int
    client: str
    names: list[str]
    shown_names: list[str]
    known_by: tuple[str, str]


class _Id(msgspec.Struct):
    id: int


class _PublicId(msgspec.Struct):
    id: str


class _Member(msgspec.Struct):
    member_id: int


class _Asked(msgspec.Struct):
    member_id: int
    asked_by: Actor


class _AskedAt(msgspec.Struct):
    asked_at: datetime


class _Client(msgspec.Struct):
    client_id: str


class _Keyed(msgspec.Struct):
    client: str
    player_key: int


class _Table(msgspec.Struct):
    """A table with players: queries of the person's rows, how many they are, and all rows as they will be."""

    name: str
    held_rows: str
    counted: str
    rewritten: str


class _Name(msgspec.Struct):
    name: str


class _Count(msgspec.Struct):
    events: int


class _Sum(msgspec.Struct):
    events: int
    checksum: int


class _Reason(msgspec.Struct):
    id: int
    reason: str


class _Month(msgspec.Struct):
    partition: str
    events: int


class _SetAside(msgspec.Struct):
    id: int
    payload: bytes


class _Quarantined(msgspec.Struct):
    id: int
    server_id: int
    code: str
    reason: str
    original: bytes
    first_seen_at: datetime
    last_seen_at: datetime
    times: int


async def erase(
    postgres: Postgres,
    clickhouse: ClickHouse,
    redis: Redis,
    settings: Settings,
    public_id: str,
    by: Actor,
    *,
    dry_run: bool,
) -> Erased:
    """Take a player out of everything, or in a dry run count what that would be.

    `public_id`: of the player, or `member:7` for a member of the forum, played or not. Writers wait.
    Raises NotFound for a player of whom nothing is kept, Conflict for one who was erased, while ClickHouse
    refuses a block, and on a cluster.
    """
    key, member = await _of(clickhouse, public_id)
    if dry_run:
        who = await _who(postgres, clickhouse, key, member)
        rows = await _count(postgres, clickhouse, redis, who)
        return Erased(False, rows, None, await _namesakes(clickhouse, who))
    async with _alone(postgres, clickhouse) as lock:
        await finish_blocks(postgres, clickhouse, settings)
        done = await _finish_all(postgres, clickhouse, redis, settings, lock)
        for work, erased in done:
            if key in work.keys:
                return erased
        await links.write_changed_now(postgres, clickhouse)
        await marks.write_changed_now(postgres, clickhouse)
        who = await _who(postgres, clickhouse, key, member)
        await _begin(postgres, clickhouse, redis, settings, who, by)
        return (await _finish_all(postgres, clickhouse, redis, settings, lock))[-1][1]


async def finish(postgres: Postgres, clickhouse: ClickHouse, redis: Redis, settings: Settings) -> int:
    """Complete erasures that were begun and killed, and return how many those were."""
    if clickhouse.cluster or not await postgres.rows(_SQL["unfinished"], _Unfinished):
        return 0
    async with _alone(postgres, clickhouse) as lock:
        await finish_blocks(postgres, clickhouse, settings)
        return len(await _finish_all(postgres, clickhouse, redis, settings, lock))


async def ask(postgres: Postgres, member_id: int, by: Actor) -> None:
    """Note that a member is to be erased. A worker does it, and again until it is done."""
    async with postgres.transaction() as connection:
        await connection.execute(_SQL["ask"], (member_id, msgspec.json.encode(by).decode()))
        await audit.record(connection, by, "player.ask_to_erase", f"member {member_id}")


async def asked_at(postgres: Postgres, member_id: int) -> datetime | None:
    """Return since when a member is to be erased; None when nothing is to be done."""
    found = await postgres.rows(_SQL["asked_at"], _AskedAt, member_id)
    return found[0].asked_at if found else None


async def erase_who_asked(
    postgres: Postgres, clickhouse: ClickHouse, redis: Redis, settings: Settings
) -> None:
    """Erase the members who have asked for it. Raises as `erase` does; then all of them still wait."""
    for row in await postgres.rows(_SQL["asked"], _Asked):
        stores = postgres, clickhouse, redis, settings
        await erase(*stores, f"member:{row.member_id}", row.asked_by, dry_run=False)


async def export(
    postgres: Postgres, clickhouse: ClickHouse, settings: Settings, public_id: str, by: Actor
) -> Export:
    """Return all that is kept of a player, or of `member:7`, and note that it was handed out.

    Raises NotFound for a player of whom nothing is kept.
    """
    who = await _who(postgres, clickhouse, *await _of(clickhouse, public_id))
    found = _in_postgres(who)
    counts = {}
    for table in await _tables(clickhouse, who, who.keys, [str(key) for key in who.keys]):
        counts[table.name] = await clickhouse.rows(table.held_rows, Row)
    told = [month for log in _LOGS for month in await _told(clickhouse, who, log)]
    hashes = keyed.load(settings)
    trusted = await postgres.rows(_SQL["addresses"], Row, who.members)
    asked = await postgres.rows(_SQL["approvals"], Row, **found)
    await audit.note(postgres, by, "player.export", f"player {public_id}")
    return Export(
        player=f"{who.player:016x}",
        exported_at=(await postgres.rows("SELECT now() AS at", _Moment))[0].at,
        keys=[f"{key:016x}" for key in who.keys],
        names=who.names,
        client_ids=who.clients,
        member_ids=who.members,
        events=sum(month.events for month in told),
        counts=counts,
        chat=await clickhouse.rows(_LOG["chat"], Row, keys=who.keys),
        links=await postgres.rows(_SQL["links"], Row, **found),
        marks=await postgres.rows(_SQL["marks"], Row, **found),
        logins=await postgres.rows(_SQL["logins"], Row, **found),
        addresses=[_unsealed(row, hashes) for row in trusted],
        approvals=[_unsealed(row, hashes) for row in asked],
        quarantine=[_readable(row) for row in await _quarantined(postgres, who)],
        audit=await _audited(postgres, who),
    )


class _Moment(msgspec.Struct):
    at: datetime


def _unsealed(row: Row, hashes: Keyed) -> Row:
    return {"network": hashes.unseal(row.pop("network_sealed"))} | row


def _readable(row: _Quarantined) -> Row:
    return msgspec.structs.asdict(row) | {"original": row.original.decode("utf-8", "backslashreplace")}


@asynccontextmanager
async def _alone(postgres: Postgres, clickhouse: ClickHouse) -> AsyncIterator[Connection]:
    """Keep out all who write events, links and merges, and give the connection on which that hangs."""
    if clickhouse.cluster:
        raise Conflict("on a cluster nobody can be erased from here; docs/privacy.md says how")
    async with (
        ingest.writers(postgres, exclude=True) as lock,
        links.writer(postgres),
        merges.deciding(postgres),
    ):
        yield lock


async def _of(clickhouse: ClickHouse, public_id: str) -> tuple[int, int | None]:
    """Return the key of whom an id means, and the member if it names one. Raises NotFound."""
    named = _BY_MEMBER.fullmatch(public_id)
    if named is None:
        return parse(public_id), None
    member = int(named[1])
    return parse(await links.player_of(clickhouse, member)), member


async def _who(postgres: Postgres, clickhouse: ClickHouse, key: int, member: int | None) -> _Who:
    """Return a person by any of their keys: what the log and the logins know."""
    found = await person(clickhouse, key)
    rows = await clickhouse.rows(_LOG["identities"], _Identity, keys=found.keys)
    if any(row.client.startswith(_STAND_IN) for row in rows):
        raise Conflict(f"player {key:016x} has been erased, and is nobody")
    clients = {row.client for row in rows if row.client}
    members = {row.member_id for row in await postgres.rows(_SQL["members_of"], _Member, sorted(clients))}
    members |= {member} if member is not None else await _members(postgres, clickhouse, found.player)
    clients |= {row.client_id for row in await postgres.rows(_SQL["clients_of"], _Client, sorted(members))}
    if not rows and not members:
        raise NotFound(f"no player has the id {key:016x}: nothing is kept of one")
    # A client that logged in and sent nothing yet has a key, too.
    of_clients = await clickhouse.rows(_LOG["keys_of"], _Keyed, clients=sorted(clients)) if clients else []
    known_by = {row.player_key: row.known_by for row in rows}
    known_by |= {row.player_key: ("client", row.client) for row in of_clients}
    keys = sorted({*found.keys, *(row.player_key for row in of_clients)})
    names = {name for row in rows for name in (*row.names, *row.shown_names)}
    return _Who(
        found.player,
        keys,
        sorted(names),
        sorted(clients),
        sorted(members),
        [known_by.get(each, ("", "")) for each in keys],
    )


async def _members(postgres: Postgres, clickhouse: ClickHouse, player: int) -> set[int]:
    """Return the member who a player is, if the logins know them: one who logged in need not have played."""
    known = [row.member_id for row in await postgres.rows(_SQL["known_members"], _Member)]
    return set((await links.members_among(clickhouse, known, [f"{player:016x}"])).values())


async def _namesakes(clickhouse: ClickHouse, who: _Who) -> list[str]:
    rows = await clickhouse.rows(_LOG["namesakes"], _PublicId, names=who.names, keys=who.keys)
    return [row.id for row in rows]


def _patterns(who: _Who) -> Row:
    """Return by what the person is found in the log."""
    texts = [*who.names, *who.clients]
    return {
        "keys": who.keys,
        "members": who.members,
        "names": who.names,
        "needles": traces.spellings(texts),
        "words": traces.as_words(texts),
        "in_json": traces.in_json(texts),
        "in_form": traces.in_form(texts),
        "in_list": traces.in_list(texts),
        "game_words": sorted(GAME_WORDS),
    }


async def _tables(
    clickhouse: ClickHouse, who: _Who, stand_in_keys: list[int], stand_ins: list[str]
) -> list[_Table]:
    return await clickhouse.rows(
        _LOG["tables"], _Table, keys=who.keys, stand_ins=stand_in_keys, clients=stand_ins
    )


async def _count(postgres: Postgres, clickhouse: ClickHouse, redis: Redis, who: _Who) -> dict[str, int]:
    rows = {log: sum(month.events for month in await _told(clickhouse, who, log)) for log in _LOGS}
    for table in await _tables(clickhouse, who, who.keys, [str(key) for key in who.keys]):
        rows[table.name] = await _touched(clickhouse, table)
    found = _in_postgres(who)
    rows |= (await postgres.rows(_SQL["count"], dict[str, int], **found))[0]
    rows["quarantine"] = len(await _quarantined(postgres, who))
    rows["audit_log"] = len(await _audited(postgres, who))
    rows["redis"] = len(await caches.naming(redis, _texts(who)))
    return rows


async def _told(clickhouse: ClickHouse, who: _Who, log: str) -> list[_Month]:
    return await clickhouse.rows(_LOG["told_in_log"], _Month, log=log, **_patterns(who))


async def _touched(clickhouse: ClickHouse, table: _Table) -> int:
    return (await clickhouse.rows(table.counted, _Count))[0].events


async def _quarantined(postgres: Postgres, who: _Who) -> list[_Quarantined]:
    pattern = traces.in_bytes([*who.names, *who.clients])
    found: list[_Quarantined] = []
    top = 2**63 - 1
    while rows := await postgres.rows(_SQL["quarantine"], _Quarantined, top):
        found += [r for r in rows if pattern.search(r.original) or pattern.search(r.reason.encode())]
        top = rows[-1].id
    return found


async def _audited(postgres: Postgres, who: _Who) -> list[Row]:
    texts = msgspec.json.encode({"texts": _texts(who)}).decode()
    return await postgres.rows(_SQL["audited"], Row, subjects=_subjects(who), texts=texts)


def _in_postgres(who: _Who) -> Row:
    """Return by what the person is found in Postgres."""
    ids = [f"{key:016x}" for key in who.keys]
    return {
        "clients": who.clients,
        "members": who.members,
        "ids": ids,
        "keys": [str(key) for key in who.keys],
    }


def _subjects(who: _Who) -> list[str]:
    members = [f"member {member}" for member in who.members]
    return [*members, *(f"player {key:016x}" for key in who.keys), *(f"client {c}" for c in who.clients)]


def _texts(who: _Who) -> list[str]:
    """Return every text that names the person."""
    return [*who.names, *who.clients, *(f"{key:016x}" for key in who.keys)]


async def _begin(
    postgres: Postgres, clickhouse: ClickHouse, redis: Redis, settings: Settings, who: _Who, by: Actor
) -> None:
    """Note what is to be done, and set the tombstones. From here on it will be completed."""
    stand_ins = [_STAND_IN + secrets.token_hex(16) for _ in who.keys]
    made = {
        row.client: row.player_key
        for row in await clickhouse.rows(_LOG["keys_of"], _Keyed, clients=stand_ins)
    }
    work = _Work(
        **msgspec.structs.asdict(who),
        stand_ins=stand_ins,
        stand_in_keys=[made[client] for client in stand_ins],
        rows=await _count(postgres, clickhouse, redis, who),
        by=by,
    )
    hashes = keyed.load(settings)
    stones = {
        hashes.hash(*known): mine for known, mine in zip(who.known_by, stand_ins, strict=True) if known[0]
    }
    of_person = stand_ins[who.keys.index(who.player)]
    stones |= {hashes.hash("member", str(member)): of_person for member in who.members}
    # By these, nobody is known; they are looked for in what others write.
    stones |= {hashes.hash("said", name): of_person for name in map(shown, who.names) if traces.is_word(name)}
    public = f"{made[of_person]:016x}"
    async with postgres.transaction() as connection:
        begun = await fetch(connection, _SQL["begin"], _Id, (public, msgspec.json.encode(work).decode()))
        await connection.execute(_SQL["bury"], (list(stones), list(stones.values()), begun[0].id))


async def _finish_all(
    postgres: Postgres, clickhouse: ClickHouse, redis: Redis, settings: Settings, lock: Connection
) -> list[tuple[_Work, Erased]]:
    """Complete what was begun; the caller keeps writers out."""
    done = []
    for unfinished in await postgres.rows(_SQL["unfinished"], _Unfinished):
        await _clean_log(clickhouse, unfinished.work, lock)
        await _clean_tables(clickhouse, unfinished.work, lock)
        await caches.forget(redis, _texts(unfinished.work))
        done.append((unfinished.work, await _clean_postgres(postgres, clickhouse, settings, unfinished)))
        await marks.write_changed_now(postgres, clickhouse)
        await clickhouse.command("OPTIMIZE TABLE player_marks FINAL")
        await people.refresh(clickhouse)
    return done


async def _clean_log(clickhouse: ClickHouse, work: _Work, lock: Connection) -> None:
    """Write each month of the log that names the person anew, beside it, and put it in place at once."""
    patterns = _patterns(work)
    for log, month in [(name, month) for name in _LOGS for month in await _told(clickhouse, work, name)]:
        fresh, without = f"{log}__erased", _LOG["log_without"]
        await clickhouse.command(f"DROP TABLE IF EXISTS {fresh} SYNC")
        await clickhouse.command(f"CREATE TABLE {fresh} AS {log}")
        await clickhouse.command(
            f"INSERT INTO {fresh} {without}",
            **patterns,
            log=log,
            stand_ins=work.stand_in_keys,
            clients=work.stand_ins,
            partition=month.partition,
        )
        await _same(clickhouse, log, fresh, month.partition)
        # A lock that was lost with its connection keeps no writer out: then nothing is put in place.
        await lock.execute("SELECT 1")
        await clickhouse.command(f"ALTER TABLE {log} REPLACE PARTITION ID '{month.partition}' FROM {fresh}")
        await clickhouse.command(f"DROP TABLE {fresh} SYNC")


async def _same(clickhouse: ClickHouse, table: str, fresh: str, partition: str) -> None:
    """Raise StoreUnavailable unless a month written anew says what it said, as on a full disk it may not."""
    before = await clickhouse.one(_LOG["untouched"], _Sum, table=table, partition=partition)
    after = await clickhouse.one(_LOG["untouched"], _Sum, table=fresh, partition=partition)
    if before != after:
        raise StoreUnavailable("clickhouse", f"a copy of {table} came out short; is the disk full?")


async def _clean_tables(clickhouse: ClickHouse, work: _Work, lock: Connection) -> None:
    """Give the person's rows of every other table to the stand-ins: a copy beside it, exchanged at once."""
    for left in await clickhouse.rows(_LOG["leftovers"], _Name):
        await clickhouse.command(f"DROP TABLE {left.name} SYNC")
    for table in await _tables(clickhouse, work, work.stand_in_keys, work.stand_ins):
        if not await _touched(clickhouse, table):
            continue
        fresh = f"{table.name}__erased"
        await clickhouse.command(f"CREATE TABLE {fresh} AS {table.name}")
        await clickhouse.command(f"INSERT INTO {fresh} {table.rewritten}")
        await lock.execute("SELECT 1")
        await clickhouse.command(f"EXCHANGE TABLES {fresh} AND {table.name}")
        await clickhouse.command(f"DROP TABLE {fresh} SYNC")


async def _clean_postgres(
    postgres: Postgres, clickhouse: ClickHouse, settings: Settings, unfinished: _Unfinished
) -> Erased:
    """Take the person out of Postgres, write down that it was done, and forget who it was: all or nothing."""
    work = unfinished.work
    quarantined = [row.id for row in await _quarantined(postgres, work)]
    audited = [row["id"] for row in await _audited(postgres, work)]
    namesakes = await _namesakes(clickhouse, work)
    async with postgres.transaction() as connection:
        stand_ins = [str(key) for key in work.stand_in_keys]
        found = _in_postgres(work) | {"stand_in": unfinished.stand_in, "stand_in_keys": stand_ins}
        for name in _ERASE:
            work.rows[name.removeprefix("erase_")] = (await connection.execute(_SQL[name], found)).rowcount
        erased = await tombstones.read(connection, keyed.load(settings))
        for row in await fetch(connection, _SQL["set_aside"], _SetAside):
            packed = payload.pack(list(erased.hold(payload.unpack(row.payload))))
            await connection.execute(_SQL["replace_set_aside"], (packed, row.id))
        await connection.execute(_SQL["erase_quarantine"], (quarantined,))
        pattern = traces.in_bytes([*work.names, *work.clients])
        reasons = await fetch(connection, _LEFT_OUT["reasons"], _Reason)
        named = [row.id for row in reasons if pattern.search(row.reason.encode())]
        await connection.execute(_LEFT_OUT["blank"], (named,))
        await marks.forget_reasons(connection, lambda text: pattern.search(text.encode()))
        await connection.execute(_SQL["blacken"], (_subjects(work), audited))
        rows = msgspec.json.encode(work.rows).decode()
        await connection.execute(_SQL["finish"], (rows, unfinished.id))
        after = {"erasure": unfinished.id, "rows": work.rows}
        await audit.record(connection, work.by, "player.erase", f"player {unfinished.stand_in}", after=after)
    return Erased(True, work.rows, unfinished.stand_in, namesakes)
