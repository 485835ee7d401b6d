"""A plant of your own for a team: two pumps share one tank, and each decides on its own clock.

python examples/own_team_plant.py --steps 100000
"""

import argparse
from dataclasses import dataclass

import jax
import jax.numpy as jnp

import shiftwork
from shiftwork.plants.team_plant import TeamStep


@dataclass(frozen=True)
class Tank:
    """The level should stay at one half; a pump's choice lasts two steps (left) or three (right)."""

    name: str = "tank"
    agents: tuple[str, ...] = ("left", "right")
    roles: tuple[str, ...] = ("pump", "pump")
    observation_sizes: tuple[int, ...] = (1, 1)
    macro_actions: tuple[tuple[str, ...], ...] = (("off", "on"),) * 2
    horizon: int = 24

    def reset(self, key):
        """Begin at a random level; both pumps decide."""
        level = jax.random.uniform(key)
        state = (level, jnp.zeros(2, jnp.int32), jnp.zeros(2, jnp.int32), jnp.full((2, 1), level))
        return self._step(state, jnp.zeros(()))

    def step(self, state, macro_action, key):
        """Move the level by what the pumps do, less a steady demand."""
        del key
        level, left, macro, seen = state
        free = left == 0
        macro = jnp.where(free, macro_action, macro)
        left = jnp.where(free, jnp.array([2, 3]), left) - 1
        level = jnp.clip(level + 0.1 * macro.sum().astype(float) - 0.1, 0.0, 1.0)
        seen = jnp.where((left == 0)[:, None], level, seen)  # refreshed when an agent decides
        return self._step((level, left, macro, seen), -abs(level - 0.5))

    def _step(self, state, reward):
        info = {"macro_action": state[2], "success": jnp.zeros((), bool)}
        mask, terminal = jnp.ones((2, 2), bool), jnp.zeros((), bool)
        return TeamStep(state, state[3], state[1] == 0, mask, reward, terminal, info)


def main(steps: int = 100_000, episodes: int = 64, out: str = "runs/tank") -> float:
    """Learn and return the team's mean return."""
    plant = Tank()
    team = shiftwork.learn_team(plant, steps=steps, out=out)
    found = shiftwork.evaluate(team, plant, episodes=episodes)
    print("Mean return of the team:", found)
    return float(found.estimate)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Learn a team on a plant of your own.")
    parser.add_argument("--steps", type=int, default=100_000)
    main(**vars(parser.parse_args()))
