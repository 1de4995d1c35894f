"""`doctor`: why events do not arrive."""

import sys

import click
from rich.markup import escape

from api import keyed
from api.cli.instance import beside_or_alone, instance_url, load
from api.doctor import Finding, OverHttp, examine, examine_forum
from api.embedded import engines
from api.embedded.engines import Engines
from api.stores import redis as redis_store
from api.stores.postgres import Postgres
from api.terminal import as_json, out, print_json, speaks_plainly


@click.command(help="Say why a server's events do not arrive: NAME, or all servers.")
@click.argument("name", required=False)
@as_json
@speaks_plainly
def doctor(name: str | None, json_: bool) -> None:
    """Examine the instance and its servers; exit with 1 when something is bad."""
    loaded = load()
    url = instance_url(loaded, engines.beside(loaded))

    async def run(found: Engines, postgres: Postgres) -> list[Finding]:
        client = redis_store.connect(found.redis_url)
        try:
            instance = OverHttp(url) if url else None
            found_so_far = await examine(postgres, client, keyed.load(loaded), instance, name)
            return found_so_far + await examine_forum(loaded)
        finally:
            await client.aclose()

    findings = beside_or_alone(loaded, run)
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
