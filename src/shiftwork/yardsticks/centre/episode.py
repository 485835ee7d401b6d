"""One episode of a centre: its future, which nobody at the plant knows, and a run through it.

An episode is a key. Its ships, furnaces and prices are the same whoever acts, so that margins of
different schedulers, and the bound, can be compared episode by episode.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from shiftwork.plants.centre import market
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.market import Account
from shiftwork.plants.centre.start import unpacked
from shiftwork.plants.centre.state import CentreState, Ship
from shiftwork.plants.cracker.prices import TYPICAL_LEADERS

Act = Callable[
    [CentreState, Bool[np.ndarray, " N"], Bool[np.ndarray, "N A"]], Int[np.ndarray, " N"]
]
"""A policy: the state, who decides and what each may do, to macro-actions. Whatever it reads of the
state that no agent sees is its own affair."""


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
    """What a scheduler made of an episode.

    Attributes:
        account: Sums over the episode in $, as ``Account``.
        hours: Of the episode.
        success: No hour of shortage and no forced decoke.
        decision_s: Seconds of each call of the policy.
    """

    account: dict[str, float]
    hours: int
    success: bool
    decision_s: Float[np.ndarray, " D"]

    @property
    def profit_per_h(self) -> float:
        """Margin less all costs, $/h."""
        costs = sum(self.account[name] for name in Account._fields[1:])
        return (self.account["margin"] - costs) / self.hours


def episode_keys(plant: Centre, key: PRNGKeyArray) -> tuple[PRNGKeyArray, Array]:
    """The key of the reset and those of all steps."""
    reset_key, step_key = jax.random.split(key)
    return reset_key, jax.random.split(step_key, plant.horizon)


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


@functools.partial(jax.jit, static_argnums=0)
def _future(
    plant: Centre, reset_key: PRNGKeyArray, step_keys: Array
) -> tuple[CentreState, Float[Array, "T 5"]]:
    state = plant.unseen(reset_key)

    def hour(log_price: Array, key: PRNGKeyArray) -> tuple[Array, Array]:
        now = market.log_leaders(plant.scenario, log_price)
        return market.move(plant.scenario, log_price, key), now

    return state, jax.lax.scan(hour, state.log_price, step_keys)[1]


@functools.partial(jax.jit, static_argnums=0)
def _begin(plant: Centre, key: PRNGKeyArray) -> tuple[CentreState, Array, Array]:
    step = plant.reset(key)
    return step.state, step.decided, step.mask


@functools.partial(jax.jit, static_argnums=0)
def _hour(
    plant: Centre, state: CentreState, macro: Int[Array, " N"], key: PRNGKeyArray
) -> tuple[CentreState, Array, Array, Array, Array]:
    step = plant.step(state, macro, key)
    money = jnp.stack([step.info[name] for name in Account._fields])
    return step.state, step.decided, step.mask, money, step.info["success"]


def play(plant: Centre, key: PRNGKeyArray, act: Act, hours: int | None = None) -> Run:
    """Run an episode, or its first hours."""
    reset_key, step_keys = episode_keys(plant, key)
    state, decided, mask = _begin(plant, reset_key)
    macro: Any = np.zeros(len(plant.agents), np.int32)
    money = np.zeros(len(Account._fields))
    success, seconds = False, []
    for hour in range(plant.horizon if hours is None else hours):
        who = np.asarray(decided)
        if who.any():
            began = time.perf_counter()
            chosen = act(state, who, np.asarray(mask))
            seconds.append(time.perf_counter() - began)
            macro = np.where(who, chosen, macro).astype(np.int32)
        state, decided, mask, account, success = _hour(plant, state, macro, step_keys[hour])
        money += np.asarray(account, float)
    return Run(
        dict(zip(Account._fields, money.tolist(), strict=True)),
        plant.horizon if hours is None else hours,
        bool(success),
        np.array(seconds),
    )


def random_legal(seed: int) -> Act:
    """Choose among what is allowed, each with the same probability."""
    rng = np.random.default_rng(seed)

    def act(state: CentreState, decided: np.ndarray, mask: np.ndarray) -> np.ndarray:
        del state, decided
        drawn = np.where(mask, rng.random(mask.shape), -1.0)
        return drawn.argmax(1)

    return act
