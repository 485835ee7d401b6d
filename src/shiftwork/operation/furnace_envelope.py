"""The furnace's model-based envelope, by the contract that every envelope has."""

from __future__ import annotations

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np

from shiftwork.operation.envelope import Held, Observation
from shiftwork.plants.cracker.coke_estimate import estimate
from shiftwork.plants.cracker.envelope import hold
from shiftwork.plants.cracker.furnace import LIQUID, FurnaceDesign
from shiftwork.plants.cracker.furnace_plant import Reading, read

_hold, _estimate = jax.jit(hold, static_argnums=0), jax.jit(estimate, static_argnums=0)

REASON = "the hottest tube would come too near its limit"


@dataclass
class FurnaceEnvelope:
    """Holds back feed and coil outlet temperature before they burn the tubes.

    Coke cannot be measured. It is estimated from the observations of every cycle, so ``observe``
    must see each step of 4 hours once.

    Attributes:
        keys: The 18 observation keys, in the furnace's order.
        design: Design of the furnace.
        coke_mm: Estimate of the coke.
        readings: Number of observations that the estimate rests on.
    """

    keys: tuple[str, ...]
    design: FurnaceDesign = LIQUID
    coke_mm: float = 0.0
    readings: float = 0.0
    _before: Reading | None = field(default=None, repr=False)

    def observe(self, observation: Observation) -> None:
        """Carry the estimate over one step; an observation with a missing value is left out."""
        row = np.array([observation.get(key, np.nan) for key in self.keys], np.float32)
        if not np.isfinite(row).all():
            return
        now = read(jnp.asarray(row))
        coke, readings = _estimate(
            self.design,
            jnp.float32(self.coke_mm),
            jnp.float32(self.readings),
            (self._before or now).piona,
            now,
        )
        self.coke_mm, self.readings, self._before = float(coke), float(readings), now

    def hold(self, observation: Observation, action: np.ndarray) -> Held:
        """Hold one action (4,); nothing may be written while an observation is missing."""
        given = np.asarray(action, np.float64)
        row = np.array([observation.get(key, np.nan) for key in self.keys], np.float32)
        if not (np.isfinite(row).all() and np.isfinite(given).all()):
            return Held(
                np.full(4, np.nan),
                np.ones(4, bool),
                np.full(4, "an observation is missing", object),
            )
        within, held = _hold(
            self.design,
            read(jnp.asarray(row)),
            jnp.float32(self.coke_mm),
            jnp.asarray(given, jnp.float32),
        )
        if not bool(held):
            return Held(given, np.zeros(4, bool), np.full(4, "", object))
        # What the model left alone keeps the digits that float32 would round.
        rounded = given.astype(np.float32)
        moved = np.where(np.asarray(within) == rounded, given, np.asarray(within, np.float64))
        changed = moved != given
        return Held(moved, changed, np.where(changed, REASON, "").astype(object))
