"""From people's records to a large cracking centre: people, tuned rules, a cloned team, and that team after search.

    python -m benchmarks.team_large [--plants centre-steady ...] [--seeds 100 ...] [--who rules searched] [--steps H]

Ten furnaces, 90 days. Everybody runs the same 64 fresh episodes; differences are taken episode by episode. Each
seed has records of its own (64 episodes of people), a team cloned from them (``team learn --records --method
clone``), which goes on by search (``team improve --by search``), and rules tuned with as many plant hours
(``team tune-rules``). Settings of the search were chosen on centre-steady, with one other team and other
episodes; nothing was chosen on the other plants.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.results import FIRST_SEED, read_rows, write_rows, write_table
from benchmarks.team_improve import RECORD_SEEDS, Found, against, earned, proven
from shiftwork.cli.progress import console
from shiftwork.evaluation.compare import compared
from shiftwork.evaluation.statistics import mean_interval
from shiftwork.learning.team.actor_critic import TeamLearner
from shiftwork.learning.team.folder import load_learner, save_from_records
from shiftwork.learning.team.from_records import learn_from_records
from shiftwork.learning.team.from_records_settings import Config as OfflineConfig
from shiftwork.learning.team.improve import improve_team
from shiftwork.learning.team.search import Searching
from shiftwork.learning.team.search_settings import Config
from shiftwork.people.centre.people import People, people_at
from shiftwork.people.centre.rules import rules_at
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.varied import AnyCentre
from shiftwork.plants.record_team import place_of, record_team
from shiftwork.yardsticks.centre.tuned_rules import Config as RulesConfig
from shiftwork.yardsticks.centre.tuned_rules import tune_rules

RECORDED_EPISODES = 64
STEPS = 20_000_000
RULES_EPISODES = 8
"""In each generation, so that rules are searched for with as many hours: 48 candidates, 25 generations."""
QUARTERS = 4
WHO = {
    "people": "people",
    "rules": "people's rules, tuned",
    "clone": "team cloned from records",
    "searched": "the same team after search",
}


def row(
    plant: Centre, who: str, seed: int | str, found: Found, people: Found, **more: Any
) -> dict[str, Any]:
    """A row of the CSV; what is not measured in it is empty."""
    mean, gain = mean_interval(found[0]), compared(people[0], found[0]).difference
    empty = dict.fromkeys(
        ("recorded_h", "learned_h", "judged_h", "rules_more", "rules_low", "rules_high", "cpu_s"),
        "",
    )
    return {
        "plant": plant.name, "who": who, "seed": seed, "episodes": len(found[0]),
        "profit_usd_per_h": mean.estimate, "low": mean.low, "high": mean.high,
        "more": gain.estimate, "more_low": gain.low, "more_high": gain.high,
        "shortage_h": float(found[1].mean()),
    } | empty | more  # fmt: skip


def write(rows: list[dict[str, Any]], file: str = "team_large") -> None:
    """Add rows to a CSV, and say what they hold."""
    write_rows(file, rows, replace=("plant", "who", "seed", "learned_h"))
    for one in rows:
        console.print(
            f"{one['plant']} {one['who']} {one['seed']} {one['learned_h']}: {one['profit_usd_per_h']:,.0f} $/h, "
            f"{one['more']:+,.0f} [{one['more_low']:+,.0f}, {one['more_high']:+,.0f}]"
        )


def cloned(plant: AnyCentre, seed: int, teams: Path) -> tuple[TeamLearner, int]:
    """Read the team that was cloned from this seed's records, or clone it now."""
    folder = teams / f"{plant.name}-{seed}"
    if not (folder / "team.json").is_file():
        records = record_team(
            plant, people_at(plant), place_of(plant), episodes=RECORDED_EPISODES, seed=RECORD_SEEDS + seed
        )  # fmt: skip
        found = learn_from_records(records, OfflineConfig(), method="clone", seed=seed)
        save_from_records(found, records, folder)
    _, learner, about = load_learner(folder, lambda name: plant)
    return learner, int(about["records"]["steps"])


def run(plant: Centre, seed: int, who: list[str], teams: Path, steps: int, people: Found) -> None:
    """Measure what is asked for; rows are written as soon as they are there."""
    rules = None
    if "rules" in who:
        began = time.process_time()
        like_search = dataclasses.replace(RulesConfig(), episodes=RULES_EPISODES)
        tuned = tune_rules(plant, like_search, seed=seed)
        spent = time.process_time() - began
        rules = earned(plant, rules_at(plant, tuned.values))
        write([row(plant, "rules", seed, rules, people, judged_h=tuned.hours, cpu_s=spent)])
    if "searched" not in who:
        return
    learner, recorded = cloned(plant, seed, teams)
    first = earned(plant, learner.team)
    shared = {"recorded_h": recorded}
    write(
        [row(plant, "clone", seed, first, people, learned_h=0, **shared, **against(rules, first))]
    )
    settings = Config()
    judging = settings.judge_episodes * plant.horizon
    piece = Searching(plant, settings).piece
    began = time.process_time()

    def seen(done: int, accepted: TeamLearner) -> None:
        # At each quarter of the way; the time of looking does not count.
        nonlocal began
        if done * QUARTERS // steps == (done - piece) * QUARTERS // steps:
            return
        spent = time.process_time() - began
        found = earned(plant, accepted.team)
        told = {"learned_h": done, "judged_h": (done // piece + 1) * judging, "cpu_s": spent}
        write(
            [row(plant, "searched", seed, found, people, **shared, **told, **against(rules, found))]
        )
        began = time.process_time() - spent

    improve_team(plant, learner, settings, steps=steps, seed=seed, seen=seen)


def table() -> str:
    """Make the table from the CSV; of what was searched, the last row of each seed."""
    rows = read_rows("team_large")
    lines = []
    for plant in dict.fromkeys(r["plant"] for r in rows):
        here = [r for r in rows if r["plant"] == plant]
        base = next(float(r["profit_usd_per_h"]) for r in here if r["who"] == "people")
        for who, name in WHO.items():
            mine = [r for r in here if r["who"] == who]
            last = {r["seed"]: r for r in sorted(mine, key=lambda r: int(r["learned_h"] or 0))}
            if last:
                lines.append((plant, name, *_cells(list(last.values()), base)))
    header = (
        "plant", "who", "seeds", "plant hours", "profit, $/h (range)", "against people (worst seed)",
        "paired lower bound above people", "above tuned rules", "shortage, h an episode",
    )  # fmt: skip
    return write_table("team_large", header, lines)


def _cells(rows: list[dict[str, str]], base: float) -> tuple[str, ...]:
    profit, more = (np.array([float(r[k]) for r in rows]) for k in ("profit_usd_per_h", "more"))
    hours = int(rows[0]["learned_h"] or rows[0]["judged_h"] or 0)
    people = rows[0]["who"] == "people"
    return (
        "" if people else str(len(rows)),
        f"{hours:,}" if hours else "",
        f"{profit.mean():,.0f} ({profit.min():,.0f} to {profit.max():,.0f})",
        "" if people else f"{100 * more.mean() / base:+.1f} % ({100 * more.min() / base:+.1f} %)",
        "" if people else proven(rows, "more_low"),
        proven(rows, "rules_low"),
        f"{np.mean([float(r['shortage_h']) for r in rows]):.1f}",
    )


def main() -> None:
    """Run what is asked for, replace its rows in the CSV, and make the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plants", nargs="+", default=["centre-steady"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[FIRST_SEED])
    kinds = ("rules", "searched")
    parser.add_argument("--who", nargs="+", choices=kinds, default=list(kinds))
    parser.add_argument("--teams", type=Path, default=Path("runs/team_large"))
    parser.add_argument("--steps", type=int, default=STEPS)
    options = parser.parse_args()
    for name in options.plants:
        plant = make_team_plant(name)
        assert isinstance(plant, Centre)
        people = earned(plant, People(plant))
        write([row(plant, "people", "", people, people)])
        for seed in options.seeds:
            run(plant, seed, options.who, options.teams, options.steps, people)
    console.print(table())


if __name__ == "__main__":
    main()
