"""`block`: blocks of events that ClickHouse refuses."""

import click
import msgspec

from api import privacy_key
from api.audit.service import command_line
from api.cli.instance import load, with_platform, with_postgres
from api.embedded import engines
from api.errors import AfterActionError
from api.ingest import blocks
from api.platform import Platform
from api.stores.migrations import migrate_postgres
from api.terminal import as_json, out, print_json, speaks_plainly


@click.group(help="Blocks of events that ClickHouse refuses; `afteraction doctor` names them.")
def block() -> None:
    """Commands about refused blocks."""


@block.command("set-aside", help="Take refused block ID out of the way of all else; its events are kept.")
@click.argument("id_", metavar="ID", type=click.IntRange(1))
@as_json
@speaks_plainly
def block_set_aside(id_: int, json_: bool) -> None:
    """Set a refused block aside where no instance runs, as when it stops an upgrade."""
    loaded = load()
    if engines.beside(loaded) is not None:
        raise AfterActionError(
            f"After Action runs on this data folder: the page /admin/blocks sets block {id_} aside, and "
            f"so does POST /api/v1/admin/blocks/{id_}/set-aside"
        )

    async def run(platform: Platform) -> blocks.SetAside:
        await migrate_postgres(platform.postgres, privacy_key.fills(loaded))
        return await blocks.set_aside(platform.postgres, platform.clickhouse, id_, command_line())

    done = with_platform(loaded, run, migrated=False)
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
    done = with_postgres(lambda postgres: blocks.drive(postgres, command_line()))
    if json_:
        print_json(msgspec.to_builtins(done))
        return
    out.print(f"{done.events} events wait for ClickHouse again", highlight=False)
