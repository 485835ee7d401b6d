"""How far what people saw tells what they chose: masked multinomial regression, judged on episodes left out.

    score_a = w_a . x + b_a          for every macro-action a
    p(a | x, mask) = softmax of the scores of what the mask allows
    loss = mean of -log p(chosen) + penalty |w|^2 / 2

Where even this tells the choice, people do alike in like states, and their records hold no alternative.
Where it does not, they either vary or follow something that was not recorded: the two cannot be told apart,
so that what is called an alternative here is one at most.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import minimize

from shiftwork.agents.team_nets import softmax

PENALTIES = (3e-4, 3e-3, 3e-2)
"""One of them is taken: that with the least loss on the episodes left out."""

FOLDS = 3
MOST_ROWS = 12_000
"""Of decisions that are looked at; of more, whole episodes are taken evenly."""

ITERATIONS = 60
"""Of the search for weights; the loss on episodes left out has long settled by then."""

Probabilities = Float[np.ndarray, "K A"]


class Foretold(NamedTuple):
    """What is said of each decision by weights that were found without its episode.

    Attributes:
        rows: Which of the decisions given, (K,).
        probability: Of each macro-action, 0 where it is not allowed, (K, A).
        loss: Mean of -log p of what was chosen.
        loss_by_habit: The same, if the state is unknown and only habits are: how often each
            macro-action was chosen where it was allowed.
    """

    rows: Int[np.ndarray, " K"]
    probability: Probabilities
    loss: float
    loss_by_habit: float


def foretell(
    seen: Float[np.ndarray, "N O"],
    mask: Bool[np.ndarray, "N A"],
    chosen: Int[np.ndarray, " N"],
    episode: Int[np.ndarray, " N"],
) -> Foretold:
    """Say what is chosen in each decision, by what was chosen in other episodes.

    Args:
        seen: What was seen at each decision.
        mask: What was allowed.
        chosen: What was chosen.
        episode: In which episode; at least ``FOLDS`` different ones.
    """
    rows = _evenly(episode)
    x, mask, chosen = _standardized(seen[rows]), mask[rows], chosen[rows]
    _, number = np.unique(episode[rows], return_inverse=True)
    part = number % FOLDS
    found = []
    for penalty in PENALTIES:
        probability = np.zeros(mask.shape)
        for fold in range(FOLDS):
            learns, held = part != fold, part == fold
            weights = _fitted(x[learns], mask[learns], chosen[learns], penalty)
            probability[held] = softmax(x[held] @ weights, mask[held])
        found.append((_loss(probability, chosen), probability))
    loss, best = min(found, key=lambda each: each[0])
    habit = np.zeros(mask.shape)
    for fold in range(FOLDS):
        learns, held = part != fold, part == fold
        often = np.bincount(chosen[learns], minlength=mask.shape[1]) + 1.0
        often /= mask[learns].sum(0) + 2.0
        habit[held] = np.where(mask[held], often, 0.0)
    habit /= habit.sum(1, keepdims=True)
    return Foretold(rows, best, loss, _loss(habit, chosen))


def _evenly(episode: Int[np.ndarray, " N"]) -> Int[np.ndarray, " K"]:
    """Rows of as many whole episodes as may be looked at, spread over all of them."""
    if len(episode) <= MOST_ROWS:
        return np.arange(len(episode))
    which, rows = np.unique(episode, return_counts=True)
    keep = max(FOLDS, int(len(which) * MOST_ROWS / rows.sum()))
    taken = which[np.linspace(0, len(which) - 1, keep).round().astype(np.int64)]
    return np.flatnonzero(np.isin(episode, taken))


def _standardized(seen: Float[np.ndarray, "K O"]) -> Float[np.ndarray, "K P"]:
    """Columns that move, with zero mean and unit deviation, and a column of ones."""
    seen = seen.astype(np.float64)
    deviation = seen.std(0)
    moves = deviation > 1e-9
    x = (seen[:, moves] - seen[:, moves].mean(0)) / deviation[moves]
    return np.concatenate([x, np.ones((len(x), 1))], 1)


def _fitted(
    x: Float[np.ndarray, "K P"],
    mask: Bool[np.ndarray, "K A"],
    chosen: Int[np.ndarray, " K"],
    penalty: float,
) -> Float[np.ndarray, "P A"]:
    shape = x.shape[1], mask.shape[1]
    rows = np.arange(len(chosen))

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(shape)
        probability = softmax(x @ weights, mask)
        value = _loss(probability, chosen) + 0.5 * penalty * float(np.square(weights).sum())
        error = probability
        error[rows, chosen] -= 1.0
        return value, (x.T @ error / len(x) + penalty * weights).ravel()

    start = np.zeros(shape[0] * shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS})
    return found.x.reshape(shape)


def _loss(probability: Probabilities, chosen: Int[np.ndarray, " K"]) -> float:
    taken = probability[np.arange(len(chosen)), chosen]
    return float(-np.log(np.maximum(taken, 1e-12)).mean())
