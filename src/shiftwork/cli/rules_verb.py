"""The verb ``team tune-rules``: one search for the people's rules, or the best of several.

seeds -> searches, each a job -> the one that earns most on episodes that tuned nothing
      -> compared with people on other ones, which chose nothing either
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float
from rich.table import Table

from shiftwork.cli.progress import console, do_jobs, progress_bar
from shiftwork.cli.seed_jobs import RULES, rules_jobs
from shiftwork.cli.team_verbs import any_centre, refuse_other_than_toml
from shiftwork.evaluation.compare import compare, compared, returns_of
from shiftwork.evaluation.statistics import Interval
from shiftwork.people.centre.people import people_at
from shiftwork.people.centre.rules import load_rules, rules_at, save_rules
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.plants.centre.market import REWARD_USD
from shiftwork.plants.centre.varied import AnyCentre
from shiftwork.yardsticks.centre.tuned_rules import Config, tune_rules

FRESH_EPISODES, FRESH_SEED = 64, 100
"""By which tuned rules are compared with people, and chosen: episodes of seeds from here on tune nothing."""

LAST_SEED = 200
"""Episodes of seeds from here on choose nothing either."""


def tune_rules_at(
    plant: str, out: Path, config: Config | None = None, *, seed: int = 0
) -> dict[str, float]:
    """Tune the people's rules at a cracking centre, write them, and compare them with people.

    Args:
        plant: A cracking centre, or its scenario's file.
        out: The rules' file, ending in ".toml"; while searching, a file beside it keeps what is found.
        config: Settings of the search.
        seed: Seed for all random draws.

    Returns:
        Name -> value.
    """
    refuse_other_than_toml(out, "rules")
    centre, config = any_centre(make_team_plant(plant)), config or Config()
    checkpoint = out.with_name(out.stem + ".part.npz")
    with progress_bar("tuning rules", config.generations, "generations") as advance:
        found = tune_rules(centre, config, seed=seed, advance=advance, checkpoint=checkpoint)
    origin = {"plant": centre.name, "seed": seed, "plant_hours": found.hours}
    save_rules(out, found.values, origin)
    checkpoint.unlink(missing_ok=True)
    console.print(
        f"Rules written to {out} ({found.hours:,} plant hours in {found.history.wall_s:.0f} s)"
    )
    _compare_with_people(centre, found.values, FRESH_SEED + seed)
    console.print(f"shiftwork evaluate --plant {plant} --operator people {out}", soft_wrap=True)
    return found.values


def tune_rules_of_seeds(
    plant: str,
    out: Path,
    config: Config | None = None,
    *,
    seeds: Sequence[int],
    workers: str,
    gpus: int = 0,
) -> dict[str, float]:
    """Search for rules with several seeds, and write those that earn most.

    Args:
        plant: A cracking centre, or its scenario's file.
        out: The rules' file, ending in ".toml"; a folder beside it keeps what each search found.
        config: Settings of every search.
        seeds: One search for each.
        workers: As ``run_jobs`` takes them.
        gpus: That each search needs.

    Returns:
        Name -> value.

    Raises:
        Stopped: Ctrl-C was pressed; finished searches are kept.
        UserError: A search failed or cannot be begun.
    """
    refuse_other_than_toml(out, "rules")
    centre, config = any_centre(make_team_plant(plant)), config or Config()
    jobs = rules_jobs(plant, config, seeds=seeds, gpus=gpus)
    searches = out.with_name(out.stem + ".searches")
    do_jobs(jobs, searches, workers, f"tuning rules, {len(jobs)} seeds").check()
    found = {
        seed: load_rules(searches / job.key / RULES) for seed, job in zip(seeds, jobs, strict=True)
    }
    chosen, hours, last = seeds[0], len(seeds) * config.hours(centre), FRESH_SEED
    if len(found) > 1:
        chosen = _chosen(centre, found, FRESH_SEED + seeds[0])
        hours += len(seeds) * FRESH_EPISODES * centre.horizon
        last = LAST_SEED
    origin = {"plant": centre.name, "seed": chosen, "searches": len(seeds), "plant_hours": hours}
    save_rules(out, found[chosen], origin)
    console.print(f"Rules written to {out} ({hours:,} plant hours for all searches)")
    _compare_with_people(centre, found[chosen], last + seeds[0])
    console.print(f"shiftwork evaluate --plant {plant} --operator people {out}", soft_wrap=True)
    return found[chosen]


def _chosen(centre: AnyCentre, found: Mapping[int, Mapping[str, float]], seed: int) -> int:
    """Run all rules, and people, through the same fresh episodes; return the seed of the best, and tell why."""
    people = returns_of(centre, people_at(centre), episodes=FRESH_EPISODES, seed=seed)
    earned = {
        one: returns_of(centre, rules_at(centre, values), episodes=FRESH_EPISODES, seed=seed)
        for one, values in found.items()
    }
    best, second = best_two(earned)
    table = Table(
        title=f"Rules of each search on the same {FRESH_EPISODES} fresh episodes, $/h",
        title_justify="left",
    )
    for column in ("seed", "rules", "rules less people, 95 % interval"):
        table.add_column(column, justify="right")
    for one, returns in earned.items():
        comparison = compared(people, returns)
        mean, more = (_usd(v, centre) for v in (comparison.second, comparison.difference))
        mark = "* " if one == best else ""
        table.add_row(f"{mark}{one}", mean.split(" ")[0], more)
    console.print(table)
    ahead = _usd(compared(earned[second], earned[best]).difference, centre)
    console.print(
        f"The rules of seed {best} are taken: {ahead} $/h more than those of seed {second}, the next ones, "
        f"episode by episode. The best of {len(found)} looks a little better on the episodes that chose it "
        "than it is, so it is compared with people once more on others"
    )
    return best


def best_two(earned: Mapping[int, Float[np.ndarray, " E"]]) -> tuple[int, int]:
    """Order what was earned on the same episodes by its mean; return who is first and who second.

    Args:
        earned: Name -> returns.
    """
    first, second = sorted(earned, key=lambda one: -float(earned[one].mean()))[:2]
    return first, second


def _compare_with_people(centre: AnyCentre, values: Mapping[str, float], seed: int) -> None:
    """Tell what people and rules earn on fresh episodes."""
    judged = compare(
        centre, people_at(centre), rules_at(centre, values), episodes=FRESH_EPISODES, seed=seed
    )
    people, ruled, more = (_usd(interval, centre) for interval in judged[:3])
    console.print(
        f"On {FRESH_EPISODES} fresh episodes, $/h [95 % interval]: people {people}, rules {ruled}, rules "
        f"less people {more}"
    )


def _usd(interval: Interval, centre: AnyCentre) -> str:
    """Write the mean return of an episode, with its interval, as dollars in an hour."""
    return "{:,.0f} [{:,.0f}, {:,.0f}]".format(
        *(REWARD_USD * value / centre.horizon for value in interval)
    )
