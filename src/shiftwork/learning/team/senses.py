"""What a team's nets take in: observations, which of their places coincide, and the time.

Axes: N agents, T primitive steps, E copies of the plant, D observation.
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from shiftwork.places import Places, coincidence, pairs


class TimeCode(eqx.Module):
    """Turns a number of primitive steps into features.

    The paper's code is [sin t, cos t], whose period of 6.28 steps cannot tell step 1 from step 7.
    Ours has one sine and cosine for each octave up to twice the horizon, and t itself.

    Attributes:
        periods: In primitive steps.
        horizon: In primitive steps; t / horizon is a feature of its own, unless it is 0.
    """

    periods: tuple[float, ...] = eqx.field(static=True)
    horizon: int = eqx.field(static=True)

    @classmethod
    def paper(cls) -> TimeCode:
        """[sin t, cos t]."""
        return cls((2 * np.pi,), 0)

    @classmethod
    def octaves(cls, horizon: int) -> TimeCode:
        """Periods 4, 8, 16, ... up to twice the horizon."""
        count = max(1, int(np.ceil(np.log2(horizon))))
        return cls(tuple(4.0 * 2.0**i for i in range(count)), horizon)

    @property
    def features(self) -> int:
        """How many features a step becomes."""
        return 2 * len(self.periods) + (self.horizon > 0)

    def __call__(self, steps: Float[Array, "*B"]) -> Float[Array, "*B F"]:
        """Code steps."""
        angle = steps[..., None] * (2 * np.pi / np.array(self.periods, np.float32))
        parts = [jnp.sin(angle), jnp.cos(angle)]
        if self.horizon:
            parts.append(steps[..., None] / self.horizon)
        return jnp.concatenate(parts, -1)


class Senses(eqx.Module):
    """Turns what an agent sees, and when, into a net's inputs.

    Attributes:
        code: How time becomes features.
        places: Whose coincidence is told, as columns of an observation.
    """

    code: TimeCode = eqx.field(static=True)
    places: Places = eqx.field(static=True)

    def width(self, observation: int) -> int:
        """Features of so many observed ones, without the time."""
        return observation + pairs(self.places)

    def look(self, observation: Float[Array, "*B D"]) -> Float[Array, "*B F"]:
        """Append which places coincide."""
        if not self.places:
            return observation
        same = coincidence(observation, self.places)
        return jnp.concatenate([observation, same.astype(observation.dtype)], -1)

    def inputs(
        self, observation: Float[Array, "N E D"], clock: Float[Array, " E"]
    ) -> Float[Array, "N E I"]:
        """Append which places coincide, and the time, the same for all agents."""
        seen = self.look(observation)
        coded = jnp.broadcast_to(self.code(clock), (*seen.shape[:-1], self.code.features))
        return jnp.concatenate([seen, coded], -1)
