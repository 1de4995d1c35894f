"""`afteraction bench`."""

import click
import msgspec

from api.bench import ingest
from api.terminal import as_json, out, print_json, progress, speaks_plainly


@click.group(help="Measure this machine; everything happens in a scratch folder.")
def bench() -> None:
    """Benchmarks."""


@bench.command("ingest", help="Measure how fast events are acknowledged and can be queried.")
@click.option("--events", default=200_000, show_default=True, type=click.IntRange(1_000, 50_000_000))
@click.option(
    "--batch", default=100, show_default=True, type=click.IntRange(1, 500), help="Events a request."
)
@click.option("--senders", default=8, show_default=True, type=click.IntRange(1, 64))
@as_json
@speaks_plainly
def bench_ingest(events: int, batch: int, senders: int, json_: bool) -> None:
    """Print the figures of ingest beside the engine alone."""
    with progress() as bars:
        bar = bars.add_task("starting", total=None)

        def report(what: str, done: int, total: int) -> None:
            bars.update(bar, description=what, completed=done, total=total)

        figures = ingest.run(events, batch, senders, report)
    if json_:
        print_json(figures)
        return
    for name, value in msgspec.structs.asdict(figures).items():
        out.print(f"{name.replace('_', ' '):<28}{value:>14,}", highlight=False)
