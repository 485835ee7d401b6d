"""Small plants with people, whose agents' true worth can be run: the gate is tried on them.

Each is as simple as its kind allows: levels that integrate, lags that cross, a slow body with meals,
a unit that trips, a store and a price. None of them is known to the gate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, PRNGKeyArray

from shiftwork.plants.plant import Plant, ScoreRange, Step
from shiftwork.plants.tasks.dmsd import Dmsd
from shiftwork.records.tags import Tag, Tags

Move = Callable[[Array, Array, PRNGKeyArray], tuple[Array, Array]]
"""(state, action in its limits, key) -> (next state, reward)."""


@dataclass(frozen=True)
class Small:
    """A plant whose state is what is seen.

    Attributes:
        move: One step.
        begin: First state.
    """

    name: str
    observation: Tags
    action: Tags
    move: Move
    begin: Callable[[PRNGKeyArray], Array]
    horizon: int = 100
    score: ScoreRange | None = None
    targets: tuple[tuple[int, int], ...] = ()

    def reset(self, key: PRNGKeyArray) -> tuple[Array, Array]:
        """Begin an episode."""
        state = self.begin(key)
        return state, state

    def step(self, state: Array, action: Array, key: PRNGKeyArray) -> Step:
        """Run one step."""
        low = jnp.array([t.low for t in self.action])
        high = jnp.array([t.high for t in self.action])
        later, reward = self.move(state, jnp.clip(action, low, high), key)
        return Step(later, later, reward, jnp.zeros((), bool), {})


def _set_points(held: Array, key: PRNGKeyArray, low: float, high: float) -> Array:
    """Set-points that people change every hundred steps or so."""
    moves, where = jax.random.split(key)
    moved = jax.random.bernoulli(moves, 0.01, held.shape)
    drawn = jax.random.uniform(where, held.shape, minval=low, maxval=high)
    return jnp.where(moved, drawn, held)


def _tanks(state: Array, action: Array, key: PRNGKeyArray) -> tuple[Array, Array]:
    a, b = jax.random.split(key)
    level, wanted = state[:2], state[2:]
    out = 0.5 * jnp.sqrt(jnp.maximum(level, 0.0))
    inflow = action + jnp.array([0.3 * out[1], 0.3 * out[0]])
    level = jnp.clip(level + 0.2 * (inflow - out) + 0.005 * jax.random.normal(a, (2,)), 0.0, 2.0)
    wanted = _set_points(wanted, b, 0.3, 1.5)
    return jnp.concatenate([level, wanted]), -jnp.abs(level - wanted).sum()


def _column(state: Array, action: Array, key: PRNGKeyArray) -> tuple[Array, Array]:
    a, b, c = jax.random.split(key, 3)
    y, lag, feed, wanted = state[:2], state[2:4], state[4:5], state[5:]
    lag = lag + 0.3 * (action - lag)
    drive = jnp.array([[1.2, -0.8], [0.6, -1.4]]) @ lag + jnp.array([0.4, 0.5]) * feed
    y = y + 0.15 * (drive - y) + 0.01 * jax.random.normal(a, (2,))
    feed = 0.95 * feed + 0.1 * jax.random.normal(b, (1,))
    wanted = _set_points(wanted, c, -0.5, 0.5)
    paid = -jnp.square(y - wanted).sum() - 0.02 * jnp.square(action).sum()
    return jnp.concatenate([y, lag, feed, wanted]), paid


def _body(state: Array, action: Array, key: PRNGKeyArray) -> tuple[Array, Array]:
    a, b, c = jax.random.split(key, 3)
    glucose, insulin, gut = state
    meal = jax.random.bernoulli(a, 0.04) * jax.random.uniform(b, minval=1.0, maxval=3.0)
    gut = 0.9 * gut + meal
    insulin = 0.85 * insulin + 0.15 * action[0]
    glucose = glucose + 0.25 * gut - 0.35 * insulin * glucose / 6.0 + 0.05 * (6.0 - glucose)
    glucose = jnp.clip(glucose + 0.03 * jax.random.normal(c), 1.0, 25.0)
    low, high = jnp.maximum(4.5 - glucose, 0.0), jnp.maximum(glucose - 8.0, 0.0)
    return jnp.stack([glucose, insulin, gut]), -(3.0 * low + high)


def _trips(state: Array, action: Array, key: PRNGKeyArray) -> tuple[Array, Array]:
    a, b = jax.random.split(key)
    warm, quality = state
    warm = warm + 0.2 * (action[0] - warm) + 0.02 * jax.random.normal(a)
    quality = 0.97 * quality + 0.05 * jax.random.normal(b)
    risk = 0.25 * jax.nn.sigmoid((warm + 0.1 * quality - 0.85) / 0.05)
    trip = jax.random.bernoulli(jax.random.fold_in(key, 7), risk)
    paid = action[0] * (1.0 + 0.2 * quality) - 60.0 * trip
    return jnp.stack([jnp.where(trip, 0.3, warm), quality]), paid


def _store(state: Array, action: Array, key: PRNGKeyArray) -> tuple[Array, Array]:
    level, price, usual = state
    moved = jnp.clip(level + 0.2 * action[0], 0.0, 1.0) - level
    paid = -price * moved - 0.01 * jnp.square(action[0])
    a, b = jax.random.split(key)
    price = usual + 0.9 * (price - usual) + 0.15 * jax.random.normal(a)
    usual = 0.99 * usual + 0.01 + 0.01 * jax.random.normal(b)
    return jnp.stack([level + moved, price, usual]), paid


def _uniform(low: list[float], high: list[float]) -> Callable[[PRNGKeyArray], Array]:
    return lambda key: jax.random.uniform(
        key, (len(low),), minval=jnp.array(low), maxval=jnp.array(high)
    )


def _tags(names: str, unit: str) -> Tags:
    return tuple(Tag(name, unit) for name in names.split())


TANKS = Small(
    "tanks",
    _tags("level_1 level_2 wanted_1 wanted_2", "m"),
    (Tag("pump 1", "", 0.0, 1.0), Tag("pump 2", "", 0.0, 1.0)),
    _tanks,
    _uniform([0.3] * 4, [1.2] * 4),
)
COLUMN = Small(
    "column",
    (
        *_tags("y_1 y_2", "C"),
        *_tags("lag_1 lag_2", ""),
        Tag("feed", "t/h"),
        *_tags("wanted_1 wanted_2", "C"),
    ),
    (Tag("reflux", "", -1.0, 1.0), Tag("steam", "", -1.0, 1.0)),
    _column,
    _uniform([-0.5] * 7, [0.5] * 7),
)
BODY = Small(
    "body",
    (Tag("glucose", "mmol/l"), Tag("insulin", "U"), Tag("gut", "g")),
    (Tag("dose", "U", 0.0, 3.0),),
    _body,
    _uniform([5.0, 0.2, 0.0], [9.0, 0.8, 1.0]),
)
TRIPS = Small(
    "trips",
    (Tag("temperature", ""), Tag("quality", "%")),
    (Tag("load", "", 0.0, 1.0),),
    _trips,
    _uniform([0.4, -0.2], [0.6, 0.2]),
)
STORE = Small(
    "store",
    (Tag("level", ""), *_tags("price usual", "$")),
    (Tag("charge", "", -1.0, 1.0),),
    _store,
    _uniform([0.2, 0.7, 0.9], [0.8, 1.3, 1.1]),
)

Rule = Callable[[Array], Array]


def _dmsd_rule(seen: Array) -> Array:
    x, v, wanted = seen[:2], seen[2:4], seen[4:6]
    return 0.9 * (wanted - x) - 0.9 * v + 0.1 * wanted


RULES: dict[str, tuple[Plant, Rule, float]] = {
    "tanks": (TANKS, lambda s: 0.25 + 0.8 * (s[2:] - s[:2]), 0.15),
    "column": (COLUMN, lambda s: jnp.array([0.8, -0.8]) * (s[5:] - s[:2]), 0.25),
    "body": (BODY, lambda s: jnp.atleast_1d(0.15 * (s[0] - 5.0)), 0.3),
    "trips": (TRIPS, lambda s: jnp.atleast_1d(0.6 + 0.1 * s[1]), 0.12),
    "store": (STORE, lambda s: jnp.atleast_1d(0.6 * (s[2] - s[1])), 0.35),
    "dmsd": (Dmsd(), _dmsd_rule, 0.3),
    "dmsd-heavy": (Dmsd(mass_kg=30.0, name="dmsd-heavy"), _dmsd_rule, 0.3),
}
"""Plant, what people go by, and how far their hands stray from it."""


@dataclass(frozen=True, eq=False)
class People:
    """People who go by a rule with hands that stray, and return, over some ten steps."""

    rule: Rule
    stray: float
    columns: int

    def begin(self, key: PRNGKeyArray) -> Any:
        """Begin with steady hands."""
        del key
        return jnp.zeros(self.columns)

    def act(self, memory: Any, observation: Array, key: PRNGKeyArray) -> tuple[Any, Array]:
        """Act by the rule and the hands."""
        planned = self.rule(observation)
        slow, quick = jax.random.normal(key, (2, *planned.shape))
        memory = 0.9 * memory + 0.44 * slow
        return memory, planned + self.stray * (0.8 * memory + 0.6 * quick)


def people_at(name: str) -> tuple[Plant, People]:
    """Give a plant of the panel and its people."""
    plant, rule, stray = RULES[name]
    return plant, People(rule, stray, len(plant.action))
