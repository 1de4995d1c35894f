"""`afteraction bench`."""

from pathlib import Path

import click
import msgspec
from rich.table import Table

from api.bench import forum, ingest, pages, peers, query, rating, search
from api.bench.forum import ForumFigures, Size
from api.bench.pages import PagesFigures
from api.bench.peers import PeerFigures
from api.bench.query import QueryFigures
from api.bench.rating import Ladder, Plan
from api.bench.search import SearchFigures
from api.ratings.model import BETA
from api.terminal import as_json, out, print_json, progress, speaks_plainly


@click.group(help="Measure this machine; everything happens in a scratch folder.")
def bench() -> None:
    """Benchmarks."""


@bench.command("ingest", help="Measure how fast events are acknowledged and can be queried.")
@click.option("--events", default=1_000_000, show_default=True, type=click.IntRange(40_000, 50_000_000))
@click.option(
    "--batch",
    default=1000,
    show_default=True,
    type=click.IntRange(2, 20_000),
    help="Events a relay sends at once.",
)
@click.option("--connections", default=8, show_default=True, type=click.IntRange(1, 256), help="Of relays.")
@as_json
@speaks_plainly
def bench_ingest(events: int, batch: int, connections: int, json_: bool) -> None:
    """Print the figures of ingest beside the engine alone."""
    with progress() as bars:
        bar = bars.add_task("starting", total=None)

        def report(what: str, done: int, total: int) -> None:
            bars.update(bar, description=what, completed=done, total=total)

        figures = ingest.run(events, batch, connections, report)
    if json_:
        print_json(figures)
        return
    for name, value in msgspec.structs.asdict(figures).items():
        out.print(f"{name.replace('_', ' '):<28}{value:>14,}", highlight=False)


@bench.command("query", help="Measure every stats route over many events, beside the log itself.")
@click.option(
    "--events",
    multiple=True,
    default=(10_000_000, 100_000_000),
    show_default=True,
    type=click.IntRange(10_000, 1_000_000_000),
    help="How many; more than once for the growth from the fewest to the most.",
)
@click.option(
    "--requests", default=40, show_default=True, type=click.IntRange(2, 10_000), help="For each route."
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the filled stores in this folder, and use those that are there.",
)
@as_json
@speaks_plainly
def bench_query(events: tuple[int, ...], requests: int, keep: Path | None, json_: bool) -> None:
    """Print the latencies of the stats routes."""
    with progress() as bars:
        bar = bars.add_task("starting", total=None)

        def report(what: str, done: int, total: int) -> None:
            bars.update(bar, description=what, completed=done, total=total)

        figures = query.run(events, requests, keep, report)
    if json_:
        print_json(figures)
        return
    out.print(_table(figures))
    for size in figures.sizes:
        out.print(
            f"{size.events:,} events: {size.bytes_per_event_on_disk} bytes each on disk, filled in "
            f"{size.fill_seconds or '(kept)'} s",
            highlight=False,
        )


@bench.command("pages", help="Measure every public page over the demo's matches.")
@click.option(
    "--matches", default=24, show_default=True, type=click.IntRange(1, 10_000), help="How many are played."
)
@click.option(
    "--requests", default=30, show_default=True, type=click.IntRange(1, 10_000), help="To each page."
)
@as_json
@speaks_plainly
def bench_pages(matches: int, requests: int, json_: bool) -> None:
    """Print p50 and p95 of each page, made anew and kept, and how many queries it asks."""
    with progress() as bars:
        bar = bars.add_task("starting", total=None)

        def report(what: str, done: int, total: int) -> None:
            bars.update(bar, description=what, completed=done, total=total)

        figures = pages.run(matches, requests, report)
    if json_:
        print_json(figures)
        return
    out.print(_pages_table(figures))


@bench.command("forum", help="Measure the forum's areas in an empty MariaDB database, which stays filled.")
@click.option("--url", required=True, help="The database, as in AFTERACTION_FORUM_URL; it must be empty.")
@click.option("--members", default=20_000, show_default=True, type=click.IntRange(1000, 1_000_000))
@click.option("--teams", default=2000, show_default=True, type=click.IntRange(10, 100_000), help="Of eight.")
@click.option("--entrants", default=256, show_default=True, type=click.IntRange(4, 256))
@click.option(
    "--achievements", default=15, show_default=True, type=click.IntRange(1, 100), help="Rows of each member."
)
@click.option(
    "--requests", default=30, show_default=True, type=click.IntRange(1, 10_000), help="To each area."
)
@as_json
@speaks_plainly
def bench_forum(
    url: str, members: int, teams: int, entrants: int, achievements: int, requests: int, json_: bool
) -> None:
    """Print p50 and p95 of each area over a large forum."""
    if teams * 8 > members:
        raise click.UsageError("--teams of eight members each need as many --members")
    with progress() as bars:
        bar = bars.add_task("starting", total=None)

        def report(what: str, done: int, total: int) -> None:
            bars.update(bar, description=what, completed=done, total=total)

        figures = forum.run(url, Size(members, teams, entrants, achievements), requests, report)
    if json_:
        print_json(figures)
        return
    out.print(_forum_table(figures))
    out.print(f"a result in the tournament of {entrants}: {figures.decide_ms} ms", highlight=False)


@bench.command("search", help="Measure how fast names are found among many, and how many of them.")
@click.option("--names", default=1_000_000, show_default=True, type=click.IntRange(1000, 100_000_000))
@click.option(
    "--requests", default=60, show_default=True, type=click.IntRange(1, 10_000), help="Of each kind."
)
@as_json
@speaks_plainly
def bench_search(names: int, requests: int, json_: bool) -> None:
    """Print p50, p95 and the share found, by how a name is typed."""
    with progress() as bars:
        bar = bars.add_task("starting", total=None)

        def report(what: str, done: int, total: int) -> None:
            bars.update(bar, description=what, completed=done, total=total)

        figures = search.run(names, requests, report)
    if json_:
        print_json(figures)
        return
    out.print(_search_table(figures))


@bench.command("peers", help="Ask of this machine what other stats systems were measured by.")
@click.option(
    "--row",
    "rows",
    multiple=True,
    type=click.Choice(list(peers.PLANS)),
    help="Only this one; more than once for several.",
)
@click.option("--kills", default=peers.KILLS, show_default=True, type=click.IntRange(200, 1_000_000))
@click.option(
    "--freeze",
    "freeze_seconds",
    default=10.0,
    show_default=True,
    type=click.FloatRange(0.1, 14),
    help="Seconds for which the database, or everything, stands still.",
)
@as_json
@speaks_plainly
def bench_peers(rows: tuple[str, ...], kills: int, freeze_seconds: float, json_: bool) -> None:
    """Print what became of kills under the conditions that others were measured under."""
    with progress() as bars:
        bar = bars.add_task("starting", total=None)

        def report(what: str, done: int, total: int) -> None:
            bars.update(bar, description=what, completed=done, total=total)

        figures = peers.run(rows or list(peers.PLANS), kills, freeze_seconds, report)
    if json_:
        print_json(figures)
        return
    out.print(_peer_table(figures))
    out.print(f"load average before: {figures.load_average_before}", highlight=False)


@bench.command("rating", help="Ask how well ratings foretell who wins, on a ladder of known skills.")
@click.option("--players", default=100, show_default=True, type=click.IntRange(30, 10_000))
@click.option(
    "--matches", default=1000, show_default=True, type=click.IntRange(20, 1_000_000), help="Of each kind."
)
@click.option("--seed", default=1, show_default=True, type=int)
@click.option(
    "--spread",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0.01, 10),
    help="How far skills lie apart; with a small one, matches are much chance.",
)
@click.option(
    "--beta",
    default=BETA,
    show_default=True,
    type=click.FloatRange(0.01, 1000),
    help="How much chance the models take a match for.",
)
@as_json
@speaks_plainly
def bench_rating(players: int, matches: int, seed: int, spread: float, beta: float, json_: bool) -> None:
    """Print log loss and Brier score of the rating, of others, of kills per death, and of a coin."""
    plan = Plan(players, matches, seed, spread, beta)
    with progress() as bars:
        bar = bars.add_task("starting", total=None)

        def report(what: str, done: int, total: int) -> None:
            bars.update(bar, description=what, completed=done, total=total)

        figures = rating.run(plan, report)
    if json_:
        print_json(figures)
        return
    for ladder in figures.ladders:
        out.print(_ladder_table(ladder))


def _search_table(figures: SearchFigures) -> Table:
    table = Table(title=f"{figures.names:,} names; milliseconds", title_justify="left")
    table.add_column("typed")
    table.add_column("such as")
    for column in ("asked", "among the\nfirst ten", "fair", "p50", "p95", "CPU"):
        table.add_column(column, justify="right")
    for way in figures.ways:
        times = (way.p50_ms, way.p95_ms, way.cpu_ms)
        cells = (str(way.asked), f"{way.found:.1%}", f"{way.fair:.1%}", *(f"{ms:.1f}" for ms in times))
        table.add_row(way.way, way.example, *cells)
    return table


def _forum_table(figures: ForumFigures) -> Table:
    table = Table(box=None)
    for name in ("area", "p50 ms", "p95 ms", "CPU ms", "kB"):
        table.add_column(name, justify="left" if name == "area" else "right")
    for area in figures.areas:
        table.add_row(
            area.area, str(area.p50_ms), str(area.p95_ms), str(area.cpu_ms), f"{area.bytes / 1000:.1f}"
        )
    return table


def _pages_table(figures: PagesFigures) -> Table:
    title = f"{figures.matches} matches, {figures.events:,} events; milliseconds"
    table = Table(title=title, title_justify="left")
    table.add_column("page")
    for column in ("queries", "p50", "p95", "kept\np50", "kept\np95", "bytes"):
        table.add_column(column, justify="right")
    for page in figures.pages:
        times = (page.p50_ms, page.p95_ms, page.kept_p50_ms, page.kept_p95_ms)
        table.add_row(page.page, str(page.queries), *(f"{ms:.1f}" for ms in times), f"{page.bytes:,}")
    return table


def _ladder_table(ladder: Ladder) -> Table:
    title = f"{ladder.gametype}: {ladder.forecasts:,} forecasts, {ladder.known_forecasts:,} of known players"
    table = Table(title=title, title_justify="left")
    table.add_column("by")
    for name in ("log loss", "Brier", "log loss,\nknown", "Brier,\nknown", "correlation\nwith skill"):
        table.add_column(name, justify="right")
    for by in ladder.forecasters:
        scores = (by.all.log_loss, by.all.brier, by.known.log_loss, by.known.brier, by.skill_correlation)
        table.add_row(by.name, *("" if score is None else f"{score:.3f}" for score in scores))
    return table


def _peer_table(figures: PeerFigures) -> Table:
    table = Table(title=f"{figures.cores} cores", title_justify="left")
    table.add_column("row")
    for title in ("sent", "acknowledged", "counted", "lost", "doubled"):
        table.add_column(title, justify="right")
    for title in ("seconds", "a second", "requests\na second", "ack p50\nms", "ack p99\nms", "load\naverage"):
        table.add_column(title, justify="right")
    for row in figures.rows:
        cells = [f"{n:,}" for n in (row.sent, row.acknowledged, row.counted, row.lost, row.doubled)]
        cells += [f"{row.seconds:.1f}", f"{row.kills_per_second:,}", f"{row.requests_per_second:,.0f}"]
        table.add_row(
            row.row, *cells, f"{row.ack_ms_p50:,.0f}", f"{row.ack_ms_p99:,.0f}", f"{row.load_average}"
        )
    return table


def _table(figures: QueryFigures) -> Table:
    table = Table(title="milliseconds", title_justify="left")
    table.add_column("route")
    for size in figures.sizes:
        for what in ("p50", "p95", "of the log"):
            table.add_column(f"{what}\n{size.events / 1e6:g} M", justify="right")
    for title in ("p50 grew", "p95 grew") if figures.growth else ():
        table.add_column(title, justify="right")
    for place, first in enumerate(figures.sizes[0].routes):
        cells = [first.route]
        for size in figures.sizes:
            of_log = size.routes[place].log_ms
            cells += [str(size.routes[place].p50_ms), str(size.routes[place].p95_ms), str(of_log or "")]
        if figures.growth:
            cells += [str(figures.growth[place].p50), str(figures.growth[place].p95)]
        table.add_row(*cells)
    return table
