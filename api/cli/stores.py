"""`migrate` and `rebuild`: the schemas, and what is made from the log."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click

from api import jobs
from api.audit import service as auditing
from api.audit.service import command_line
from api.cli.instance import follow, load, say_filled, with_platform
from api.embedded import engines
from api.embedded.engines import Engines
from api.platform import Platform
from api.rebuild import service as rebuilding
from api.stores import redis as redis_store
from api.stores.postgres import Postgres, connected
from api.terminal import as_json, out, print_json, progress, speaks_plainly


@click.command(help="Bring the stores' schemas up to date.")
@click.option("--dry-run", is_flag=True, help="Only say what would run.")
@click.option("--fill-by-hand", is_flag=True, help="Leave what is made anew empty: docs/scale.md says when.")
@as_json
@speaks_plainly
def migrate(dry_run: bool, fill_by_hand: bool, json_: bool) -> None:
    """Run the numbered SQL files that have not run yet."""
    loaded = load()

    async def run(platform: Platform) -> None:
        steps = await rebuilding.migrate(
            platform.postgres,
            platform.clickhouse,
            loaded,
            say_filled,
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

    with_platform(loaded, run, migrated=False)


@click.command(help="Fill projections anew from raw_events: one NOUN (a table), or all.")
@click.argument("noun", required=False)
@as_json
@speaks_plainly
def rebuild(noun: str | None, json_: bool) -> None:
    """Rebuild projections."""
    loaded = load()
    beside = engines.beside(loaded)
    with progress() as bars:
        bar = bars.add_task("waiting", total=None)

        async def report(name: str, done: int, total: int) -> None:
            bars.update(bar, description=name, completed=done, total=total)

        if beside is not None:
            asyncio.run(_ask_to_rebuild(beside, noun, report))
        else:
            with_platform(loaded, lambda p: _rebuild(p, noun, report))
    if json_:
        print_json({"rebuilt": noun or "all"})
    else:
        out.print(f"rebuilt: {noun or 'all'}")


async def _ask_to_rebuild(found: Engines, noun: str | None, report: rebuilding.Report) -> None:
    """Let the instance that runs the data folder rebuild, and follow it."""
    client = redis_store.connect(found.redis_url)
    try:
        async with connected(found.postgres_url) as postgres, _written_down(postgres, noun):
            await follow(client, await jobs.ask(client, noun), report)
    finally:
        await client.aclose()


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
