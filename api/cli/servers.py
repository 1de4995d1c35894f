"""`server`: game servers and their tokens."""

import click

from api.cli.instance import with_postgres
from api.servers import queries as server_queries
from api.servers import service as servers
from api.terminal import as_json, out, print_json, say, speaks_plainly


@click.group(help="Game servers and their tokens.")
def server() -> None:
    """Commands about game servers."""


@server.command("add", help="Add a game server; prints its token, once.")
@click.argument("name")
@as_json
@speaks_plainly
def server_add(name: str, json_: bool) -> None:
    """Add a server."""
    token = with_postgres(lambda postgres: servers.add(postgres, name))
    _show_token(name, token, json_)


@server.command("rotate", help="Give a server a new token; the old one holds a while longer.")
@click.argument("name")
@click.option("--overlap", default=3600.0, show_default=True, help="Seconds for which the old token holds.")
@as_json
@speaks_plainly
def server_rotate(name: str, overlap: float, json_: bool) -> None:
    """Rotate a server's token."""
    token = with_postgres(lambda postgres: servers.rotate(postgres, name, overlap))
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
    with_postgres(lambda postgres: servers.revoke(postgres, name))
    if json_:
        print_json({"server": name, "revoked": True})
    else:
        out.print(f"{name}: revoked; it will be refused within a second", highlight=False)


@server.command("list", help="List the game servers.")
@as_json
@speaks_plainly
def server_list(json_: bool) -> None:
    """List servers."""
    found = with_postgres(server_queries.all_servers)
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
