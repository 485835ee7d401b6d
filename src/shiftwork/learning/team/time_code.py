"""How time becomes features of what a team's nets take in.

Axes: N agents, E copies of the plant, S what is seen: observation and which places coincide, I what
nets take in.
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float


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

    def __call__(self, steps: Float[Array, "*B"]) -> Float[Array, "*B C"]:
        """Code steps."""
        turns = 2 * np.pi / np.array(self.periods, np.float32)
        angle = steps[..., None] * np.expand_dims(turns, tuple(range(steps.ndim)))
        parts = [jnp.sin(angle), jnp.cos(angle)]
        if self.horizon:
            parts.append(steps[..., None] / self.horizon)
        return jnp.concatenate(parts, -1)


def with_time(
    seen: Float[Array, "N E S"], clock: Float[Array, " E"], code: TimeCode
) -> Float[Array, "N E I"]:
    """Append the time code, the same for all agents."""
    coded = jnp.broadcast_to(code(clock), (*seen.shape[:-1], code.features))
    return jnp.concatenate([seen, coded], -1)
