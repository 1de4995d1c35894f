"""The command `afteraction`: a file for each of its commands, and `instance` for what they share."""

from importlib import import_module
from typing import Final

import click

from api import __version__

# Where each command stands. It is loaded when it is named: all of them together take seconds.
_COMMANDS: Final = {
    "up": "api.cli.running:up",
    "serve": "api.cli.running:serve",
    "worker": "api.cli.running:worker",
    "migrate": "api.cli.stores:migrate",
    "rebuild": "api.cli.stores:rebuild",
    "doctor": "api.cli.doctor:doctor",
    "demo": "api.cli.demo:replay_demo",
    "server": "api.cli.servers:server",
    "key": "api.cli.keys:key",
    "audit": "api.cli.audit:audit",
    "player": "api.cli.players:player",
    "match": "api.cli.matches:match",
    "block": "api.cli.blocks:block",
    "forum": "api.cli.forum:forum",
    "bench": "api.bench.commands:bench",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=_Commands, help="After Action: stats for communities that run their own game servers.")
@click.version_option(__version__, prog_name="afteraction")
def main() -> None:
    """Entry point."""
