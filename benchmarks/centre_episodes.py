"""The fresh episodes of a centre on which everybody is compared, and what an operator makes of them."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.market import Account
from shiftwork.plants.run_team import run_team

EPISODES, EPISODE_SEED = 64, 31_000
"""Nothing is tuned on them; the benchmarks of teams run the very same ones."""


def fresh_keys() -> jax.Array:
    """Keys of the episodes, (EPISODES,)."""
    return jax.random.split(jax.random.key(EPISODE_SEED), EPISODES)


def accounts(plant: Centre, operator: Any) -> list[dict[str, float]]:
    """Let a pure operator run the episodes: the mean of each ``Account`` over its hours, $/h."""
    money = np.asarray(_run(plant, operator, fresh_keys()), np.float64)
    return [dict(zip(Account._fields, means, strict=True)) for means in money.tolist()]


@eqx.filter_jit
def _run(plant: Centre, operator: Any, keys: jax.Array) -> jax.Array:
    def kept(before: Any, after: Any, memory: Any) -> jax.Array:
        del before, memory
        return jnp.stack([after.info[name] for name in Account._fields])

    return jax.vmap(lambda key: run_team(plant, operator, key, kept)[1].mean(0))(keys)
