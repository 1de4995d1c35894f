"""What commands share at the terminal: results on standard output, everything else on standard error."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click
import msgspec
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from api.errors import AfterActionError

P = ParamSpec("P")
R = TypeVar("R")

out = Console()
err = Console(stderr=True)

as_json = click.option("--json", "json_", is_flag=True, help="Print JSON.")


def say(text: str) -> None:
    """Tell the person at the terminal what happens; results go to standard output instead."""
    err.print(f"[dim]{text}[/dim]", highlight=False)


def speaks_plainly(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors of After Action into a sentence and exit status 1."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except AfterActionError as error:
            err.print(f"[red]afteraction:[/red] {escape(str(error))}", highlight=False)
            sys.exit(1)
        except KeyboardInterrupt:
            sys.exit(130)

    return run


def print_json(value: object) -> None:
    """Print a value as JSON."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def progress() -> Progress:
    """Return a progress display on standard error."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=err
    )
