"""A model of the plant from records: an ensemble that tells what comes next, and how unsure it is.

Each member is a linear model (ridge regression) with a net on top that learns what is left, both on
blocks of time of its own (bootstrap). A linear model goes on sensibly where nobody has been; the
members part where the records do not say what happens, and that is seen in what they say of an
agent. What no member foresees (noise, a target that people move) is drawn again from the records'
own residuals, whole rows at a time.

Rewards are learned from (observation, action, next observation), and from the
distances between tags of one unit: plants are paid for distances to set-points and limits.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from shiftwork.evaluation.columns import alike, distances, some_rows
from shiftwork.learning.nets import MLP, Adam
from shiftwork.learning.progress import Advance
from shiftwork.records.episodes import Episodes
from shiftwork.records.limits import for_rows

MEMBERS = 8
WIDTH = 96
BATCH = 256
PIECE = 500
RATE = 2e-3

BEYOND = 0.5
"""Spans beyond the recorded range to which a model may lead: farther out it has nothing to say."""

STRANGE, POOR = 0.2, 0.01
"""Where an observation leaves the recorded range by this share of the room beyond it, nothing is known
of rewards, and a poor one counts: the quantile of the recorded ones."""


class World(eqx.Module):
    """What the members know; columns are scaled to zero mean and unit deviation.

    Attributes:
        change: Linear part of the next observation's change, (M, 1 + O + A, O).
        change_net: What the nets add to it.
        reward: Linear part of the reward, (M, K).
        reward_net: What the nets add to it.
        mean, std: Of the columns (observation, action), (O + A,), plant units.
        change_std: Of each column's change, (O,), plant units.
        reward_mean, reward_std: Of the reward, (), plant units.
        low, high: The range to which observations are kept, (O,), plant units.
        best: Highest recorded reward, (): no model may promise more.
        poor: A reward that only one in a hundred recorded rows fell below, ().
        held: 1 for columns that stand still and are moved from outside now and then, (O,).
        residual: Rows of what was not foreseen of the change, (R, O), scaled.
        jump: Where held columns went in the same rows, NaN where they stood still, (R, O).
        pairs: Columns of one unit whose distance rewards are learned from, (2, P).
        drawn: Which blocks each member learned from, (M, N).
        seen: Least and most of what changes were learned from, scaled, (2, O + A).
        paying: Least and most of what rewards were learned from, scaled, (2, K).
    """

    change: Float[Array, "M I O"]
    change_net: MLP
    reward: Float[Array, "M K"]
    reward_net: MLP
    mean: Float[Array, " C"]
    std: Float[Array, " C"]
    change_std: Float[Array, " O"]
    reward_mean: Float[Array, ""]
    reward_std: Float[Array, ""]
    low: Float[Array, " O"]
    high: Float[Array, " O"]
    best: Float[Array, ""]
    poor: Float[Array, ""]
    held: Float[Array, " O"]
    residual: Float[Array, "R O"]
    jump: Float[Array, "R O"]
    pairs: Int[Array, "2 P"]
    drawn: Bool[Array, "M N"]
    seen: Float[Array, "2 C"]
    paying: Float[Array, "2 L"]

    def step(
        self,
        observation: Float[Array, "M B O"],
        action: Float[Array, "M B A"],
        row: Int[Array, " B"],
    ) -> tuple[Float[Array, "M B O"], Float[Array, "M B"]]:
        """Foresee the next observation and the reward, each member for itself, in plant units."""
        x = jnp.concatenate([observation, action], -1)
        x = (x - self.mean[None, None]) / self.std[None, None]
        known = jnp.clip(x, *self.seen[:, None, None])
        moved = _with_one(x) @ self.change + self.change_net(known) + self.residual[row][None]
        low, high = self.low[None, None], self.high[None, None]
        later = jnp.clip(observation + moved * self.change_std[None, None], low, high)
        jump = self.jump[row][None]
        later = jnp.where(self.held > 0, jnp.where(jnp.isnan(jump), observation, jump), later)
        y = jnp.clip(
            _paying(x, later, self.mean, self.std, self.pairs), *self.paying[:, None, None]
        )
        known = (_squares(y) @ self.reward[..., None])[..., 0]
        earned = self.reward_mean + self.reward_std * (known + self.reward_net(y)[..., 0])
        room = (high - low) * BEYOND / (1.0 + 2.0 * BEYOND)
        beyond = jnp.maximum(low + room - later, later - high + room) / room
        unknown = jnp.clip(beyond.max(-1) / STRANGE, 0.0, 1.0)
        earned += unknown * (jnp.minimum(earned, self.poor) - earned)
        return later, jnp.minimum(earned, self.best)


def fit_world(
    records: Episodes,
    blocks: Int[np.ndarray, " T"],
    *,
    updates: int = 4_000,
    members: int = MEMBERS,
    seed: int = 0,
    advance: Advance | None = None,
) -> World:
    """Learn a model of the plant.

    Args:
        records: What to learn from.
        blocks: To which block of time each row belongs, (T,): members draw whole blocks.
        updates: Steps of Adam of the nets, rounded up to pieces.
        members: Size of the ensemble.
        seed: Of nets, blocks and batches.
        advance: Receives progress in updates.
    """
    rows, kept = some_rows(records.transitions, seed)
    blocks = blocks[kept]
    observation = rows.observation.astype(np.float64)
    columns = np.concatenate([observation, rows.action.astype(np.float64)], 1)
    mean, std = columns.mean(0), _deviation(columns)
    change = rows.next_observation - observation
    change_std = _deviation(change)
    reward = rows.reward.astype(np.float64)
    reward_mean, reward_std = reward.mean(), float(_deviation(reward[:, None])[0])
    x = (columns - mean) / std
    seen = observation.shape[1]
    pairs = alike(records.observation_tags)
    y = _paying(x, rows.next_observation.astype(np.float64), mean, std, pairs)
    target, paid = change / change_std, (reward - reward_mean) / reward_std

    rng = np.random.default_rng(seed)
    count = int(blocks.max()) + 1
    order = np.argsort(blocks, kind="stable")
    rows_of = np.split(order, np.cumsum(np.bincount(blocks, minlength=count))[:-1])
    draws = rng.integers(0, count, (members, count))
    drawn = [np.concatenate([rows_of[b] for b in draw]) for draw in draws]
    shortest = min(map(len, drawn))
    chosen = np.stack([rng.permutation(d)[:shortest] for d in drawn])
    linear = np.stack([_ridge(_with_one(x[c]), target[c]) for c in chosen])
    products = _squares(y)
    paying = np.stack([_ridge(products[c], paid[c]) for c in chosen])
    still = 1e-6 * np.abs(observation).max(0) / change_std
    held = _held(target, still, target - _with_one(x) @ linear.mean(0))
    left = np.stack([target - _with_one(x) @ w for w in linear]).astype(np.float32)
    unpaid = np.stack([paid - products @ w for w in paying]).astype(np.float32)

    keys = jax.random.split(jax.random.key(seed), 3)
    sizes = (x.shape[1], WIDTH, WIDTH, seen)
    nets = (
        MLP.create(keys[0], sizes, nets=members),
        MLP.create(keys[1], (y.shape[1], WIDTH, WIDTH, 1), nets=members),
    )
    adam = Adam.create(nets)
    data = tuple(jnp.asarray(a, jnp.float32) for a in (x, y, left, unpaid))
    pieces = -(-updates // PIECE)
    for piece in range(pieces):
        key = jax.random.fold_in(keys[2], piece)
        share = jnp.asarray([piece / pieces, (piece + 1) / pieces], jnp.float32)
        nets, adam = _fit_piece(nets, adam, data, jnp.asarray(chosen), key, share)
        if advance:
            jax.block_until_ready(nets)
            advance(PIECE)

    some = rng.permutation(len(x))[:4_096]
    foreseen = np.asarray(nets[0](jnp.asarray(x[some], jnp.float32))).mean(0)
    residual = left[:, some].mean(0) - foreseen
    low, high = observation.min(0), observation.max(0)
    room = BEYOND * (high - low)

    def number(x: Any) -> Array:
        return jnp.asarray(x, jnp.float32)

    return World(
        change=number(linear),
        change_net=nets[0],
        reward=number(paying),
        reward_net=nets[1],
        mean=number(mean),
        std=number(std),
        change_std=number(change_std),
        reward_mean=number(reward_mean),
        reward_std=number(reward_std),
        low=number(low - room),
        high=number(high + room),
        best=number(reward.max()),
        poor=number(np.quantile(reward, POOR)),
        held=number(held),
        residual=number(residual - residual.mean(0)),
        jump=number(np.where(change[some] != 0.0, rows.next_observation[some], np.nan)),
        pairs=jnp.asarray(pairs),
        drawn=jnp.asarray([np.isin(np.arange(count), draw) for draw in draws]),
        seen=number([x.min(0), x.max(0)]),
        paying=number([y.min(0), y.max(0)]),
    )


@eqx.filter_jit
def _fit_piece(
    nets: tuple[MLP, MLP],
    adam: Adam,
    data: tuple[Array, ...],
    chosen: Int[Array, "M D"],
    key: PRNGKeyArray,
    share: Float[Array, " 2"],
) -> tuple[tuple[MLP, MLP], Adam]:
    """Make ``PIECE`` steps of Adam, each member on rows of its own."""
    x, y, left, unpaid = data

    def loss(nets: tuple[MLP, MLP], rows: Int[Array, "M B"]) -> Array:
        member = jnp.arange(len(rows))[:, None]
        moved = jnp.square(nets[0](x[rows]) - left[member, rows]).mean((1, 2))
        paid = jnp.square(nets[1](y[rows])[..., 0] - unpaid[member, rows]).mean(1)
        return (moved + paid).sum()

    def update(
        carry: tuple[tuple[MLP, MLP], Adam], given: tuple[Array, Array]
    ) -> tuple[tuple[tuple[MLP, MLP], Adam], None]:
        nets, adam = carry
        key, done = given
        drawn = jax.random.randint(key, (len(chosen), BATCH), 0, chosen.shape[1])
        rows = jnp.take_along_axis(chosen, drawn, axis=1)
        nets, adam = adam.step(nets, jax.grad(loss)(nets, rows), RATE * (1.0 - done))
        return (nets, adam), None

    done = share[0] + (share[1] - share[0]) * jnp.linspace(0.0, 1.0, PIECE, endpoint=False)
    (nets, adam), _ = jax.lax.scan(update, (nets, adam), (jax.random.split(key, PIECE), done))
    return nets, adam


def _with_one(x: Any) -> Any:
    module = np if isinstance(x, np.ndarray) else jnp
    return module.concatenate([module.ones_like(x[..., :1]), x], -1)


def _squares(y: Any) -> Any:
    """One, the columns and their squares."""
    module = np if isinstance(y, np.ndarray) else jnp
    return module.concatenate([_with_one(y), module.square(y)], -1)


def _paying(x: Any, later: Any, mean: Any, std: Any, pairs: Any) -> Any:
    """What rewards are learned from: columns before, columns after, distances of like tags."""
    module = np if isinstance(x, np.ndarray) else jnp
    columns = later.shape[-1]
    scaled = (later - for_rows(mean[:columns], later)) / for_rows(std[:columns], later)
    return module.concatenate([x, scaled, distances(later, std, pairs)], -1)


def _held(
    change: Float[np.ndarray, "T O"], size: Float[np.ndarray, " O"], left: Float[np.ndarray, "T O"]
) -> Bool[np.ndarray, " O"]:
    """Find the columns that stand still in most rows and whose moves cannot be foreseen, (O,).

    Args:
        change: Of each column, in its deviations.
        size: What counts as standing still, in the same units.
        left: What the linear model does not foresee of the change, in the same units.
    """
    found = np.zeros(change.shape[1], bool)
    for column, (moved, rest) in enumerate(zip(change.T, left.T, strict=True)):
        jumps = np.abs(moved) > size[column]
        if jumps.mean() < 0.5:
            found[column] = not jumps.any() or rest[jumps].var() > 0.5 * moved[jumps].var()
    return found


def _ridge(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    weight = 1e-3 * len(x) * np.eye(x.shape[1])
    weight[0, 0] = 0.0
    return np.asarray(np.linalg.solve(x.T @ x + weight, x.T @ y))


def _deviation(columns: np.ndarray) -> np.ndarray:
    std = columns.std(0)
    return np.where(std > 1e-6 * np.abs(columns).max(0, initial=1e-12), std, 1.0)
