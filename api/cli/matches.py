"""`match`: taken out of every number, and put back."""

import click

from api.cli.instance import about, reason_of
from api.terminal import as_json, out, speaks_plainly


@click.group(help="Matches: taken out of every number, and put back.")
def match() -> None:
    """Commands about matches."""


@match.command("flag", help="Take match ID out of every number; `unflag` undoes it.")
@click.argument("id_", metavar="ID")
@click.option("--reason", required=True, help="Why; the match's page says it.")
@as_json
@speaks_plainly
def match_flag(id_: str, reason: str, json_: bool) -> None:
    """Leave a match out."""
    _show_carried_out(about("leave_out", id_, reason=reason_of(reason)), json_)


@match.command("unflag", help="Put match ID back into the numbers.")
@click.argument("id_", metavar="ID")
@as_json
@speaks_plainly
def match_unflag(id_: str, json_: bool) -> None:
    """Put a match back."""
    _show_carried_out(about("put_back", id_), json_)


def _show_carried_out(answer: bytes, json_: bool) -> None:
    if json_:
        click.echo(answer)
        return
    out.print("it stands; a running instance now counts all anew for it, which may take minutes")
