"""Teams from records of people alone, on the naphtha cracking centre, beside the people.

    python -m benchmarks.team_records [--seeds 100 101 ...] [--episodes 128]

Each seed has records of its own (other people, ships and prices) and nets of its own. No plant is run while
learning. All then run the same 64 fresh episodes, of which nothing was recorded; differences from the people are
taken episode by episode. The method and its settings were looked at with records of seeds 1 to 3 and other
episodes; the seeds here were not looked at.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

from benchmarks.results import FIRST_SEED, read_rows, write_rows, write_table
from shiftwork.cli.progress import console
from shiftwork.evaluation.compare import compared
from shiftwork.evaluation.statistics import mean_interval
from shiftwork.evaluation.team_rollout import evaluate_team
from shiftwork.learning.team.from_records import FromRecords, learn_from_records
from shiftwork.learning.team.from_records_settings import Config
from shiftwork.people.centre.people import People
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.market import REWARD_USD
from shiftwork.plants.record_team import place_of, record_team
from shiftwork.yardsticks.simple import RandomLegal

PLANT = "centre-small"
RECORD_SEEDS = 20_000
"""The records of seed s are those of the people's seed 20,000 + s."""
EPISODES, EPISODE_SEED = 64, 31_000
WHO = ("people", "random legal", "clone", "sharp clone", "weighted")
NAMES = {
    "people": "people",
    "random legal": "random legal choices",
    "clone": "team cloned by role",
    "sharp clone": "the same, as sharp as the team below",
    "weighted": "team cloned by advantage",
}


def earned(plant: Centre, operator: Any) -> tuple[np.ndarray, float]:
    """Run the fresh episodes; profit of each, $/h, and the share without shortage or forced decoke."""
    found = evaluate_team(plant, operator, EPISODES, EPISODE_SEED)
    usd = REWARD_USD * np.asarray(found.returns, np.float64) / plant.horizon
    return usd, float(np.mean(found.success))


def row(
    who: str, seed: int | str, usd: np.ndarray, success: float, people: np.ndarray
) -> dict[str, Any]:
    """A row of the CSV; what is not measured in it is empty."""
    mean, more = mean_interval(usd), compared(people, usd).difference
    return {
        "plant": PLANT, "who": who, "seed": seed, "recorded_episodes": "", "recorded_h": "",
        "recorded_usd_per_h": "", "episodes": len(usd), "profit_usd_per_h": mean.estimate,
        "low": mean.low, "high": mean.high, "more": more.estimate, "more_low": more.low,
        "more_high": more.high, "success": success, "explained": "", "wall_s": "", "cpu_s": "",
    }  # fmt: skip


def learned(plant: Centre, seed: int, episodes: int) -> tuple[FromRecords, dict[str, Any]]:
    """Learn from a seed's records; the team, and what a row says of records and time."""
    records = record_team(
        plant, People(plant), place_of(plant), episodes=episodes, seed=RECORD_SEEDS + seed
    )
    began = time.process_time()
    found = learn_from_records(records, Config(), seed=seed)
    return found, {
        "recorded_episodes": episodes,
        "recorded_h": len(records.reward),
        "recorded_usd_per_h": REWARD_USD * float(records.reward.mean()),
        "explained": found.explained,
        "wall_s": found.wall_s,
        "cpu_s": time.process_time() - began,
    }


def run(plant: Centre, seeds: list[int], episodes: int) -> None:
    """Measure everybody; rows are written as soon as they are there."""
    people, success = earned(plant, People(plant))
    rows = [row("people", "", people, success, people)]
    rows.append(row("random legal", "", *earned(plant, RandomLegal()), people))
    write_rows("team_records", rows, replace=("plant", "who", "seed"))
    for seed in seeds:
        found, spent = learned(plant, seed, episodes)
        teams = {
            "clone": found.clone,
            "sharp clone": found.clone.sharpened(Config().sharpness),
            "weighted": found.learner.team,
        }
        new = [row(who, seed, *earned(plant, team), people) | spent for who, team in teams.items()]
        write_rows("team_records", new, replace=("plant", "who", "seed"))
        said = ", ".join(f"{one['who']} {one['more']:+,.0f} $/h" for one in new)
        console.print(f"seed {seed}: {said}")


def table() -> str:
    """Make the table from the CSV; means over seeds, with the least and the most of any seed."""
    rows = read_rows("team_records")
    base = next(float(r["profit_usd_per_h"]) for r in rows if r["who"] == "people")
    lines = []
    for who in WHO:
        some = [r for r in rows if r["who"] == who]
        if not some:
            continue
        profit, more = (
            np.array([float(r[key]) for r in some]) for key in ("profit_usd_per_h", "more")
        )
        single = len(some) == 1
        spread = (
            f"[{float(some[0]['low']):,.0f}, {float(some[0]['high']):,.0f}]"
            if single
            else f"({profit.min():,.0f} to {profit.max():,.0f})"
        )
        above = sum(float(r["more_low"]) > 0 for r in some)
        lines.append(
            (
                NAMES[who],
                str(len(some)) if some[0]["seed"] else "",
                f"{float(some[0]['recorded_h']):,.0f}" if some[0]["recorded_h"] else "",
                f"{profit.mean():,.0f} {spread}",
                "" if who == "people" else f"{100 * more.mean() / base:+.1f} %",
                "" if who == "people" else f"{100 * more.min() / base:+.1f} %",
                "" if who == "people" else f"{above} of {len(some)}",
                f"{100 * np.mean([float(r['success']) for r in some]):.0f} %",
            )
        )
    header = (
        "who", "seeds", "recorded hours", "profit, $/h (range over seeds)", "against people", "worst seed",
        "paired lower bound above people", "episodes without shortage or forced decoke",
    )  # fmt: skip
    return write_table("team_records", header, lines)


def main() -> None:
    """Run what is asked for, replace its rows in the CSV, and make the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=list(range(FIRST_SEED, FIRST_SEED + 10))
    )
    parser.add_argument("--episodes", type=int, default=128)
    options = parser.parse_args()
    plant = make_team_plant(PLANT)
    assert isinstance(plant, Centre)
    run(plant, options.seeds, options.episodes)
    console.print(table())


if __name__ == "__main__":
    main()
