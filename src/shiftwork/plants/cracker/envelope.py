"""An envelope around the furnace: set-points that would burn the tubes are held back before they act.

Records of careful people hold no trip, so an agent that learned from them cannot know what one costs. It
comes near to one in two ways: feed raised fast on coked tubes, and a tank of lighter naphtha, whose
heat of reaction makes the same tubes 10 to 14 C hotter within an hour. So before each step

1. the coke is told from the tube temperatures measured so far: the law of coking carries the
   estimate on, and each reading corrects it a little;
2. the hottest tube of the step is foreseen from set-points, rates and the laboratory's word on the
   feed that comes next;
3. feed and COT may rise only as far, or must fall as far, as keeps it ``MARGIN_C`` below the limit;
4. if not even the fastest pull-back does, a decoke is asked for, which takes the feed out three
   times as fast.

The margin covers what step 2 cannot foresee: the estimate's error from a noisy pyrometer, the
laboratory's scatter, and the coke of the step itself. The tests hold the largest such error of long
runs, with tanks that change and set-points that jump, below it: hence no trip.

The law is the design's own unless another one is given. On a plant that is known less well the margin
must grow by what the law can be wrong in: how much is measured in ``docs/furnace.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from shiftwork.plants.cracker.coke_estimate import MARGIN_C, estimate, foreseen
from shiftwork.plants.cracker.furnace import FurnaceDesign
from shiftwork.plants.cracker.furnace_plant import (
    COT_RATE,
    FEED_RATE,
    STEP_H,
    Furnace,
    Reading,
    read,
)
from shiftwork.plants.plant import ScoreRange, Step
from shiftwork.records.tags import Tags

MOVES = 17
"""Choices from rising as fast as the furnace can to falling as fast."""


class EnvelopeState(NamedTuple):
    """The plant and what the envelope knows of it.

    Attributes:
        plant: The plant's own state.
        seen: The last observation, (18,).
        coke_mm: Estimate, ().
        readings: That went into the estimate, ().
    """

    plant: Any
    seen: Float[Array, " 18"]
    coke_mm: Float[Array, ""]
    readings: Float[Array, ""]


@dataclass(frozen=True)
class FurnaceWithinEnvelope:
    """A furnace whose set-points pass through the envelope; a ``Plant`` like the furnace itself.

    The same key gives the same feeds and prices as without the envelope.

    Attributes:
        plant: The furnace, with any reward.
        law: What the envelope takes the furnace for; what it is if None.
        margin_c: Kept between the hottest tube as it is foreseen and the limit, C.
    """

    plant: Furnace
    law: FurnaceDesign | None = None
    margin_c: float = MARGIN_C

    @property
    def name(self) -> str:
        """The furnace's own name says what is learned; the envelope is added."""
        return f"{self.plant.name}-within-envelope"

    @property
    def design(self) -> FurnaceDesign:
        """Of the furnace."""
        return self.plant.design

    @property
    def observation(self) -> Tags:
        """As the furnace has it."""
        return self.plant.observation

    @property
    def action(self) -> Tags:
        """As the furnace has it."""
        return self.plant.action

    @property
    def horizon(self) -> int:
        """As the furnace has it."""
        return self.plant.horizon

    @property
    def score(self) -> ScoreRange | None:
        """As the furnace has it."""
        return self.plant.score

    @property
    def targets(self) -> tuple[tuple[int, int], ...]:
        """As the furnace has it."""
        return self.plant.targets

    def reset(self, key: PRNGKeyArray) -> tuple[EnvelopeState, Float[Array, " 18"]]:
        """Begin as the furnace does, with one reading to tell the coke from."""
        state, observation = self.plant.reset(key)
        seen = read(observation)
        law = self.law or self.design
        coke_mm, readings = estimate(law, jnp.zeros(()), jnp.zeros(()), seen.piona, seen)
        return EnvelopeState(state, observation, coke_mm, readings), observation

    def step(self, state: EnvelopeState, action: Float[Array, " 4"], key: PRNGKeyArray) -> Step:
        """Hold the action within the envelope and step; ``info["held"]`` says whether it was."""
        law, before = self.law or self.design, read(state.seen)
        within, held = hold(law, before, state.coke_mm, action, self.margin_c)
        step = self.plant.step(state.plant, within, key)
        after = read(step.observation)
        told = estimate(law, state.coke_mm, state.readings, before.piona, after)
        return step._replace(
            state=EnvelopeState(step.state, step.observation, *told),
            info=step.info | {"held": held},
        )


def hold(
    design: FurnaceDesign,
    seen: Reading,
    coke_mm: Float[Array, ""],
    action: Float[Array, " 4"],
    margin_c: float = MARGIN_C,
) -> tuple[Float[Array, " 4"], Bool[Array, ""]]:
    """Return the action within the envelope, and whether it had to be changed.

    Args:
        design: Of the furnace.
        seen: The panel before the step.
        coke_mm: Estimate of the coke, ().
        action: What the agent would do, plant units.
        margin_c: Kept between the hottest tube as it is foreseen and the limit, C.
    """
    low = jnp.array([design.feed_low_t_per_h, design.cot_low_c])
    now = jnp.stack([seen.feed_t_per_h, seen.cot_c])
    reach = STEP_H * jnp.array([FEED_RATE, COT_RATE])
    share = jnp.linspace(1.0, -1.0, MOVES)[:, None]
    moves = jnp.minimum(action[None, :2], jnp.maximum(now[None] + share * reach[None], low[None]))
    set_points = jnp.concatenate([moves, jnp.full((MOVES, 1), action[2])], axis=1)
    tube_c = foreseen(design, seen, coke_mm, set_points)
    fits = tube_c <= design.tube_limit_c - margin_c
    first = jnp.where(fits.any(), fits.argmax(), MOVES - 1)
    end_c = jnp.where(fits.any(), action[3], Furnace(design).action[3].low)
    pulled_back = jnp.stack([*moves[first], action[2], end_c])
    # Where feed is out, or swings in over clean tubes, nothing is hot.
    running = (seen.feed_t_per_h >= design.feed_low_t_per_h) & (seen.decoke_left_h <= 0)
    held = running & ~fits[0]
    return jnp.where(held, pulled_back, action), held
