"""`key`: the keys of forums, admins and readers."""

import click

from api.audit.service import command_line
from api.auth import keys
from api.auth.tokens import Kind
from api.cli.instance import with_postgres
from api.terminal import as_json, out, print_json, say, speaks_plainly


@click.group(help="Keys of forums, admins and readers; servers have their own commands.")
def key() -> None:
    """Commands about keys."""


@key.command("add", help="Make a key of a KIND; prints it, once. The LABEL says whose it is.")
@click.argument("kind", type=click.Choice(["forum", "admin", "read"]))
@click.argument("label")
@as_json
@speaks_plainly
def key_add(kind: Kind, label: str, json_: bool) -> None:
    """Make a key."""
    made = with_postgres(lambda postgres: keys.add(postgres, kind, label, command_line()))
    _show_key(made, json_)


@key.command("rotate", help="Make a key that takes the place of key ID, which holds a while longer.")
@click.argument("id_", metavar="ID", type=click.IntRange(1, 2**31 - 1))
@click.option("--overlap", default=3600.0, show_default=True, help="Seconds for which the old key holds.")
@as_json
@speaks_plainly
def key_rotate(id_: int, overlap: float, json_: bool) -> None:
    """Rotate a key."""
    made = with_postgres(lambda postgres: keys.rotate(postgres, id_, overlap, command_line()))
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
    ended = with_postgres(lambda postgres: keys.revoke(postgres, id_, command_line()))
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
    found = with_postgres(keys.all_keys)
    if json_:
        print_json(found)
        return
    for row in found:
        used = f"last used {row.last_used_at:%Y-%m-%d %H}h UTC" if row.last_used_at else "never used"
        state = f"until {row.expires_at:%Y-%m-%d %H:%M:%S} UTC  " if row.expires_at else ""
        state = state if row.holds else "(ended)  "
        out.print(f"{row.id:>4}  {row.kind:<6}  {row.label}  {state}{used}", highlight=False, markup=False)
