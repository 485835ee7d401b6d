"""Critics: ensembles of action values whose values are means.

A plant pays for rare events, so a value must be the mean of what follows, never a median. Two
losses give means, and the number of bins chooses between them:

*Cross-entropy over bins* (``bins`` of 2 or more). A member gives a distribution over fixed values,
and its value is the distribution's mean. A target t between two neighbouring bins is the pair of
weights whose mean is t (two-hot: Bellemare et al. 2017, arXiv 1707.06887; as a loss for plain
targets Farebrother et al. 2024, arXiv 2403.03950). The loss is the least where the distribution
is the targets' own average, so that the value is the targets' mean, but its gradient is bounded:
a jump that nobody could foresee does not drown what can be learned.

*Squares* (``bins`` 0), as published with most algorithms: the mean as well, with unbounded
gradients.

The bins are even in asinh((value - mean) / unit), with the unit three times the returns' spread:
fine and evenly spaced where values usually are, wide enough for the worst and the best return that
the records allow, and three times beyond.
"""

from __future__ import annotations

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from shiftwork.learning.learner import Values
from shiftwork.learning.nets import MLP

BEYOND = 3.0
"""Bins reach this many times as far from the mean as any recorded return: experience may go on."""

UNIT = 3.0
"""Spreads of the returns within which bins lie about evenly."""

FADE = 0.3
"""How a new critic's logits fall off with each bin away from the mean."""


class Critic(eqx.Module):
    """An ensemble of action values Q(s, a) that begins at the records' mean return.

    Otherwise the nets must first crawl from 0 to that value, at the speed at which Adam and the
    target network allow, and learn little else meanwhile.

    Attributes:
        mlp: N nets from (observation, action) to one number or to K logits.
        offset: Where values begin, (): the value of acting as the records did.
        support: The bins' values, (K,), rising; none where the loss is squares.
    """

    mlp: MLP
    offset: Float[Array, ""]
    support: Float[Array, " K"] | None = None

    @classmethod
    def create(
        cls,
        key: PRNGKeyArray,
        inputs: int,
        width: int,
        values: Values,
        *,
        nets: int,
        depth: int = 2,
        layer_norm: bool = True,
        bins: int = 0,
    ) -> Critic:
        """Draw an ensemble whose members all begin at the records' mean.

        Args:
            key: Random key.
            inputs: Columns of observation and action together.
            width: Units in each hidden layer.
            values: What the records say about values.
            nets: Members (N).
            depth: Hidden layers.
            layer_norm: Whether hidden layers are normalized.
            bins: Of the distribution (K); 0 for one number and squares.
        """
        hidden = [width] * depth
        offset = jnp.asarray(values.mean, jnp.float32)
        if not bins:
            sizes = (inputs, *hidden, 1)
            return cls(MLP.create(key, sizes, nets=nets, layer_norm=layer_norm), offset)
        mlp = MLP.create(key, (inputs, *hidden, bins), nets=nets, layer_norm=layer_norm)
        support = _support(values, bins)
        # The bin next to the mean is the likeliest at first; both sides fade alike.
        away = jnp.abs(jnp.arange(bins, dtype=jnp.float32) - _position(support, offset))
        biases = (*mlp.biases[:-1], mlp.biases[-1] - FADE * away[None, None])
        return cls(dataclasses.replace(mlp, biases=biases), offset, support)

    def __call__(
        self, observation: Float[Array, "*N B O"], action: Float[Array, "*N B A"]
    ) -> Float[Array, "N B"]:
        """Return every member's value of each pair."""
        return self._value(self._head(observation, action))

    def value_and_error(
        self,
        observation: Float[Array, "*K B O"],
        action: Float[Array, "*K B A"],
        target: Float[Array, "*N B"],
    ) -> tuple[Float[Array, "N B"], Float[Array, "N B"]]:
        """Return every member's value of each pair and its loss against a target value."""
        head = self._head(observation, action)
        value = self._value(head)
        target = jax.lax.stop_gradient(target)
        if self.support is None:
            return value, jnp.square(value - jnp.broadcast_to(target, value.shape))
        weight = two_hot(target, jax.lax.stop_gradient(self.support))
        weight = jnp.broadcast_to(weight, head.shape)
        return value, jax.nn.logsumexp(head, -1) - (weight * head).sum(-1)

    def _head(self, observation: Array, action: Array) -> Float[Array, "N B K"]:
        return self.mlp(jnp.concatenate([observation, action], axis=-1))

    def _value(self, head: Float[Array, "N B K"]) -> Float[Array, "N B"]:
        if self.support is None:
            return head[..., 0] + jax.lax.stop_gradient(self.offset)
        # As a distance from the offset, so that rounding is of the differences that matter.
        bins = jax.lax.stop_gradient(self.support - self.offset)
        return jax.nn.softmax(head) @ bins + jax.lax.stop_gradient(self.offset)

    @property
    def first(self) -> Critic:
        """The ensemble's first member alone."""
        return dataclasses.replace(self, mlp=jax.tree.map(lambda x: x[:1], self.mlp))


def two_hot(value: Float[Array, "*B"], support: Float[Array, " K"]) -> Float[Array, "*B K"]:
    """Weigh the two bins around each value so that their mean is the value.

    Values beyond the outermost bins count as these.
    """
    value = jnp.clip(value, support[0], support[-1])
    low = jnp.clip(jnp.searchsorted(support, value, side="right") - 1, 0, len(support) - 2)
    share = (value - support[low]) / (support[low + 1] - support[low])
    bins = jnp.expand_dims(jnp.arange(len(support)), tuple(range(low.ndim)))
    below = jnp.where(bins == low[..., None], (1.0 - share)[..., None], 0.0)
    return below + jnp.where(bins == low[..., None] + 1, share[..., None], 0.0)


def _support(values: Values, bins: int) -> Float[Array, " K"]:
    """Lay the bins out around the records' mean, even in asinh, in the values' own units."""
    mean = jnp.asarray(values.mean, jnp.float32)
    unit = UNIT * jnp.maximum(jnp.asarray(values.spread, jnp.float32), 1e-6)
    reach = [BEYOND * jnp.maximum(jnp.abs(v - mean), unit) for v in (values.worst, values.best)]
    low, high = -jnp.arcsinh(reach[0] / unit), jnp.arcsinh(reach[1] / unit)
    return mean + unit * jnp.sinh(low + (high - low) * jnp.linspace(0.0, 1.0, bins))


def _position(support: Float[Array, " K"], value: Float[Array, ""]) -> Float[Array, ""]:
    """Where a value lies among the bins, in bins from the first."""
    return jnp.interp(value, support, jnp.arange(len(support), dtype=jnp.float32))
