"""NeoRL and NeoRL-2 files: flat transitions with flags, from and to ``Episodes``.

Layout (Qin et al. 2022, "NeoRL"; Gao et al. 2025, "NeoRL-2"): ``obs`` (T, O), ``action`` (T, A),
``next_obs`` (T, O), ``reward`` and ``done`` (T,) or (T, 1) and, in NeoRL-2, ``truncated``.
The older files have ``index`` (first row of each episode) in its place.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from shiftwork.errors import UserError
from shiftwork.records.episodes import Episodes, refuse_nonfinite
from shiftwork.records.formats.npz import column, flags, read_npz, require, table, write_npz
from shiftwork.records.tags import Tags, named


def read_neorl(path: Path, observation_tags: Tags = (), action_tags: Tags = ()) -> Episodes:
    """Read a NeoRL file.

    Args:
        path: The .npz file.
        observation_tags: Names of the observation's columns; numbered if not given.
        action_tags: Names and limits of the action's columns, in the units in which the file
            has them; NeoRL's own files have [-1, 1], which is taken if they are not given.

    Raises:
        UserError: The file is damaged or contradicts itself; the message names array and row.
    """
    return neorl_episodes(read_npz(path), path, observation_tags, action_tags)


def neorl_episodes(
    arrays: dict[str, np.ndarray], path: Path, observation_tags: Tags = (), action_tags: Tags = ()
) -> Episodes:
    """Make episodes of a NeoRL file's arrays.

    Raises:
        UserError: As ``read_neorl``.
    """
    require(arrays, ("obs", "action", "next_obs", "reward", "done"), path)
    obs, action, next_obs = (table(arrays, key, path) for key in ("obs", "action", "next_obs"))
    steps = len(obs)
    if not steps:
        raise UserError(f"{path}: 'obs' has no row, so it holds no episode; export at least one")
    for key, array, shape in (
        ("action", action, (steps, action.shape[1])),
        ("next_obs", next_obs, obs.shape),
    ):
        if array.shape != shape:
            raise UserError(
                f"{path}: '{key}' has shape {array.shape}, but 'obs' {obs.shape}; needed: {shape}; "
                "export them together"
            )
    observation_tags = named(observation_tags, "obs", obs.shape[1], f"{path}: 'obs'")
    action_tags = named(action_tags, "action", action.shape[1], f"{path}: 'action'", (-1.0, 1.0))
    reward = column(arrays, "reward", steps, path)
    refuse_nonfinite(obs, f"{path}: 'obs'", observation_tags)
    refuse_nonfinite(next_obs, f"{path}: 'next_obs'", observation_tags)
    terminal, ends = _ends(arrays, steps, path)
    _refuse_jumps(obs, next_obs, ends, path)

    last = np.flatnonzero(ends)
    return Episodes(
        # Every episode's rows of obs, then its last next_obs: one row more than it has steps.
        observation=np.insert(obs, last + 1, next_obs[last], axis=0),
        action=action,
        reward=reward,
        length=np.diff(last, prepend=-1).astype(np.int64),
        terminal=terminal[last],
        observation_tags=observation_tags,
        action_tags=action_tags,
        source=str(path),
    )


def _ends(arrays: dict[str, np.ndarray], steps: int, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Find which rows are terminal and which end an episode, each (T,) bool."""
    terminal = flags(arrays, "done", steps, path)
    truncated = np.zeros(steps, bool)
    if "truncated" in arrays:
        truncated = flags(arrays, "truncated", steps, path)
    elif "index" in arrays:
        starts = arrays["index"].reshape(-1)
        whole = starts.dtype.kind in "iu"
        if not (whole and starts.size and starts.min() >= 0 and starts.max() < steps):
            raise UserError(
                f"{path}: 'index' must hold each episode's first row, whole numbers from 0 to "
                f"{steps - 1}; export it again"
            )
        truncated[starts[starts > 0] - 1] = True
    ends = terminal | truncated
    if not ends.any() and "index" not in arrays:
        raise UserError(
            f"{path}: no row of 'done' or 'truncated' is 1, so no episode ever ends; "
            "set 'truncated' to 1 in each episode's last row"
        )
    ends[-1] = True  # The end of the records cuts the episode that is under way.
    return terminal, ends


def _refuse_jumps(obs: np.ndarray, next_obs: np.ndarray, ends: np.ndarray, path: Path) -> None:
    """Check that every row that ends no episode leads to the one below it."""
    # Column by column, lest a large one hides a jump in a small one; double for its range.
    seen, expected = obs[1:].astype(np.float64), next_obs[:-1]
    jump = (np.abs(expected - seen) > 1e-4 * (1 + np.abs(seen))).any(1) & ~ends[:-1]
    if jump.any():
        row = int(np.argmax(jump))
        raise UserError(
            f"{path}: 'next_obs' row {row} is not 'obs' row {row + 1}, but neither 'done' nor "
            f"'truncated' ends an episode there; set 'truncated' to 1 in row {row}"
        )


def write_neorl(episodes: Episodes, path: Path) -> None:
    """Write episodes as a NeoRL-2 file, actions in plant units; tags are not kept."""
    rows = episodes.transitions
    write_npz(
        path,
        {
            "obs": rows.observation,
            "action": rows.action,
            "next_obs": rows.next_observation,
            "reward": rows.reward,
            "done": rows.terminal.astype(np.float32),
            "truncated": (rows.last & ~rows.terminal).astype(np.float32),
        },
    )
