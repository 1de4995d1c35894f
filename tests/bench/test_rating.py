"""`bench rating`: the rating foretells better than a coin and finds the skills again, in one JSON."""

import json
import subprocess
import sys

import pytest

from api.bench.rating import Forecaster, Plan, run


def test_the_rating_foretells_and_the_same_seed_gives_the_same_figures() -> None:
    plan = Plan(players=40, matches=250)
    figures = run(plan, lambda what, done, total: None)
    assert figures == run(plan, lambda what, done, total: None)
    for ladder in figures.ladders:
        told: dict[str, Forecaster] = {by.name: by for by in ladder.forecasters}
        ours, coin = ladder.forecasters[0], told["coin"]
        assert coin.all.log_loss == pytest.approx(0.6931, abs=1e-4)
        assert ours.all.log_loss < coin.all.log_loss - 0.03
        assert ours.all.brier < coin.all.brier
        assert ours.skill_correlation is not None
        assert ours.skill_correlation > 0.8
        assert sum(group.forecasts for group in ladder.bins) == ladder.forecasts
        for group in ladder.bins:
            if group.forecasts > 200:
                assert group.happened == pytest.approx(group.forecast, abs=0.15)


def test_it_prints_one_json() -> None:
    command = [
        sys.executable,
        "-m",
        "api.cli",
        "bench",
        "rating",
        "--players",
        "30",
        "--matches",
        "20",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [ladder["gametype"] for ladder in told["ladders"]] == ["ffa", "tdm"]
    assert {by["name"] for by in told["ladders"][0]["forecasters"]} >= {
        "ThurstoneMostellerFull",
        "kd",
        "coin",
    }
