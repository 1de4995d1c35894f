"""`afteraction bench rating`: does the rating foretell who wins? On a ladder whose true skills are known.

Nothing of the simulation is the rating's own model, nor that of kills per death: matches are fights, one
after the other. Whoever is there kills and is killed by chance, the better more often and less often.
"""

import math
import random
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import combinations
from statistics import fmean
from typing import Final

import msgspec
from openskill import models

from api.players.skill import UNIT
from api.ratings.model import BETA, LEAST_SHARE, MU, NEW, SIGMA, Entrant, LineUp, Model, Rating, rate

# How much skill makes somebody kill more, and be killed less.
_ATTACK: Final = 0.5
_SURVIVAL: Final = 0.3
_FIGHTS_EACH: Final = 8
_LENGTH: Final = 600_000
# Who plays on the other server, for a match; who comes late or leaves early.
_GUESTS: Final = 0.15
_NOT_ALL_THE_TIME: Final = 0.3
# From so many matches on, a player's rating is more than a beginning.
_KNOWN_AFTER: Final = 10
_LEAST_CHANCE: Final = 0.001
# The first is what After Action uses.
_MODELS: Final = (
    "ThurstoneMostellerFull",
    "PlackettLuce",
    "ThurstoneMostellerPart",
    "BradleyTerryFull",
    "BradleyTerryPart",
)

Report = Callable[[str, int, int], None]


class Score(msgspec.Struct):
    """How good forecasts were; less is better. A coin has a log loss of 0.693 and a Brier score of 0.25."""

    log_loss: float
    brier: float


class Forecaster(msgspec.Struct):
    """What one way of foretelling came to: over all forecasts, and over those between well known players.

    `skill_correlation`: Spearman's, of where it puts the players in the end with their true skills.
    """

    name: str
    all: Score
    known: Score
    skill_correlation: float | None


class Bin(msgspec.Struct):
    """Forecasts of nearly the same chance, and how often it came so."""

    forecast: float
    happened: float
    forecasts: int


class Ladder(msgspec.Struct):
    """All matches of one game type. `bins` are of the rating, over all forecasts."""

    gametype: str
    players: int
    matches: int
    forecasts: int
    known_forecasts: int
    forecasters: list[Forecaster]
    bins: list[Bin]


class _Fought(msgspec.Struct):
    line_up: LineUp
    deaths: Mapping[int, int]


class _Forecast(msgspec.Struct):
    chance: float
    result: float
    known: bool


_Side = list[int]
_Pair = tuple[_Side, _Side, float]


class Plan(msgspec.Struct, frozen=True):
    """What is played: so many matches of each kind.

    `spread` says how far skills lie apart: with a small one, matches are much chance. `beta` is the models
    idea of that.
    """

    players: int = 100
    matches: int = 1000
    seed: int = 1
    spread: float = 1.0
    beta: float = BETA


class RatingFigures(msgspec.Struct):
    """What `bench rating` found. The first forecaster of each ladder is what After Action uses."""

    plan: Plan
    ladders: list[Ladder]


def run(plan: Plan, report: Report) -> RatingFigures:
    """Play a ladder of each kind, foretell every match of it, and return how that went."""
    return RatingFigures(plan, [_ladder(kind, plan, report) for kind in ("ffa", "tdm")])


def _ladder(gametype: str, plan: Plan, report: Report) -> Ladder:
    players, matches = plan.players, plan.matches
    chance = random.Random(f"{plan.seed} {gametype}")  # noqa: S311
    skills = [chance.gauss(0, plan.spread) for _ in range(players)]
    homes = _homes(skills, chance)
    fought = []
    for done in range(matches):
        fought.append(_match(gametype, skills, homes, chance))
        report(f"{gametype}: playing", done + 1, matches)
    forecasts: dict[str, list[_Forecast]] = {}
    standings: dict[str, list[float]] = {}
    for name in _MODELS:
        report(f"{gametype}: {name}", 0, 1)
        forecasts[name], standings[name] = _by_model(fought, players, _model(name, plan.beta))
    forecasts["kd"], standings["kd"] = _by_kd(fought, players)
    forecasts["coin"] = [msgspec.structs.replace(forecast, chance=0.5) for forecast in forecasts["kd"]]
    first = forecasts[_MODELS[0]]
    return Ladder(
        gametype,
        players,
        matches,
        len(first),
        sum(forecast.known for forecast in first),
        [
            Forecaster(
                name,
                _score(all_),
                _score([forecast for forecast in all_ if forecast.known]),
                _spearman(standings[name], skills) if name in standings else None,
            )
            for name, all_ in forecasts.items()
        ],
        _bins(first),
    )


def _model(name: str, beta: float) -> Model:
    made: Model = getattr(models, name)(mu=0, sigma=SIGMA, beta=beta, tau=0)
    return made


def _homes(skills: list[float], chance: random.Random) -> list[list[int]]:
    """Two servers: the better players are rather on the second, so that kills come harder there."""
    order = sorted(range(len(skills)), key=lambda player: skills[player] + chance.gauss(0, 1))
    return [order[: len(order) // 2], order[len(order) // 2 :]]


def _match(gametype: str, skills: list[float], homes: list[list[int]], chance: random.Random) -> _Fought:
    here = chance.randrange(2)
    size = chance.randint(4, 12)
    guests = sum(chance.random() < _GUESTS for _ in range(size))
    who = chance.sample(homes[here], size - guests) + chance.sample(homes[1 - here], guests)
    chance.shuffle(who)
    # One more on a side than on the other is common.
    first = size // 2 if gametype == "tdm" else 0
    teams = {player: "allies" if place < first else "axis" for place, player in enumerate(who)}
    present = {player: _presence(chance) for player in who}
    kills, deaths = _fights(gametype, teams, present, skills, chance)
    scored = Counter({team: sum(kills[p] for p in who if teams[p] == team) for team in ("allies", "axis")})
    entrants = [
        Entrant(p, teams[p], kills[p], round((present[p][1] - present[p][0]) * _LENGTH), False) for p in who
    ]
    score = (scored["allies"], scored["axis"]) if gametype == "tdm" else None
    line_up = LineUp(gametype=gametype, length=_LENGTH, winning_team="", score=score, entrants=entrants)
    return _Fought(line_up, deaths)


def _presence(chance: random.Random) -> tuple[float, float]:
    if chance.random() >= _NOT_ALL_THE_TIME:
        return 0, 1
    cut = chance.uniform(0.1, 0.9)
    return (cut, 1) if chance.random() < 0.5 else (0, cut)


def _fights(
    gametype: str,
    teams: Mapping[int, str],
    present: Mapping[int, tuple[float, float]],
    skills: list[float],
    chance: random.Random,
) -> tuple[Counter[int], Counter[int]]:
    kills: Counter[int] = Counter()
    deaths: Counter[int] = Counter()
    for _ in range(_FIGHTS_EACH * len(teams)):
        now = chance.random()
        there = [player for player, (since, until) in present.items() if since <= now <= until]
        if not there:
            continue
        killer = chance.choices(there, [math.exp(_ATTACK * skills[player]) for player in there])[0]
        others = [
            player
            for player in there
            if player != killer and (gametype == "ffa" or teams[player] != teams[killer])
        ]
        if not others:
            continue
        victim = chance.choices(others, [math.exp(-_SURVIVAL * skills[player]) for player in others])[0]
        kills[killer] += 1
        deaths[victim] += 1
    return kills, deaths


def _pairs(line_up: LineUp) -> list[_Pair]:
    """Return what is to be foretold: each two in a free-for-all, else the two sides; with the result."""
    here = [entrant for entrant in line_up.entrants if entrant.playtime >= LEAST_SHARE * line_up.length]
    if line_up.score is None:
        return [
            ([one.player], [other.player], _result(one.kills, other.kills))
            for one, other in combinations(here, 2)
        ]
    sides = [[entrant.player for entrant in here if entrant.team == team] for team in ("allies", "axis")]
    return [(sides[0], sides[1], _result(*line_up.score))] if all(sides) else []


def _result(one: int, other: int) -> float:
    return 0.5 + 0.5 * ((one > other) - (one < other))


def _by_model(fought: list[_Fought], players: int, model: Model) -> tuple[list[_Forecast], list[float]]:
    """Foretell each match from the ratings before it; how long each will stay is not known then."""
    ratings: dict[int, Rating] = {}
    seen: Counter[int] = Counter()
    forecasts: list[_Forecast] = []
    for match in fought:
        for one, other, result in _pairs(match.line_up):
            sides = [
                [
                    model.rating((rating.mu / UNIT - MU), rating.sigma / UNIT)
                    for rating in (ratings.get(player, NEW) for player in side)
                ]
                for side in (one, other)
            ]
            chance = model.predict_win(sides)[0]
            forecasts.append(_Forecast(chance, result, _known(seen, one, other)))
        for change in rate(match.line_up, ratings, model):
            ratings[change.player] = change.after
            seen[change.player] += 1
    return forecasts, [ratings.get(player, NEW).mu / UNIT for player in range(players)]


def _by_kd(fought: list[_Fought], players: int) -> tuple[list[_Forecast], list[float]]:
    """Foretell by kills per death so far: with twice the ratio, one wins two times out of three."""
    kills: Counter[int] = Counter()
    deaths: Counter[int] = Counter()
    seen: Counter[int] = Counter()

    def ratio(player: int) -> float:
        return (kills[player] + 1) / (deaths[player] + 1)

    forecasts: list[_Forecast] = []
    for match in fought:
        for one, other, result in _pairs(match.line_up):
            ratios = [fmean(map(ratio, side)) for side in (one, other)]
            forecasts.append(_Forecast(ratios[0] / sum(ratios), result, _known(seen, one, other)))
        for entrant in match.line_up.entrants:
            kills[entrant.player] += entrant.kills
            seen[entrant.player] += 1
        deaths.update(match.deaths)
    return forecasts, [ratio(player) for player in range(players)]


def _known(seen: Mapping[int, int], one: _Side, other: _Side) -> bool:
    return all(seen[player] >= _KNOWN_AFTER for player in (*one, *other))


def _score(forecasts: list[_Forecast]) -> Score:
    if not forecasts:
        return Score(math.nan, math.nan)
    losses = []
    for forecast in forecasts:
        chance = min(max(forecast.chance, _LEAST_CHANCE), 1 - _LEAST_CHANCE)
        losses.append(-forecast.result * math.log(chance) - (1 - forecast.result) * math.log(1 - chance))
    squares = [(forecast.chance - forecast.result) ** 2 for forecast in forecasts]
    return Score(round(fmean(losses), 4), round(fmean(squares), 4))


def _bins(forecasts: list[_Forecast]) -> list[Bin]:
    """Each forecast once, as the chance of whoever was thought the better."""
    sides = [
        (forecast.chance, forecast.result)
        if forecast.chance >= 0.5
        else (1 - forecast.chance, 1 - forecast.result)
        for forecast in forecasts
    ]
    found = []
    for low in range(50, 100, 10):
        inside = [
            (chance, result) for chance, result in sides if low <= 100 * chance < low + 10 + (low == 90)
        ]
        if inside:
            found.append(
                Bin(
                    round(fmean(chance for chance, _ in inside), 3),
                    round(fmean(result for _, result in inside), 3),
                    len(inside),
                )
            )
    return found


def _spearman(one: list[float], other: list[float]) -> float:
    middle = (len(one) - 1) / 2
    pairs = [(a - middle, b - middle) for a, b in zip(_ranks(one), _ranks(other), strict=True)]
    return round(sum(a * b for a, b in pairs) / sum(b * b for _, b in pairs), 3)


def _ranks(values: list[float]) -> list[int]:
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0] * len(values)
    for rank, place in enumerate(order):
        ranks[place] = rank
    return ranks
