"""DMSD: two masses between two walls, joined by springs and dampers, that follow moving targets.

Written independently from the description in Gao et al. 2025, "NeoRL-2: Near Real-World Benchmarks for
Offline Reinforcement Learning"; every one of the 100,000 recorded transitions that ship with the
package is reproduced (``tests/plants/tasks/test_dmsd.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from shiftwork.plants.plant import ScoreRange, Step
from shiftwork.records.tags import Tag, Tags

TIME_STEP_S = 0.2
STIFFNESS_N_PER_M = 2.0
DAMPING_NS_PER_M = 4.0
FORCE_N = 30.0
SWITCH_STEP = 50
"""The step from which the second target counts, if the episode has two."""
SCORE = ScoreRange(30.60, 849.51)
"""The returns that NeoRL-2 publishes as 0 and 100."""


class DmsdState(NamedTuple):
    """Positions and velocities of both masses, their two targets each, and the clock."""

    position_m: Float[Array, " 2"]
    velocity_m_per_s: Float[Array, " 2"]
    first_target_m: Float[Array, " 2"]
    second_target_m: Float[Array, " 2"]
    step: Int[Array, ""]


@dataclass(frozen=True)
class Dmsd:
    """Double mass-spring-damper.

    The action holds two forces in [-1, 1], in units of 30 N. The reward is the sum over both
    masses of -ln(distance to target + 0.01), with what is seen after the step. An episode
    never ends before its 100 steps. The targets may change at step 50, of which the
    observation gives no warning.

    Attributes:
        mass_kg: Mass of each body; the records were made with 20, a harder test mode has 30.
    """

    mass_kg: float = 20.0
    name: str = "dmsd"
    horizon: int = 100
    score: ScoreRange = SCORE
    targets: tuple[tuple[int, int], ...] = ((0, 4), (1, 5))

    @property
    def observation(self) -> Tags:
        """Positions, velocities, targets."""
        return (
            Tag("position 1", "m"),
            Tag("position 2", "m"),
            Tag("velocity 1", "m/s"),
            Tag("velocity 2", "m/s"),
            Tag("target 1", "m", -1.5, 1.5),
            Tag("target 2", "m", -1.5, 1.5),
        )

    @property
    def action(self) -> Tags:
        """Forces on the masses."""
        return (Tag("force 1", "30 N", -1.0, 1.0), Tag("force 2", "30 N", -1.0, 1.0))

    def reset(self, key: PRNGKeyArray) -> tuple[DmsdState, Float[Array, " 6"]]:
        """Masses near rest in the middle; one or two targets for each, equally likely."""
        x_key, v_key, first_key, second_key, two_key = jax.random.split(key, 5)
        first = jax.random.uniform(first_key, (2,), minval=-1.5, maxval=1.5)
        second = jax.random.uniform(second_key, (2,), minval=-1.5, maxval=1.5)
        state = DmsdState(
            position_m=jax.random.uniform(x_key, (2,), minval=-0.25, maxval=0.25),
            velocity_m_per_s=jax.random.uniform(v_key, (2,), minval=-0.1, maxval=0.1),
            first_target_m=first,
            second_target_m=jnp.where(jax.random.bernoulli(two_key, 0.5, (2,)), second, first),
            step=jnp.zeros((), jnp.int32),
        )
        return state, _observe(state)

    def step(self, state: DmsdState, action: Float[Array, " 2"], key: PRNGKeyArray) -> Step:
        """Explicit Euler over 0.2 s: every right-hand side uses the old state."""
        del key  # nothing is random after the reset
        x, v = state.position_m, state.velocity_m_per_s
        force_n = FORCE_N * jnp.clip(action, -1.0, 1.0)
        # Each mass has a spring and a damper to its wall and to the other mass.
        spring_n = STIFFNESS_N_PER_M * (x[::-1] - 2 * x)
        damper_n = DAMPING_NS_PER_M * (v[::-1] - 2 * v)
        moved = state._replace(
            position_m=x + TIME_STEP_S * v,
            velocity_m_per_s=v + TIME_STEP_S / self.mass_kg * (spring_n + damper_n + force_n),
            step=state.step + 1,
        )
        observation = _observe(moved)
        error_m = jnp.abs(observation[0:2] - observation[4:6])
        return Step(
            state=moved,
            observation=observation,
            reward=-jnp.log(error_m + 0.01).sum(),
            terminal=jnp.zeros((), bool),
            info={"error_m": error_m},
        )


def _observe(state: DmsdState) -> Float[Array, " 6"]:
    target = jnp.where(state.step < SWITCH_STEP, state.first_target_m, state.second_target_m)
    return jnp.concatenate([state.position_m, state.velocity_m_per_s, target])
