"""The furnace's model-based envelope, by the contract that every envelope has."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from shiftwork.errors import UserError
from shiftwork.operation.envelope import Held, Observation
from shiftwork.people.furnace.export import SET_POINTS, SIGNALS
from shiftwork.plants.cracker.coke_estimate import MARGIN_C, estimate
from shiftwork.plants.cracker.envelope import hold
from shiftwork.plants.cracker.furnace import LIQUID, FurnaceDesign
from shiftwork.plants.cracker.furnace_plant import Reading, read
from shiftwork.records.historian.plant_file.model import PlantFile

_estimate = jax.jit(estimate, static_argnums=0)


@partial(jax.jit, static_argnums=(0, 1))
def _hold(
    design: FurnaceDesign,
    margin_c: float,
    rows: Float[Array, "B 18"],
    coke_mm: Array,
    action: Float[Array, "B 4"],
) -> tuple[Float[Array, "B 4"], Bool[Array, " B"]]:
    def one(row: Array, wanted: Array) -> tuple[Array, Array]:
        return hold(design, read(row), coke_mm, wanted, margin_c)

    return jax.vmap(one)(rows, action)


REASON = "the hottest tube would come too near its limit"


@dataclass
class FurnaceEnvelope:
    """Holds back feed and coil outlet temperature before they burn the tubes.

    Coke cannot be measured. It is estimated from the observations of every cycle, so ``observe``
    must see each step of 4 hours once.

    Attributes:
        keys: The 18 observation keys, in the furnace's order.
        design: Design of the furnace.
        margin_c: Kept between the hottest tube as it is foreseen and the limit, C.
        coke_mm: Estimate of the coke.
        readings: Number of observations that the estimate rests on.
    """

    keys: tuple[str, ...]
    design: FurnaceDesign = LIQUID
    margin_c: float = MARGIN_C
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
        """Hold actions (*B, 4); nothing may be written where an observation is missing."""
        given = np.asarray(action, np.float64)
        shape = given.shape[:-1]
        rows = np.stack(
            [np.broadcast_to(observation.get(key, np.nan), shape) for key in self.keys], -1
        ).astype(np.float32)
        wanted = given.astype(np.float32)
        known = np.asarray(np.isfinite(rows).all(-1) & np.isfinite(wanted).all(-1))
        # Where something is missing, a place holder is computed and thrown away.
        within, held = _hold(
            self.design,
            self.margin_c,
            np.where(known[..., None], rows, 1.0).reshape(-1, len(self.keys)),
            jnp.float32(self.coke_mm),
            np.where(known[..., None], wanted, 1.0).reshape(-1, 4),
        )
        moved = np.asarray(within, np.float64).reshape(given.shape)
        stays = ~np.asarray(held).reshape(shape)[..., None] | (moved == wanted)
        # What the model left alone keeps the digits that float32 would round.
        moved = np.where(stays, given, moved)
        moved = np.where(known[..., None] & np.isfinite(moved), moved, np.nan)
        changed = moved != given
        reason = np.where(known[..., None], REASON, "an observation is missing").astype(object)
        return Held(moved, changed, np.where(changed, reason, ""))


def furnace_envelope(plant: PlantFile, margin_c: float | None = None) -> FurnaceEnvelope:
    """Build the envelope of a plant file that has the furnace's tags.

    Args:
        plant: Names the tags.
        margin_c: Kept between the hottest tube as it is foreseen and the limit, C; ``MARGIN_C`` if None.

    Raises:
        UserError: A tag is missing, or the actions are others.
    """
    keys = tuple(signal.key for signal in SIGNALS)
    missing = [key for key in keys if key not in plant.tags]
    actions = [tag.key for tag in plant.of_role("action")]
    where = f"{plant.path}: operation.model: the furnace's model"
    if missing:
        raise UserError(f"{where} needs the tag '{missing[0]}'; name it so, or remove the model")
    if actions != list(SET_POINTS):
        raise UserError(
            f"{where} holds the actions {', '.join(SET_POINTS)} in this order, but the plant file "
            f"has {', '.join(actions)}; order them so, or remove the model"
        )
    return FurnaceEnvelope(keys, margin_c=MARGIN_C if margin_c is None else margin_c)
