"""A Gymnasium environment: record a simple controller, learn from it, evaluate the agent.

python examples/gymnasium_plant.py --updates 20000
"""

import argparse

import gymnasium
import numpy as np

import shiftwork
from shiftwork.records.tags import Tag

NAMES = ("cos", "sin", "speed")


def record(episodes: int) -> shiftwork.Episodes:
    """Run Pendulum-v1 with a noisy controller and keep what it did."""
    plant, rng = gymnasium.make("Pendulum-v1"), np.random.default_rng(0)
    seen, done, earned, length = [], [], [], []
    for seed in range(episodes):
        observation, _ = plant.reset(seed=seed)
        seen.append(observation)
        over, steps = False, 0
        while not over:
            torque = np.clip([observation[2] + rng.normal()], -2, 2).astype(np.float32)
            observation, reward, ended, cut, _ = plant.step(torque)
            over, steps = ended or cut, steps + 1
            seen.append(observation), done.append(torque), earned.append(reward)
        length.append(steps)
    return shiftwork.Episodes(
        np.array(seen, np.float32),
        np.array(done, np.float32),
        np.array(earned, np.float32),
        np.array(length, np.int64),
        np.zeros(episodes, bool),  # Pendulum is cut by its time limit: no terminals
        tuple(Tag(name) for name in NAMES),
        (Tag("torque", "N m", -2.0, 2.0),),
    )


def main(updates: int = 20_000, episodes: int = 50, out: str = "runs/pendulum") -> float:
    """Learn from the controller's records and return the agent's mean return."""
    agent = shiftwork.learn(record(episodes), updates=updates, out=out)
    found = shiftwork.evaluate(agent, shiftwork.make_plant("Pendulum-v1"), episodes=10)
    print("Mean return of the agent:", found)
    return float(found.estimate)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Learn on a Gymnasium environment.")
    parser.add_argument("--updates", type=int, default=20_000)
    main(**vars(parser.parse_args()))
