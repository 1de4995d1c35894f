"""The command `afteraction`."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from types import FrameType
from typing import Any, NoReturn, TypeVar

import click
import msgspec
import uvloop
from redis.asyncio import Redis
from rich.markup import escape

from api import __version__, demo, jobs, keyed, logging, privacy_key, settings
from api.audit import service as auditing
from api.audit.service import command_line
from api.auth import keys
from api.auth.tokens import Kind
from api.bench.commands import bench
from api.doctor import Finding, OverHttp, examine, examine_forum
from api.embedded import engines
from api.embedded.engines import Engines
from api.errors import AfterActionError, ConfigurationError
from api.forum.links import Reconciled, reconcile
from api.ingest import blocks
from api.left_out import service as left_out
from api.platform import Platform, opened, opened_postgres
from api.players.marks import Marked, Reason
from api.players.merges import Merged
from api.privacy.service import Erased
from api.rebuild import service as rebuilding
from api.servers import queries as server_queries
from api.servers import service as servers
from api.settings import Settings
from api.stores import redis as redis_store
from api.stores.migrations import migrate_postgres
from api.stores.postgres import Postgres
from api.terminal import as_json, out, print_json, progress, say, speaks_plainly
from smf_bridge import address as forum_address
from smf_bridge import schema
from smf_bridge.address import Address
from smf_bridge.database import Database

R = TypeVar("R")


@click.group(help="After Action: stats for communities that run their own game servers.")
@click.version_option(__version__, prog_name="afteraction")
def main() -> None:
    """Entry point."""


def _load() -> Settings:
    found = settings.load()
    logging.configure(found)
    return found


def _stop_on_terminate() -> None:
    """Let SIGTERM unwind the process as Ctrl-C does, so that the engines are stopped in order."""

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)


@main.command(help="Run everything in this process: engines, migrations, API and worker.")
@speaks_plainly
def up() -> None:
    """Run all in one until Ctrl-C."""
    from api import serving

    loaded = _load()
    _stop_on_terminate()
    with serving.listening(loaded) as sockets, engines.running(loaded, say) as found:
        try:
            uvloop.run(serving.everything(loaded, found, sockets, say))
        except KeyboardInterrupt:
            say("stopping")
    say("stopped")


@main.command(help="Serve the API alone, over server engines; run as many as you like.")
@speaks_plainly
def serve() -> None:
    """Serve HTTP until Ctrl-C."""
    from api import serving

    loaded = _load()
    _stop_on_terminate()
    found = engines.servers(loaded, "serve")
    with serving.listening(loaded) as sockets:
        uvloop.run(serving.api_only(loaded, found, sockets, say))


@main.command(help="Run the worker alone, over server engines; run as many as you like.")
@speaks_plainly
def worker() -> None:
    """Work until Ctrl-C."""
    from api import serving

    loaded = _load()
    _stop_on_terminate()
    say("working; Ctrl-C stops")
    uvloop.run(serving.worker_only(loaded, engines.servers(loaded, "worker")))


@main.command(help="Bring the stores' schemas up to date.")
@click.option("--dry-run", is_flag=True, help="Only say what would run.")
@click.option("--fill-by-hand", is_flag=True, help="Leave what is made anew empty: docs/scale.md says when.")
@as_json
@speaks_plainly
def migrate(dry_run: bool, fill_by_hand: bool, json_: bool) -> None:
    """Run the numbered SQL files that have not run yet."""
    loaded = _load()

    async def run(platform: Platform) -> None:
        steps = await rebuilding.migrate(
            platform.postgres,
            platform.clickhouse,
            loaded,
            _say_filled,
            dry_run=dry_run,
            fill_by_hand=fill_by_hand,
        )
        if json_:
            print_json(steps)
            return
        for step in steps:
            out.print(
                f"{'would run' if dry_run else 'ran'} {step.engine} {step.number:04d}_{step.name}",
                highlight=False,
            )
            if dry_run:
                click.echo("".join(f"{statement};\n" for statement in step.statements), nl=False)
        if not steps:
            out.print("the schemas are up to date")

    _with_platform(loaded, run, migrated=False)


@main.group(
    help="The forum's pages: without a command, serve them alone, over server engines (docs/forum.md).",
    invoke_without_command=True,
)
@click.pass_context
@speaks_plainly
def forum(context: click.Context) -> None:
    """Serve the forum's pages alone until Ctrl-C, or run a command about the forum."""
    if context.invoked_subcommand is not None:
        return
    from api import serving

    loaded = _load()
    _forum_address(loaded)
    _stop_on_terminate()
    found = engines.servers(loaded, "forum")
    with serving.listening(loaded) as sockets:
        uvloop.run(serving.forum_only(loaded, found, sockets, say))


@forum.command("migrate", help="Make the tables in the forum's database, or bring them up to date.")
@click.option("--dry-run", is_flag=True, help="Only say what would run.")
@as_json
@speaks_plainly
def forum_migrate(dry_run: bool, json_: bool) -> None:
    """Run the numbered SQL files of the bridge that have not run yet."""
    steps = schema.migrate(_forum_address(_load()), dry_run=dry_run)
    if json_:
        print_json(steps)
        return
    for step in steps:
        out.print(f"{'would run' if dry_run else 'ran'} {step.number:04d}_{step.name}", highlight=False)
        if dry_run:
            click.echo("".join(f"{statement};\n" for statement in step.statements), nl=False)
    if not steps:
        out.print("the forum's tables are up to date")


@forum.command("reconcile", help="Compare all links of players with the forum's, which hold.")
@click.option("--dry-run", is_flag=True, help="Only say what differs.")
@click.option("--force", is_flag=True, help="Even if most links end by that.")
@click.option("--refill", is_flag=True, help="First fill the forum's table, if it was lost.")
@as_json
@speaks_plainly
def forum_reconcile(dry_run: bool, force: bool, refill: bool, json_: bool) -> None:
    """Reconcile the links."""
    where = _forum_address(_load())
    by = command_line()

    async def run(postgres: Postgres) -> Reconciled:
        database = Database(where)
        try:
            return await reconcile(postgres, database, by, dry_run=dry_run, force=force, refill=refill)
        finally:
            database.close()

    done = _with_postgres(run)
    if json_:
        print_json(done)
    else:
        for each in done.differences:
            said = f"{each.client_id}: forum {each.forum_member or '-'}, here {each.kept_member or '-'}"
            out.print(
                f"{said}  {each.what}{'  mended' if each.mended else ''}", highlight=False, markup=False
            )
        out.print(f"{done.links} links in the forum, {len(done.differences)} differences", highlight=False)
        if done.withheld:
            say(done.withheld)
    if done.withheld:
        sys.exit(1)


@forum.command("grants", help="Print the least that USER, as 'name'@'host', is to be granted.")
@click.argument("user", default="'afteraction'@'localhost'")
@speaks_plainly
def forum_grants(user: str) -> None:
    """Print GRANT statements for an admin of MariaDB."""
    for statement in schema.grants(_forum_address(_load()), user):
        click.echo(statement)


def _forum_address(loaded: Settings) -> Address:
    if not loaded.forum_url:
        raise ConfigurationError(
            f"no forum is set: {forum_address.SETTING}=mysql://user:password@host/database?prefix=smf_ names "
            "the database of the SMF forum. All but the forum's pages works without one; docs/forum.md says "
            "what it adds"
        )
    return forum_address.parse(loaded.forum_url)


@main.group(help="Game servers and their tokens.")
def server() -> None:
    """Commands about game servers."""


@server.command("add", help="Add a game server; prints its token, once.")
@click.argument("name")
@as_json
@speaks_plainly
def server_add(name: str, json_: bool) -> None:
    """Add a server."""
    token = _with_postgres(lambda postgres: servers.add(postgres, name))
    _show_token(name, token, json_)


@server.command("rotate", help="Give a server a new token; the old one holds a while longer.")
@click.argument("name")
@click.option("--overlap", default=3600.0, show_default=True, help="Seconds for which the old token holds.")
@as_json
@speaks_plainly
def server_rotate(name: str, overlap: float, json_: bool) -> None:
    """Rotate a server's token."""
    token = _with_postgres(lambda postgres: servers.rotate(postgres, name, overlap))
    _show_token(name, token, json_)


def _show_token(name: str, token: str, json_: bool) -> None:
    if json_:
        print_json({"server": name, "token": token})
    else:
        click.echo(token)
        say(f"this is the token of {name!r}; it is shown only now, and stored as a hash")


@server.command("revoke", help="End all of a server's tokens; what it sent stays.")
@click.argument("name")
@as_json
@speaks_plainly
def server_revoke(name: str, json_: bool) -> None:
    """Revoke a server's tokens."""
    _with_postgres(lambda postgres: servers.revoke(postgres, name))
    if json_:
        print_json({"server": name, "revoked": True})
    else:
        out.print(f"{name}: revoked; it will be refused within a second", highlight=False)


@server.command("list", help="List the game servers.")
@as_json
@speaks_plainly
def server_list(json_: bool) -> None:
    """List servers."""
    found = _with_postgres(server_queries.all_servers)
    if json_:
        print_json(found)
        return
    for row in found:
        heard = (
            f"last heard {row.last_received_at:%Y-%m-%d %H:%M:%S} UTC"
            if row.last_received_at
            else "never heard"
        )
        out.print(f"{row.id:>4}  {row.name}  {'' if row.active else '(revoked)  '}{heard}", highlight=False)
    if not found:
        out.print("no servers yet; `afteraction server add NAME` adds one")


@main.group(help="Keys of forums, admins and readers; servers have their own commands.")
def key() -> None:
    """Commands about keys."""


@key.command("add", help="Make a key of a KIND; prints it, once. The LABEL says whose it is.")
@click.argument("kind", type=click.Choice(["forum", "admin", "read"]))
@click.argument("label")
@as_json
@speaks_plainly
def key_add(kind: Kind, label: str, json_: bool) -> None:
    """Make a key."""
    made = _with_postgres(lambda postgres: keys.add(postgres, kind, label, command_line()))
    _show_key(made, json_)


@key.command("rotate", help="Make a key that takes the place of key ID, which holds a while longer.")
@click.argument("id_", metavar="ID", type=click.IntRange(1, 2**31 - 1))
@click.option("--overlap", default=3600.0, show_default=True, help="Seconds for which the old key holds.")
@as_json
@speaks_plainly
def key_rotate(id_: int, overlap: float, json_: bool) -> None:
    """Rotate a key."""
    made = _with_postgres(lambda postgres: keys.rotate(postgres, id_, overlap, command_line()))
    _show_key(made, json_)


def _show_key(made: keys.Made, json_: bool) -> None:
    if json_:
        print_json(made)
    else:
        click.echo(made.token)
        say(f"this is key {made.id}, {made.kind}, {made.label!r}; it is shown only now, and stored as a hash")


@key.command("revoke", help="End key ID.")
@click.argument("id_", metavar="ID", type=click.IntRange(1, 2**31 - 1))
@as_json
@speaks_plainly
def key_revoke(id_: int, json_: bool) -> None:
    """Revoke a key."""
    ended = _with_postgres(lambda postgres: keys.revoke(postgres, id_, command_line()))
    if json_:
        print_json({"id": id_, "revoked": True})
    else:
        out.print(
            f"key {id_} ({ended.kind}, {ended.label}): revoked; it will be refused within a second",
            highlight=False,
            markup=False,
        )


@key.command("list", help="List the keys, those of servers too.")
@as_json
@speaks_plainly
def key_list(json_: bool) -> None:
    """List keys."""
    found = _with_postgres(keys.all_keys)
    if json_:
        print_json(found)
        return
    for row in found:
        used = f"last used {row.last_used_at:%Y-%m-%d %H}h UTC" if row.last_used_at else "never used"
        state = f"until {row.expires_at:%Y-%m-%d %H:%M:%S} UTC  " if row.expires_at else ""
        state = state if row.holds else "(ended)  "
        out.print(f"{row.id:>4}  {row.kind:<6}  {row.label}  {state}{used}", highlight=False, markup=False)


@main.command(help="Show who changed what, the newest last.")
@click.option("--subject", help="Only this, as `server Omaha` or `key 3`.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@as_json
@speaks_plainly
def audit(subject: str | None, limit: int, json_: bool) -> None:
    """Show the audit log."""
    found = _with_postgres(lambda postgres: auditing.page(postgres, subject=subject, limit=limit))[::-1]
    if json_:
        print_json(found)
        return
    for entry in found:
        whose = f"key {entry.key_id} " if entry.key_id is not None else ""
        place = f" from {entry.address}" if entry.address else ""
        change = " -> ".join(
            msgspec.json.encode(side).decode() for side in (entry.before, entry.after) if side
        )
        out.print(
            f"{entry.at:%Y-%m-%d %H:%M:%S}  {entry.actor} {whose}{entry.name}{place}  "
            f"{entry.action}  {entry.subject}  {change}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )


@main.command(help="Fill projections anew from raw_events: one NOUN (a table), or all.")
@click.argument("noun", required=False)
@as_json
@speaks_plainly
def rebuild(noun: str | None, json_: bool) -> None:
    """Rebuild projections."""
    loaded = _load()
    beside = engines.beside(loaded)
    with progress() as bars:
        bar = bars.add_task("waiting", total=None)

        async def report(name: str, done: int, total: int) -> None:
            bars.update(bar, description=name, completed=done, total=total)

        if beside is not None:
            asyncio.run(_ask_to_rebuild(beside, noun, report))
        else:
            _with_platform(loaded, lambda p: _rebuild(p, noun, report))
    if json_:
        print_json({"rebuilt": noun or "all"})
    else:
        out.print(f"rebuilt: {noun or 'all'}")


@main.group(help="Players: who is one person, who is a bot, who cheats; what is kept of one, or no more.")
def player() -> None:
    """Commands about players."""


@player.command("export", help="Print all that is kept of player ID, as JSON.")
@click.argument("id_", metavar="ID")
@speaks_plainly
def player_export(id_: str) -> None:
    """Export a player."""
    click.echo(msgspec.json.format(_about("export", id_), indent=2))


@player.command("erase", help="Take player ID out of everything; only says how much that is, without --yes.")
@click.argument("id_", metavar="ID")
@click.option("--yes", is_flag=True, help="Do it. It cannot be undone.")
@as_json
@speaks_plainly
def player_erase(id_: str, yes: bool, json_: bool) -> None:
    """Erase a player."""
    answer = _about("erase" if yes else "count", id_)
    if json_:
        click.echo(answer)
        return
    erased = msgspec.json.decode(answer, type=Erased)
    for table, rows in sorted(erased.rows.items()):
        if rows:
            out.print(f"{rows:>9}  {table}", highlight=False)
    if erased.namesakes:
        say(f"others used one of the names, perhaps the same person: {', '.join(erased.namesakes)}")
    if erased.done:
        out.print(
            f"erased; the counts are now those of player {erased.player}, who is nobody", highlight=False
        )
    else:
        out.print("nothing was changed; --yes takes the player out of these rows", highlight=False)


@player.command("merge", help="Let all that player ID did count for player INTO; `split` undoes it.")
@click.argument("id_", metavar="ID")
@click.argument("into", metavar="INTO")
@as_json
@speaks_plainly
def player_merge(id_: str, into: str, json_: bool) -> None:
    """Merge a player into another."""
    answer = _about("merge", id_, into=into)
    if json_:
        click.echo(answer)
        return
    made = msgspec.json.decode(answer, type=Merged)
    out.print(f"{made.player} counts for {made.into}: {made.keys} keys", highlight=False)


@player.command("split", help="Undo the merge of player ID into another.")
@click.argument("id_", metavar="ID")
@as_json
@speaks_plainly
def player_split(id_: str, json_: bool) -> None:
    """Split a player off again."""
    answer = _about("split", id_)
    if json_:
        click.echo(answer)
        return
    made = msgspec.json.decode(answer, type=Merged)
    out.print(f"{made.player} and {made.into} are two players again: {made.keys} keys", highlight=False)


@player.command("mark", help="Say that player ID is a bot or a person, or with `events` believe those again.")
@click.argument("id_", metavar="ID")
@click.argument("word", metavar="bot|person|events", type=click.Choice(["bot", "person", "events"]))
@click.option("--reason", default="", help="For the list of flags and the audit log.")
@as_json
@speaks_plainly
def player_mark(id_: str, word: str, reason: str, json_: bool) -> None:
    """Mark a player as a bot or as none."""
    answer = _about("mark", id_, word=word, reason=_reason(reason, needed=False))
    _show_marked(answer, json_)


@player.command("flag", help="Keep player ID off all boards; `unflag` undoes it.")
@click.argument("id_", metavar="ID")
@click.option("--reason", required=True, help="Why; the player's page says it.")
@as_json
@speaks_plainly
def player_flag(id_: str, reason: str, json_: bool) -> None:
    """Flag a player."""
    _show_marked(_about("flag", id_, reason=_reason(reason)), json_)


@player.command("unflag", help="Let player ID stand on boards again.")
@click.argument("id_", metavar="ID")
@as_json
@speaks_plainly
def player_unflag(id_: str, json_: bool) -> None:
    """Undo a flag."""
    _show_marked(_about("unflag", id_), json_)


def _reason(given: str, *, needed: bool = True) -> str:
    """Return a reason as the API would take it. Raises AfterActionError."""
    try:
        return msgspec.convert(given, Reason) if needed or given else given
    except msgspec.ValidationError as error:
        raise AfterActionError("--reason: 1 to 500 characters, not only blanks") from error


def _show_marked(answer: bytes, json_: bool) -> None:
    if json_:
        click.echo(answer)
        return
    made = msgspec.json.decode(answer, type=Marked)
    held = ", ".join(made.marks) or "no mark"
    out.print(f"{made.player}: {held} ({made.keys} keys)", highlight=False)


@main.group(help="Matches: taken out of every number, and put back.")
def match() -> None:
    """Commands about matches."""


@match.command("flag", help="Take match ID out of every number; `unflag` undoes it.")
@click.argument("id_", metavar="ID")
@click.option("--reason", required=True, help="Why; the match's page says it.")
@as_json
@speaks_plainly
def match_flag(id_: str, reason: str, json_: bool) -> None:
    """Leave a match out."""
    _show_carried_out(_about("leave_out", id_, reason=_reason(reason)), json_)


@match.command("unflag", help="Put match ID back into the numbers.")
@click.argument("id_", metavar="ID")
@as_json
@speaks_plainly
def match_unflag(id_: str, json_: bool) -> None:
    """Put a match back."""
    _show_carried_out(_about("put_back", id_), json_)


def _show_carried_out(answer: bytes, json_: bool) -> None:
    if json_:
        click.echo(answer)
        return
    out.print("it stands; a running instance now counts all anew for it, which may take minutes")


def _about(task: jobs.Task, id_: str, **more: str) -> bytes:
    """Ask about a player or a match, here or in the running instance; return the JSON."""
    loaded = _load()
    beside = engines.beside(loaded)
    by = command_line()
    asked = jobs.question(task, id_, by, **more)
    if beside is not None:
        return asyncio.run(_ask_about(beside, asked))

    async def run(platform: Platform) -> bytes:
        answer = msgspec.json.encode(await jobs.about(platform, asked, by))
        if task in ("leave_out", "put_back"):
            await left_out.carry_out(platform.postgres, platform.clickhouse, loaded, _say_filled)
        return answer

    return _with_platform(loaded, run)


async def _ask_about(found: Engines, asked: jobs.Job) -> bytes:
    async def silent(_noun: str, _done: int, _total: int) -> None:
        """Nobody is told how far it is."""

    client = redis_store.connect(found.redis_url)
    try:
        job = await jobs.ask_about(client, asked)
        state = await _follow(client, job, silent)
        await jobs.take_answer(client, job)
        return (state.answer or "null").encode()
    finally:
        await client.aclose()


@main.command(name="demo", help="Replay a recorded match into the running instance.")
@click.argument("recording", default="team")
@click.option(
    "--speed", default=10.0, show_default=True, type=click.FloatRange(0.1, 10_000), help="Times real time."
)
@as_json
@speaks_plainly
def replay_demo(recording: str, speed: float, json_: bool) -> None:
    """Send a recording as the server `demo`."""
    loaded = _load()
    beside = engines.beside(loaded)
    url = instance_url(loaded, beside)
    if url is None:
        raise AfterActionError(
            "no After Action runs on this data folder; start it with `afteraction up` first"
        )
    token = _with_postgres(_demo_token)
    with progress() as bars:
        bar = bars.add_task(f"replaying {recording}", total=None)
        sent = demo.replay(
            url, token, recording, speed, lambda n, of: bars.update(bar, completed=n, total=of)
        )
    if json_:
        print_json({"recording": recording, "events": sent, "url": url})
        return
    out.print(f"sent {sent} events. Now look at", highlight=False)
    for path in ("", "players?bots=include", "matches", "api/v1/live/matches"):
        click.echo(f"  {url}/{path}")
    out.print("The players are the game's own bots, which boards leave out unless asked with bots=include.")


async def _demo_token(postgres: Postgres) -> str:
    if await server_queries.by_name(postgres, demo.SERVER) is None:
        return await servers.add(postgres, demo.SERVER)
    return await servers.rotate(postgres, demo.SERVER, overlap_seconds=0)


@main.group(help="Blocks of events that ClickHouse refuses; `afteraction doctor` names them.")
def block() -> None:
    """Commands about refused blocks."""


@block.command("set-aside", help="Take refused block ID out of the way of all else; its events are kept.")
@click.argument("id_", metavar="ID", type=click.IntRange(1))
@as_json
@speaks_plainly
def block_set_aside(id_: int, json_: bool) -> None:
    """Set a refused block aside where no instance runs, as when it stops an upgrade."""
    loaded = _load()
    if engines.beside(loaded) is not None:
        raise AfterActionError(
            f"After Action runs on this data folder: the page /admin/blocks sets block {id_} aside, and "
            f"so does POST /api/v1/admin/blocks/{id_}/set-aside"
        )

    async def run(platform: Platform) -> blocks.SetAside:
        await migrate_postgres(platform.postgres, privacy_key.fills(loaded))
        return await blocks.set_aside(platform.postgres, platform.clickhouse, id_, command_line())

    done = _with_platform(loaded, run, migrated=False)
    if json_:
        print_json(msgspec.to_builtins(done))
        return
    out.print(
        f"{done.events} events are set aside, {done.in_the_log} had been taken; "
        "now `afteraction rebuild`, and when what was refused is mended, `afteraction block drive`",
        highlight=False,
    )


@block.command("drive", help="Let ClickHouse try again what was set aside.")
@as_json
@speaks_plainly
def block_drive(json_: bool) -> None:
    """Drive what was set aside again."""
    done = _with_postgres(lambda postgres: blocks.drive(postgres, command_line()))
    if json_:
        print_json(msgspec.to_builtins(done))
        return
    out.print(f"{done.events} events wait for ClickHouse again", highlight=False)


@main.command(help="Say why a server's events do not arrive: NAME, or all servers.")
@click.argument("name", required=False)
@as_json
@speaks_plainly
def doctor(name: str | None, json_: bool) -> None:
    """Examine the instance and its servers; exit with 1 when something is bad."""
    loaded = _load()
    url = instance_url(loaded, engines.beside(loaded))

    async def run(found: Engines, postgres: Postgres) -> list[Finding]:
        client = redis_store.connect(found.redis_url)
        try:
            instance = OverHttp(url) if url else None
            found_so_far = await examine(postgres, client, keyed.load(loaded), instance, name)
            return found_so_far + await examine_forum(loaded)
        finally:
            await client.aclose()

    findings = _beside_or_alone(loaded, run)
    if json_:
        print_json(findings)
    else:
        signs = {"good": "[green]good[/green]", "note": "[yellow]note[/yellow]", "bad": "[red]bad [/red]"}
        for finding in findings:
            out.print(
                f"{signs[finding.level]}  [bold]{escape(finding.about)}[/bold]  {escape(finding.text)}",
                highlight=False,
            )
    if any(finding.level == "bad" for finding in findings):
        sys.exit(1)


def instance_url(loaded: Settings, beside: Engines | None) -> str | None:
    """Return where the instance of these settings listens, None when it does not run."""
    if beside is not None and beside.data is not None:
        noted = beside.data.runner().get("url")
        return noted if isinstance(noted, str) else None
    if loaded.clickhouse_url:
        return f"http://{loaded.host}:{loaded.port}"
    return None


async def _ask_to_rebuild(found: Engines, noun: str | None, report: rebuilding.Report) -> None:
    """Let the instance that runs the data folder rebuild, and follow it."""
    client = redis_store.connect(found.redis_url)
    try:
        async with opened_postgres(found) as postgres, _written_down(postgres, noun):
            await _follow(client, await jobs.ask(client, noun), report)
    finally:
        await client.aclose()


async def _follow(client: Redis, job: str, report: rebuilding.Report) -> jobs.Progress:
    while True:
        state = await jobs.progress(client, job)
        if state is not None:
            await report(state.noun, state.done, state.total)
            if state.failure:
                raise AfterActionError(state.failure)
            if state.finished:
                return state
        await asyncio.sleep(0.2)


async def _rebuild(platform: Platform, noun: str | None, report: rebuilding.Report) -> None:
    async with _written_down(platform.postgres, noun):
        await rebuilding.rebuild(platform.postgres, platform.clickhouse, platform.settings, noun, report)


@asynccontextmanager
async def _written_down(postgres: Postgres, noun: str | None) -> AsyncIterator[None]:
    """Write a rebuild into the audit log before it begins, and after it went well."""
    subject = f"projection {noun}" if noun else "all projections"
    await auditing.note(postgres, command_line(), "rebuild", subject)
    yield
    await auditing.note(postgres, command_line(), "rebuilt", subject)


async def _say_filled(noun: str, done: int, total: int) -> None:
    say(f"filling {noun}: {done} of {total} steps")


def _with_platform(
    loaded: Settings, use: Callable[[Platform], Coroutine[Any, Any, R]], *, migrated: bool = True
) -> R:
    """Run something with all stores, starting the embedded ones for as long as it takes."""

    async def run(found: Engines) -> R:
        async with opened(loaded, found) as platform:
            if migrated:
                await rebuilding.migrate(platform.postgres, platform.clickhouse, loaded, _say_filled)
                await privacy_key.check(platform.postgres, loaded)
            return await use(platform)

    with engines.running(loaded, say) as found:
        return asyncio.run(run(found))


def _with_postgres(use: Callable[[Postgres], Coroutine[Any, Any, R]]) -> R:
    """Run something that needs Postgres alone."""
    return _beside_or_alone(_load(), lambda _, postgres: use(postgres))


def _beside_or_alone(loaded: Settings, use: Callable[[Engines, Postgres], Coroutine[Any, Any, R]]) -> R:
    """Run something with the running instance's engines, or with ones started for as long as it takes.

    ClickHouse is not opened: a command that does without it works while it is away.
    """

    async def run(found: Engines, *, alone: bool) -> R:
        async with opened_postgres(found) as postgres:
            if alone:
                await migrate_postgres(postgres, privacy_key.fills(loaded))
            return await use(found, postgres)

    beside = engines.beside(loaded)
    if beside is not None:
        return asyncio.run(run(beside, alone=False))
    with engines.running(loaded, say) as found:
        return asyncio.run(run(found, alone=True))


main.add_command(bench)


if __name__ == "__main__":
    main()
