"""Who leaves a tournament: entrants who withdraw, teams that are disbanded, members who are erased."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from smf_bridge import alerts
from smf_bridge.brackets.model import Match
from smf_bridge.database import Transaction
from smf_bridge.tournaments.changes import SQL, Change, locked
from smf_bridge.tournaments.model import How, Registration, Who

_LIVE: Final = ("registered", "waiting", "checked_in", "playing")


class _Id(msgspec.Struct):
    id: int


def withdraw(change: Change, row: Registration, why: str) -> bool:
    """Withdraw an entrant: before the start from the list, later from all that is left to play.

    Returns False where there is nothing to leave.
    """
    if change.tournament.state == "registration":
        change.transaction.execute(SQL["withdraw"], registration=row.id, state="withdrawn", now=change.now)
        change.note("withdrawn", registration=row.id, why=why)
        change.forget()
        promote(change)
        return True
    if change.tournament.state == "running" and row.state == "playing":
        _leave(change, row, why)
        return True
    return False


def of_team(transaction: Transaction, team: int, who: Who, at: datetime) -> list[Change]:
    """Lock the tournaments in which a team takes part, or will: by rising id, as everybody does."""
    return _locked(transaction, transaction.rows(SQL["live_of_team"], _Id, team=team), who, at)


def of_member(transaction: Transaction, member: int, who: Who, at: datetime) -> list[Change]:
    """Lock the tournaments in which a member takes part as a single player, or which they run."""
    return _locked(transaction, transaction.rows(SQL["live_of_member"], _Id, member=member), who, at)


def team_is_gone(live: Sequence[Change], team: int) -> None:
    """Withdraw a team that is disbanded from tournaments that are locked, and tell those who run them."""
    for change in live:
        for row in list(change.registrations.values()):
            if row.team_id == team and row.state in _LIVE and withdraw(change, row, "the team was disbanded"):
                _tell_staff(change, f"{change.tournament.name}: {row.name} is disbanded, and out")


def member_is_gone(live: Sequence[Change], member: int) -> None:
    """Withdraw a member who is erased, and end their part in running tournaments that are locked.

    Of a tournament that they owned, who has helped for longest is the owner; a draft that nobody is left to
    publish is cancelled.
    """
    for change in live:
        for row in list(change.registrations.values()):
            mine = row.team_id is None and row.member_id == member and row.state in _LIVE
            if mine and withdraw(change, row, ""):
                _tell_staff(change, f"{change.tournament.name}: an entrant was erased, and is out")
        mine_as = next((one.role for one in change.staff if one.member_id == member), None)
        if mine_as is None:
            continue
        tournament = change.tournament.id
        change.transaction.execute(SQL["remove_any_staff"], tournament=tournament, member=member)
        change.forget()
        if mine_as == "owner" and change.staff and change.staff[0].role != "owner":
            heir = change.staff[0].member_id
            change.transaction.execute(SQL["own"], tournament=tournament, member=heir)
            change.note("owner_changed", member=heir)
            _tell(change, heir, f"{change.tournament.name} is yours to run now: its owner was erased")
        elif not change.staff and change.tournament.state == "draft":
            change.set_state("cancelled")
            change.note("cancelled")


def promote(change: Change) -> None:
    """Give free places to those who wait longest."""
    free = change.tournament.max_entrants - len(change.holding)
    for row in change.waiting[: max(0, free)]:
        state = "checked_in" if row.checked_in_at else "registered"
        change.transaction.execute(
            SQL["set_registration"], registration=row.id, state=state, checked_in_at=row.checked_in_at
        )
        change.note("promoted", registration=row.id)
    change.forget()


def _leave(change: Change, row: Registration, why: str) -> None:
    """Withdraw from a running tournament: what is open is lost, and so is what comes."""
    bracket = change.bracket
    place = 1 + sum(1 for one in change.registrations.values() if one.left_place)
    stage = bracket.stage
    if change.tournament.format == "swiss":
        # The round that is drawn stays; the match in it is lost.
        stage += 1
        mine = next((m for m in bracket.playable if row.id in (m.first, m.second)), None)
        if mine is not None:
            winner = mine.second if mine.first == row.id else mine.first
            stored = change.stored(mine)
            change.put(stored, **confirmed(change, mine, winner, (0, 0), "forfeit", None))
    change.transaction.execute(SQL["leave"], registration=row.id, now=change.now, place=place, stage=stage)
    change.note("left", registration=row.id, why=why)
    change.settle(bracket)


def confirmed(
    change: Change, match: Match, winner: int | None, score: tuple[int, int], how: How, match_id: str | None
) -> dict[str, Any]:
    """Return how a match is stored that is decided."""
    return {
        "home_id": match.first,
        "away_id": match.second,
        "state": "confirmed",
        "winner_id": winner,
        "home_score": score[0],
        "away_score": score[1],
        "how": how,
        "match_id": match_id,
        "confirmed_by": change.who.member,
        "confirmed_at": change.now,
    }


def _locked(transaction: Transaction, rows: Sequence[_Id], who: Who, at: datetime) -> list[Change]:
    return [locked(transaction, row.id, who, lambda: at) for row in rows]


def _tell_staff(change: Change, text: str) -> None:
    for one in change.staff:
        _tell(change, one.member_id, text)


def _tell(change: Change, member: int, text: str) -> None:
    path = f"tournaments/{change.tournament.id}/manage"
    alerts.tell(change.transaction, "match", member, text, path, change.now, by=change.who.member)
