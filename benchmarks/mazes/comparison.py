"""Every algorithm on one set of maze records, and how often its agent reaches the goal."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.mazes.environment import load, make
from benchmarks.mazes.recipe import HASHES, fingerprint, stored, with_task
from shiftwork.agents.agent import Agent
from shiftwork.cli.progress import console
from shiftwork.errors import UserError
from shiftwork.evaluation.rollout import rollout
from shiftwork.learning.offline.algorithms import algorithm
from shiftwork.learning.offline.learn import Learned, learn
from shiftwork.learning.offline.settings import settle
from shiftwork.learning.replay import Scaling
from shiftwork.plants.adapters.from_gymnasium import ForeignPlant
from shiftwork.records.episodes import Episodes
from shiftwork.records.formats.flat import flat_episodes
from shiftwork.records.formats.load import load_records
from shiftwork.records.formats.npz import read_npz

STARTS = 1_000
"""Seed of the evaluation's starts: the same for every agent."""

EQUAL_RATE = 1e-3
"""Adam's rate of all that is not PARS as shipped."""

VALUES = 1_000.0
"""Distance between the value of the goal and of never reaching it, as published for mazes (c of 1,000 on
rewards of 0 and 1)."""


@dataclass(frozen=True)
class Variant:
    """An algorithm with what differs from its defaults.

    Attributes:
        algorithm: Its name.
        changes: Of its configuration.
        values: Distance between the best and the worst value that rewards are scaled to, if given.
    """

    algorithm: str
    changes: dict[str, Any] = dataclasses.field(default_factory=dict)
    values: float | None = None

    def config(self, records: Episodes) -> Any:
        """Settle the configuration from records."""
        settled = settle(algorithm(self.algorithm).config(**self.changes), records)
        if self.values is None:
            return settled
        unit = Scaling.of(records).reward_unit
        span = float(np.ptp(records.reward)) / unit / (1.0 - settled.discount)
        return dataclasses.replace(settled, reward_scale=self.values / span)


PUBLISHED: dict[str, Any] = {
    "bins": 0, "cloning": 0.01, "penalty": 0.001, "distance": 1_000.0, "policy_noise": 0.0,
    "critic_rate": EQUAL_RATE, "actor_rate": EQUAL_RATE,
}  # fmt: skip
"""PARS's published loss and weights for large mazes, with the nets and rates of the others here."""

COMPARED = {
    "BC": Variant("bc"),
    "TD3+BC": Variant("td3bc"),
    "IQL": Variant("iql"),
    "ReBRAC": Variant("rebrac", {"depth": 2}),
    "PARS, published loss and weights": Variant("pars", PUBLISHED, VALUES),
    "PARS, as shipped": Variant("pars"),
}
"""All with two hidden layers of 64 units and batches of 256."""

PARTS = {
    "shipped, without the penalty (PA)": Variant("pars", {"penalty": 0.0}),
    "shipped, without layer normalization": Variant("pars", {"layer_norm": False}),
    "published, values scaled to 1 (no RS)": Variant("pars", PUBLISHED, 1.0),
    "published, without the penalty (PA)": Variant("pars", PUBLISHED | {"penalty": 0.0}, VALUES),
    "published, without layer normalization": Variant(
        "pars", PUBLISHED | {"layer_norm": False}, VALUES
    ),
}
"""What each part of PARS does: one at a time is taken away."""


@dataclass(frozen=True)
class Task:
    """Records of a maze and the environment in which agents are judged.

    Attributes:
        name: Of the set and the task.
        records: To learn from.
        plant: Gymnasium's name of the environment, with the module that registers it.
    """

    name: str
    records: Episodes
    plant: str


def made_here(maze: str, task: int, folder: Path) -> Task:
    """Records of the public recipe, with the reward of one of OGBench's five tasks."""
    arrays = stored(maze, folder)
    if fingerprint(arrays) != HASHES.get(maze):
        console.print(f"maze {maze}: the rows are not those of the committed table (other hash)")
    goal, tolerance = goal_of(maze, task)
    path = folder / f"pointmaze-{maze}-navigate.npz"
    records = flat_episodes(with_task(arrays, goal, tolerance), path)
    return Task(f"point maze {maze}, task {task}", records, plant_of(maze, task))


def goal_of(maze: str, task: int) -> tuple[np.ndarray, float]:
    """Where a task's goal lies, and how near counts as reached.

    Raises:
        UserError: There is no such task.
    """
    env = make(maze, seed=0)
    if not 1 <= task <= len(env.task_infos):
        raise UserError(f"task {task} is not there; give 1 to {len(env.task_infos)}")
    return np.array(env.task_infos[task - 1]["goal_xy"]), float(env._goal_tol)


def plant_of(maze: str, task: int) -> str:
    """Gymnasium's name of the environment of one task."""
    return f"ogbench.locomaze:pointmaze-{maze}-singletask-task{task}-v0"


def from_file(path: Path, plant: str | None, task: int) -> Task:
    """Records of an official file.

    Args:
        path: D4RL's HDF5, or OGBench's npz. OGBench's point mazes get the reward of a task; other files
            need rewards.
        plant: Gymnasium's name of the environment to judge agents in ("module:id"); for OGBench's point
            mazes it follows from the file's name.
        task: Which of OGBench's tasks.

    Raises:
        UserError: The file cannot be read, or no environment is known for it.
    """
    words = path.stem.split("-")
    if path.suffix == ".npz" and words[0] == "pointmaze" and len(words) > 1:
        if not path.is_file():
            raise UserError(f"{path}: there is no such file")
        arrays = read_npz(path)
        if "rewards" not in arrays:
            for name in ("qpos", "observations"):
                if name not in arrays:
                    raise UserError(f"{path}: array '{name}' is missing; give OGBench's own file")
            arrays = with_task(arrays, *goal_of(words[1], task))
        records = flat_episodes(arrays, path)
        return Task(f"{path.stem}, task {task}", records, plant or plant_of(words[1], task))
    if plant is None:
        raise UserError(
            f"{path}: which environment to judge agents in does not follow from its name; "
            "give --plant module:id"
        )
    return Task(path.stem, load_records(str(path)), plant)


def reached(agent: Agent, plant: str, episodes: int) -> Episodes:
    """Run whole episodes from the task's starts; an episode that ends by itself reached the goal."""
    load()
    # OGBench draws starts from NumPy's global generator.
    np.random.seed(STARTS)  # noqa: NPY002
    copies = ForeignPlant(plant, copies=min(episodes, 5))
    try:
        return rollout(copies, agent, episodes=episodes, seed=STARTS)
    finally:
        copies.close()


def measured(
    task: Task, name: str, variant: Variant, seeds: tuple[int, ...], updates: int, episodes: int
) -> tuple[Learned, list[dict[str, Any]]]:
    """Learn by one variant; one row for each seed."""
    begun = time.perf_counter()
    config = variant.config(task.records)
    learned = learn(task.records, variant.algorithm, config, updates=updates, seeds=seeds)
    learned_s = time.perf_counter() - begun
    rows = []
    for number, seed in enumerate(seeds):
        runs = reached(learned.agent(number), task.plant, episodes)
        steps = runs.length[runs.terminal] - 1
        value = learned.history.metrics.get("value")
        rows.append(
            {
                "task": task.name, "variant": name, "seed": seed, "goal": runs.terminal.mean(),
                "steps": float(steps.mean()) if len(steps) else "", "episodes": episodes,
                "rows": len(task.records.reward), "records": task.records.hash[:16],
                "updates": int(learned.history.updates[-1]), "discount": config.discount,
                "cloning": getattr(config, "cloning", ""),
                "target_rate": getattr(config, "target_rate", ""),
                "value": "" if value is None else float(value[-1, number]),
                "cloning_error": float(learned.history.metrics["cloning_error"][-1, number]),
                "learn_s": learned_s, "wall_s": time.perf_counter() - begun,
            }
        )  # fmt: skip
    return learned, rows
