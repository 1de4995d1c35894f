"""`audit`: who changed what."""

import click
import msgspec

from api.audit import service as auditing
from api.cli.instance import with_postgres
from api.terminal import as_json, out, print_json, speaks_plainly


@click.command(help="Show who changed what, the newest last.")
@click.option("--subject", help="Only this, as `server Omaha` or `key 3`.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@as_json
@speaks_plainly
def audit(subject: str | None, limit: int, json_: bool) -> None:
    """Show the audit log."""
    found = with_postgres(lambda postgres: auditing.page(postgres, subject=subject, limit=limit))[::-1]
    if json_:
        print_json(found)
        return
    for entry in found:
        whose = f"key {entry.key_id} " if entry.key_id is not None else ""
        place = f" from {entry.address}" if entry.address else ""
        change = " -> ".join(
            msgspec.json.encode(side).decode() for side in (entry.before, entry.after) if side
        )
        out.print(
            f"{entry.at:%Y-%m-%d %H:%M:%S}  {entry.actor} {whose}{entry.name}{place}  "
            f"{entry.action}  {entry.subject}  {change}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
