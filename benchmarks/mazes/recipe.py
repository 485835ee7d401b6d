"""Data sets of OGBench's public recipe, made here: a point that goes to random goals, with noise.

The recipe of the sets "pointmaze-*-navigate" (Park et al., "OGBench", ICLR 2025, arXiv 2410.20092, and the
commands published with it): 1,000 runs of 1,001 steps. A run begins in any free cell; goals are drawn among the
cells that are no straight hallway, a new one whenever the last is reached; the point takes the direction to the
next cell of the shortest way, a unit vector, plus normal noise of 0.5 in each column, clipped to the box [-1, 1].
Nothing ends a run but its length. The environment is OGBench's own; the random stream is not, so the rows are like
the official ones, not the same.
"""

from __future__ import annotations

import hashlib
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.mazes.environment import make
from shiftwork.files import written_whole
from shiftwork.records.formats.npz import read_npz

RUNS, STEPS, NOISE = 1_000, 1_001, 0.5
SEED = 0
"""Of the data: every learner of every seed sees the same rows."""

HASHES = {
    "medium": "d310c362d14d36d1a2d73c4f3015de4af4b697a0dbac31e58ccb8073902a5d10",
    "large": "c10401ec8f0faf77284bd2e6dfd6797fb60403397a780cb3262c1eb892f0021e",
}
"""Fingerprints of what was measured; another MuJoCo or processor may round otherwise."""

MOVES = ((-1, 0), (0, -1), (1, 0), (0, 1))

Cell = tuple[int, int]


def free_cells(walls: np.ndarray) -> list[Cell]:
    """List the cells without a wall."""
    return [(int(i), int(j)) for i, j in np.argwhere(walls == 0)]


def goal_cells(walls: np.ndarray) -> list[Cell]:
    """List the free cells that are no straight hallway: ends, corners and crossings."""
    found = []
    for i, j in free_cells(walls):
        up, left, down, right = (walls[i + di, j + dj] == 0 for di, dj in MOVES)
        across = up and down and not left and not right
        along = left and right and not up and not down
        if not (across or along):
            found.append((i, j))
    return found


def steps_to(walls: np.ndarray, goal: Cell) -> np.ndarray:
    """Count each cell's moves to the goal by the shortest way; -1 in walls and where none leads."""
    count = np.full(walls.shape, -1)
    count[goal] = 0
    waiting = deque([goal])
    while waiting:
        i, j = waiting.popleft()
        for di, dj in MOVES:
            near = (i + di, j + dj)
            if walls[near] == 0 and count[near] < 0:
                count[near] = count[i, j] + 1
                waiting.append(near)
    return count


def next_cell(count: np.ndarray, at: Cell) -> Cell:
    """The neighbour that is nearest to the goal, or the cell itself at the goal."""
    best = at
    for di, dj in MOVES:
        near = (at[0] + di, at[1] + dj)
        if 0 <= count[near] < count[best]:
            best = near
    return best


def collect(
    maze: str, *, runs: int = RUNS, steps: int = STEPS, seed: int = SEED
) -> dict[str, np.ndarray]:
    """Run the recipe.

    Args:
        maze: OGBench's name of the maze ("medium", "large").
        runs: How many.
        steps: Rows of each.
        seed: Of everything that is drawn.

    Returns:
        Arrays in OGBench's layout: observations and actions, (runs * steps, 2); terminals, true in
        each run's last row, which has no successor; qpos, the position before the step.
    """
    env = make(maze, seed=seed, terminate_at_goal=False)
    rng = np.random.default_rng(seed)
    walls = env.maze_map
    starts, goals = free_cells(walls), goal_cells(walls)
    ways = {goal: steps_to(walls, goal) for goal in goals}
    seen = np.empty((runs, steps, 2), np.float32)
    done = np.empty((runs, steps, 2), np.float32)

    def drawn(cells: list[Cell]) -> Cell:
        return cells[rng.integers(len(cells))]

    for run in range(runs):
        goal = drawn(goals)
        task: dict[str, Any] = {"init_ij": drawn(starts), "goal_ij": goal}
        position, _ = env.reset(options={"task_info": task})
        for step in range(steps):
            towards = np.array(env.ij_to_xy(next_cell(ways[goal], env.xy_to_ij(position))))
            direction = (towards - position) / (np.linalg.norm(towards - position) + 1e-6)
            action = np.clip(direction + NOISE * rng.normal(size=2), -1.0, 1.0)
            seen[run, step], done[run, step] = position, action
            position, _, _, _, info = env.step(action)
            if info["success"]:
                goal = drawn(goals)
                env.set_goal(goal)
    ends = np.zeros((runs, steps), bool)
    ends[:, -1] = True
    observations = seen.reshape(-1, 2)
    return {
        "observations": observations,
        "actions": done.reshape(-1, 2),
        "terminals": ends.reshape(-1),
        "qpos": observations,
    }


def with_task(
    arrays: dict[str, np.ndarray], goal_xy: np.ndarray, tolerance: float
) -> dict[str, np.ndarray]:
    """Add the reward of one goal, as OGBench's "singletask" sets have it.

    A row that begins within the tolerance of the goal earns 0 and is terminal (mask 0); all others
    earn -1. A run's last row has no successor; it is left to the reader of the file, which drops it.
    """
    reached = np.linalg.norm(arrays["qpos"] - goal_xy, axis=-1) <= tolerance
    return arrays | {
        "rewards": reached.astype(np.float32) - 1.0,
        "masks": 1.0 - reached.astype(np.float32),
    }


def fingerprint(arrays: dict[str, np.ndarray]) -> str:
    """SHA-256 of observations and actions."""
    digest = hashlib.sha256()
    for name in ("observations", "actions"):
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()


def stored(maze: str, folder: Path) -> dict[str, np.ndarray]:
    """Read a maze's data, or make them and keep them."""
    path = folder / f"pointmaze-{maze}-navigate.npz"
    if not path.is_file():
        arrays = collect(maze)
        folder.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return read_npz(path)
