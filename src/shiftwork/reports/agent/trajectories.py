"""One recorded episode beside one of an agent: values with their targets, actions below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from shiftwork.records.episodes import Episodes
from shiftwork.records.tags import Tags
from shiftwork.reports.paper.measures import shown_span
from shiftwork.reports.paper.style import INK, MUTED, WIDTH_IN, short, styled

MOST_STEPS = 600
"""Steps of an episode that a panel shows; more would be a smear."""

MOST_VALUES, MOST_ACTIONS = 4, 4


@dataclass(frozen=True)
class Track:
    """One episode to draw.

    Attributes:
        title: What it is.
        colour: Of its lines.
        observation: (n + 1, O), plant units.
        action: (n, A), plant units.
        proposal: What an agent would have done at the same moments, (n, A), and its colour.
    """

    title: str
    colour: str
    observation: Float[np.ndarray, "N1 O"]
    action: Float[np.ndarray, "N A"]
    proposal: tuple[Float[np.ndarray, "N A"], str] | None = None

    @classmethod
    def of(cls, episodes: Episodes, episode: int, title: str, colour: str) -> Track:
        """Take one episode, cut to what can be seen."""
        one = episodes.select(np.array([episode]))
        return cls(title, colour, one.observation[: MOST_STEPS + 1], one.action[:MOST_STEPS])


@styled
def trajectories(
    tracks: Sequence[Track],
    observation_tags: Tags,
    action_tags: Tags,
    targets: Sequence[tuple[int, int]] = (),
    values: Sequence[int] = (),
) -> Figure:
    """Draw episodes side by side on the same scales.

    Args:
        tracks: One column of panels for each.
        observation_tags: Of the observations.
        action_tags: Of the actions.
        targets: Pairs (value, its target), a row of panels for each; the target is dashed.
        values: Observation columns to show where there are no targets.
    """
    shown: list[tuple[int, int | None]] = list(targets[:MOST_VALUES])
    shown = shown or [(column, None) for column in values[:MOST_VALUES]]
    moved = range(min(len(action_tags), MOST_ACTIONS))
    heights = [1.5] * len(shown) + [1.0] * len(moved)
    figure = Figure((WIDTH_IN, 1.05 * sum(heights) + 0.8), layout="constrained")
    grid = figure.subplots(
        len(heights), len(tracks), squeeze=False, sharex="col", sharey="row", height_ratios=heights
    )
    for side, track in enumerate(tracks):
        column = grid[:, side]
        column[0].set_title(track.title, color=INK)
        for axes, (value, target) in zip(column, shown, strict=False):
            _value(axes, track, value, target)
        for axes, action in zip(column[len(shown) :], moved, strict=True):
            limits = action_tags[action].low, action_tags[action].high
            _action(axes, track, action, limits, shown_span(_drawn(tracks, action), limits))
        column[-1].set_xlabel("step of the episode")
    names = [observation_tags[value] for value, _ in shown] + list(action_tags[: len(moved)])
    for axes, tag in zip(grid[:, 0], names, strict=True):
        unit = f"\n[{short(tag.unit, 12)}]" if tag.unit else ""
        axes.set_ylabel(short(tag.name, 18) + unit)
    figure.align_ylabels(list(grid[:, 0]))
    return figure


def _value(axes: Axes, track: Track, value: int, target: int | None) -> None:
    if target is not None:
        aim = track.observation[:, target]
        axes.plot(
            aim, color=INK, linewidth=1.1, linestyle=(0, (4, 3)), drawstyle="steps-post", zorder=3
        )
    lone = "o" if len(track.observation) < 3 else None
    axes.plot(track.observation[:, value], color=track.colour, linewidth=2, marker=lone)
    axes.grid(axis="y")


def _drawn(tracks: Sequence[Track], action: int) -> list[np.ndarray]:
    proposals = [track.proposal[0] for track in tracks if track.proposal]
    return [drawn[:, action] for drawn in (*(track.action for track in tracks), *proposals)]


def _action(
    axes: Axes, track: Track, action: int, limits: tuple[float, float], span: tuple[float, float]
) -> None:
    for limit in limits:
        if span[0] <= limit <= span[1]:
            axes.axhline(limit, color=MUTED, linewidth=0.8, linestyle=":")
    edges = np.arange(len(track.action) + 1)
    if track.proposal:
        proposed, colour = track.proposal
        axes.stairs(proposed[:, action], edges, baseline=None, color=colour, linewidth=1.4)
    axes.stairs(track.action[:, action], edges, baseline=None, color=track.colour, linewidth=1.6)
    room = 0.08 * (span[1] - span[0])
    axes.set_ylim(span[0] - room, span[1] + room)
