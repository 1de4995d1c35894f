"""`player`: export, erase, merge and split, marks and flags."""

import click
import msgspec

from api.cli.instance import about, reason_of
from api.players.marks import Marked
from api.players.merges import Merged
from api.privacy.service import Erased
from api.terminal import as_json, out, say, speaks_plainly


@click.group(help="Players: who is one person, who is a bot, who cheats; what is kept of one, or no more.")
def player() -> None:
    """Commands about players."""


@player.command("export", help="Print all that is kept of player ID, as JSON.")
@click.argument("id_", metavar="ID")
@speaks_plainly
def player_export(id_: str) -> None:
    """Export a player."""
    click.echo(msgspec.json.format(about("export", id_), indent=2))


@player.command("erase", help="Take player ID out of everything; only says how much that is, without --yes.")
@click.argument("id_", metavar="ID")
@click.option("--yes", is_flag=True, help="Do it. It cannot be undone.")
@as_json
@speaks_plainly
def player_erase(id_: str, yes: bool, json_: bool) -> None:
    """Erase a player."""
    answer = about("erase" if yes else "count", id_)
    if json_:
        click.echo(answer)
        return
    erased = msgspec.json.decode(answer, type=Erased)
    for table, rows in sorted(erased.rows.items()):
        if rows:
            out.print(f"{rows:>9}  {table}", highlight=False)
    if erased.namesakes:
        say(f"others used one of the names, perhaps the same person: {', '.join(erased.namesakes)}")
    if erased.done:
        out.print(
            f"erased; the counts are now those of player {erased.player}, who is nobody", highlight=False
        )
    else:
        out.print("nothing was changed; --yes takes the player out of these rows", highlight=False)


@player.command("merge", help="Let all that player ID did count for player INTO; `split` undoes it.")
@click.argument("id_", metavar="ID")
@click.argument("into", metavar="INTO")
@as_json
@speaks_plainly
def player_merge(id_: str, into: str, json_: bool) -> None:
    """Merge a player into another."""
    answer = about("merge", id_, into=into)
    if json_:
        click.echo(answer)
        return
    made = msgspec.json.decode(answer, type=Merged)
    out.print(f"{made.player} counts for {made.into}: {made.keys} keys", highlight=False)


@player.command("split", help="Undo the merge of player ID into another.")
@click.argument("id_", metavar="ID")
@as_json
@speaks_plainly
def player_split(id_: str, json_: bool) -> None:
    """Split a player off again."""
    answer = about("split", id_)
    if json_:
        click.echo(answer)
        return
    made = msgspec.json.decode(answer, type=Merged)
    out.print(f"{made.player} and {made.into} are two players again: {made.keys} keys", highlight=False)


@player.command("mark", help="Say that player ID is a bot or a person, or with `events` believe those again.")
@click.argument("id_", metavar="ID")
@click.argument("word", metavar="bot|person|events", type=click.Choice(["bot", "person", "events"]))
@click.option("--reason", default="", help="For the list of flags and the audit log.")
@as_json
@speaks_plainly
def player_mark(id_: str, word: str, reason: str, json_: bool) -> None:
    """Mark a player as a bot or as none."""
    answer = about("mark", id_, word=word, reason=reason_of(reason, needed=False))
    _show_marked(answer, json_)


@player.command("flag", help="Keep player ID off all boards; `unflag` undoes it.")
@click.argument("id_", metavar="ID")
@click.option("--reason", required=True, help="Why; the player's page says it.")
@as_json
@speaks_plainly
def player_flag(id_: str, reason: str, json_: bool) -> None:
    """Flag a player."""
    _show_marked(about("flag", id_, reason=reason_of(reason)), json_)


@player.command("unflag", help="Let player ID stand on boards again.")
@click.argument("id_", metavar="ID")
@as_json
@speaks_plainly
def player_unflag(id_: str, json_: bool) -> None:
    """Undo a flag."""
    _show_marked(about("unflag", id_), json_)


def _show_marked(answer: bytes, json_: bool) -> None:
    if json_:
        click.echo(answer)
        return
    made = msgspec.json.decode(answer, type=Marked)
    held = ", ".join(made.marks) or "no mark"
    out.print(f"{made.player}: {held} ({made.keys} keys)", highlight=False)
