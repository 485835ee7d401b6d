"""Pictures and films of a team at work.

``draw`` shows one state, ``watch`` runs an episode and writes it as an animated GIF.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import matplotlib as mpl
import numpy as np
from jaxtyping import PRNGKeyArray
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from PIL import Image

from shiftwork.errors import UserError
from shiftwork.files import written_whole
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.drawing.boxes import paint_boxes
from shiftwork.plants.drawing.centre import paint_centre
from shiftwork.plants.drawing.centre_scene import scene_of
from shiftwork.plants.drawing.colours import AGENTS, INK, MUTED, STYLE
from shiftwork.plants.drawing.kitchen import kitchen_legend, paint_kitchen
from shiftwork.plants.operator import TeamOperator
from shiftwork.plants.options import WithOptions
from shiftwork.plants.plant import State
from shiftwork.plants.run_team import run_team
from shiftwork.plants.tasks.box_pushing import BoxPushing
from shiftwork.plants.tasks.overcooked.overcooked import Overcooked
from shiftwork.plants.tasks.primitive import PrimitiveBoxPushing, PrimitiveOvercooked
from shiftwork.plants.team_plant import TeamPlant, TeamStep

DOTS_PER_INCH = 80
HOLD_FRAMES = 12
"""For how many frames' time the last one stands, so that the end can be seen."""
MOST_FRAMES = 240
"""Longer episodes are thinned out to about this number of pictures."""
COLOURS = 64
"""Of a whole film. Where a colour never changes its number, only what moves is written."""


def draw(plant: TeamPlant, state: State, caption: str = "") -> Figure:
    """Draw one state of a plant, with the macro-action that each agent is in beside it.

    Raises:
        UserError: The plant has no picture.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.6, 5.0), dpi=DOTS_PER_INCH)
        FigureCanvasAgg(figure)
        _fill(figure, plant, jax.device_get(state), caption)
    return figure


def watch(
    plant: TeamPlant,
    operator: TeamOperator,
    key: PRNGKeyArray,
    path: Path,
    frames_per_second: int = 8,
) -> float:
    """Run one episode to its end or the horizon and write it as an animated GIF.

    Args:
        plant: What is run.
        operator: Whoever acts, a pure operator.
        key: Key of the episode.
        path: The file, ending in ".gif".
        frames_per_second: Frames shown in a second, each a primitive step; in a long episode
            each stands for several.

    Returns:
        The episode's return.

    Raises:
        UserError: The path does not end in ".gif", or the plant has no picture.
    """
    if path.suffix.lower() != ".gif":
        raise UserError(f"{path}: a film is an animated GIF; let the name end in '.gif'")
    _pictured(plant)  # before the episode
    first, (states, rewards, ended) = jax.device_get(_states(plant, operator, key))
    length = int(ended.argmax()) + 1 if ended.any() else len(ended)
    earned = np.concatenate([[0.0], np.cumsum(rewards[:length], dtype=np.float64)])
    stride = -(-plant.horizon // MOST_FRAMES)
    frames: list[Image.Image] = []
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.6, 5.0), dpi=DOTS_PER_INCH)
        canvas = FigureCanvasAgg(figure)
        for number in range(length + 1):
            if number < length and number % stride:
                continue
            at = number - 1
            state = jax.tree.map(lambda x, at=at: x[at], states) if number else first.state
            _fill(figure, plant, state, f"step {number}     return {earned[number]:.1f}")
            canvas.draw()
            frames.append(Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3]))
    with written_whole(path) as temporary:
        _write_film(frames, temporary, 1000 // frames_per_second)
    return float(earned[-1])


@eqx.filter_jit
def _states(plant: TeamPlant, operator: TeamOperator, key: PRNGKeyArray) -> tuple[TeamStep, Any]:
    def kept(before: TeamStep, after: TeamStep, memory: Any) -> Any:
        del before, memory
        return after.state, after.reward, after.terminal

    return run_team(plant, operator, key, kept)


def _write_film(frames: list[Image.Image], path: Path, milliseconds: int) -> None:
    some = np.concatenate([np.asarray(frame) for frame in frames[:: 1 + len(frames) // 8]])
    palette = Image.fromarray(some).quantize(COLOURS, dither=Image.Dither.NONE)
    first, *others = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    duration = [milliseconds] * len(others) + [HOLD_FRAMES * milliseconds]
    first.save(path, format="GIF", save_all=True, append_images=others, duration=duration, loop=0)


def _pictured(plant: TeamPlant) -> BoxPushing | Overcooked | Centre:
    """Find what is drawn: of primitive actions and of options, the plant underneath."""
    shown: object = plant.plant if isinstance(plant, WithOptions) else plant
    if isinstance(shown, PrimitiveBoxPushing):
        return shown.boxes
    if isinstance(shown, PrimitiveOvercooked):
        return shown.kitchen
    if isinstance(shown, BoxPushing | Overcooked | Centre):
        return shown
    raise UserError(f"plant '{plant.name}': has no picture; choose another plant")


def _fill(figure: Figure, plant: TeamPlant, state: Any, caption: str) -> None:
    figure.clear()
    figure.text(0.025, 0.935, plant.name, fontsize=12, fontweight="bold", color=INK)
    shown = _pictured(plant)
    scene = state.plant if isinstance(plant, WithOptions) else state
    if isinstance(shown, Centre):
        # Its picture tells what everybody does, and there are more agents than a list holds.
        paint_centre(figure.add_axes((0.01, 0.0, 0.98, 0.92)), shown, scene_of(shown, scene))
        figure.text(0.98, 0.935, caption, fontsize=10, color=MUTED, ha="right")
        return
    axes = figure.add_axes((0.02, 0.03, 0.62, 0.88))
    legend: list[str] = []
    if isinstance(shown, BoxPushing):
        paint_boxes(axes, shown, scene)
    else:
        paint_kitchen(axes, shown, scene)
        legend = kitchen_legend(shown.kitchen)
    figure.text(0.64, 0.935, caption, fontsize=10, color=MUTED, ha="right")
    figure.text(0.7, 0.05, "\n".join(legend), fontsize=8.5, color=MUTED, linespacing=1.5)
    _roster(figure.add_axes((0.66, 0.03, 0.33, 0.88)), plant, state)


def _roster(axes: Axes, plant: TeamPlant, state: Any) -> None:
    """List the agents with the macro-action in force; who decides next is in grey."""
    axes.set(xlim=(0, 3.3), ylim=(8.8, 0), aspect="equal")
    axes.axis("off")
    for i, _ in enumerate(plant.agents):
        y = 0.5 + 1.1 * i
        axes.add_patch(Circle((0.4, y), 0.27, facecolor=AGENTS[i], edgecolor="none"))
        axes.text(0.4, y, str(i + 1), color="white", fontsize=10, fontweight="bold",
                  ha="center", va="center_baseline")  # fmt: skip
        name = plant.macro_actions[i][int(np.asarray(state.macro_action)[i])]
        decides = bool(np.asarray(state.decided)[i])
        axes.text(0.85, y + 0.02, name, color=MUTED if decides else INK, fontsize=10.5,
                  va="bottom")  # fmt: skip
        note = "ended, decides next" if decides else "under way"
        axes.text(0.85, y + 0.08, note, color=MUTED, fontsize=8, va="top")
