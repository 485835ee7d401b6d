"""From records to experience on the naphtha cracking centre: people, tuned rules, offline and improved teams.

    python -m benchmarks.team_improve [--seeds 100 ...] [--who rules improved scratch] [--teams FOLDER]

Everybody runs the same 64 fresh episodes; differences are taken episode by episode. Each seed has records of its
own (128 episodes of people), a team learned from them (``team learn --records``), rules tuned on the simulator
(``team tune-rules``), and that team improved by experience (``team improve``), which is evaluated after each step
as it would be deployed: with the team accepted last. "scratch" learns with the very same online settings, from fresh
nets. All settings were chosen with seeds 0 and 1 and on other episodes. Three kinds of hours are told
apart: recorded, learned from, and those by which steps are judged (or candidates of the search).
"""

from __future__ import annotations

import argparse
import functools
import time
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.centre_episodes import EPISODE_SEED, EPISODES
from benchmarks.results import FIRST_SEED, read_rows, write_rows, write_table
from shiftwork.cli.progress import console
from shiftwork.evaluation.compare import compared
from shiftwork.evaluation.statistics import mean_interval
from shiftwork.learning.team import acac
from shiftwork.learning.team.actor_critic import TeamLearner
from shiftwork.learning.team.folder import load_learner, save_from_records
from shiftwork.learning.team.from_records import learn_from_records
from shiftwork.learning.team.from_records_settings import Config as OfflineConfig
from shiftwork.learning.team.improve import improve_team
from shiftwork.learning.team.improve_settings import Config
from shiftwork.people.centre.people import People
from shiftwork.people.centre.rules import rules_at
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.market import REWARD_USD
from shiftwork.plants.record_team import place_of, record_team
from shiftwork.plants.run_team import run_team
from shiftwork.yardsticks.centre.tuned_rules import Config as SearchConfig
from shiftwork.yardsticks.centre.tuned_rules import tune_rules

PLANT = "centre-small"
RECORDED_EPISODES = 128
RECORD_SEEDS = 20_000
"""The records of seed s are those of the people's seed 20,000 + s."""
STEPS = 400_000
EARLY_H = 20_000
WHO = {
    "people": "people",
    "rules": "people's rules, tuned",
    "offline": "team from records alone",
    "improved": "the same team, improved",
    "scratch": "from scratch, same online settings",
}
Found = tuple[np.ndarray, np.ndarray]
"""Profit, $/h, and hours of shortage, of each of the fresh episodes."""


@eqx.filter_jit
def _run(plant: Centre, operator: Any, key: jax.Array) -> tuple[jax.Array, jax.Array]:
    def kept(before: Any, after: Any, memory: Any) -> Any:
        del before, memory
        return after.reward, after.info["shortage"] > 0

    def episode(key: jax.Array) -> tuple[jax.Array, jax.Array]:
        reward, short = run_team(plant, operator, key, kept)[1]
        return reward.mean(), short.sum()

    return jax.vmap(episode)(jax.random.split(key, EPISODES))


def earned(plant: Centre, operator: Any) -> Found:
    """Run the fresh episodes."""
    reward, short = _run(plant, operator, jax.random.key(EPISODE_SEED))
    return REWARD_USD * np.asarray(reward, np.float64), np.asarray(short, np.float64)


def row(who: str, seed: int | str, found: Found, people: Found, **more: Any) -> dict[str, Any]:
    """A row of the CSV; what is not measured in it is empty."""
    mean, gain = mean_interval(found[0]), compared(people[0], found[0]).difference
    empty = dict.fromkeys(
        ("recorded_h", "learned_h", "judged_h", "training_usd_per_h", "accepted", "rules_more",
         "rules_low", "rules_high", "cpu_s"), "",
    )  # fmt: skip
    return {
        "plant": PLANT, "who": who, "seed": seed, "episodes": EPISODES,
        "profit_usd_per_h": mean.estimate, "low": mean.low, "high": mean.high,
        "more": gain.estimate, "more_low": gain.low, "more_high": gain.high,
        "shortage_h": float(found[1].mean()),
    } | empty | more  # fmt: skip


def against(rules: Found | None, found: Found) -> dict[str, float]:
    """Paired difference from the tuned rules of the same seed."""
    if rules is None:
        return {}
    gain = compared(rules[0], found[0]).difference
    return {"rules_more": gain.estimate, "rules_low": gain.low, "rules_high": gain.high}


def tuned(plant: Centre, seed: int, people: Found) -> Found:
    """Tune rules, and write their row."""
    began = time.process_time()
    values = tune_rules(plant, SearchConfig(), seed=seed)
    spent = time.process_time() - began
    found = earned(plant, rules_at(plant, values.values))
    write([row("rules", seed, found, people, judged_h=values.hours, cpu_s=spent)])
    return found


def offline(plant: Centre, seed: int, teams: Path) -> tuple[TeamLearner, int]:
    """Read the team that was learned from this seed's records, or learn it now."""
    folder = teams / f"offline-{seed}"
    if not (folder / "team.json").is_file():
        records = record_team(
            plant,
            People(plant),
            place_of(plant),
            episodes=RECORDED_EPISODES,
            seed=RECORD_SEEDS + seed,
        )
        save_from_records(learn_from_records(records, OfflineConfig(), seed=seed), records, folder)
    _, learner, about = load_learner(folder, lambda name: plant)
    return learner, int(about["records"]["steps"])


def experienced(
    plant: Centre,
    who: str,
    learner: TeamLearner,
    seed: int,
    people: Found,
    rules: Found | None,
    recorded: int,
    steps: int,
) -> None:
    """Improve a team; a row before it and after each step."""
    settings = Config()
    measured: list[tuple[int, TeamLearner, Found]] = []

    def seen(done: int, accepted: TeamLearner) -> None:
        same = bool(measured) and measured[-1][1] is accepted
        found = measured[-1][2] if same else earned(plant, accepted.team)
        measured.append((done, accepted, found))

    first = earned(plant, learner.team)
    began = time.process_time()
    improved = improve_team(plant, learner, settings, steps=steps, seed=seed, seen=seen)
    spent = time.process_time() - began
    shared = {"recorded_h": recorded or ""}
    start = "offline" if recorded else who
    rows = [row(start, seed, first, people, learned_h=0, **shared, **against(rules, first))]
    judging = settings.judge_episodes * plant.horizon
    for number, (done, _, found) in enumerate(measured):
        told = {
            "learned_h": done,
            "judged_h": (number + 2) * judging,
            "training_usd_per_h": REWARD_USD * float(improved.history.metrics["reward"][number, 0]),
            "accepted": improved.steps[number].accepted,
            "cpu_s": spent if number + 1 == len(measured) else "",
        }
        rows.append(row(who, seed, found, people, **shared, **told, **against(rules, found)))
    write(rows)
    console.print(
        f"{who} {seed}: "
        + ", ".join(f"{r['learned_h']:,} h {r['profit_usd_per_h']:,.0f}" for r in rows)
    )


def write(rows: list[dict[str, Any]]) -> None:
    """Add rows to the CSV."""
    write_rows("team_improve", rows, replace=("plant", "who", "seed", "learned_h"))


def run(plant: Centre, seeds: list[int], who: list[str], teams: Path, steps: int) -> None:
    """Measure what is asked for; rows are written as soon as they are there."""
    people = earned(plant, People(plant))
    write([row("people", "", people, people)])
    for seed in seeds:
        rules = tuned(plant, seed, people) if "rules" in who else None
        if "improved" in who:
            learner, recorded = offline(plant, seed, teams)
            experienced(plant, "improved", learner, seed, people, rules, recorded, steps)
        if "scratch" in who:
            fresh = scratch(plant, seed, teams)
            experienced(plant, "scratch", fresh, seed, people, rules, 0, steps)


def scratch(plant: Centre, seed: int, teams: Path) -> TeamLearner:
    """Draw fresh nets of the sizes, discount and sharing that the offline team has."""
    _, learner, _ = load_learner(teams / f"offline-{seed}", lambda name: plant)
    draw = functools.partial(acac.create, plant=plant, config=learner.config)
    fresh = jax.jit(lambda key: draw(key))(jax.random.key(seed))
    return eqx.tree_at(lambda it: it.config.sharpness, fresh, jnp.ones(()))


def table() -> str:
    """Make the table from the CSV; means over seeds, with the least of any seed."""
    rows = read_rows("team_improve")
    base = next(float(r["profit_usd_per_h"]) for r in rows if r["who"] == "people")
    kinds: list[tuple[str, str, list[dict[str, str]]]] = []
    for who, name in WHO.items():
        mine = [r for r in rows if r["who"] == who]
        hours = sorted({int(r["learned_h"]) for r in mine if r["learned_h"]})
        if who in ("improved", "scratch") and hours:
            early = max(h for h in hours if h <= EARLY_H)
            for done in (early, hours[len(hours) // 2], hours[-1]):
                some = [r for r in mine if r["learned_h"] == str(done)]
                kinds.append((name, f"{done:,}", some))
        elif mine:
            kinds.append((name, "0" if who == "offline" else "", mine))
    lines = []
    for name, at, some in kinds:
        profit, more = (
            np.array([float(r[key]) for r in some]) for key in ("profit_usd_per_h", "more")
        )
        short = np.mean([float(r["shortage_h"]) for r in some])
        lines.append(
            (
                name,
                str(len(some)) if some[0]["seed"] else "",
                _hours(some[0]["recorded_h"]),
                at,
                _hours(some[0]["judged_h"]),
                f"{profit.mean():,.0f} ({profit.min():,.0f} to {profit.max():,.0f})"
                if len(some) > 1
                else f"{profit[0]:,.0f} [{float(some[0]['low']):,.0f}, {float(some[0]['high']):,.0f}]",
                f"{100 * more.mean() / base:+.1f} % ({100 * more.min() / base:+.1f} %)"
                if some[0]["who"] != "people"
                else "",
                proven(some, "more_low") if some[0]["who"] != "people" else "",
                proven(some, "rules_low"),
                f"{short:.1f}",
            )
        )
    header = (
        "who", "seeds", "recorded h", "h learned from", "h of judging or search", "profit, $/h (range)",
        "against people (worst seed)", "paired lower bound above people", "above tuned rules",
        "shortage, h an episode",
    )  # fmt: skip
    return write_table("team_improve", header, lines)


def _hours(text: str) -> str:
    return f"{int(text):,}" if text else ""


def proven(rows: list[dict[str, str]], bound: str) -> str:
    """Say in how many seeds a lower bound is above 0; nothing where it is not known."""
    known = [r for r in rows if r[bound]]
    return f"{sum(float(r[bound]) > 0 for r in known)} of {len(known)}" if known else ""


def main() -> None:
    """Run what is asked for, replace its rows in the CSV, and make the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[FIRST_SEED + n for n in range(5)])
    kinds = ("rules", "improved", "scratch")
    parser.add_argument("--who", nargs="+", choices=kinds, default=list(kinds))
    parser.add_argument("--teams", type=Path, default=Path("runs/team_improve"))
    parser.add_argument("--steps", type=int, default=STEPS)
    options = parser.parse_args()
    plant = make_team_plant(PLANT)
    assert isinstance(plant, Centre)
    run(plant, options.seeds, options.who, options.teams, options.steps)
    console.print(table())


if __name__ == "__main__":
    main()
