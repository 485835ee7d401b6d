"""Box pushing from above."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyBboxPatch, Polygon, Rectangle

from shiftwork.plants.drawing.colours import AGENTS, FLOOR, INK, MUTED, RULE
from shiftwork.plants.tasks.box_pushing import EAST_STEP, NORTH_STEP, BoxPushing

GOAL, SMALL, BIG, BOX_EDGE = "#e8eef0", "#e3c58f", "#b98d4a", "#6f5427"


def paint_boxes(axes: Axes, plant: BoxPushing, state: Any) -> None:
    """Draw the grid, the goal row, the boxes and the agents, who point where they look."""
    n = plant.size
    # Agents may leave the grid by one cell and more; the picture follows them that far.
    axes.set(xlim=(-0.6, n + 0.6), ylim=(-0.6, n + 0.6), aspect="equal")
    axes.axis("off")
    axes.add_patch(Rectangle((0, 0), n, n, facecolor=FLOOR, edgecolor="none"))
    axes.add_patch(Rectangle((0, n - 1), n, 1, facecolor=GOAL, edgecolor="none"))
    for line in range(1, n):
        axes.plot([line, line], [0, n], color=RULE, linewidth=0.7)
        axes.plot([0, n], [line, line], color=RULE, linewidth=0.7)
    axes.add_patch(Rectangle((0, 0), n, n, fill=False, edgecolor=MUTED, linewidth=1.5))
    axes.text(0.12, n - 0.1, "goal", color=MUTED, fontsize=9, va="top")
    for x in plant.waypoints:
        axes.add_patch(Circle((x + 0.5, n / 2 - 0.5), 0.06, facecolor=MUTED, edgecolor="none"))
    for number, (x, y) in enumerate(zip(state.box_x, state.box_y, strict=True)):
        width = 2 if number == 2 else 1
        axes.add_patch(
            FancyBboxPatch(
                (x + 0.1, y + 0.1), width - 0.2, 0.8,
                boxstyle="round,pad=0,rounding_size=0.1",
                facecolor=BIG if width == 2 else SMALL, edgecolor=BOX_EDGE, linewidth=1.4, zorder=3,
            )
        )  # fmt: skip
        label = "big box" if width == 2 else f"box {number}"
        axes.text(x + width / 2, y + 0.5, label, fontsize=8.5, color=INK, ha="center",
                  va="center", zorder=3)  # fmt: skip
    same_cell = state.x[0] == state.x[1] and state.y[0] == state.y[1]
    for i in range(2):
        shift = (2 * i - 1) * 0.23 if same_cell else 0.0
        _agent(axes, i, state.x[i] + 0.5 + shift, state.y[i] + 0.5, int(state.orientation[i]),
               0.2 if same_cell else 0.29)  # fmt: skip


def _agent(axes: Axes, number: int, x: float, y: float, orientation: int, radius: float) -> None:
    ahead = np.array([EAST_STEP[orientation], NORTH_STEP[orientation]])
    aside = np.array([-ahead[1], ahead[0]])
    centre = np.array([x, y])
    base = 0.7 * radius
    nose = [centre + 1.6 * radius * ahead, centre + base * ahead + base * aside,
            centre + base * ahead - base * aside]  # fmt: skip
    axes.add_patch(Polygon(nose, facecolor=AGENTS[number], edgecolor="white", zorder=4))
    axes.add_patch(
        Circle((x, y), radius, facecolor=AGENTS[number], edgecolor="white", linewidth=1.5, zorder=5)
    )
    axes.text(x, y, str(number + 1), color="white", fontsize=38 * radius, fontweight="bold", ha="center",
              va="center_baseline", zorder=6)  # fmt: skip
