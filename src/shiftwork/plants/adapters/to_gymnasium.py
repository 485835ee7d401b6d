"""A plant as a Gymnasium environment, for users with their own learner.

Either ``PlantEnv(plant)``, or by name, since importing this module registers our plants::

    gymnasium.make("shiftwork.plants.adapters.to_gymnasium:shiftwork/dmsd-v0")
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Float32

from shiftwork.plants.catalogue import PLANTS
from shiftwork.plants.plant import Plant
from shiftwork.records.tags import Tags, box


class PlantEnv(gymnasium.Env[np.ndarray, np.ndarray]):
    """A plant as a Gymnasium environment, in plant units, on the CPU.

    Reaching the plant's horizon truncates and never terminates; a terminal terminates and never
    truncates, even in the last step before the horizon. After either, ``reset`` has to be called.

    Attributes:
        plant: What is run.
        observation_space: Spans of the observation tags, (O,) float32; infinite where a tag has
            no end.
        action_space: Limits of the action tags, (A,) float32, in plant units; actions beyond
            them are clipped by the plant.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 - the type that Gymnasium declares

    def __init__(self, plant: Plant) -> None:
        """Prepare a plant; environments of equal plants share one compiled program.

        Raises:
            UserError: An action tag has no finite limits.
        """
        low, high = box(plant.action, f"plant '{plant.name}'")
        self.plant = plant
        self.action_space = gymnasium.spaces.Box(low, high, dtype=np.float32)
        self.observation_space = gymnasium.spaces.Box(*_spans(plant.observation), dtype=np.float32)
        self._reset, self._step = _compiled(plant)
        self._running: tuple[Any, jax.Array] | None = None
        """The plant's state and the key of what is still to be drawn, inside an episode."""
        self._steps = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Float32[np.ndarray, " O"], dict[str, Any]]:
        """Begin an episode.

        Args:
            seed: Starts the stream of episodes again; 0 is a seed like any other. Without one the
                stream goes on, from a random place if none was ever given.
            options: Not used.

        Returns:
            The first observation (O,), and an empty dictionary.
        """
        super().reset(seed=seed, options=options)
        # All 64 bits of a key, since of 2**32 some would return within a long training.
        words = self.np_random.integers(2**32, size=2, dtype=np.uint32)
        with jax.default_device(_cpu()):
            key = jax.random.wrap_key_data(jnp.asarray(words), impl="threefry2x32")
        # Committed to the CPU, where all that follows from it stays.
        state, key, observation = self._reset(jax.device_put(key, _cpu()))
        self._running, self._steps = (state, key), 0
        return np.array(observation, np.float32), {}

    def step(
        self, action: Float[np.ndarray, " A"]
    ) -> tuple[Float32[np.ndarray, " O"], float, bool, bool, dict[str, Any]]:
        """Run one step.

        Returns:
            Observation (O,), reward, terminated, truncated, and the plant's further signals.

        Raises:
            ResetNeeded: No episode has begun, or it has ended.
        """
        if self._running is None:
            raise gymnasium.error.ResetNeeded(f"plant '{self.plant.name}': call reset() first")
        state, key, *shown = self._step(*self._running, np.asarray(action, np.float32))
        observation, reward, terminal, info = jax.device_get(shown)
        self._steps += 1
        terminated = bool(terminal)
        truncated = not terminated and self._steps >= self.plant.horizon
        self._running = None if terminated or truncated else (state, key)
        # Copies: what JAX gives out cannot be written to.
        return (
            np.array(observation, np.float32),
            float(reward),
            terminated,
            truncated,
            {name: np.array(value) for name, value in info.items()},
        )


def by_name(name: str) -> PlantEnv:
    """Make the face of one of our plants; the entry point of the registered environments."""
    return PlantEnv(PLANTS[name])


def _spans(tags: Tags) -> tuple[np.ndarray, np.ndarray]:
    return (
        np.array([tag.low for tag in tags], np.float32),
        np.array([tag.high for tag in tags], np.float32),
    )


def _cpu() -> jax.Device:
    """A CPU, or what there is if the user has left JAX none (JAX_PLATFORMS)."""
    try:
        return jax.local_devices(backend="cpu")[0]
    except RuntimeError:
        return jax.local_devices()[0]


@functools.cache
def _compiled(plant: Plant) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Compile reset and step of a plant once, for however many environments are made of it."""

    def reset(key: jax.Array) -> tuple[Any, jax.Array, jax.Array]:
        key, reset_key = jax.random.split(key)
        state, observation = plant.reset(reset_key)
        return state, key, observation

    def step(state: Any, key: jax.Array, action: jax.Array) -> tuple[Any, ...]:
        key, step_key = jax.random.split(key)
        step = plant.step(state, action, step_key)
        return step.state, key, step.observation, step.reward, step.terminal, step.info

    return jax.jit(reset), jax.jit(step)


for _name, _plant in PLANTS.items():
    gymnasium.register(
        id=f"shiftwork/{_name}-v0",
        entry_point=f"{__name__}:by_name",
        kwargs={"name": _name},
        # PlantEnv cuts by itself; this tells those who read the specification.
        max_episode_steps=_plant.horizon,
    )
