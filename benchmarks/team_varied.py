"""One team for many scenarios of a large centre, and what it earns at scenarios that it has not seen.

    python -m benchmarks.team_varied [--seeds 100 ...] [--steps H] [--who rules team]

At ``centre-varied`` each episode is another scenario: ships, tanks, prices, costs. People's records are of
such episodes (64 for each seed), a team is cloned from them, and goes on by search there; rules are tuned there
too. Then all of them run 64 fresh episodes at scenarios of their own: the three shipped ones that lie within the
ranges, and five drawn ones. Specialists are the teams of ``benchmarks.team_large``, which searched at that one
scenario, with the same episodes; of them the last row with the same seed is taken.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.results import FIRST_SEED, read_rows, write_table
from benchmarks.team_improve import Found, earned
from benchmarks.team_large import RULES_EPISODES, STEPS, cloned, row, write
from shiftwork.cli.progress import console
from shiftwork.learning.team.improve import improve_team
from shiftwork.learning.team.search_settings import Config
from shiftwork.people.centre.people import People
from shiftwork.people.centre.rules import rules_at
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.varied import VariedCentre
from shiftwork.yardsticks.centre.tuned_rules import Config as RulesConfig
from shiftwork.yardsticks.centre.tuned_rules import tune_rules

SHIPPED = ("centre-steady", "centre-heavy-feed", "centre-price-swing")
DRAWN = range(1000, 1005)
"""Seeds of the scenarios that are drawn for the test alone."""


def tested(plant: VariedCentre) -> list[Centre]:
    """The scenarios at which all are compared."""
    shipped = [make_team_plant(name) for name in SHIPPED]
    drawn = [Centre(plant.one(seed)) for seed in DRAWN]
    return [centre for centre in (*shipped, *drawn) if isinstance(centre, Centre)]


def write_all(
    who: str, seed: int, operators: dict[str, tuple[Centre, Any, Found]], **more: Any
) -> None:
    """Run operators, one for each scenario, and add their rows to the CSV."""
    for centre, operator, people in operators.values():
        write([row(centre, who, seed, earned(centre, operator), people, **more)], "team_varied")


def run(plant: VariedCentre, seed: int, who: list[str], teams: Path, steps: int) -> None:
    """Learn with a seed, and measure; rows are written as soon as they are there."""
    centres = tested(plant)
    people = {centre.name: earned(centre, People(centre)) for centre in centres}
    for centre in centres:
        found = people[centre.name]
        write([row(centre, "people", "", found, found)], "team_varied")

    def at_all(operator: Any) -> dict[str, tuple[Centre, Any, Found]]:
        return {c.name: (c, operator(c), people[c.name]) for c in centres}

    if "rules" in who:
        began = time.process_time()
        settings = RulesConfig(episodes=RULES_EPISODES)
        tuned = tune_rules(plant, settings, seed=seed)
        spent = time.process_time() - began
        write_all(
            "rules", seed, at_all(lambda centre: rules_at(centre, tuned.values)),
            judged_h=tuned.hours, cpu_s=spent,
        )  # fmt: skip
    if "team" not in who:
        return
    learner, recorded = cloned(plant, seed, teams)
    write_all("clone", seed, at_all(lambda centre: learner.team), recorded_h=recorded, learned_h=0)
    began = time.process_time()
    improved = improve_team(plant, learner, Config(), steps=steps, seed=seed)
    spent = time.process_time() - began
    write_all(
        "searched", seed, at_all(lambda centre: improved.learner.team), recorded_h=recorded,
        learned_h=improved.learned_from, judged_h=improved.judged_by, cpu_s=spent,
    )  # fmt: skip


def table() -> str:
    """Make the table from the CSV and from that of the specialists."""
    rows, special = read_rows("team_varied"), read_rows("team_large")
    lines = []
    for plant in dict.fromkeys(r["plant"] for r in rows):
        here = [r for r in rows if r["plant"] == plant]
        by = {
            who: [r for r in here if r["who"] == who]
            for who in ("people", "rules", "clone", "searched")
        }
        last = {r["seed"]: r for r in sorted(by["searched"], key=lambda r: int(r["learned_h"]))}
        searched = list(last.values())
        lines.append(
            (
                plant, f"{_mean(by['people']):,.0f}", _more(by["rules"]), _more(by["clone"]),
                _more(searched), _beside(searched, special),
            )
        )  # fmt: skip
    header = (
        "scenario, not seen before", "people, $/h", "rules tuned over many", "team cloned over many",
        "that team after search", "less the scenario's own team",
    )  # fmt: skip
    return write_table("team_varied", header, lines)


def _mean(rows: list[dict[str, str]]) -> float:
    return float(np.mean([float(r["profit_usd_per_h"]) for r in rows]))


def _more(rows: list[dict[str, str]]) -> str:
    """Gain on people in $/h, with the interval of one seed or the range of several."""
    if not rows:
        return ""
    more = [float(r["more"]) for r in rows]
    if len(rows) == 1:
        return f"{more[0]:+,.0f} [{float(rows[0]['more_low']):+,.0f}, {float(rows[0]['more_high']):+,.0f}]"
    return f"{np.mean(more):+,.0f} ({min(more):+,.0f} to {max(more):+,.0f})"


def _beside(rows: list[dict[str, str]], special: list[dict[str, str]]) -> str:
    shares = []
    for one in rows:
        own = [
            r for r in special
            if (r["plant"], r["who"], r["seed"]) == (one["plant"], "searched", one["seed"])
        ]  # fmt: skip
        if own:
            theirs = float(max(own, key=lambda r: int(r["learned_h"]))["profit_usd_per_h"])
            shares.append(100 * (float(one["profit_usd_per_h"]) - theirs) / theirs)
    return (
        f"{np.mean(shares):+.1f} % ({len(shares)} seed{'s' * (len(shares) > 1)})" if shares else ""
    )


def main() -> None:
    """Run what is asked for, replace its rows in the CSV, and make the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[FIRST_SEED])
    kinds = ("rules", "team")
    parser.add_argument("--who", nargs="*", choices=kinds, default=list(kinds))
    parser.add_argument("--teams", type=Path, default=Path("runs/team_varied"))
    parser.add_argument("--steps", type=int, default=STEPS)
    options = parser.parse_args()
    plant = make_team_plant("centre-varied")
    assert isinstance(plant, VariedCentre)
    for seed in options.seeds:
        run(plant, seed, options.who, options.teams, options.steps)
    console.print(table())


if __name__ == "__main__":
    main()
