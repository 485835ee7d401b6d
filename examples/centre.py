"""The naphtha cracking centre: its simulated people beside random legal decisions.

python examples/centre.py --scenario centre-small --episodes 16
"""

import argparse

import shiftwork
from shiftwork.people.centre.people import People
from shiftwork.yardsticks.simple import RandomLegal


def main(scenario: str = "centre-small", episodes: int = 16) -> float:
    """Run both on the same episodes and return the mean difference of their profits."""
    plant = shiftwork.make_team_plant(scenario)
    print("Agents:", ", ".join(plant.agents))
    found = shiftwork.compare(plant, RandomLegal(), People(plant), episodes=episodes)
    print("Random legal decisions:", found.first)
    print("People:                ", found.second)
    print("People less random:    ", found.difference)
    return float(found.difference.estimate)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="People at the cracking centre.")
    parser.add_argument("--scenario", default="centre-small")
    parser.add_argument("--episodes", type=int, default=16)
    main(**vars(parser.parse_args()))
