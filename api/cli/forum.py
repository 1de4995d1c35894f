"""`forum`: the forum's pages served alone, and its database."""

import sys

import click
import msgspec
import uvloop

from api.audit.service import command_line
from api.cli.instance import about, load, stop_on_terminate, with_postgres
from api.embedded import engines
from api.errors import ConfigurationError
from api.forum.links import Reconciled, reconcile
from api.settings import Settings
from api.stores.postgres import Postgres
from api.terminal import as_json, out, print_json, say, speaks_plainly
from api.unlocks import Recounted
from smf_bridge import address as forum_address
from smf_bridge import schema
from smf_bridge.address import Address
from smf_bridge.database import Database


@click.group(
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

    loaded = load()
    _forum_address(loaded)
    stop_on_terminate()
    found = engines.servers(loaded, "forum")
    with serving.listening(loaded) as sockets:
        uvloop.run(serving.forum_only(loaded, found, sockets, say))


@forum.command("migrate", help="Make the tables in the forum's database, or bring them up to date.")
@click.option("--dry-run", is_flag=True, help="Only say what would run.")
@as_json
@speaks_plainly
def forum_migrate(dry_run: bool, json_: bool) -> None:
    """Run the numbered SQL files of the bridge that have not run yet."""
    steps = schema.migrate(_forum_address(load()), dry_run=dry_run)
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
    where = _forum_address(load())
    by = command_line()

    async def run(postgres: Postgres) -> Reconciled:
        database = Database(where)
        try:
            return await reconcile(postgres, database, by, dry_run=dry_run, force=force, refill=refill)
        finally:
            database.close()

    done = with_postgres(run)
    if json_:
        print_json(done)
    else:
        for each in done.differences:
            said = f"{each.client_id}: forum {each.forum_member or '-'}, here {each.kept_member or '-'}"
            out.print(
                f"{said}  {each.what}{'  mended' if each.mended else ''}", highlight=False, markup=False
            )
        for one in done.gone:
            rows = ", ".join(f"{what} {count}" for what, count in one.rows.items())
            said = f"the forum has deleted member {one.member}, who is still known here: {rows}"
            out.print(f"{said}; `afteraction player erase member:{one.member}` takes them out", markup=False)
        out.print(f"{done.links} links in the forum, {len(done.differences)} differences", highlight=False)
        if done.withheld:
            say(done.withheld)
    if done.withheld:
        sys.exit(1)


@forum.command("achievements", help="Judge all members anew, and say who gains and loses what.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--force", is_flag=True, help="Even if many members lose something.")
@as_json
@speaks_plainly
def forum_achievements(dry_run: bool, force: bool, json_: bool) -> None:
    """Judge all members, here or in the running instance."""
    _forum_address(load())
    answer = about("judge_dry" if dry_run else "judge_force" if force else "judge", "")
    done = msgspec.json.decode(answer, type=Recounted)
    if json_:
        click.echo(answer)
    else:
        for change in done.changes:
            for sign, ids in (("+", change.granted), ("-", change.taken)):
                for id_ in ids:
                    out.print(f"member {change.member}  {sign} {id_}", highlight=False, markup=False)
        granted = sum(len(change.granted) for change in done.changes)
        taken = sum(len(change.taken) for change in done.changes)
        would = "would be " if dry_run else ""
        out.print(
            f"{done.members} members; {granted} achievements {would}granted, {taken} {would}taken",
            highlight=False,
        )
        if done.withheld:
            say(done.withheld)
    if done.withheld and not dry_run:
        sys.exit(1)


@forum.command("grants", help="Print the least that USER, as 'name'@'host', is to be granted.")
@click.argument("user", default="'afteraction'@'localhost'")
@speaks_plainly
def forum_grants(user: str) -> None:
    """Print GRANT statements for an admin of MariaDB."""
    for statement in schema.grants(_forum_address(load()), user):
        click.echo(statement)


def _forum_address(loaded: Settings) -> Address:
    if not loaded.forum_url:
        raise ConfigurationError(
            f"no forum is set: {forum_address.SETTING}=mysql://user:password@host/database?prefix=smf_ names "
            "the database of the SMF forum. All but the forum's pages works without one; docs/forum.md says "
            "what it adds"
        )
    return forum_address.parse(loaded.forum_url)
