"""Leanings: a few numbers by which a whole team prefers some macro-actions more, and others less.

For each set of weights (a role's, where agents of a role share one), in this order:

    1                 log of how many times as much its preferences count
    for each part of its traits (``plants.team_plant.Traits``), of S things:
        M             what the macro-actions' numbers count, whatever is seen
        C x M         what they count by each column about the thing
    K                 what the squares of its prospects (``plants.team_plant.Prospects``) count

    preference += sum over things s, numbers m of values[a, s, m] (lean[m] + sum over c of x[s, c] lean[c, m])
                + sum over numbers k of lean[k] prospect[a, k] ** 2

So a few hundred numbers move a team in all the ways that its people would put into words: hotter when
ethylene is dear, rather the fuller tank, rather a blend like the one in force. That is few enough to be
searched for by whole episodes (search.py).
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Float32

from shiftwork.learning.team.policy import Policies, firsts, last_weights
from shiftwork.plants.team_plant import TeamShape, Traits, prospects_of, traits_of

SEEN = 0.6
"""What is spread first by what is seen, and in the log of sharpness, as a share of the rest."""
SQUARED = 3.0
"""And by squares, which are small where composition differs little."""


class Leanings(NamedTuple):
    """What can be leaned to at a plant.

    Attributes:
        parts: The traits of each set of weights, taken from the first agent that uses it.
        squares: How many prospects it has.
        size: How many numbers there are, D.
    """

    parts: tuple[tuple[Traits, ...], ...]
    squares: tuple[int, ...]
    size: int


def leanings_of(plant: TeamShape, policies: Policies) -> Leanings:
    """Find out what the agents of a plant can lean to."""
    first = firsts(policies.groups)
    parts = tuple(traits_of(plant, agent) for agent in first)
    told = (prospects_of(plant, agent) for agent in first)
    squares = tuple(0 if one is None else one.columns.shape[1] for one in told)
    size = sum(
        1 + sum(part.values.shape[2] * (1 + part.columns.shape[1]) for part in own) for own in parts
    )
    return Leanings(parts, squares, size + sum(squares))


def first_spread(leanings: Leanings) -> Float32[np.ndarray, " D"]:
    """How far each number is spread at first, in units of the search's deviation."""
    spread: list[np.ndarray] = []
    for own, squares in zip(leanings.parts, leanings.squares, strict=True):
        spread.append(np.full(1, SEEN))
        for part in own:
            numbers, columns = part.values.shape[2], part.columns.shape[1]
            spread += [np.ones(numbers), np.full(columns * numbers, SEEN)]
        spread.append(np.full(squares, SQUARED))
    return np.concatenate(spread).astype(np.float32)


def leaned(policies: Policies, leanings: Leanings, lean: Float[Array, " D"]) -> Policies:
    """Lean a team.

    Args:
        policies: The team; its actors have weights straight from what they see.
        leanings: What can be leaned to.
        lean: How far.

    Returns:
        Policies with other last weights, all else the same.
    """
    head, straight = policies.actor.head, policies.actor.straight
    assert straight is not None
    weights, biases, directs, squared = [], [], [], []
    at = 0
    for number, (own, squares) in enumerate(zip(leanings.parts, leanings.squares, strict=True)):
        times = jnp.exp(lean[at])
        at += 1
        bias, direct = head.biases[-1][number], straight.direct[number]
        for part in own:
            (actions, things, numbers), columns = part.values.shape, part.columns.shape[1]
            always = lean[at : at + numbers]
            by_column = lean[at + numbers : at + numbers * (1 + columns)].reshape(columns, numbers)
            at += numbers * (1 + columns)
            bias = bias.at[:, :actions].add(jnp.tensordot(part.values.sum(1), always, 1)[None])
            more = jnp.einsum("asm,cm->sca", part.values, by_column)
            places = part.columns.reshape(-1)
            direct = direct.at[places, :actions].add(more.reshape(things * columns, actions))
        square = straight.squares[number].at[:squares].add(lean[at : at + squares])
        at += squares
        weights.append(head.weights[-1][number] * times)
        biases.append(bias * times)
        directs.append(direct * times)
        squared.append(square * times)
    return eqx.tree_at(
        last_weights, policies, [jnp.stack(x) for x in (weights, biases, directs, squared)]
    )
