"""`demo`: a recorded match, sent to the running instance."""

import click

from api import demo
from api.cli.instance import instance_url, load, with_postgres
from api.embedded import engines
from api.errors import AfterActionError
from api.servers import queries as server_queries
from api.servers import service as servers
from api.stores.postgres import Postgres
from api.terminal import as_json, out, print_json, progress, speaks_plainly


@click.command(name="demo", help="Replay a recorded match into the running instance.")
@click.argument("recording", default="team")
@click.option(
    "--speed", default=10.0, show_default=True, type=click.FloatRange(0.1, 10_000), help="Times real time."
)
@as_json
@speaks_plainly
def replay_demo(recording: str, speed: float, json_: bool) -> None:
    """Send a recording as the server `demo`."""
    loaded = load()
    beside = engines.beside(loaded)
    url = instance_url(loaded, beside)
    if url is None:
        raise AfterActionError(
            "no After Action runs on this data folder; start it with `afteraction up` first"
        )
    token = with_postgres(_demo_token)
    with progress() as bars:
        bar = bars.add_task(f"replaying {recording}", total=None)
        sent = demo.replay(
            url, token, recording, speed, lambda n, of: bars.update(bar, completed=n, total=of)
        )
    if json_:
        print_json({"recording": recording, "events": sent, "url": url})
        return
    out.print(f"sent {sent} events. Now look at", highlight=False)
    for path in ("", "players?bots=include", "matches", "api/v1/live/matches"):
        click.echo(f"  {url}/{path}")
    out.print("The players are the game's own bots, which boards leave out unless asked with bots=include.")


async def _demo_token(postgres: Postgres) -> str:
    if await server_queries.by_name(postgres, demo.SERVER) is None:
        return await servers.add(postgres, demo.SERVER)
    return await servers.rotate(postgres, demo.SERVER, overlap_seconds=0)
