"""What a team from records alone earns by how many episodes people recorded, on the naphtha cracking centre.

    python -m benchmarks.team_record_amount [--seeds 100 101 102] [--episodes 8 32 128 512]

The default method and settings, and the same 64 fresh episodes as ``benchmarks.team_records``. Records of a seed
are of the same people's seed as there; fewer episodes are the first of more.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from benchmarks.results import FIRST_SEED, read_rows, write_rows, write_table
from benchmarks.team_records import PLANT, earned, learned, row
from shiftwork.cli.progress import console
from shiftwork.people.centre.people import People
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.plants.centre.centre import Centre

NAME = "team_record_amount"
PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "team-record-amount.png"
LINES = {"clone": ("cloned by role", "#7b7f84"), "weighted": ("by advantage", "#0072b2")}


def run(plant: Centre, seeds: list[int], amounts: list[int]) -> None:
    """Learn from each amount; rows are written as soon as they are there."""
    people, success = earned(plant, People(plant))
    told = {"recorded_episodes": 0}
    write([row("people", "", people, success, people) | told])
    for seed in seeds:
        for amount in amounts:
            found, spent = learned(plant, seed, amount)
            teams = {"clone": found.clone, "weighted": found.learner.team}
            rows = [row(who, seed, *earned(plant, t), people) | spent for who, t in teams.items()]
            write(rows)
            said = ", ".join(f"{one['who']} {one['more']:+,.0f} $/h" for one in rows)
            console.print(f"seed {seed}, {amount} episodes: {said}")


def write(rows: list[dict[str, object]]) -> None:
    """Add rows to the CSV."""
    write_rows(NAME, rows, replace=("plant", "who", "seed", "recorded_episodes"))


def table() -> str:
    """Make the table from the CSV; means over seeds, with the least and the most of any seed."""
    rows = read_rows(NAME)
    base = next(float(r["profit_usd_per_h"]) for r in rows if r["who"] == "people")
    lines = [("people", "", "", f"{base:,.0f}", "", "")]
    for amount in _amounts(rows):
        for who, (name, _) in LINES.items():
            some = _some(rows, who, amount)
            profit, more = (
                np.array([float(r[key]) for r in some]) for key in ("profit_usd_per_h", "more")
            )
            above = sum(float(r["more_low"]) > 0 for r in some)
            lines.append(
                (
                    name,
                    f"{amount}",
                    f"{float(some[0]['recorded_h']):,.0f}",
                    f"{profit.mean():,.0f} ({profit.min():,.0f} to {profit.max():,.0f})",
                    f"{100 * more.mean() / base:+.1f} %",
                    f"{above} of {len(some)}",
                )
            )
    header = (
        "who", "recorded episodes", "recorded hours", "profit, $/h (range over seeds)", "against people",
        "paired lower bound above people",
    )  # fmt: skip
    return write_table(NAME, header, lines)


def draw() -> None:
    """Draw what is earned against the number of episodes."""
    rows = read_rows(NAME)
    base = next(float(r["profit_usd_per_h"]) for r in rows if r["who"] == "people")
    amounts = _amounts(rows)
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.add_subplot()
    axes.axhline(base, color="0.2", linewidth=1.1, linestyle="--")
    axes.annotate("people", (amounts[0], base), (0, 4), textcoords="offset points", fontsize=9)
    for who, (name, colour) in LINES.items():
        each = [[float(r["profit_usd_per_h"]) for r in _some(rows, who, n)] for n in amounts]
        for amount, values in zip(amounts, each, strict=True):
            axes.scatter(
                [amount] * len(values), values, s=14, color=colour, alpha=0.5, linewidths=0
            )
        means = [float(np.mean(values)) for values in each]
        axes.plot(amounts, means, color=colour, linewidth=1.9)
        axes.annotate(
            name,
            (amounts[-1], means[-1]),
            (6, 0),
            textcoords="offset points",
            color=colour,
            va="center",
        )
    axes.set_xscale("log")
    axes.set_xticks(amounts, [f"{n}" for n in amounts])
    axes.minorticks_off()
    axes.set_xlim(amounts[0] * 0.8, amounts[-1] * 3)
    axes.set_xlabel("recorded episodes of 10 days")
    axes.set_ylabel("profit, $/h")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(PICTURE, dpi=160)


def _amounts(rows: list[dict[str, str]]) -> list[int]:
    return sorted({int(r["recorded_episodes"]) for r in rows} - {0})


def _some(rows: list[dict[str, str]], who: str, amount: int) -> list[dict[str, str]]:
    return [r for r in rows if r["who"] == who and int(r["recorded_episodes"]) == amount]


def main() -> None:
    """Run what is asked for, replace its rows in the CSV, make the table and the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=list(range(FIRST_SEED, FIRST_SEED + 3))
    )
    parser.add_argument("--episodes", type=int, nargs="+", default=[8, 32, 128, 512])
    options = parser.parse_args()
    plant = make_team_plant(PLANT)
    assert isinstance(plant, Centre)
    run(plant, options.seeds, options.episodes)
    console.print(table())
    draw()


if __name__ == "__main__":
    main()
