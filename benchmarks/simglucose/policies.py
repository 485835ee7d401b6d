"""Policies that the Simglucose benchmark can play, from the command line's names."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from model import OBSERVED_PARAMETERS
from plant import FULL_RATE

from shiftwork.agents.agent import Agent

# Observations, one row per plant, to one action per plant.
Policy = Callable[[np.ndarray], np.ndarray]


def basal(observations: np.ndarray) -> np.ndarray:
    """The rate that holds each patient steady when fasting, as doctors set it.

    It is read from two observed parameters: u2ss (pmol/kg/min) and weight.
    """
    column = {name: 1 + i for i, name in enumerate(OBSERVED_PARAMETERS)}
    rate = observations[:, column["u2ss"]] * observations[:, column["BW"]] / 6000
    return np.asarray(2 * rate / FULL_RATE - 1)


def load_policy(name: str) -> Policy:
    """Makes a policy from its name on the command line.

    Args:
        name: `constant:VALUE`, `basal`, or the folder of a Shiftwork agent.

    Returns:
        The policy.

    Raises:
        ValueError: If the constant is not a number in [-1, 1] or the folder
            holds no agent.
    """
    if name == "basal":
        return basal
    if name.startswith("constant:"):
        value = float(name.removeprefix("constant:"))
        if not -1 <= value <= 1:
            raise ValueError(f"{name}: the action must lie in [-1, 1]")
        return lambda observations: np.full(len(observations), value)
    agent = Agent.load(name)
    return lambda observations: agent.act(observations)[:, 0]
