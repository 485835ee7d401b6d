"""An operator of a furnace who keeps clear of nothing."""

import jax
import jax.numpy as jnp


class Reckless:
    """Full feed and hot, or anything at random, and never a decoke before the limit."""

    def begin(self, key):
        return jnp.array([49.0, 870.0, 0.45, 1100.0])

    def act(self, memory, observation, key):
        jump_key, point_key, full_key = jax.random.split(key, 3)
        draw = jax.random.uniform(point_key, (3,))
        fresh = jnp.array([28.0, 780.0, 0.35]) + draw * jnp.array([21.0, 100.0, 0.35])
        full = jax.random.uniform(full_key) < 0.5
        fresh = jnp.append(jnp.where(full, fresh.at[0].set(49.0), fresh), 1100.0)
        memory = jnp.where(jax.random.uniform(jump_key) < 0.1, fresh, memory)
        return memory, memory
