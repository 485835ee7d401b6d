"""The README's first picture, from the folder that ``make demo`` wrote.

python -m benchmarks.pictures [demo]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from shiftwork.agents.agent import Agent
from shiftwork.evaluation.rollout import rollout
from shiftwork.plants.tasks.dmsd import Dmsd
from shiftwork.records.episodes import Episodes
from shiftwork.records.formats.load import load_records
from shiftwork.records.formats.npz import read_npz
from shiftwork.reports.paper.measures import nearest_to_median

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "demo.png"
GREY, BLUE, ORANGE = "0.45", "#0072B2", "#D55E00"


def main() -> None:
    """Draw typical episodes on the left, the way from records to plant on the right."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "demo")
    plant, records = Dmsd(), load_records("dmsd")
    runs = rollout(plant, Agent.load(folder / "online"), episodes=200, seed=100)
    figure = Figure(figsize=(10.5, 4.2), layout="constrained")
    grid = figure.add_gridspec(2, 3, width_ratios=[1, 1, 1.35])
    columns = ((records, "a recorded episode", GREY), (runs, "the agent", ORANGE))
    for column, (episodes, title, colour) in enumerate(columns):
        number = int(nearest_to_median(episodes))
        for row, (position, target) in enumerate(plant.targets):
            axes = figure.add_subplot(grid[row, column])
            seen = _observations(episodes, number)
            axes.plot(seen[:, target], color="k", linestyle="--", linewidth=1.1,
                      drawstyle="steps-post")  # fmt: skip
            axes.plot(seen[:, position], color=colour, linewidth=1.9)
            axes.set_ylim(-1.9, 1.9)
            axes.spines[["top", "right"]].set_visible(False)
            if row == 0:
                axes.set_title(
                    f"{title}: return {episodes.returns[number]:.0f}", fontsize=10.5, loc="left"
                )
                axes.set_xticklabels([])
            else:
                axes.set_xlabel("step")
            if column == 0:
                axes.set_ylabel(plant.observation[position].label)
            else:
                axes.set_yticklabels([])
    _progress(figure.add_subplot(grid[:, 2]), folder, plant, records)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PICTURE, dpi=160)


def _observations(episodes: Episodes, number: int) -> np.ndarray:
    first = int(episodes.starts[number]) + number
    return episodes.observation[first : first + int(episodes.length[number]) + 1]


def _progress(axes: object, folder: Path, plant: Dmsd, records: Episodes) -> None:
    from matplotlib.axes import Axes

    assert isinstance(axes, Axes)
    trace = read_npz(folder / "online" / "history.npz")
    scores = plant.score.normalized(trace["returns"].mean(1))
    people = plant.score.normalized(records.returns.mean())
    axes.axhline(people, color=GREY, linestyle="--", linewidth=1.2)
    axes.annotate(f"the records: {people:.1f}", (trace["steps"][-1], people), ha="right", va="bottom",
                  xytext=(0, 3), textcoords="offset points", color=GREY)  # fmt: skip
    axes.axhline(78.7, color=GREY, linestyle=":", linewidth=1.2)
    axes.annotate("best published offline: 78.7", (trace["steps"][-1], 78.7), ha="right", va="bottom",
                  xytext=(0, 3), textcoords="offset points", color=GREY)  # fmt: skip
    axes.plot(trace["steps"], scores, color=ORANGE, linewidth=2, marker="o", markersize=3.5)
    axes.plot(0, scores[0], "o", color=BLUE, markersize=9)
    axes.annotate(f"from records alone: {scores[0]:.1f}", (0, scores[0]), xytext=(10, -14),
                  textcoords="offset points", color=BLUE)  # fmt: skip
    axes.annotate(f"{scores[-1]:.1f}", (trace["steps"][-1], scores[-1]), xytext=(0, 6), ha="right",
                  textcoords="offset points", color=ORANGE)  # fmt: skip
    axes.set(xlabel="steps made on the plant", ylabel="normalized score", ylim=(50, 103))
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title("from the records to the plant", fontsize=10.5, loc="left")


if __name__ == "__main__":
    main()
