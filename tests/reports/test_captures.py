"""The reports of recorded matches say what the engine itself said of them."""

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from api.platform import Platform
from api.reports import service as reports
from api.reports.service import Report
from tests.captures.recount import LOCATIONS, MEANS
from tests.sql.feed import settle
from tests.stack import Stack, add_server, drain

HERE = Path(__file__).resolve().parents[1] / "captures"
Line = dict[str, str]


class Killed(NamedTuple):
    """A death as somebody would have seen it who watched."""

    at: float
    attacker: str
    victim: str
    side: str
    kind: str
    head: bool
    means: str


def watched(capture: str) -> list[list[Killed]]:
    """What the engine told of each match, in its order."""
    matches: list[list[Killed]] = []
    teams: dict[str, str] = {}
    for text in (HERE / capture / "truth.ndjson").read_text().splitlines():
        line: Line = json.loads(text)
        if line["event"] == "map":
            matches.append([])
        elif line["event"] == "spawned":
            teams[line["name"]] = line["team"]
        elif line["event"] == "killed":
            one, other = line["attacker"], line["victim"]
            mates = capture == "team" and teams[one] == teams[other]
            kind = "suicide" if one == other else "team_kill" if mates else "kill"
            head = LOCATIONS[int(line["location"]) + 2] in ("head", "helmet")
            side = teams[one] if capture == "team" else ""
            matches[-1].append(
                Killed(float(line["time"]), one, other, side, kind, head, MEANS[int(line["mod"])])
            )
    return matches


async def told(platform: Platform, capture: str) -> list[Report]:
    await add_server(platform)
    await platform.inlet.take(1, (HERE / capture / "spool.ndjson").read_bytes(), "")
    await drain(platform)
    await settle(platform.clickhouse)
    matches = await platform.clickhouse.rows(
        "SELECT public_id(match_key) AS id FROM matches GROUP BY match_key ORDER BY min(first_time)",
        dict[str, str],
    )
    stores = platform.clickhouse, platform.postgres, platform.settings
    return [await reports.report(*stores, match["id"]) for match in matches]


@pytest.mark.parametrize("capture", ["ffa", "team"])
def test_a_report_is_what_somebody_saw_who_watched(stack: Stack, capture: str) -> None:
    found = stack.run(lambda platform: told(platform, capture))
    seen = watched(capture)
    assert len(found) == len(seen) == 3
    for report, deaths in zip(found, seen, strict=True):
        assert report.made.kept
        feed = [
            (k.player.name, k.target.name, k.kind, k.hitloc in ("head", "helmet"), k.mod)
            for k in report.kills
            if k.player and k.target
        ]
        assert feed == [(d.attacker, d.victim, d.kind, d.head, d.means) for d in deaths]
        kills = [death for death in deaths if death.kind == "kill"]
        # The tracker's clock runs in the server's frames.
        for line, death in zip(report.kills, deaths, strict=True):
            at = (line.time - report.match.first_time).total_seconds()
            assert at == pytest.approx(death.at, abs=1.1)
        bloods = [
            (blood.player.name, blood.target.name)
            for blood in (report.first_blood, report.last_blood)
            if blood and blood.player and blood.target
        ]
        assert bloods == [(kill.attacker, kill.victim) for kill in (*kills[:1], *kills[-1:])]
        assert {(v.killer.name, v.victim.name): v.kills for v in report.versus} == Counter(
            (kill.attacker, kill.victim) for kill in kills
        )
        assert {w.weapon: (w.kills, w.headshots) for w in report.weapons} == {
            means: (len(of), sum(kill.head for kill in of))
            for means in {kill.means for kill in kills}
            for of in [[kill for kill in kills if kill.means == means]]
        }
        assert [(lead.side, lead.player.name if lead.player else "") for lead in report.leads] == leaders(
            kills
        )
        assert report.lead_changes == max(0, len(leaders(kills)) - 1)
        assert (report.outcome.allies, report.outcome.axis) == tuple(
            sum(kill.side == side for kill in kills) for side in ("allies", "axis")
        )
        if capture == "ffa":
            counts = Counter(kill.attacker for kill in kills)
            most = max(counts.values(), default=0)
            assert {actor.name for actor in report.outcome.players} == {
                name for name, count in counts.items() if count == most
            }
        in_fights = sum(fight.kills for fight in report.engagements)
        assert in_fights <= len(kills)
        best = max(worth(deaths).values(), default=0)
        assert (report.mvp.points if report.mvp else 0) == max(0, best)
        if report.mvp:
            assert worth(deaths)[report.mvp.player.name] == best
        assert report.match.completeness.complete


def leaders(kills: list[Killed]) -> list[tuple[str, str]]:
    """Who was alone in front, each time that was another one."""
    counts: Counter[tuple[str, str]] = Counter()
    found: list[tuple[str, str]] = []
    for kill in kills:
        counts[(kill.side, "") if kill.side else ("", kill.attacker)] += 1
        most = max(counts.values())
        top = [who for who, count in counts.items() if count == most]
        if len(top) == 1 and found[-1:] != top:
            found += top
    return found


def worth(deaths: list[Killed]) -> dict[str, int]:
    """The points of docs/reports.md, once more."""
    found: dict[str, int] = {}
    first = next((death.attacker for death in deaths if death.kind == "kill"), "")
    for name in {death.attacker for death in deaths} | {death.victim for death in deaths}:
        own = [death for death in deaths if death.attacker == name and death.kind == "kill"]
        points = 10 * len(own) + 2 * sum(kill.head for kill in own) + 5 * (first == name)
        points += 3 * sum(b.at - a.at <= 4 for a, b in pairwise(own))
        points -= 5 * sum(death.victim == name for death in deaths)
        points -= 10 * sum(death.attacker == name and death.kind == "team_kill" for death in deaths)
        best = run = 0
        for death in deaths:
            run += death in own
            best = max(best, run)
            run = 0 if death.victim == name else run
        found[name] = points + 2 * max(0, best - 2)
    return found
