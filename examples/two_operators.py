"""Compare two operators on the same episodes: constant set-points and random actions.

    python examples/two_operators.py --episodes 200

An agent (``shiftwork.Agent.load("runs/agent")``) can stand in either place.
"""

import argparse

import jax.numpy as jnp

import shiftwork
from shiftwork.yardsticks.simple import RandomActions, constant


def main(episodes: int = 200, seed: int = 0) -> float:
    """Return the mean difference of their returns, episode by episode."""
    plant = shiftwork.make_plant("dmsd")
    middle = [(tag.low + tag.high) / 2 for tag in plant.action]
    steady = constant(jnp.array(middle, jnp.float32))
    found = shiftwork.compare(plant, RandomActions(plant), steady, episodes=episodes, seed=seed)
    print("Random actions:     ", found.first)
    print("Constant set-points:", found.second)
    # Both ran the same episodes, so this interval is the one to judge by.
    print("Difference:         ", found.difference)
    return float(found.difference.estimate)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Compare two operators on the same episodes.")
    parser.add_argument("--episodes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
