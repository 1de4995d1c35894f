"""Single and double elimination, for any number of entrants.

The field is filled up to a power of two with byes, placed so that the first seeds have them and that
seeds meet as late as they can (1 and 2 in the final). A match against a bye is decided at once; so is one
against somebody who has withdrawn. In double elimination the losers of each round drop into the lower
bracket, in alternating order, so that two who have met meet again as late as possible; who comes out of
it must win twice in the end, since the other has not lost yet: the second time is the bracket reset.
"""

from collections.abc import Sequence
from functools import cache, partial

import msgspec

from smf_bridge.brackets.model import Match, Result, Results, RuleError, check_entrants, check_results

FINAL = "F1.1"
RESET = "F2.1"


class _Seed(msgspec.Struct, frozen=True):
    """The entrant with this seed, from 0; nobody when there are fewer."""

    seed: int


class _From(msgspec.Struct, frozen=True):
    """Who won a match, or lost it."""

    match: str
    won: bool


_Slot = _Seed | _From


class _Node(msgspec.Struct, frozen=True):
    id: str
    round: int
    first: _Slot
    second: _Slot


class _Seat(msgspec.Struct, frozen=True):
    """Who sits in a slot: an entrant, nobody ever (`empty`), or nobody yet."""

    entrant: int | None = None
    empty: bool = False


class Standing(msgspec.Struct, frozen=True):
    """An entrant's place, from 1; those who went out in the same round share one. None while still in."""

    entrant: int
    place: int | None
    losses: int


class Elimination(msgspec.Struct, frozen=True):
    """An elimination as far as it has come. Matches stand in the order in which they can be played."""

    matches: list[Match]
    standings: list[Standing]
    winner: int | None

    @property
    def playable(self) -> list[Match]:
        """Return the matches that can be played now."""
        return [match for match in self.matches if match.playable]


def single(
    entrants: Sequence[int],
    results: Results,
    *,
    withdrawn: Sequence[int] = (),
    third_place: bool = False,
) -> Elimination:
    """Return a single elimination; `entrants` in the order of their seeds.

    `withdrawn` are in the order in which they left: of two who would meet, who left later goes on, so that no
    withdrawal changes what was decided before it. With `third_place`, the losers of the semi-finals play for
    it. Raises RuleError for entrants or results that do not fit.
    """
    check_entrants(entrants)
    nodes = _upper(_size(len(entrants)))
    if third_place and len(entrants) >= 4:
        semi = nodes[-1].round - 1
        nodes.insert(-1, _Node("T1.1", 1, _From(f"W{semi}.1", False), _From(f"W{semi}.2", False)))
    matches = _play(nodes, entrants, results, _leaving(withdrawn))
    check_results(matches, results, draws=False)
    return _state(matches, entrants, last=nodes[-1].id, allowed=1)


def double(
    entrants: Sequence[int], results: Results, *, withdrawn: Sequence[int] = (), reset: bool = True
) -> Elimination:
    """Return a double elimination; `entrants` in the order of their seeds.

    Without `reset`, the grand final is played once. `withdrawn` are in the order in which they left. Raises
    RuleError for entrants or results that do not fit.
    """
    check_entrants(entrants)
    nodes = _both(_size(len(entrants)))
    matches = _play(nodes, entrants, results, _leaving(withdrawn))
    final = matches[-1]
    last = FINAL
    # Only somebody who comes from the lower bracket, and wins, makes the other's loss the first one.
    if reset and final.winner is not None and final.winner == final.second and final.first is not None:
        again = _Node(RESET, 2, nodes[-1].first, nodes[-1].second)
        matches = _play([*nodes, again], entrants, results, _leaving(withdrawn))
        last = RESET
    check_results(matches, results, draws=False)
    return _state(matches, entrants, last=last, allowed=2)


def _size(entrants: int) -> int:
    """Return the power of two that holds so many."""
    return 1 << (entrants - 1).bit_length()


@cache
def _seeding(size: int) -> tuple[int, ...]:
    """Return who stands where in the first round: the sums of neighbours are equal, in every round."""
    order = [0]
    while len(order) < size:
        order = [seed for one in order for seed in (one, 2 * len(order) - 1 - one)]
    return tuple(order)


def _upper(size: int) -> list[_Node]:
    seeds = _seeding(size)
    slots: list[_Slot] = [_Seed(seed) for seed in seeds]
    nodes: list[_Node] = []
    round_ = 0
    while len(slots) > 1:
        round_ += 1
        made = _paired(f"W{round_}", round_, slots)
        nodes += made
        slots = [_From(node.id, True) for node in made]
    return nodes


def _paired(name: str, round_: int, slots: Sequence[_Slot]) -> list[_Node]:
    pairs = zip(slots[::2], slots[1::2], strict=True)
    return [_Node(f"{name}.{n}", round_, first, second) for n, (first, second) in enumerate(pairs, 1)]


def _both(size: int) -> list[_Node]:
    """Return both brackets and the grand final, every match after those that it depends on."""
    upper = _upper(size)
    rounds = upper[-1].round
    nodes = [node for node in upper if node.round == 1]
    dropped: list[_Slot] = [_From(node.id, False) for node in nodes]
    lower: list[_Slot] = []
    low_round = 0
    for round_ in range(2, rounds + 1):
        nodes += (made := [node for node in upper if node.round == round_])
        if low_round == 0:
            low_round, waiting = 1, _paired("L1", 1, dropped)
        else:
            low_round += 1
            waiting = _paired(f"L{low_round}", low_round, lower)
        nodes += waiting
        # Those who drop come from the other end each time: they meet late whom they have met.
        dropped = [_From(node.id, False) for node in made]
        half = len(dropped) // 2
        dropped = dropped[::-1] if round_ % 2 == 0 else [*dropped[half:], *dropped[:half]]
        low_round += 1
        stayed = [_From(node.id, True) for node in waiting]
        facing = [slot for pair in zip(stayed, dropped, strict=True) for slot in pair]
        met = _paired(f"L{low_round}", low_round, facing)
        nodes += met
        lower = [_From(node.id, True) for node in met]
    # Two entrants: who lost the only match has the lower bracket to himself.
    challenger: _Slot = lower[0] if lower else dropped[0]
    return [*nodes, _Node(FINAL, 1, _From(upper[-1].id, True), challenger)]


def _play(
    nodes: Sequence[_Node], entrants: Sequence[int], results: Results, left: dict[int, int]
) -> list[Match]:
    done: dict[str, Match] = {}
    for node in nodes:
        first, second = (_seat(slot, entrants, done) for slot in (node.first, node.second))
        done[node.id] = _match(node, first, second, results, left)
    return list(done.values())


def _seat(slot: _Slot, entrants: Sequence[int], done: dict[str, Match]) -> _Seat:
    if isinstance(slot, _Seed):
        return _Seat(entrants[slot.seed]) if slot.seed < len(entrants) else _Seat(empty=True)
    match = done[slot.match]
    if match.result is None and not match.bye:
        return _Seat()
    who = match.winner if slot.won else match.loser
    return _Seat(who) if who is not None else _Seat(empty=True)


def _match(node: _Node, first: _Seat, second: _Seat, results: Results, left: dict[int, int]) -> Match:
    match = Match(node.id, node.round, first.entrant, second.entrant)
    change = partial(msgspec.structs.replace, match)
    if first.empty and second.empty:
        return change(bye=True)
    if first.empty or second.empty:
        there = second.entrant if first.empty else first.entrant
        return change(bye=True, result=Result(there)) if there is not None else match
    if first.entrant is None or second.entrant is None:
        return match
    if node.id in results:
        return change(result=results[node.id], forfeit=results[node.id].forfeit)
    stays = len(left)
    first_left, second_left = left.get(first.entrant, stays), left.get(second.entrant, stays)
    if first_left != second_left:
        winner = first.entrant if first_left > second_left else second.entrant
        return change(result=Result(winner, forfeit=True), forfeit=True)
    return match


def _leaving(withdrawn: Sequence[int]) -> dict[int, int]:
    """Return the place of each in the order in which they left."""
    return {who: place for place, who in enumerate(withdrawn)}


def _state(matches: list[Match], entrants: Sequence[int], last: str, allowed: int) -> Elimination:
    decided = {match.id: match for match in matches}[last]
    winner = decided.winner
    losses: dict[int, int] = dict.fromkeys(entrants, 0)
    out: dict[int, int] = {}
    for number, match in enumerate(matches):
        loser = match.loser
        if loser is not None and not match.id.startswith("T"):
            losses[loser] += 1
            if losses[loser] >= allowed or match.id == last:
                out[loser] = number
    return Elimination(matches, _standings(matches, entrants, losses, out, winner), winner)


def _standings(
    matches: list[Match],
    entrants: Sequence[int],
    losses: dict[int, int],
    out: dict[int, int],
    winner: int | None,
) -> list[Standing]:
    """Order entrants: the winner, who is still in, then who went out last."""
    third = next((match for match in matches if match.id.startswith("T")), None)

    def stage(entrant: int) -> tuple[int, int]:
        match = matches[out[entrant]]
        return (out_round[match.id], 0 if third and third.winner == entrant else 1)

    order = list(dict.fromkeys((match.id[0], match.round) for match in matches))
    out_round = {match.id: -order.index((match.id[0], match.round)) for match in matches}
    gone = sorted(out, key=stage)
    places: dict[int, int | None] = dict.fromkeys(entrants)
    for position, entrant in enumerate(gone):
        before = gone[position - 1] if position else None
        place = len(entrants) - len(gone) + position + 1
        tied = before is not None and stage(before) == stage(entrant)
        places[entrant] = places[before] if before is not None and tied else place
    if winner is not None:
        places[winner] = 1
    seeds = {entrant: seed for seed, entrant in enumerate(entrants)}
    ordered = sorted(entrants, key=lambda who: (places[who] or 0, seeds[who]))
    return [Standing(entrant, places[entrant], losses[entrant]) for entrant in ordered]


def check_open(state: Elimination, match_id: str) -> Match:
    """Return a match that can be reported now. Raises RuleError for one that cannot, and says why."""
    match = next((match for match in state.matches if match.id == match_id), None)
    if match is None:
        raise RuleError(f"there is no match {match_id!r}")
    if not match.playable:
        why = "is decided" if match.result or match.bye else "waits for the matches before it"
        raise RuleError(f"match {match_id} {why}")
    return match
