"""The command `afteraction`: a file for each of its commands, and `instance` for what they share."""

import click

from api import __version__
from api.bench.commands import bench
from api.cli.audit import audit
from api.cli.blocks import block
from api.cli.demo import replay_demo
from api.cli.doctor import doctor
from api.cli.forum import forum
from api.cli.keys import key
from api.cli.matches import match
from api.cli.players import player
from api.cli.running import serve, up, worker
from api.cli.servers import server
from api.cli.stores import migrate, rebuild


@click.group(help="After Action: stats for communities that run their own game servers.")
@click.version_option(__version__, prog_name="afteraction")
def main() -> None:
    """Entry point."""


for command in (
    up,
    serve,
    worker,
    migrate,
    rebuild,
    doctor,
    replay_demo,
    server,
    key,
    audit,
    player,
    match,
    block,
    forum,
    bench,
):
    main.add_command(command)
