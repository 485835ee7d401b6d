"""Flat arrays of the public benchmarks D4RL (HDF5) and OGBench (.npz), as ``Episodes``.

    observations (T, O), actions (T, A), rewards (T,)     a row for each step
    terminals (T,)          D4RL: the plant ended the episode in this step
                            OGBench: the last row of a recorded run, which ended nothing
    timeouts (T,)           D4RL: the last row of an episode that was cut
    masks (T,)              OGBench: 0 where the goal was reached, which ends the episode
    next_observations (T, O)  if the file has them

(Fu et al. 2020, arXiv 2004.07219; Park et al. 2025, arXiv 2410.20092.) Without next observations the row that
follows the last step of a cut episode was not recorded, so that this step is left out: its next
observation is not that of the episode behind it. What a terminal step leads to counts for nothing; its own
observation stands there.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Bool

from shiftwork.errors import UserError
from shiftwork.records.episodes import Episodes, refuse_nonfinite
from shiftwork.records.formats.npz import (
    column,
    damage_told,
    flags,
    refuse_oversize,
    require,
    table,
)
from shiftwork.records.tags import Tags, named

MARKER = "observations"
"""The array by which files of this layout are known."""

KEYS = (
    "observations", "actions", "rewards", "terminals", "timeouts", "masks", "next_observations",
)  # fmt: skip


def is_flat_hdf5(path: Path) -> bool:
    """Whether an HDF5 file has this layout, and not a group for each episode."""
    try:
        import h5py
    except ImportError:
        return False  # the reader of Minari's files says what to install
    with damage_told(path), h5py.File(path, "r") as file:
        return MARKER in file


def read_flat_hdf5(path: Path, observation_tags: Tags = (), action_tags: Tags = ()) -> Episodes:
    """Read a D4RL file.

    Args:
        path: The HDF5 file.
        observation_tags: Names of the observation's columns; numbered if not given.
        action_tags: Names and limits of the action's columns; [-1, 1], as in all public sets, if
            not given.

    Raises:
        UserError: The file is damaged or contradicts itself; the message names array and row.
    """
    import h5py

    with damage_told(path), h5py.File(path, "r") as file:
        wanted = [key for key in KEYS if isinstance(file.get(key), h5py.Dataset)]
        refuse_oversize(sum(file[key].nbytes for key in wanted), path)
        arrays = {key: file[key][()] for key in wanted}
    return flat_episodes(arrays, path, observation_tags, action_tags)


def flat_episodes(
    arrays: dict[str, np.ndarray], path: Path, observation_tags: Tags = (), action_tags: Tags = ()
) -> Episodes:
    """Make episodes of flat arrays.

    Args:
        arrays: Those of the file; what is not in ``KEYS`` (states of the simulator) is not used.
        path: The file; errors begin with it.
        observation_tags: As ``read_flat_hdf5`` has them.
        action_tags: As ``read_flat_hdf5`` has them.

    Raises:
        UserError: An array is missing, of another shape, or not finite.
    """
    if "rewards" not in arrays and path.suffix.lower() == ".npz":
        raise UserError(
            f"{path}: array 'rewards' is missing; OGBench's files have none until a task is chosen: save what "
            "ogbench.make_env_and_datasets returns for a name with 'singletask'"
        )
    require(arrays, ("observations", "actions", "rewards", "terminals"), path)
    seen, action = table(arrays, "observations", path), table(arrays, "actions", path)
    steps = len(seen)
    if not steps:
        raise UserError(f"{path}: 'observations' has no row; give a file with at least one step")
    if len(action) != steps:
        raise UserError(
            f"{path}: 'actions' has {len(action)} rows, 'observations' {steps}; export them together"
        )
    following = table(arrays, "next_observations", path) if "next_observations" in arrays else None
    if following is not None and following.shape != seen.shape:
        raise UserError(
            f"{path}: 'next_observations' has shape {following.shape}, 'observations' {seen.shape}; export "
            "them together"
        )
    observation_tags = named(observation_tags, "obs", seen.shape[1], f"{path}: 'observations'")
    action_tags = named(action_tags, "action", action.shape[1], f"{path}: 'actions'", (-1.0, 1.0))
    refuse_nonfinite(seen, f"{path}: 'observations'", observation_tags)
    terminal, ends = _ends(arrays, steps, path)
    cut = ends & ~terminal
    if following is None:
        # What follows a cut step was not recorded; the step before it leads to the cut one's row.
        kept = ~cut
        last = np.append(cut[1:], False) & kept & ~terminal
        lone = cut & np.append(True, ends[:-1])  # an episode of this one step
        behind = np.where(terminal[:, None], seen, np.roll(seen, -1, axis=0))
        ends = (ends & kept) | last
        rows = np.flatnonzero(kept & ~lone)
    else:
        refuse_nonfinite(following, f"{path}: 'next_observations'", observation_tags)
        behind, rows = following, np.arange(steps)
    if not len(rows):
        raise UserError(
            f"{path}: no episode has more than the one step whose next observation was not recorded; export "
            "'next_observations' too"
        )
    reward = column(arrays, "rewards", steps, path)[rows]
    at = np.flatnonzero(ends[rows])
    return Episodes(
        observation=np.insert(seen[rows], at + 1, behind[rows][at], axis=0),
        action=action[rows],
        reward=reward,
        length=np.diff(at, prepend=-1).astype(np.int64),
        terminal=terminal[rows][at],
        observation_tags=observation_tags,
        action_tags=action_tags,
        source=str(path),
    )


def _ends(
    arrays: dict[str, np.ndarray], steps: int, path: Path
) -> tuple[Bool[np.ndarray, " T"], Bool[np.ndarray, " T"]]:
    """Find which rows are terminal, and which end an episode."""
    ends = flags(arrays, "terminals", steps, path)
    if "masks" in arrays:  # OGBench: its "terminals" end recorded runs only
        terminal = ~flags(arrays, "masks", steps, path)
        ends = ends | terminal
    else:
        terminal = ends.copy()
        if "timeouts" in arrays:
            ends = ends | flags(arrays, "timeouts", steps, path)
    ends[-1] = True  # The end of the records cuts the episode that is under way.
    return terminal, ends
