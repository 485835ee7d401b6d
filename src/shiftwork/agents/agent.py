"""An agent: a policy with all it needs to act, as a folder that can be read without learning code.

agent/
agent.json      tags, scaling's origin, configuration, data hash, format version
policy.npz      scaling and weights of the policy
learner.npz     everything else that learning needs to go on (not needed to act)
history.npz     metrics along the way (for reports)
taught.npz      which recorded rows taught it (no verdict may rest on them)
critic.npz      what it thinks actions are worth (to explain them; see critic.py)
README.md       the model card
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from shiftwork.errors import UserError
from shiftwork.files import read_description, write_described
from shiftwork.records.formats.npz import read_npz, require
from shiftwork.records.limits import MovingLimits
from shiftwork.records.tags import Tags, tags_from_json, tags_to_json

VERSION = 1
ABOUT = "agent.json"
POLICY = "policy.npz"

FARTHEST = np.float32(1e6)
"""Deviations from an observation's mean beyond which it makes no difference how far it is."""


@dataclass(frozen=True)
class Agent:
    """A deterministic policy in plant units.

    Attributes:
        weights: (in, out) float32 for each layer.
        biases: (out,) float32 for each layer.
        observation_mean: (O,), plant units.
        observation_std: (O,), plant units, positive.
        action_low: (A,), plant units: the policy never proposes less. Where the action's limits
            differ from step to step: the least share of the box of the moment.
        action_high: (A,), the same for the most.
        observation_tags: What ``act`` is to be given, column by column.
        action_tags: What it gives back.
        about: What else is known: algorithm, configuration, records' hash and numbers, and so on.
    """

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    observation_mean: np.ndarray
    observation_std: np.ndarray
    action_low: np.ndarray
    action_high: np.ndarray
    observation_tags: Tags
    action_tags: Tags
    about: dict[str, Any] = field(default_factory=dict)

    def act(self, observation: ArrayLike) -> np.ndarray:
        """Decide.

        Args:
            observation: (O,) or (B, O), plant units.

        Returns:
            Actions of shape (A,) or (B, A), float32, plant units, inside the recorded box and the
            limits of the moment.

        Raises:
            UserError: The observation has another shape, holds NaN, or limits that cross.
        """
        try:
            with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite: refused
                given = np.asarray(observation, np.float32)
        except (ValueError, TypeError):
            raise UserError(
                "observation is no array of numbers (text, or rows of unequal length); "
                f"this agent needs {len(self.observation_tags)} numbers, one for each tag"
            ) from None
        if given.ndim not in (1, 2) or given.shape[-1] != len(self.observation_tags):
            raise UserError(
                f"observation has shape {given.shape}; this agent needs "
                f"({len(self.observation_tags)},) or (batch, {len(self.observation_tags)})"
            )
        if not np.isfinite(given).all():
            column = int(np.argwhere(~np.isfinite(given))[0][-1])
            raise UserError(
                f"observation: tag '{self.observation_tags[column].name}' is not a number; "
                "hold the last action until it is back"
            )
        # Absurd values are bounded, as by FARTHEST, so that none can overflow into "not a number".
        bound = FARTHEST * self.observation_std
        x = np.clip(given, self.observation_mean - bound, self.observation_mean + bound)
        x = (x - self.observation_mean) / self.observation_std
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            x = np.maximum(x @ weight + bias, 0.0)
        unit = np.tanh(x @ self.weights[-1] + self.biases[-1])
        share = self.action_low + 0.5 * (unit + 1.0) * (self.action_high - self.action_low)
        # Rounding may carry the sum a last digit beyond an end.
        share = np.clip(share, self.action_low, self.action_high)
        low, high = self.limits.box(given)
        if (low > high).any():
            column = int(np.argwhere(np.atleast_1d(low > high))[0][-1])
            raise UserError(
                f"observation: limits of '{self.action_tags[column].name}' cross; "
                "hold the last action until they are fixed"
            )
        moved = np.clip(low + share * (high - low), low, high)
        return np.where(self.limits.moving, moved, share)

    @cached_property
    def limits(self) -> MovingLimits:
        """Where the observation holds limits that differ from step to step."""
        return MovingLimits.find(self.observation_tags, self.action_tags, "agent")

    @property
    def ranges(self) -> tuple[np.ndarray, np.ndarray]:
        """The widest that each action can be, two arrays (A,), plant units."""
        moving = self.limits.moving
        return (
            np.where(moving, [tag.low for tag in self.action_tags], self.action_low),
            np.where(moving, [tag.high for tag in self.action_tags], self.action_high),
        )

    def save(
        self,
        folder: Path,
        *,
        card: str,
        attach: Callable[[Path], None] | None = None,
    ) -> None:
        """Write the agent's folder, whole or not at all.

        Args:
            folder: Where; an agent that stands there is replaced.
            card: The model card, Markdown.
            attach: Writes further files (what learning needs to go on) into the folder it is given.

        Raises:
            UserError: Something that is no agent stands there, or the place cannot be written.
        """

        def fill(temporary: Path) -> None:
            arrays = {f"weight_{i}": w for i, w in enumerate(self.weights)}
            arrays |= {f"bias_{i}": b for i, b in enumerate(self.biases)}
            for name in ("observation_mean", "observation_std", "action_low", "action_high"):
                arrays[name] = getattr(self, name)
            np.savez(temporary / POLICY, **arrays)  # type: ignore[arg-type]

        about = {
            "format": "shiftwork-agent",
            "version": VERSION,
            "observation_tags": tags_to_json(self.observation_tags),
            "action_tags": tags_to_json(self.action_tags),
            **self.about,
        }
        write_described(folder, fill, marker=ABOUT, about=about, card=card, attach=attach)

    @classmethod
    def load(cls, path: str | Path) -> Agent:
        """Read an agent's folder.

        Raises:
            UserError: It is missing, damaged, or of another version.
        """
        folder = Path(path)
        about = _read_about(folder)
        observation_tags = tags_from_json(about.pop("observation_tags", None), str(folder / ABOUT))
        action_tags = tags_from_json(about.pop("action_tags", None), str(folder / ABOUT))
        file = folder / POLICY
        arrays = read_npz(file)
        layers = sum(key.startswith("weight_") for key in arrays)
        names = [f"{kind}_{i}" for i in range(layers) for kind in ("weight", "bias")]
        vectors = ("observation_mean", "observation_std", "action_low", "action_high")
        require(arrays, (*names, *vectors), file)
        agent = cls(
            tuple(arrays[f"weight_{i}"] for i in range(layers)),
            tuple(arrays[f"bias_{i}"] for i in range(layers)),
            **{name: arrays[name] for name in vectors},
            observation_tags=observation_tags,
            action_tags=action_tags,
            about={k: v for k, v in about.items() if k not in ("format", "version")},
        )
        agent._check(file)
        return agent

    def _check(self, file: Path) -> None:
        """Refuse weights that do not fit together or with the tags."""
        vectors = (self.observation_mean, self.observation_std, self.action_low, self.action_high)
        numbers = (*self.weights, *self.biases, *vectors)
        fits = bool(self.weights) and all(a.dtype == np.float32 for a in numbers)
        fits = fits and all(np.isfinite(a).all() for a in numbers)
        sizes = [len(self.observation_tags), *(b.size for b in self.biases)]
        fits = fits and sizes[-1] == len(self.action_tags)
        for weight, bias, wanted in zip(self.weights, self.biases, pairwise(sizes), strict=True):
            fits = fits and weight.shape == wanted and bias.shape == wanted[1:]
        for vector, size in zip(vectors, (sizes[0], sizes[0], sizes[-1], sizes[-1]), strict=True):
            fits = fits and vector.shape == (size,)
        if not (
            fits and (self.observation_std > 0).all() and (self.action_low < self.action_high).all()
        ):
            raise UserError(
                f"{file}: its arrays do not fit the agent's tags; copy or learn it again"
            )


def _read_about(folder: Path) -> dict[str, Any]:
    file = folder / ABOUT
    about = read_description(folder, marker=ABOUT, kind="agent", made="a folder that learn made")
    if not isinstance(about, dict) or about.get("format") != "shiftwork-agent":
        raise UserError(f"{file}: describes no agent; give a folder that learn made")
    if about.get("version") != VERSION:
        raise UserError(
            f"{file}: has format version {about.get('version')}, this Shiftwork reads {VERSION}; "
            "install the matching release or learn the agent again"
        )
    return about
