"""NeoRL and NeoRL-2 files: flat transitions with flags, from and to ``Episodes``.

Layout (Qin et al. 2022, "NeoRL"; Gao et al. 2025, "NeoRL-2"): ``obs`` (T, O), ``action`` (T, A),
``next_obs`` (T, O), ``reward`` and ``done`` (T,) or (T, 1) and, in NeoRL-2, ``truncated``.
The older files have ``index`` (first row of each episode) in its place.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from shiftwork.errors import UserError
from shiftwork.files import written_whole
from shiftwork.records.episodes import Episodes, refuse_nonfinite
from shiftwork.records.npz import numbers, read_npz, require
from shiftwork.records.tags import Tags, numbered


def read_neorl(path: Path, observation_tags: Tags = (), action_tags: Tags = ()) -> Episodes:
    """Read a NeoRL file.

    Args:
        path: The .npz file.
        observation_tags: Names of the observation's columns; numbered if not given.
        action_tags: Names and limits of the action's columns; NeoRL scales actions to [-1, 1],
            which is taken if they are not given.

    Raises:
        UserError: The file is damaged or contradicts itself; the message names array and row.
    """
    arrays = read_npz(path)
    require(arrays, ("obs", "action", "next_obs", "reward", "done"), path)
    obs, action, next_obs = (numbers(arrays, key, path) for key in ("obs", "action", "next_obs"))
    steps = len(obs)
    for key, array in (("obs", obs), ("action", action), ("next_obs", next_obs)):
        if array.ndim != 2 or len(array) != steps:
            raise UserError(f"{path}: '{key}' has shape {array.shape}; needed: ({steps}, columns)")
    if next_obs.shape != obs.shape:
        raise UserError(f"{path}: 'next_obs' has shape {next_obs.shape}, 'obs' {obs.shape}; they must agree")
    reward = _flat(arrays, "reward", steps, path)
    refuse_nonfinite(next_obs, f"{path}: 'next_obs'")
    terminal, ends = _ends(arrays, steps, path)

    inside = ~ends[:-1]
    gap = np.abs(next_obs[:-1] - obs[1:]).max(1) > 1e-4 * (1 + np.abs(obs[1:]).max(1))
    if (inside & gap).any():
        row = int(np.argmax(inside & gap))
        raise UserError(
            f"{path}: 'next_obs' row {row} is not 'obs' row {row + 1}, but neither 'done' nor "
            f"'truncated' ends an episode there; set 'truncated' to 1 in row {row}"
        )
    last = np.flatnonzero(ends)
    length = np.diff(np.concatenate([[-1], last])).astype(np.int64)
    # Every episode's rows of obs, then its last next_obs: one row more than it has steps.
    observation = np.insert(obs, last + 1, next_obs[last], axis=0)
    return Episodes(
        observation=observation,
        action=action,
        reward=reward,
        length=length,
        terminal=terminal[last],
        observation_tags=observation_tags or numbered("obs", obs.shape[1]),
        action_tags=action_tags or numbered("action", action.shape[1], -1.0, 1.0),
        source=str(path),
    )


def _flat(arrays: dict[str, np.ndarray], key: str, steps: int, path: Path) -> np.ndarray:
    array = numbers(arrays, key, path)
    if array.shape not in ((steps,), (steps, 1)):
        raise UserError(f"{path}: '{key}' has shape {array.shape}; needed: ({steps},), one for each step")
    return array.reshape(steps)


def _ends(arrays: dict[str, np.ndarray], steps: int, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Find which rows are terminal and which end an episode, each (T,) bool."""
    flags = {"done": _flat(arrays, "done", steps, path), "truncated": np.zeros(steps, np.float32)}
    if "truncated" in arrays:
        flags["truncated"] = _flat(arrays, "truncated", steps, path)
    elif "index" in arrays:
        starts = arrays["index"].reshape(-1).astype(np.int64)
        if len(starts) == 0 or starts.min() < 0 or starts.max() >= steps:
            raise UserError(f"{path}: 'index' must hold each episode's first row, 0 to {steps - 1}")
        flags["truncated"][(starts[starts > 0] - 1)] = 1
    for key, flag in flags.items():
        wrong = (flag != 0) & (flag != 1)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise UserError(f"{path}: '{key}' row {row} is {flag[row]:g}; a flag is 0 or 1")
    terminal = flags["done"] == 1
    ends = terminal | (flags["truncated"] == 1)
    if not ends.any() and "index" not in arrays:
        raise UserError(
            f"{path}: no row of 'done' or 'truncated' is 1, so no episode ever ends; "
            "set 'truncated' to 1 in each episode's last row"
        )
    if steps:
        ends[-1] = True  # The end of the records cuts the episode that is under way.
    return terminal, ends


def write_neorl(episodes: Episodes, path: Path) -> None:
    """Write episodes as a NeoRL-2 file; actions are scaled to [-1, 1] as NeoRL has them."""
    rows = episodes.transitions
    low = np.array([tag.low for tag in episodes.action_tags], np.float32)
    high = np.array([tag.high for tag in episodes.action_tags], np.float32)
    with written_whole(path) as temporary:
        np.savez_compressed(
            temporary,
            obs=rows.observation,
            action=2 * (rows.action - low) / (high - low) - 1,
            next_obs=rows.next_observation,
            reward=rows.reward,
            done=rows.terminal.astype(np.float32),
            truncated=(rows.last & ~rows.terminal).astype(np.float32),
        )
