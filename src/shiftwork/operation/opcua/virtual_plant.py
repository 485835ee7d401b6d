"""The simulated plant of a virtual plant: its tags, its panel, its faults."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import jax
import numpy as np

from shiftwork.operation.opcua.centre_tags import CentreTags
from shiftwork.operation.opcua.virtual_file import keys_of
from shiftwork.operation.plant_side import PlantSide
from shiftwork.plants.plant import Plant


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
        steps: How many steps it has made.
        earned: The sum of their rewards.
        still: Whether its tick stands, as when a controller hangs behind a server that answers.
    """

    plant: Plant
    step_s: float
    seed: int = 0
    side: PlantSide = field(init=False)
    keys: tuple[str, ...] = field(init=False)
    stepped_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    episodes: int = 0
    steps: int = 0
    earned: float = 0.0
    still: bool = False
    _state: Any = field(init=False)
    _steps: int = field(init=False)
    _faults: dict[str, str] = field(default_factory=dict)
    _frozen: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keys, actions = keys_of(self.plant)
        tags = dict(zip(actions, self.plant.action, strict=True))
        self.side = PlantSide(
            in_force={key: self._between(tag.low, tag.high, 0.5) for key, tag in tags.items()},
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
        self.step()  # compiles
        # Half a step away from whole steps of the wall clock, at which cycles begin.
        self._next_s = time.monotonic() + (self.step_s / 2 - time.time()) % self.step_s

    def advance(self, now_s: float) -> None:
        """Step if a step's time is over; steps that were missed are left out."""
        if now_s < self._next_s:
            return
        self._next_s += self.step_s * (1 + (now_s - self._next_s) // self.step_s)
        self.step()

    def step(self) -> None:
        """Make one step with the set-points in force; where nobody writes them, people may move them."""
        step = self._step(self._state, self._action(), self._draw())
        self._state, self._observation = step.state, np.asarray(step.observation)
        self.earned += float(step.reward)
        if isinstance(self.plant, CentreTags):
            numbers = zip(self.side.in_force, step.info["in_force"], strict=True)
            self.side.in_force = {key: float(number) for key, number in numbers}
            # What was staged before was meant for those who decided then.
            self.side.staged = dict(self.side.in_force)
        self._steps += 1
        self.steps += 1
        self.stepped_at = datetime.now(UTC)
        if bool(step.terminal) or self._steps >= self.plant.horizon:
            self.episodes += 1
            self._begin()

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
                point = self._between(low, high, 0.25 * (1 + self._random.random()))
                # Of a few choices the one in force may come out: nothing would be moved then.
                side.move(key, point + 1.0 if point == side.in_force[key] else point)
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

    def _action(self) -> np.ndarray:
        side = self.side
        action = np.array([*side.in_force.values()], np.float32)
        if isinstance(self.plant, CentreTags):
            theirs = [not side.owner or not remote for remote in side.remote.values()]
            action[theirs] = np.nan
        return action

    def _between(self, low: float, high: float, share: float) -> float:
        """A point between two limits; a whole number where set-points stand for choices."""
        point = low + share * (high - low)
        return float(np.floor(point)) if isinstance(self.plant, CentreTags) else point

    def _draw(self) -> Any:
        self._key, draw = jax.random.split(self._key)
        return draw
