"""`up`, `serve`, `worker`: what runs until it is stopped."""

import click
import uvloop

from api.cli.instance import load, stop_on_terminate
from api.embedded import engines
from api.terminal import say, speaks_plainly


@click.command(help="Run everything in this process: engines, migrations, API and worker.")
@speaks_plainly
def up() -> None:
    """Run all in one until Ctrl-C."""
    from api import serving

    loaded = load()
    stop_on_terminate()
    with serving.listening(loaded) as sockets, engines.running(loaded, say) as found:
        try:
            uvloop.run(serving.everything(loaded, found, sockets, say))
        except KeyboardInterrupt:
            say("stopping")
    say("stopped")


@click.command(help="Serve the API alone, over server engines; run as many as you like.")
@speaks_plainly
def serve() -> None:
    """Serve HTTP until Ctrl-C."""
    from api import serving

    loaded = load()
    stop_on_terminate()
    found = engines.servers(loaded, "serve")
    with serving.listening(loaded) as sockets:
        uvloop.run(serving.api_only(loaded, found, sockets, say))


@click.command(help="Run the worker alone, over server engines; run as many as you like.")
@speaks_plainly
def worker() -> None:
    """Work until Ctrl-C."""
    from api import serving

    loaded = load()
    stop_on_terminate()
    say("working; Ctrl-C stops")
    uvloop.run(serving.worker_only(loaded, engines.servers(loaded, "worker")))
