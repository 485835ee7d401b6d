"""OGBench's point mazes, whose package stands beside this file (``setup.sh``) or is installed."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np

from shiftwork.errors import UserError

PACKAGES = Path(__file__).parent / ".packages"


def load() -> None:
    """Import the package, which registers its environments with Gymnasium.

    Raises:
        UserError: It is not installed.
    """
    if PACKAGES.is_dir() and str(PACKAGES) not in sys.path:
        sys.path.append(str(PACKAGES))
    try:
        importlib.import_module("ogbench.locomaze")
    except ImportError as error:
        raise UserError(
            f"package ogbench cannot be imported ({error}); run benchmarks/mazes/setup.sh"
        ) from None


def make(maze: str, *, seed: int, **settings: Any) -> Any:
    """Make a point maze without time limit or other wrappers.

    Args:
        maze: OGBench's name of it.
        seed: Starts and goals are drawn from NumPy's global generator, which is seeded here.
        settings: Of the environment.
    """
    import gymnasium

    load()
    np.random.seed(seed)  # noqa: NPY002
    env = gymnasium.make(f"pointmaze-{maze}-v0", **settings).unwrapped
    env.action_space.seed(seed)
    env.reset(seed=seed)
    return env
