"""Pictures of real critics: values over the maze, and along actions from inside the box to far outside."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure

from benchmarks.mazes.comparison import Task
from benchmarks.results import ROOT
from shiftwork.learning.learner import Learner
from shiftwork.learning.loop import member
from shiftwork.learning.offline.learn import Learned

FOLDER = ROOT / "docs" / "pictures"
GRID = 60
COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "black")
"""Told apart by the colour-blind too (Okabe and Ito)."""
PLACES = 1_000
"""Recorded rows over which values along actions are averaged."""


def draw(found: dict[str, Learned], task: Task) -> None:
    """Draw what was learned with values, first seeds only."""
    valued: dict[str, Any] = {}
    for name, learned in found.items():
        one = member(learned.members, 0)
        if hasattr(one, "value"):
            valued[name] = (learned, one)
    if not valued:
        return
    over_the_maze(valued, task).savefig(FOLDER / "maze_values.png", dpi=110)
    parts = {name: pair for name, pair in valued.items() if pair[0].algorithm == "pars"}
    if parts:
        along_actions(parts, task).savefig(FOLDER / "maze_actions.png", dpi=130)


def over_the_maze(valued: dict[str, tuple[Learned, Any]], task: Task) -> Figure:
    """Draw the value of each agent's own action over all recorded places."""
    seen = task.records.observation
    edges = [np.linspace(seen[:, i].min(), seen[:, i].max(), GRID + 1) for i in (0, 1)]
    centres = [0.5 * (edge[1:] + edge[:-1]) for edge in edges]
    visited = np.histogram2d(seen[:, 0], seen[:, 1], edges)[0].T > 0
    places = np.stack(np.meshgrid(*centres), -1).reshape(-1, 2).astype(np.float32)
    columns = min(len(valued), 4)
    figure = Figure(figsize=(3.0 * columns, 3.0 * -(-len(valued) // columns)), layout="constrained")
    for number, (name, (learned, learner)) in enumerate(valued.items()):
        axes = figure.add_subplot(-(-len(valued) // columns), columns, number + 1)
        place = jnp.asarray(learned.scaling.observe(places))
        value = (
            np.asarray(learner.value(place, learner.policy(place))) * learned.scaling.reward_unit
        )
        shown = np.where(visited, value.reshape(GRID, GRID), np.nan)
        picture = axes.pcolormesh(*edges, shown, cmap="viridis")
        figure.colorbar(picture, ax=axes, shrink=0.8)
        axes.set_title(name, fontsize=7.5, loc="left")
        axes.set_aspect("equal")
        axes.set_xticks([])
        axes.set_yticks([])
    return figure


def along_actions(parts: dict[str, tuple[Learned, Any]], task: Task) -> Figure:
    """Draw values along the diagonal of the action box, from its middle to far outside."""
    figure = Figure(figsize=(9.0, 3.8), layout="constrained")
    near, far = figure.subplots(1, 2)
    reach = 2.0 * max(float(learned.configs[0].distance) for learned, _ in parts.values())
    line = np.sinh(np.linspace(-1, 1, 201) * np.arcsinh(reach)).astype(np.float32)
    rows = np.random.default_rng(0).permutation(len(task.records.reward))[:PLACES]
    seen = task.records.transitions.observation[rows]
    for (name, (learned, learner)), colour in zip(parts.items(), _styles(), strict=False):
        value = _along(learner, jnp.asarray(learned.scaling.observe(seen)), line)
        for axes in (near, far):
            axes.plot(
                line, value * learned.scaling.reward_unit, label=name, linewidth=1.6, **colour
            )
    for axes in (near, far):
        axes.axvspan(-1, 1, color="0.9", zorder=0)
        axes.set_xlabel("action (both columns), half-widths of the box")
        axes.spines[["top", "right"]].set_visible(False)
    inside = [axis.get_ydata()[np.abs(line) < 3] for axis in near.lines]
    low, high = np.min(inside), np.max(inside)
    near.set(xlim=(-3, 3), ylim=(low - 5, high + 5), ylabel="value Q, steps (cost of each: 1)")
    near.set_title("In the box and beside it", loc="left", fontsize=10)
    far.set(xscale="symlog", yscale="symlog")
    far.set_title("Far outside", loc="left", fontsize=10)
    near.legend(fontsize=6, frameon=False)
    return figure


def _styles() -> list[dict[str, Any]]:
    return [{"color": c, "linestyle": s} for s in ("-", "--") for c in COLOURS]


def _along(learner: Learner, seen: Any, line: np.ndarray) -> np.ndarray:
    """Mean value over places at each point of the line, (P,)."""
    value: Any = learner
    return np.array(
        [
            float(value.value(seen, jnp.full((len(seen), 2), point, jnp.float32)).mean())
            for point in line
        ]
    )
