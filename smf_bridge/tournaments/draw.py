"""The bracket of a tournament, drawn from what is stored by the rules of `smf_bridge.brackets`.

The same entrants, results and withdrawals give the same bracket, whoever asks and however often.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from smf_bridge.brackets.elimination import Elimination, double, single
from smf_bridge.brackets.groups import group_stage
from smf_bridge.brackets.model import Match, Result, RuleError
from smf_bridge.brackets.points import Row
from smf_bridge.brackets.round_robin import round_robin
from smf_bridge.brackets.swiss import swiss
from smf_bridge.tournaments.model import Format, Rules

# Keys of playoff matches begin so: groups have letters, and so have the parts of an elimination.
PLAYOFFS: Final = "P-"
IN_GROUPS: Final = 1
IN_PLAYOFFS: Final = 2


class Played(msgspec.Struct, frozen=True):
    """A result, and between whom it was."""

    home: int | None
    away: int | None
    result: Result


class Left(msgspec.Struct, frozen=True):
    """Who withdrew, and from when on; in Swiss the first round without them, in groups IN_GROUPS or later."""

    entrant: int
    stage: int


class Round(msgspec.Struct, frozen=True):
    """The matches of one round of a part."""

    title: str
    matches: list[Match]


class Part(msgspec.Struct, frozen=True):
    """A part of a tournament: a tree, or rounds that end in a table."""

    title: str
    rounds: list[Round]
    tree: bool
    table: list[Row] = []


class Place(msgspec.Struct, frozen=True):
    """Where an entrant stands in all; `place` is None while they can still win."""

    entrant: int
    place: int | None


class Bracket(msgspec.Struct, frozen=True):
    """A tournament as far as it has come."""

    parts: list[Part]
    places: list[Place]
    winner: int | None
    finished: bool
    stage: int
    draws: frozenset[str] = frozenset()

    @property
    def matches(self) -> dict[str, Match]:
        """All matches by their keys."""
        return {match.id: match for part in self.parts for round_ in part.rounds for match in round_.matches}

    @property
    def playable(self) -> list[Match]:
        """The matches that wait for nothing but being played."""
        return [match for match in self.matches.values() if match.playable]


def draw(
    format_: Format,
    rules: Rules,
    entrants: Sequence[int],
    played: Mapping[str, Played],
    left: Sequence[Left] = (),
) -> Bracket:
    """Return the bracket of entrants, in the order of their seeds; `left` in the order in which they left.

    Raises RuleError for entrants, rules or results that do not fit, or not to each other.
    """
    bracket = _DRAWN[format_](rules, entrants, {key: one.result for key, one in played.items()}, left)
    for key, one in played.items():
        match = bracket.matches[key]
        if (match.first, match.second) != (one.home, one.away):
            raise RuleError(
                f"match {key} was played by others than now meet there; take its result back first"
            )
    return bracket


def _single(
    rules: Rules, entrants: Sequence[int], results: Mapping[str, Result], left: Sequence[Left]
) -> Bracket:
    state = single(entrants, results, withdrawn=[one.entrant for one in left], third_place=rules.third_place)
    return Bracket(_tree(state, "Bracket"), _places(state), state.winner, _is_over(state), 1)


def _double(
    rules: Rules, entrants: Sequence[int], results: Mapping[str, Result], left: Sequence[Left]
) -> Bracket:
    state = double(entrants, results, withdrawn=[one.entrant for one in left], reset=rules.reset)
    return Bracket(_tree(state), _places(state), state.winner, _is_over(state), 1)


def _round_robin(
    rules: Rules, entrants: Sequence[int], results: Mapping[str, Result], left: Sequence[Left]
) -> Bracket:
    gone = [one.entrant for one in left]
    state = round_robin(entrants, results, withdrawn=gone, twice=rules.twice)
    return Bracket(
        [Part("Round robin", _rounds(state.matches), tree=False, table=state.standings)],
        _by_points(state.standings, state.finished),
        _first(state.standings, gone) if state.finished else None,
        state.finished,
        1,
        frozenset(match.id for match in state.matches),
    )


def _swiss(
    rules: Rules, entrants: Sequence[int], results: Mapping[str, Result], left: Sequence[Left]
) -> Bracket:
    gone = [(one.entrant, one.stage) for one in left]
    state = swiss(entrants, results, rounds=rules.rounds, withdrawn=gone)
    return Bracket(
        [Part(f"Swiss, {state.rounds} rounds", _rounds(state.matches), tree=False, table=state.standings)],
        _by_points(state.standings, state.finished),
        _first(state.standings, [who for who, _ in gone]) if state.finished else None,
        state.finished,
        max(match.round for match in state.matches),
        frozenset(match.id for match in state.matches),
    )


def _groups(
    rules: Rules, entrants: Sequence[int], results: Mapping[str, Result], left: Sequence[Left]
) -> Bracket:
    in_groups = [one.entrant for one in left if one.stage == IN_GROUPS]
    first = {key: result for key, result in results.items() if not key.startswith(PLAYOFFS)}
    later = {key.removeprefix(PLAYOFFS): result for key, result in results.items() if key not in first}
    stage = group_stage(
        entrants,
        first,
        groups=rules.groups,
        advancing=rules.advancing,
        withdrawn=in_groups,
        twice=rules.twice,
    )
    parts = [
        Part(
            f"Group {group.matches[0].id.rstrip('0123456789.')}",
            _rounds(group.matches),
            False,
            group.standings,
        )
        for group in stage.groups
    ]
    draws = frozenset(match.id for group in stage.groups for match in group.matches)
    if stage.qualified is None or len(stage.qualified) < 2:
        if later:
            raise RuleError("the playoffs have results, but the groups are open; take those back first")
        if stage.qualified:
            [winner] = stage.qualified
            rest = [Place(who, 2) for who in entrants if who != winner]
            return Bracket(parts, [Place(winner, 1), *rest], winner, True, IN_GROUPS, draws)
        return Bracket(parts, [Place(who, None) for who in entrants], None, False, IN_GROUPS, draws)
    gone = [one.entrant for one in left if one.stage == IN_PLAYOFFS]
    if rules.playoffs == "double":
        state = double(stage.qualified, later, withdrawn=gone, reset=rules.reset)
    else:
        state = single(stage.qualified, later, withdrawn=gone, third_place=rules.third_place)
    state = msgspec.structs.replace(state, matches=[_named(match) for match in state.matches])
    behind = len(stage.qualified) + 1
    out = [Place(who, behind) for who in entrants if who not in stage.qualified]
    return Bracket(
        [*_tree(state, "Playoffs"), *parts],
        [*_places(state), *out],
        state.winner,
        _is_over(state),
        IN_PLAYOFFS,
        draws,
    )


_Drawn = Callable[[Rules, Sequence[int], Mapping[str, Result], Sequence[Left]], Bracket]
_DRAWN: Final[Mapping[Format, _Drawn]] = {
    "single": _single,
    "double": _double,
    "round_robin": _round_robin,
    "swiss": _swiss,
    "groups": _groups,
}


def _named(match: Match) -> Match:
    return msgspec.structs.replace(match, id=PLAYOFFS + match.id)


def _is_over(state: Elimination) -> bool:
    """A match for the third place belongs to it too."""
    return state.winner is not None and not state.playable


def _places(state: Elimination) -> list[Place]:
    found = [Place(row.entrant, row.place) for row in state.standings]
    return sorted(found, key=lambda place: place.place or 0)


def _by_points(rows: Sequence[Row], finished: bool) -> list[Place]:
    return [Place(row.entrant, row.place if finished else None) for row in rows]


def _first(rows: Sequence[Row], gone: Sequence[int]) -> int | None:
    """Return the winner: the first of those who stayed to the end."""
    return next((row.entrant for row in rows if row.entrant not in gone), None)


def _rounds(matches: Sequence[Match]) -> list[Round]:
    numbers = sorted({match.round for match in matches})
    return [Round(f"Round {n}", [match for match in matches if match.round == n]) for n in numbers]


def _tree(state: Elimination, title: str = "") -> list[Part]:
    """Return the parts of an elimination: winners, losers and finals, rounds with their usual names."""
    halves: dict[str, list[Match]] = {}
    for match in state.matches:
        halves.setdefault(match.id.removeprefix(PLAYOFFS)[0], []).append(match)
    names = {"W": "Upper bracket" if "F" in halves else "Bracket", "L": "Lower bracket", "F": "Grand final"}
    before = f"{title}: " if title == "Playoffs" else ""
    found = []
    for letter in "FWL":
        if letter not in halves:
            continue
        rounds = _rounds(halves[letter])
        if letter == "F":
            titles = ["Grand final", "Bracket reset"]
        elif letter == "W" and "F" not in halves:
            titles = [_usual(len(rounds) - n) or f"Round {n + 1}" for n in range(len(rounds))]
        else:
            titles = [round_.title for round_ in rounds]
        named = [Round(text, round_.matches) for text, round_ in zip(titles, rounds, strict=False)]
        if letter == "W" and "T" in halves:
            named.append(Round("Third place", halves["T"]))
        found.append(Part(before + names[letter], named, tree=True))
    return found


def _usual(from_end: int) -> str | None:
    return {1: "Final", 2: "Semi-finals", 3: "Quarter-finals"}.get(from_end)
