"""The algorithms by name."""

from __future__ import annotations

from typing import Any, NamedTuple

from shiftwork.errors import unknown
from shiftwork.learning.offline import bc, iql, pars, rebrac, td3bc


class Algorithm(NamedTuple):
    """A learner's class and that of its configuration."""

    learner: Any
    config: Any


ALGORITHMS: dict[str, Algorithm] = {
    "bc": Algorithm(bc.BC, bc.Config),
    "td3bc": Algorithm(td3bc.TD3BC, td3bc.Config),
    "iql": Algorithm(iql.IQL, iql.Config),
    "rebrac": Algorithm(rebrac.ReBRAC, rebrac.Config),
    "pars": Algorithm(pars.PARS, pars.Config),
}


def algorithm(name: str) -> Algorithm:
    """Look an algorithm up.

    Raises:
        UserError: There is none of that name.
    """
    if name not in ALGORITHMS:
        raise unknown("algorithm", name, ALGORITHMS)
    return ALGORITHMS[name]
