"""One episode of a centre: its future, which nobody at the plant knows, and a run through it.

An episode is a key. Its ships, furnaces and prices are the same whoever acts, so that margins of
different schedulers, and the bound, can be compared episode by episode.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from shiftwork.plants.centre import market
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.market import Account
from shiftwork.plants.centre.start import unpacked
from shiftwork.plants.centre.state import CentreState, Ship
from shiftwork.plants.cracker.prices import TYPICAL_LEADERS
from shiftwork.plants.operator import TeamOperator
from shiftwork.plants.run_team import episode_keys, run_team_stepwise
from shiftwork.plants.team_plant import TeamStep


class Future(NamedTuple):
    """All that will come in an episode and that nobody's decision changes. S ships, T hours.

    Attributes:
        ships: By arrival, each (S,) or (S, 5).
        leaders: Prices of the leaders in each hour, $/t or $/GJ, (T, 5).
        tank_t: First content of the tanks by class, (K, 5).
        coke_mm: First layer of the liquid furnaces, (F,).
        ethane_t: First content of the drum.
    """

    ships: Ship
    leaders: Float[np.ndarray, "T 5"]
    tank_t: Float[np.ndarray, "K 5"]
    coke_mm: Float[np.ndarray, " F"]
    ethane_t: float


class Run(NamedTuple):
    """What an operator made of an episode.

    Attributes:
        account: Sums over the episode in $, as ``Account``.
        hours: Hours of the episode.
        success: No hour of shortage and no forced decoke.
        memory: The operator's memory at the end.
    """

    account: dict[str, float]
    hours: int
    success: bool
    memory: Any

    @property
    def profit_per_h(self) -> float:
        """Margin less all costs, $/h."""
        costs = sum(self.account[name] for name in Account._fields[1:])
        return (self.account["margin"] - costs) / self.hours


def future_of(plant: Centre, key: PRNGKeyArray) -> Future:
    """Look ahead through an episode."""
    reset_key, step_keys = episode_keys(plant, key)
    state, log_leaders = _future(plant, reset_key, step_keys)
    ships = jax.tree.map(lambda x: np.asarray(x, float), unpacked(state.harbour.table))
    return Future(
        ships=ships,
        leaders=np.asarray(TYPICAL_LEADERS, float) * np.exp(np.asarray(log_leaders, float)),
        tank_t=np.asarray(state.tanks.mass_t, float),
        coke_mm=np.asarray(state.furnaces.coke_mm, float),
        ethane_t=float(state.gas.ethane_t),
    )


@jax.jit
def _future(
    plant: Centre, reset_key: PRNGKeyArray, step_keys: Array
) -> tuple[CentreState, Float[Array, "T 5"]]:
    state = plant.unseen(reset_key)

    def hour(log_price: Array, key: PRNGKeyArray) -> tuple[Array, Array]:
        now = market.log_leaders(plant.scenario, log_price)
        return market.move(plant.scenario, plant.layout, log_price, key), now

    return state, jax.lax.scan(hour, state.log_price, step_keys)[1]


def run_stepwise(
    plant: Centre, operator: TeamOperator, key: PRNGKeyArray, hours: int | None = None
) -> Run:
    """Let an operator that is not pure run an episode, or its first hours."""
    memory: list[Any] = [None]

    def keep(before: TeamStep, after: TeamStep, remembered: Any) -> tuple[Array, Array]:
        del before
        memory[0] = remembered
        return jnp.stack([after.info[name] for name in Account._fields]), after.info["success"]

    _, (money, success) = run_team_stepwise(plant, operator, key, keep, hours)
    sums = np.asarray(money, float).sum(0)
    return Run(
        dict(zip(Account._fields, sums.tolist(), strict=True)),
        len(money),
        bool(success[-1]),
        memory[0],
    )
