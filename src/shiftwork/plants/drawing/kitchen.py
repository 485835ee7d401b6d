"""A kitchen from above."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle, Wedge
from matplotlib.patheffects import withStroke

from shiftwork.plants.drawing.colours import AGENTS, COUNTER, COUNTER_EDGE, FLOOR, INK, MUTED, RULE
from shiftwork.plants.tasks.overcooked.cells import cell
from shiftwork.plants.tasks.overcooked.kitchen import Kitchen
from shiftwork.plants.tasks.overcooked.overcooked import Overcooked
from shiftwork.plants.tasks.overcooked.state import CHOPPED

FOODS = ("#e8837a", "#9fd18b", "#f0d264", "#9cc7ea", "#d9b3e0", "#c9c3b6")
"""By number; the letter is always written on them too."""
DELIVERY, BOARD, BLADE = "#8fb8b0", "#e9dcc0", "#4d565e"


def paint_kitchen(axes: Axes, plant: Overcooked, state: Any) -> None:
    """Draw counters, what stands on them, and the agents with what they carry.

    A whole food is a disc, a chopped one a disc in three pieces; what is carried is drawn small
    at the agent's shoulder.
    """
    kitchen, n = plant.kitchen, plant.kitchen.size
    axes.set(xlim=(0, n), ylim=(n, 0), aspect="equal")
    axes.axis("off")
    for row in range(n):
        for column in range(n):
            floor = kitchen.is_floor(row, column)
            axes.add_patch(
                Rectangle((column, row), 1, 1, facecolor=FLOOR if floor else COUNTER,
                          edgecolor=RULE if floor else COUNTER_EDGE, linewidth=0.6)
            )  # fmt: skip
    for knife in state.home[kitchen.n_items : kitchen.delivery]:
        _knife(axes, *_corner(int(knife)))
    _delivery(axes, *_corner(int(state.home[kitchen.delivery])))

    held = {int(item) for item in state.hold if item >= 0}
    for item in (*range(kitchen.n_foods, kitchen.n_items), *range(kitchen.n_foods)):
        plated = item < kitchen.n_foods and state.plate[item] >= 0
        if item not in held and not plated:
            x, y = _corner(int(state.item[item]))
            _item(axes, kitchen, state, item, x + 0.5, y + 0.5, 0.36)
    for i, (place, item) in enumerate(zip(state.agent, state.hold, strict=True)):
        x, y = _corner(int(place))
        axes.add_patch(
            Circle((x + 0.44, y + 0.56), 0.33, facecolor=AGENTS[i], edgecolor="white",
                   linewidth=1.5, zorder=4)
        )  # fmt: skip
        axes.text(x + 0.44, y + 0.56, str(i + 1), color="white", fontweight="bold",
                  fontsize=_letters(kitchen, 12), ha="center", va="center_baseline", zorder=5)  # fmt: skip
        if item >= 0:
            _item(axes, kitchen, state, int(item), x + 0.78, y + 0.24, 0.27, zorder=6)


def kitchen_legend(kitchen: Kitchen) -> list[str]:
    """What the signs mean, one line each."""
    named = [f"{letter} {name}" for letter, name in kitchen.foods if letter != name]
    return [
        *([", ".join(named)] if named else []),
        "in three pieces: chopped",
        "at the shoulder: carried",
    ]


def _corner(place: int) -> tuple[int, int]:
    """The upper left corner of a cell, x to the right."""
    row, column = divmod(place, cell(1, 0))
    return column, row


def _letters(kitchen: Kitchen, size: float) -> float:
    return size * (1 if kitchen.size == 7 else 0.75)


def _item(
    axes: Axes, kitchen: Kitchen, state: Any, item: int, x: float, y: float, radius: float,
    zorder: int = 3,
) -> None:  # fmt: skip
    """A food, or a plate with all that lies on it."""
    if item < kitchen.n_foods:
        _food(axes, kitchen, item, int(state.chops[item]), x, y, 0.8 * radius, zorder)
        return
    axes.add_patch(
        Circle((x, y), radius, facecolor="white", edgecolor=MUTED, linewidth=1.2, zorder=zorder)
    )
    axes.add_patch(
        Circle((x, y), 0.72 * radius, fill=False, edgecolor=RULE, linewidth=0.9, zorder=zorder)
    )
    foods = [f for f in range(kitchen.n_foods) if state.plate[f] == item]
    for k, food in enumerate(foods):
        # Alone in the middle, else in a ring.
        share = 0.62 if len(foods) == 1 else 0.4 if len(foods) <= 3 else 0.3
        angle, out = 2 * math.pi * k / len(foods), 0.52 * radius * (len(foods) > 1)
        at_x, at_y = x + out * math.sin(angle), y - out * math.cos(angle)
        _food(axes, kitchen, food, CHOPPED, at_x, at_y, share * radius, zorder + 1)


def _food(
    axes: Axes, kitchen: Kitchen, food: int, chops: int, x: float, y: float, radius: float,
    zorder: int,
) -> None:  # fmt: skip
    colour, letter = FOODS[food], kitchen.foods[food][0]
    if chops < CHOPPED:
        axes.add_patch(
            Circle((x, y), radius, facecolor=colour, edgecolor=INK, linewidth=0.8, zorder=zorder)
        )
        if chops:
            # The part that is chopped already, as an arc around the food.
            axes.add_patch(
                Wedge((x, y), radius * 1.25, 90 - 360 * chops / CHOPPED, 90, width=radius * 0.22,
                      facecolor=INK, edgecolor="none", zorder=zorder)
            )  # fmt: skip
    else:
        for third in range(3):
            # The pieces lie a little apart.
            turn = math.radians(90 + 120 * third)
            place = x + 0.22 * radius * math.cos(turn), y + 0.22 * radius * math.sin(turn)
            axes.add_patch(
                Wedge(place, 0.9 * radius, 30 + 120 * third, 150 + 120 * third, facecolor=colour,
                      edgecolor=INK, linewidth=0.5 if radius > 0.12 else 0.25, zorder=zorder)
            )  # fmt: skip
    if radius > 0.1:
        chopped = chops == CHOPPED
        text = axes.text(x, y, letter, fontsize=_letters(kitchen, (40 if chopped else 34) * radius),
                         color=INK, fontweight="bold" if chopped else "normal", ha="center",
                         va="center_baseline", zorder=zorder + 1)  # fmt: skip
        if chopped:  # legible over the gaps between the pieces
            text.set_path_effects([withStroke(linewidth=2, foreground="white")])


def _knife(axes: Axes, x: int, y: int) -> None:
    axes.add_patch(
        FancyBboxPatch((x + 0.1, y + 0.1), 0.8, 0.8, boxstyle="round,pad=0,rounding_size=0.08",
                       facecolor=BOARD, edgecolor=COUNTER_EDGE, linewidth=0.8, zorder=1)
    )  # fmt: skip
    axes.plot([x + 0.2, x + 0.58], [y + 0.82, y + 0.82], color=BLADE, linewidth=2.2, zorder=2)
    axes.plot([x + 0.62, x + 0.8], [y + 0.82, y + 0.82], color=INK, linewidth=3.4, zorder=2)


def _delivery(axes: Axes, x: int, y: int) -> None:
    axes.add_patch(Rectangle((x, y), 1, 1, facecolor=DELIVERY, edgecolor=COUNTER_EDGE, zorder=1))
    axes.text(x + 0.5, y + 0.5, "serve", fontsize=7, color=INK, ha="center", va="center", zorder=2)
