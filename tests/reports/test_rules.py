"""The course of a match, its winner and its most valuable player, by the definitions."""

from collections import Counter, defaultdict

from hypothesis import given

from api.reports import course, mvp, outcome
from api.reports.document import document
from api.reports.engagements import Rules
from api.reports.moments import Moment
from api.reports.mvp import Tally
from tests.reports.made import kill, matches

ANN, BOB, CID = range(3)


def test_the_lead_changes_when_somebody_else_is_alone_in_front() -> None:
    told = [kill(1, ANN, BOB), kill(2, BOB, ANN), kill(3, CID, ANN), kill(4, CID, BOB), kill(5, ANN, CID)]
    assert [(lead.at, lead.player, lead.kills, lead.next) for lead in course.leads(told)] == [
        (1_000, ANN, 1, 0),
        (4_000, CID, 2, 1),
    ]
    sides = [kill(1, ANN, BOB, "allies"), kill(2, BOB, ANN, "axis"), kill(3, CID, ANN, "axis")]
    assert [(lead.at, lead.side, lead.kills, lead.next) for lead in course.leads(sides)] == [
        (1_000, "allies", 1, 0),
        (3_000, "axis", 2, 1),
    ]


def test_streaks_end_with_a_death_of_any_kind_and_multi_kills_with_time() -> None:
    told = [
        kill(0, ANN, BOB),
        kill(4, ANN, BOB),
        kill(8.001, ANN, CID),
        Moment(9_000, "suicide", ANN, ANN),
        kill(10, ANN, BOB),
    ]
    assert [(run.player, run.kills, run.start, run.end) for run in course.streaks(told)] == [
        (ANN, 3, 0, 8_001),
        (ANN, 1, 10_000, 10_000),
    ]
    # As in SQL, a death in between does not end one.
    assert [(run.kills, run.start, run.end) for run in course.multi_kills(told)] == [
        (2, 0, 4_000),
        (2, 8_001, 10_000),
    ]


def test_a_weapon_that_was_not_said_goes_by_the_means_of_death() -> None:
    far = Moment(
        0, "kill", ANN, BOB, weapon="KAR98", hitloc="head", actor_place=(0, 0, 0), target_place=(3, 4, 0)
    )
    near = Moment(1, "kill", CID, BOB, mod="bash")
    assert [msg for weapon in course.weapons([near, far, far]) for msg in [tuple_of(weapon)]] == [
        ("KAR98", 2, 2, 5.0, 1),
        ("bash", 1, 0, None, 1),
    ]


def tuple_of(weapon: course.Weapon) -> tuple[str, int, int, float | None, int]:
    return weapon.name, weapon.kills, weapon.headshots, weapon.longest, weapon.players


def test_tiles_are_named_by_their_lower_corner() -> None:
    told = Moment(0, "kill", ANN, BOB, actor_place=(-1, 63.9, 0), target_place=(64, 0, 0))
    own = Moment(1, "suicide", BOB, BOB, actor_place=(64, 0, 0), target_place=(64, 0, 0))
    assert [(t.x, t.y, t.kills, t.deaths) for t in course.tiles([told, own], 64)] == [
        (-64, 0, 1, 0),
        (64, 0, 0, 2),
    ]


def test_who_won() -> None:
    assert outcome.of_sides("axis", (9, 1), (5, 0)) == ("reported", "axis", ())
    assert outcome.of_sides("draw", (9, 1), (0, 5)) == ("score", "allies", ())
    assert outcome.of_sides("", (0, 0), (1, 5)) == ("kills", "axis", ())
    assert outcome.of_sides("", (2, 2), (1, 5)) == ("score", "", ())
    assert outcome.of_sides("", (0, 0), (0, 0)) == ("", "", ())
    assert outcome.of_players([3, 5, 5]) == ("kills", "", (1, 2))
    assert outcome.of_players([0, 0]) == ("", "", ())


def test_the_most_valuable_is_a_plain_sum_and_says_so() -> None:
    ann = Tally(kills=9, headshots=2, first_blood=1, best_streak=5, multi_kills=2, deaths=3, team_kills=1)
    assert mvp.points(ann) == 90 + 4 + 5 + 2 * 3 + 6 - 15 - 10
    bob = Tally(kills=5, objectives=2, deaths=0, best_streak=2)
    assert mvp.points(bob) == 80
    both = [ann, bob]
    assert mvp.best(both, [True, True]) == 0
    assert mvp.best(both, [False, True]) == 1
    assert mvp.best([Tally(deaths=2), Tally()], [True, True]) is None
    assert mvp.best([], []) is None
    assert mvp.reason(both, [True, True]) == (
        "9 kills (+90), 2 headshots (+4), first blood (+5), 2 kills in quick succession (+6), "
        "a streak of 5 (+6), 3 deaths (−15), 1 team kill (−10): 86 points, 6 ahead of the next"
    )


@given(matches())
def test_the_document_is_that_of_a_plain_recount(moments: list[Moment]) -> None:
    told = document(moments, 6, Rules(), 64)
    kills = [moment for moment in moments if moment.kind == "kill"]
    deaths = Counter(moment.target for moment in moments)
    made = Counter(moment.actor for moment in kills)
    assert [tally.kills for tally in told.tallies] == [made[player] for player in range(6)]
    assert [tally.deaths for tally in told.tallies] == [deaths[player] for player in range(6)]
    assert {(p.killer, p.victim): p.kills for p in told.versus} == Counter((m.actor, m.target) for m in kills)
    assert sum(weapon.kills for weapon in told.weapons) == len(kills)
    assert told.first_blood == (kills[0] if kills else None)
    assert told.last_blood == (kills[-1] if kills else None)
    assert sum(tally.first_blood for tally in told.tallies) == bool(kills)
    assert [tally.best_streak for tally in told.tallies] == [longest(moments, player) for player in range(6)]
    assert [(lead.at, lead.side, lead.player) for lead in told.leads] == leaders(moments)
    assert sorted(run.kills for run in told.multi_kills) == sorted(quick(kills))


def longest(moments: list[Moment], player: int) -> int:
    best = run = 0
    for moment in moments:
        if moment.kind == "kill" and moment.actor == player:
            run += 1
            best = max(best, run)
        if moment.target == player:
            run = 0
    return best


def leaders(moments: list[Moment]) -> list[tuple[int, str, int]]:
    """Who stood alone in front after each kill, counted from the beginning each time."""
    found: list[tuple[int, str, int]] = []
    for number, moment in enumerate(moments):
        counts = Counter[tuple[str, int]]()
        for kill_ in moments[: number + 1]:
            if kill_.kind == "kill":
                counts[(kill_.actor_side, -1) if kill_.actor_side else ("", kill_.actor)] += 1
        top = [who for who, count in counts.items() if count == max(counts.values())]
        if len(top) == 1 and (not found or found[-1][1:] != top[0]):
            found.append((moment.at, *top[0]))
    return found


def quick(kills: list[Moment]) -> list[int]:
    times: defaultdict[int, list[int]] = defaultdict(list)
    for moment in kills:
        times[moment.actor].append(moment.at)
    sizes = []
    for own in times.values():
        run = 1
        for before, after in zip(own, [*own[1:], 10**15], strict=True):
            if after - before <= 4_000:
                run += 1
                continue
            sizes.append(run)
            run = 1
    return [size for size in sizes if size > 1]
