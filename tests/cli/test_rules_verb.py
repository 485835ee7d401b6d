"""The verb team tune-rules with several seeds: the best of them on episodes that tuned nothing."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path

import numpy as np
import pytest

from shiftwork.cli import rules_verb
from shiftwork.cli.main import main
from shiftwork.cli.rules_verb import best_two
from shiftwork.evaluation.compare import compared
from shiftwork.jobs.work import surroundings
from shiftwork.people.centre.people import People
from shiftwork.people.centre.rules import load_rules

TINY = [
    "--config.candidates", "4", "--config.episodes", "1", "--config.generations", "2",
]  # fmt: skip


@pytest.fixture(autouse=True)
def own_environment(monkeypatch, tmp_path):
    """The threads that a command sets are put back, and it runs in the test's folder."""
    for name in surroundings(1, gpus=1):
        monkeypatch.setenv(name, "1")
    monkeypatch.chdir(tmp_path)


def tune(*words: str) -> None:
    main(["team", "tune-rules", "--plant", "centre-small", "--out", "rules.toml", *TINY, *words])


def test_the_best_mean_is_first_whatever_single_episodes_say():
    earned = {7: np.array([9.0, 0, 0]), 8: np.array([4.0, 4, 4]), 9: np.array([3.0, 4, 4])}
    assert best_two(earned) == (8, 9)


def test_the_best_search_is_written_and_judged_by_other_episodes(monkeypatch, capsys):
    """Searches find rules whose skill is their worth; that of seed 4 is the greatest."""
    asked = []
    make = rules_verb.rules_jobs

    def stubs(*given, **named):
        stub = "support.small_jobs:middle_rules"
        return [dataclasses.replace(job, function=stub) for job in make(*given, **named)]

    def returns_of(plant, operator, *, episodes, seed):
        asked.append(("choose", seed))
        worth = 0.0 if isinstance(operator, People) else float(operator.values[0])
        return worth + np.linspace(-1, 1, episodes)

    def compare(plant, first, second, *, episodes, seed):
        asked.append(("compare", seed))
        return compared(np.zeros(episodes), np.ones(episodes))

    monkeypatch.setattr(rules_verb, "rules_jobs", stubs)
    monkeypatch.setattr(rules_verb, "returns_of", returns_of)
    monkeypatch.setattr(rules_verb, "compare", compare)
    tune("--seed", "3", "--seeds", "3", "--workers", "local")
    told = " ".join(capsys.readouterr().err.split())
    assert "The rules of seed 4 are taken:" in told
    assert "The best of 3 looks a little better on the episodes that chose it than it is" in told
    assert asked == [("choose", 103)] * 4 + [("compare", 203)]
    assert load_rules(Path("rules.toml"))["skill"] == 0.5
    assert load_rules(Path("rules.searches/seed-5/rules.toml"))["skill"] == pytest.approx(1 / 3)
    origin = tomllib.loads(Path("rules.toml").read_text())["origin"]
    horizon = origin["plant_hours"] // (3 * (4 * 1 * 2 + 64))
    assert origin == {
        "plant": "centre-small", "seed": 4, "searches": 3, "plant_hours": 3 * 72 * horizon,
    }  # fmt: skip
    tune("--seed", "3", "--seeds", "4")
    assert "4 of 4 jobs are finished (3 of them before)" in " ".join(
        capsys.readouterr().err.split()
    )


@pytest.mark.slow
def test_a_search_is_the_same_whatever_is_searched_beside(capsys):
    tune("--seeds", "2", "--workers", "2")
    told = " ".join(capsys.readouterr().err.split())
    assert "Rules of each search on the same 64 fresh episodes" in told
    assert "rules less people" in told
    both = {n: Path(f"rules.searches/seed-{n}/rules.toml").read_bytes() for n in (0, 1)}
    assert both[0] != both[1]
    found = tomllib.loads(Path("rules.toml").read_text())
    assert found["rules"] == load_rules(
        Path(f"rules.searches/seed-{found['origin']['seed']}/rules.toml")
    )
    main(["team", "tune-rules", "--plant", "centre-small", "--out", "one.toml", *TINY,
          "--seed", "1", "--workers", "1"])  # fmt: skip
    assert Path("one.searches/seed-1/rules.toml").read_bytes() == both[1]
    assert load_rules(Path("one.toml")) == load_rules(Path("one.searches/seed-1/rules.toml"))
