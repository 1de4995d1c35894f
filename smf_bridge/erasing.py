"""Erasing a member: what the forum's tables know of them goes, or becomes a former member's, who is nobody.

SMF's own tables are the forum's, and are not touched. A stand-in is an id that no forum gives: the same one
in all rows of a member, so that rosters, brackets and histories stay whole.
"""

import secrets
from datetime import datetime
from typing import Final

import msgspec

from smf_bridge import alerts, members
from smf_bridge.database import Transaction, queries
from smf_bridge.members import A_FORMER_MEMBER, FORMER
from smf_bridge.teams import service as teams
from smf_bridge.tournaments import leaving
from smf_bridge.tournaments.model import Report, Who

_SQL: Final = queries("erasing")
_DONE: Final = "You have been taken out of the stats, teams and tournaments"


class _Reported(msgspec.Struct):
    id: int
    reports: str


class _Entry(msgspec.Struct):
    id: int
    tournament_id: int


def erase(transaction: Transaction, member_id: int, at: datetime) -> None:
    """Take a member out of the bridge's tables, and tell them so. To do it again changes nothing more.

    What they are in the middle of ends as if they had left: a team has another captain, or is disbanded, and
    what is left to play in a tournament is lost.
    """
    stand_in = FORMER + secrets.randbelow(FORMER)
    live = leaving.of_member(transaction, member_id, Who(stand_in), at)
    teams.member_is_gone(transaction, member_id, stand_in, at)
    leaving.member_is_gone(live, member_id)
    for row in transaction.rows(_SQL["reported"], _Reported, member=member_id):
        said = [
            msgspec.structs.replace(each, member=stand_in) if each.member == member_id else each
            for each in msgspec.json.decode(row.reports, type=list[Report])
        ]
        transaction.execute(_SQL["report"], id=row.id, reports=msgspec.json.encode(said).decode())
    for name in (_SQL["links"], _SQL["codes"], _SQL["progress"], _SQL["judged"], _SQL["alerts"]):
        transaction.execute(name, member=member_id)
    for entry in transaction.rows(_SQL["entries"], _Entry, member=member_id):
        like = f"match:{entry.tournament_id}:%:{entry.id}:%"
        transaction.execute(_SQL["alerts_of_matches"], like=like)
    transaction.execute(_SQL["names"], member=member_id, name=A_FORMER_MEMBER)
    for name in (
        _SQL["teams"],
        _SQL["team_members"],
        _SQL["team_invites"],
        _SQL["team_events"],
        _SQL["tournaments"],
        _SQL["staff"],
        _SQL["registrations"],
        _SQL["confirmed"],
        _SQL["history_of_staff"],
        _SQL["history"],
    ):
        transaction.execute(name, member=member_id, stand_in=stand_in)
    if member_id in members.some(transaction, [member_id]):
        once = f"erased:{member_id}:{at:%Y%m%d%H%M}"
        alerts.tell(transaction, "address", member_id, _DONE, "identity", at, once=once)
