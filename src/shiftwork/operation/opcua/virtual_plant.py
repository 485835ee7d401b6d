"""The simulated plant of a virtual plant: its tags, its panel, its faults, and its plant file."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import jax
import numpy as np

from shiftwork.errors import UserError
from shiftwork.operation.plant_side import PlantSide
from shiftwork.people.furnace.export import SET_POINTS, SIGNALS
from shiftwork.plants.cracker.furnace_plant import Furnace
from shiftwork.plants.plant import Plant
from shiftwork.records.tags import Tags

NAMESPACE = "urn:shiftwork:virtual-plant"


@dataclass
class VirtualPlant:
    """A simulated plant that runs by the clock.

    Attributes:
        plant: The simulation.
        step_s: Real time of one of its steps.
        side: Set-points, loop modes and limits.
        keys: Keys of the observations.
        stepped_at: When it was last stepped.
        episodes: How many episodes have ended.
        still: Whether its tick stands, as when a controller hangs behind a server that answers.
    """

    plant: Plant
    step_s: float
    seed: int = 0
    side: PlantSide = field(init=False)
    keys: tuple[str, ...] = field(init=False)
    stepped_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    episodes: int = 0
    still: bool = False
    _faults: dict[str, str] = field(default_factory=dict)
    _frozen: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keys, actions = keys_of(self.plant)
        tags = dict(zip(actions, self.plant.action, strict=True))
        self.side = PlantSide(
            in_force={key: (tag.low + tag.high) / 2 for key, tag in tags.items()},
            low={key: tag.low for key, tag in tags.items()},
            high={key: tag.high for key, tag in tags.items()},
            shed_s=max(5.0, 3 * self.step_s),
            # Milliseconds of the wall clock: beyond any number of an earlier start.
            tick=time.time_ns() // 1_000_000,
        )
        self._reset, self._step = jax.jit(self.plant.reset), jax.jit(self.plant.step)
        self._key = jax.random.key(self.seed)
        self._random = np.random.default_rng(self.seed)
        self._begin()
        self._stepped(self._step(self._state, self._action(), self._draw()))  # compiles
        self._next_s = time.monotonic() + self.step_s

    def advance(self, now_s: float) -> None:
        """Step if a step's time is over; never more than one at once."""
        if now_s < self._next_s:
            return
        self._next_s = max(self._next_s + self.step_s, now_s)
        self._stepped(self._step(self._state, self._action(), self._draw()))

    def measured(self, key: str) -> tuple[float, str]:
        """A tag's value and "good", "bad" or "gone", with the faults that were asked for."""
        value = float(self._observation[self.keys.index(key)])
        fault = self._faults.get(key, "")
        if fault == "frozen":
            return self._frozen[key], "good"
        if fault == "far":
            return 1e9, "good"
        if fault == "noise":
            return value + 0.2 * abs(value) * float(self._random.normal()), "good"
        return value, fault or "good"

    def fault(self, text: str) -> bool:
        """Do what a fault asks for; False if it is not known.

        Known are "bad KEY", "frozen KEY", "noise KEY", "far KEY" (beyond any span), "gone KEY";
        "local KEY", "move KEY", "tighten KEY" (limits move), "cross KEY" (they cross); "reject",
        "clamp", "disable", "still" (the tick stands), "owner NAME" (somebody else writes);
        "hand over" (the loops listen again) and "clear".
        """
        what, _, key = text.partition(" ")
        side = self.side
        if what in ("bad", "frozen", "noise", "far", "gone") and key in self.keys:
            self._frozen[key] = self.measured(key)[0]
            self._faults[key] = what
        elif what in ("local", "move", "tighten", "cross") and key in side.in_force:
            low, high = side.low[key], side.high[key]
            if what == "local":
                side.remote[key] = False
            elif what == "move":
                side.move(key, low + 0.25 * (high - low) * (1 + self._random.random()))
            elif what == "cross":
                side.low[key], side.high[key] = high, low
            else:
                side.low[key], side.high[key] = low + 0.1 * (high - low), high - 0.1 * (high - low)
        elif what == "owner" and key:
            side.owner = key
        elif text == "reject":
            side.rejecting = True
        elif text == "clamp":
            side.clamp = True
        elif text == "disable":
            side.enabled = False
        elif text == "still":
            self.still = True
        elif text == "hand over":
            side.hand_over()
        elif text == "clear":
            self._clear()
        else:
            return False
        return True

    def _clear(self) -> None:
        self._faults.clear()
        self.still, self.side.owner = False, ""
        self.side.rejecting = self.side.clamp = False
        self.side.enabled = True
        self.side.hand_over()
        for tag, key in zip(self.plant.action, self.side.in_force, strict=True):
            self.side.low[key], self.side.high[key] = tag.low, tag.high

    def _begin(self) -> None:
        state, observation = self._reset(self._draw())
        self._state, self._observation, self._steps = state, np.asarray(observation), 0

    def _stepped(self, step: Any) -> None:
        self._state, self._observation = step.state, np.asarray(step.observation)
        self._steps += 1
        self.stepped_at = datetime.now(UTC)
        if bool(step.terminal) or self._steps >= self.plant.horizon:
            self.episodes += 1
            self._begin()

    def _action(self) -> np.ndarray:
        return np.array([*self.side.in_force.values()], np.float32)

    def _draw(self) -> Any:
        self._key, draw = jax.random.split(self._key)
        return draw


def keys_of(plant: Plant) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Keys of a plant's observations and actions; the furnace's are those of its people's export."""
    if isinstance(plant, Furnace):
        return tuple(signal.key for signal in SIGNALS), tuple(SET_POINTS)
    return _slugs(plant.observation), _slugs(plant.action)


def _slugs(tags: Tags) -> tuple[str, ...]:
    slugs = tuple(re.sub(r"\W+", "_", tag.name.lower()).strip("_") for tag in tags)
    return tuple(slug if slug.isidentifier() else f"tag_{slug}" for slug in slugs)


def plant_file_text(plant: Plant, port: int, step_s: float, tick_s: float) -> str:
    """Write the plant file with which an agent of this plant operates the virtual plant."""
    observed, actions = keys_of(plant)
    if set(observed) & set(actions):
        raise UserError(f"plant {plant.name}: an observation and an action have one name")

    def node(name: str) -> str:
        return f'"nsu={NAMESPACE};s={name}"'

    lines = [
        f"# Written by: shiftwork plant serve {plant.name}",
        f'name = "virtual {plant.name}"',
        f'period = "{step_s:g}s"',
        "",
        "[objective]",
        'expression = "0"  # the virtual plant does not say what it earns',
        "",
        "[operation]",
        'highest = "closed"',
        f'tick = "{tick_s:g}s"',
        f'shed_after = "{max(5.0, 3 * step_s):g}s"',
        'timeout = "2s"',
        *(['model = "furnace"'] if isinstance(plant, Furnace) else []),
        "",
        "[opcua]",
        f'endpoint = "opc.tcp://127.0.0.1:{port}/"',
        "",
        "[opcua.control]",
    ]
    names = ("tick", "taken", "enabled", "owner", "shed", "beat", "commit", "take_back")
    lines += [f"{name} = {node(name)}" for name in names]
    for table in ("staged", "remote"):
        lines += ["", f"[opcua.{table}]", *(f"{k} = {node(f'{table}.{k}')}" for k in actions)]
    for key, tag in zip(actions, plant.action, strict=True):
        lines += [
            "",
            f"[tags.{key}]",
            f'source = "{tag.name}"',
            'role = "action"',
            f'unit = "{tag.unit}"',
            f'bounds = ["{key}_low", "{key}_high"]',
            "also_observed = false",
            f"node = {node(f'tag.{key}')}",
        ]
        for end in ("low", "high"):
            name = f"{key}_{end}"
            lines += ["", f"[tags.{name}]", 'role = "limit"', f'unit = "{tag.unit}"']
            lines += [f"node = {node(f'tag.{name}')}"]
    for key, tag in zip(observed, plant.observation, strict=True):
        lines += [
            "",
            f"[tags.{key}]",
            f'source = "{tag.name}"',
            'role = "observation"',
            f'unit = "{tag.unit}"',
        ]
        if np.isfinite([tag.low, tag.high]).all():
            lines += [f"span = [{tag.low:g}, {tag.high:g}]"]
        lines += [f"node = {node(f'tag.{key}')}"]
    return "\n".join(lines) + "\n"
