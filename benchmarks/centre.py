"""Who earns what at a cracking centre: people, chance, tuned rules, a rolling-horizon MILP, and an upper bound.

    python -m benchmarks.centre [scenario ...] [--who people chance rules bound rollouts MILP] [--milp 4]

Everybody runs the same fresh, whole episodes: the same ships, furnaces and prices. The MILP takes minutes for
each of 90 days, so it runs the first few of them, and what is paired with it is taken on these alone. Rules are
tuned once for each scenario, on other episodes; rollouts look ahead with these rules, at centre-small only unless
a scenario is named. What is measured, and why the bound is one: ``docs/yardsticks.md``.
Rows of the scenarios and operators named are replaced, the others stay.
"""

from __future__ import annotations

import argparse
import functools
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.centre_episodes import EPISODES, accounts, fresh_keys
from benchmarks.results import read_rows, write_rows, write_table
from shiftwork.cli.progress import console
from shiftwork.evaluation.statistics import mean_interval
from shiftwork.people.centre.people import People
from shiftwork.people.centre.rules import rules_at
from shiftwork.plants.catalogue import CENTRES
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.load import load_scenario
from shiftwork.plants.centre.market import Account
from shiftwork.yardsticks.centre.bound import bound
from shiftwork.yardsticks.centre.episode import Run, future_of, run_stepwise
from shiftwork.yardsticks.centre.rollouts import Rollouts
from shiftwork.yardsticks.centre.scheduler.scheduler import RollingMilp
from shiftwork.yardsticks.centre.tuned_rules import Config, Tuned, tune_rules
from shiftwork.yardsticks.simple import RandomLegal

WHO = {
    "people": "people",
    "chance": "random legal choices",
    "rules": "people's rules, tuned",
    "rollouts": "rollouts on these rules",
    "MILP": "rolling-horizon MILP",
    "bound": "upper bound",
}
MILP_EPISODES = 4
AHEAD_EPISODES = 64
"""Of ten days; an episode of a large centre takes hours."""
TUNING_SEED = 32_000
SEARCH = Config(candidates=24, episodes=8, generations=12)
"""Some five million plant hours of 90-day episodes; the search's own settings, for episodes of ten
days, are the larger ones."""
FEW = 8
"""With fewer episodes their range is given, not an interval."""


def simple(plant: Centre, who: str) -> list[dict[str, Any]]:
    """Let somebody run all episodes who decides in no time."""
    operator: Any
    tuned_h: int | str = ""
    if who == "rules":
        found = tuned(plant)
        operator, tuned_h = rules_at(plant, found.values), found.hours
    else:
        operator = People(plant) if who == "people" else RandomLegal()
    return [
        _row(plant, who, episode, money, tuned_h=tuned_h)
        for episode, money in enumerate(accounts(plant, operator))
    ]


@functools.cache
def tuned(plant: Centre) -> Tuned:
    """Tune the people's rules on other episodes, once for all who use them."""
    search = Config() if plant.scenario.horizon_d <= 10 else SEARCH
    return tune_rules(plant, search, seed=TUNING_SEED)


def bounds(plant: Centre) -> list[dict[str, Any]]:
    """Bound all episodes."""
    limits = (bound(plant.scenario, future_of(plant, key)) for key in fresh_keys())
    return [
        _row(plant, "bound", e, {}, profit=limit.profit_per_h) for e, limit in enumerate(limits)
    ]


def scheduled(plant: Centre, episode: int) -> dict[str, Any]:
    """Let the MILP run one episode."""
    run = run_stepwise(plant, RollingMilp(plant), fresh_keys()[episode])
    scheduler = run.memory
    # The first decision also compiles.
    seconds = np.array(scheduler.decision_s[1:])
    return _row(
        plant,
        "MILP",
        episode,
        _per_h(run),
        decision_mean_s=float(seconds.mean()),
        decision_max_s=float(seconds.max()),
        plans=len(scheduler.solve_s),
        fallbacks=scheduler.fallbacks,
    )


def ahead(plant: Centre, episodes: int) -> Iterator[dict[str, Any]]:
    """Let rollouts on rules that were tuned there run the first episodes."""
    rollouts = Rollouts(plant, tuned(plant).values)
    for episode, key in enumerate(fresh_keys()[:episodes]):
        began = time.process_time()
        run = run_stepwise(plant, rollouts, key)
        spent = time.process_time() - began
        yield _row(plant, "rollouts", episode, _per_h(run), episode_cpu_s=spent)


def _per_h(run: Run) -> dict[str, float]:
    return {name: usd / run.hours for name, usd in run.account.items()}


def _row(
    plant: Centre, who: str, episode: int, money: dict[str, float], **more: Any
) -> dict[str, Any]:
    """A row of the CSV, $/h; what is not known of it is empty."""
    costs = sum(money.get(name, 0.0) for name in Account._fields[1:])
    empty = ("tuned_h", "decision_mean_s", "decision_max_s", "plans", "fallbacks", "episode_cpu_s")
    return {
        "scenario": plant.name,
        "days": plant.scenario.horizon_d,
        "who": who,
        "episode": episode,
        "profit": money.get("margin", 0.0) - costs,
        **{name: money.get(name, "") for name in Account._fields},
        **dict.fromkeys(empty, ""),
        **more,
    }


def write(rows: list[dict[str, Any]]) -> None:
    """Add rows to the CSV."""
    write_rows("centre", rows, replace=("scenario", "who", "episode"))


def table() -> str:
    """Make the table from the CSV."""
    rows = read_rows("centre")
    lines = []
    for name in CENTRES:
        earned = {
            who: {int(r["episode"]): r for r in rows if (r["scenario"], r["who"]) == (name, who)}
            for who in WHO
        }
        for who, own in earned.items():
            if own:
                lines.append(_line(name, who, own, earned))
    header = (
        "scenario", "who", "episodes", "profit, $/h", "against people, $/h",
        "against tuned rules, $/h", "of the bound", "s per decision: mean, max",
    )  # fmt: skip
    return write_table("centre", header, lines)


def _line(
    name: str,
    who: str,
    own: dict[int, dict[str, str]],
    earned: dict[str, dict[int, dict[str, str]]],
) -> tuple[str, ...]:
    """A line of the table; what is paired is taken on the episodes that both have."""
    both = functools.partial(_paired, own)
    share, seconds = "", ""
    limits = earned["bound"]
    if who != "bound" and limits:
        mine, most = (sum(float(x[e]["profit"]) for e in own if e in limits) for x in (own, limits))
        share = f"{100 * mine / most:.1f} %"
    if who == "MILP":
        mean_s = np.mean([float(row["decision_mean_s"]) for row in own.values()])
        seconds = f"{mean_s:.2f}, {max(float(r['decision_max_s']) for r in own.values()):.1f}"
    return (
        name,
        WHO[who],
        f"{len(own)} x {next(iter(own.values()))['days']} d",
        _written(np.array([float(row["profit"]) for row in own.values()]), ""),
        "" if who in ("people", "bound") else both(earned["people"]),
        "" if who in ("rules", "bound") else both(earned["rules"]),
        share,
        seconds,
    )


def _paired(own: dict[int, dict[str, str]], other: dict[int, dict[str, str]]) -> str:
    shared = sorted(set(own) & set(other))
    if not shared:
        return ""
    return _written(
        np.array([float(own[e]["profit"]) - float(other[e]["profit"]) for e in shared]), "+"
    )


def _written(values: np.ndarray, sign: str) -> str:
    """The mean with its 95 % interval, or with the range of a few values."""
    if len(values) < FEW:
        low, high = values.min(), values.max()
        return f"{values.mean():{sign},.0f} ({low:{sign},.0f} to {high:{sign},.0f})"
    mean, low, high = mean_interval(values)
    return f"{mean:{sign},.0f} [{low:{sign},.0f}, {high:{sign},.0f}]"


def main() -> None:
    """Run what is asked for; what is done is kept if it is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenarios", nargs="*", default=list(CENTRES))
    parser.add_argument("--who", nargs="+", choices=list(WHO), default=list(WHO))
    parser.add_argument("--milp", type=int, default=MILP_EPISODES, help="episodes of the MILP")
    parser.add_argument("--ahead", type=int, default=AHEAD_EPISODES, help="episodes of rollouts")
    options = parser.parse_args()
    plants = [Centre(load_scenario(name)) for name in options.scenarios]
    for plant in plants:
        for who in options.who:
            if who == "rollouts":
                if plant.scenario.horizon_d <= 10 or options.scenarios != list(CENTRES):
                    for row in ahead(plant, options.ahead):
                        write([row])
            elif who != "MILP":
                began = time.process_time()
                write(bounds(plant) if who == "bound" else simple(plant, who))
                console.print(f"{plant.name}, {who}: {time.process_time() - began:,.0f} s")
    if "MILP" in options.who:
        # An episode of each scenario in turn, so that all have as many if it is stopped.
        for episode in range(min(options.milp, EPISODES)):
            for plant in plants:
                row = scheduled(plant, episode)
                write([row])
                console.print(f"{plant.name}, MILP, episode {episode}: {row['profit']:,.0f} $/h")
    console.print(table())


if __name__ == "__main__":
    main()
